//! Inline mode: <https://core.telegram.org/api/bots/inline>.

use quadruplex_tl_schema::Object;

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::peers::owner_of;
use super::super::super::questions::{Kind, Offer};
use super::super::super::state::rows::{Content, Media, Peer};
use super::super::super::state::tl::Tl;
use super::super::super::view::WithFlag;
use super::super::super::{RpcError, error};
use super::super::method;
use super::edit::{edited, spread};
use super::media::{geo, known_file};
use super::send::{answered, post, repeated, styled, target};

pub(crate) const METHODS: &[Method] = &[
    method("messages.editInlineBotMessage", Access::Home, edit),
    method("messages.getInlineBotResults", Access::Home, ask),
    method("messages.sendInlineBotResult", Access::Home, send),
    method("messages.setInlineBotResults", Access::Home, offer),
];

/// The most results of one answer.
const MAX_RESULTS: usize = 50;
/// The longest id of a result and the longest offset, in bytes.
const MAX_ID: usize = 64;

fn ask(call: &mut Call<'_>) -> Answer {
    let bot = call.world.input_user(call.me, call.object("bot")?)?;
    let row = call.world.user(bot)?.bot.as_ref().ok_or(error::BOT_INVALID)?;
    if row.inline.is_none() {
        return Err(error::BOT_INLINE_DISABLED);
    }
    let place = call.object("peer")?;
    let peer_type = match call.world.input_peer(call.me, place) {
        _ if place.is("inputPeerEmpty") => None,
        Ok(Peer::User(user)) if user == bot => Some("inlineQueryPeerTypeSameBotPM"),
        Ok(Peer::User(user)) if call.world.is_bot(user) => Some("inlineQueryPeerTypeBotPM"),
        Ok(Peer::User(_)) => Some("inlineQueryPeerTypePM"),
        Ok(Peer::Chat(_)) => Some("inlineQueryPeerTypeChat"),
        Ok(Peer::Channel(id)) if call.world.is_megagroup(id) => Some("inlineQueryPeerTypeMegagroup"),
        Ok(Peer::Channel(_)) => Some("inlineQueryPeerTypeBroadcast"),
        Err(error) => return Err(error),
    };
    let query_id = call.world.new_query_id();
    let update = Object::new("updateBotInlineQuery")
        .with("query_id", query_id)
        .with("user_id", call.me)
        .with("query", call.text("query"))
        .with_some("peer_type", peer_type.map(Object::new))
        .with("offset", call.text("offset"));
    call.ask_bot(bot, Kind::Inline, query_id, update)
}

fn offer(call: &mut Call<'_>) -> Answer {
    let results: Vec<Object> = call.request.objects("results").cloned().collect();
    if results.len() > MAX_RESULTS {
        return Err(error::RESULTS_TOO_MUCH);
    }
    let next_offset = call.request.string("next_offset");
    if next_offset.is_some_and(|offset| offset.len() > MAX_ID) {
        return Err(error::NEXT_OFFSET_INVALID);
    }
    let mut offered = Vec::new();
    let mut shown = Vec::new();
    for result in &results {
        let id = result.string("id").unwrap_or_default().to_owned();
        if !(1..=MAX_ID).contains(&id.len()) {
            return Err(error::RESULT_ID_INVALID);
        }
        if offered.iter().any(|(other, _)| *other == id) {
            return Err(error::RESULT_ID_DUPLICATE);
        }
        shown.push(show(call, result)?);
        offered.push((id, said(call, result)?));
    }
    let query_id = call.long("query_id");
    let object = Object::new("messages.botResults")
        .with_flag("gallery", call.flag("gallery"))
        .with("query_id", query_id)
        .with_some("next_offset", next_offset)
        .with_some("switch_pm", call.request.object("switch_pm").cloned())
        .with("results", shown)
        .with("cache_time", call.int("cache_time"));
    let (me, date) = (call.me, call.date());
    let asker = call.asker(query_id, Kind::Inline)?;
    let bot = call.world.view(asker, date).user(me);
    let query = call.answer_question(query_id, Kind::Inline, object.with("users", vec![bot]))?;
    let only_for = call.flag("private").then_some(asker);
    call.world.questions.offer(Offer { query_id, bot: me, query, only_for, results: offered });
    Ok(true.into())
}

