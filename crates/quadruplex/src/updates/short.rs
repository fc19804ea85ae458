//! The short forms of a new message, filled up to what they stand for:
//! <https://core.telegram.org/api/updates#short-updates>.

use quadruplex_api::{enums, types};

/// `updateShortMessage`: a private chat. `own` is the account's user id.
pub(crate) fn private(short: types::UpdateShortMessage, own: Option<i64>) -> types::UpdateNewMessage {
    let types::UpdateShortMessage { out, user_id, pts, pts_count, .. } = short;
    let from = if out { own } else { Some(user_id) };
    let message = types::Message {
        out,
        mentioned: short.mentioned,
        media_unread: short.media_unread,
        silent: short.silent,
        from_id: from.map(|id| types::PeerUser::new(id).into()),
        fwd_from: short.fwd_from,
        via_bot_id: short.via_bot_id,
        reply_to: short.reply_to,
        entities: short.entities,
        ttl_period: short.ttl_period,
        ..blank(short.id, types::PeerUser::new(user_id), short.date, short.message)
    };
    types::UpdateNewMessage { message: message.into(), pts, pts_count }
}

/// `updateShortChatMessage`: a basic group.
pub(crate) fn group(short: types::UpdateShortChatMessage) -> types::UpdateNewMessage {
    let types::UpdateShortChatMessage { pts, pts_count, .. } = short;
    let message = types::Message {
        out: short.out,
        mentioned: short.mentioned,
        media_unread: short.media_unread,
        silent: short.silent,
        from_id: Some(types::PeerUser::new(short.from_id).into()),
        fwd_from: short.fwd_from,
        via_bot_id: short.via_bot_id,
        reply_to: short.reply_to,
        entities: short.entities,
        ttl_period: short.ttl_period,
        ..blank(short.id, types::PeerChat::new(short.chat_id), short.date, short.message)
    };
    types::UpdateNewMessage { message: message.into(), pts, pts_count }
}

/// `updateShortSentMessage`: what was sent, which the answer leaves out.
pub(crate) fn sent(short: types::UpdateShortSentMessage, to: enums::Peer, own: Option<i64>, text: String) -> types::Message {
    types::Message {
        out: short.out,
        from_id: own.map(|id| types::PeerUser::new(id).into()),
        media: short.media,
        entities: short.entities,
        ttl_period: short.ttl_period,
        ..blank(short.id, to, short.date, text)
    }
}

/// A message with nothing but what is required. Every field is named, so that a new layer cannot add one unnoticed.
fn blank(id: i32, peer: impl Into<enums::Peer>, date: i32, message: String) -> types::Message {
    types::Message {
        out: false,
        mentioned: false,
        media_unread: false,
        silent: false,
        post: false,
        from_scheduled: false,
        legacy: false,
        edit_hide: false,
        pinned: false,
        noforwards: false,
        invert_media: false,
        offline: false,
        video_processing_pending: false,
        paid_suggested_post_stars: false,
        paid_suggested_post_ton: false,
        id,
        from_id: None,
        from_boosts_applied: None,
        from_rank: None,
        peer_id: peer.into(),
        saved_peer_id: None,
        fwd_from: None,
        via_bot_id: None,
        via_business_bot_id: None,
        guestchat_via_from: None,
        reply_to: None,
        date,
        message,
        media: None,
        reply_markup: None,
        entities: None,
        views: None,
        forwards: None,
        replies: None,
        edit_date: None,
        post_author: None,
        grouped_id: None,
        reactions: None,
        restriction_reason: None,
        ttl_period: None,
        quick_reply_shortcut_id: None,
        effect: None,
        factcheck: None,
        report_delivery_until_date: None,
        paid_message_stars: None,
        suggested_post: None,
        schedule_repeat_period: None,
        summary_from_language: None,
        rich_message: None,
    }
}