/// A `BotInlineResult`, as whoever asked sees it.
fn show(call: &Call<'_>, result: &Object) -> Result<Object, RpcError> {
    let view = call.world.view(call.me, call.date());
    let message = shown_message(call, result.object("send_message").ok_or(error::SEND_MESSAGE_TYPE_INVALID)?)?;
    let copied = |object: Object, fields: &[&'static str]| {
        fields.iter().fold(object, |object, field| object.with_some(*field, result.get(field).cloned()))
    };
    let file = |name, photo| known_file(call, result.object(name).ok_or(error::MEDIA_INVALID)?, photo);
    Ok(match result.name.as_str() {
        "inputBotInlineResult" => copied(Object::new("botInlineResult"), &["id", "type", "title", "description", "url"]),
        "inputBotInlineResultPhoto" => {
            copied(Object::new("botInlineMediaResult"), &["id", "type"]).with("photo", view.photo(file("photo", true)?))
        }
        "inputBotInlineResultDocument" => copied(Object::new("botInlineMediaResult"), &["id", "type", "title", "description"])
            .with("document", view.document(file("document", false)?)),
        _ => return Err(error::RESULT_TYPE_INVALID),
    }
    .with("send_message", message))
}

/// A `BotInlineMessage`.
fn shown_message(call: &Call<'_>, message: &Object) -> Result<Object, RpcError> {
    let kind = message.name.as_str().strip_prefix("inputBotInlineMessage").unwrap_or_default();
    let copied = |fields: &[&'static str]| {
        let object = Object::new(format!("botInlineMessage{kind}"));
        fields.iter().fold(object, |object, field| object.with_some(*field, message.get(field).cloned()))
    };
    let object = match kind {
        "Text" => copied(&["no_webpage", "invert_media", "message", "entities"]),
        "MediaAuto" => copied(&["invert_media", "message", "entities"]),
        "MediaGeo" => copied(&["heading", "period"]).with("geo", geo(message)),
        "MediaVenue" => copied(&["title", "address", "provider", "venue_id", "venue_type"]).with("geo", geo(message)),
        "MediaContact" => copied(&["phone_number", "first_name", "last_name", "vcard"]),
        _ => return Err(error::SEND_MESSAGE_TYPE_INVALID),
    };
    Ok(object.with_some("reply_markup", keyboard(call, message)?.map(|markup| markup.0)))
}

fn keyboard(call: &Call<'_>, message: &Object) -> Result<Option<Tl>, RpcError> {
    message.object("reply_markup").map_or(Ok(None), |markup| call.world.checked_keyboard(call.me, markup))
}

/// What a result says when it is sent.
fn said(call: &Call<'_>, result: &Object) -> Result<Content, RpcError> {
    let message = result.object("send_message").ok_or(error::SEND_MESSAGE_TYPE_INVALID)?;
    let (text, entities) = styled(call, message, call.world.config.message_length, error::MESSAGE_TOO_LONG)?;
    let file = |name, photo| known_file(call, result.object(name).ok_or(error::MEDIA_INVALID)?, photo);
    let media = match (message.name.as_str(), result.name.as_str()) {
        ("inputBotInlineMessageText", _) => None,
        ("inputBotInlineMessageMediaAuto", "inputBotInlineResultPhoto") => {
            Some(Media::Photo { file: file("photo", true)?, spoiler: false, ttl: None })
        }
        ("inputBotInlineMessageMediaAuto", "inputBotInlineResultDocument") => {
            Some(Media::Document { file: file("document", false)?, spoiler: false, ttl: None })
        }
        ("inputBotInlineMessageMediaAuto", _) => return Err(error::SEND_MESSAGE_TYPE_INVALID),
        _ => Some(placed(message)?),
    };
    if media.is_none() && text.is_empty() {
        return Err(error::MESSAGE_EMPTY);
    }
    let invert_media = message.flag("invert_media");
    Ok(Content { text, entities, media, markup: keyboard(call, message)?, via: Some(call.me), invert_media, ..Content::default() })
}

/// A place or a contact as `MessageMedia`.
fn placed(message: &Object) -> Result<Media, RpcError> {
    let copied = |object: Object, fields: &[&'static str]| {
        Media::Other(Tl(fields.iter().fold(object, |object, field| object.with_some(*field, message.get(field).cloned()))))
    };
    Ok(match message.name.as_str() {
        "inputBotInlineMessageMediaGeo" => copied(Object::new("messageMediaGeo").with("geo", geo(message)), &[]),
        "inputBotInlineMessageMediaVenue" => {
            copied(Object::new("messageMediaVenue").with("geo", geo(message)), &["title", "address", "provider", "venue_id", "venue_type"])
        }
        "inputBotInlineMessageMediaContact" => {
            copied(Object::new("messageMediaContact").with("user_id", 0i64), &["phone_number", "first_name", "last_name", "vcard"])
        }
        _ => return Err(error::SEND_MESSAGE_TYPE_INVALID),
    })
}

fn send(call: &mut Call<'_>) -> Answer {
    let peer = target(call)?;
    let (query_id, id) = (call.long("query_id"), call.text("id"));
    if query_id == 0 {
        return Err(error::QUERY_ID_EMPTY);
    }
    if id.is_empty() {
        return Err(error::RESULT_ID_EMPTY);
    }
    if let Some(answer) = repeated(call, &[call.long("random_id")])? {
        return Ok(answer);
    }
    let me = call.me;
    let offer = call.world.questions.offered(query_id).filter(|offer| offer.only_for.is_none_or(|asker| asker == me));
    let offer = offer.ok_or(error::INLINE_RESULT_EXPIRED)?;
    let content = offer.results.iter().find(|(offered, _)| offered == id).map(|(_, content)| content.clone());
    let (bot, query) = (offer.bot, offer.query.clone());
    let mut content = content.ok_or(error::RESULT_ID_INVALID)?;
    content.silent = call.flag("silent");
    content.reply_to = answered(call, peer)?;
    let named = content.markup.is_some();
    let (ids, updates) = post(call, peer, vec![(content, call.long("random_id"))])?;
    let message = ids.first().and_then(|id| call.world.state.tables.messages.get(&(owner_of(me, peer), *id)));
    let msg_id = message.filter(|_| named).map(|message| call.world.inline_message_id(message));
    let update = Object::new("updateBotInlineSend").with("user_id", me).with("query", query).with("id", id).with_some("msg_id", msg_id);
    let mut fanout = Fanout::default();
    fanout.tell(bot, Update::Plain(update));
    call.publish_all(fanout);
    Ok(updates.into())
}

fn edit(call: &mut Call<'_>) -> Answer {
    let input = call.object("id")?;
    let (owner, id) = (input.long("owner_id").unwrap_or_default(), input.int("id").unwrap_or_default());
    let boxes = [Peer::User(owner), Peer::Channel(owner)];
    let found = boxes.into_iter().find_map(|owner| call.world.state.tables.messages.get(&(owner, id)));
    let message = found.filter(|message| message.content.via == Some(call.me)).cloned().ok_or(error::MESSAGE_ID_INVALID)?;
    if call.world.inline_message_id(&message).long("access_hash") != input.long("access_hash") {
        return Err(error::MESSAGE_ID_INVALID);
    }
    let content = edited(call, message.peer, &message.content)?;
    if content == message.content {
        return Err(error::MESSAGE_NOT_MODIFIED);
    }
    let mut fanout = Fanout::default();
    let date = call.date();
    spread(call.world, &mut fanout, message.twin, &content, date);
    call.publish_all(fanout);
    Ok(true.into())
}
