//! Drafts: what somebody has begun to write, the same in all sessions. <https://core.telegram.org/api/drafts>

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::state::rows::Peer;
use super::super::super::state::tl::Tl;
use super::super::super::view::bare_peer;
use super::super::super::{RpcError, error};
use super::super::method;
use super::send::entities;

pub(crate) const METHODS: &[Method] = &[
    method("messages.clearAllDrafts", Access::Home, clear_all),
    method("messages.getAllDrafts", Access::Home, all),
    method("messages.saveDraft", Access::Home, save),
];

/// What a draft has of a message, beside text and entities, and is kept as it came.
const KEPT: [&str; 5] = ["no_webpage", "invert_media", "reply_to", "media", "effect"];

fn save(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let draft = written(call)?;
    put(call, vec![(peer, draft)]);
    Ok(true.into())
}

/// The draft of the request; `None` if there is nothing in it.
fn written(call: &Call<'_>) -> Result<Option<Object>, RpcError> {
    let (text, units) = (call.text("message"), call.text("message").encode_utf16().count());
    if units > call.world.config.message_length {
        return Err(error::MESSAGE_TOO_LONG);
    }
    let entities: Vec<Object> = entities(call, call.request, units, units)?.into_iter().map(|entity| entity.0).collect();
    let draft = Object::new("draftMessage").with("message", text).with("date", call.date());
    let draft = draft.with_some("entities", (!entities.is_empty()).then_some(entities));
    let draft = KEPT.into_iter().fold(draft, |draft, field| draft.with_some(field, call.request.get(field).cloned()));
    let empty = text.is_empty() && draft.get("reply_to").is_none() && draft.get("media").is_none();
    Ok((!empty).then_some(draft))
}

/// Keeps drafts, or forgets those that are `None`, and tells the sessions of the account what is new to them.
fn put(call: &mut Call<'_>, drafts: Vec<(Peer, Option<Object>)>) {
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    for (peer, draft) in drafts {
        let known = call.world.state.tables.dialogs.get(&(me, peer)).is_some_and(|dialog| dialog.draft.is_some());
        if !known && draft.is_none() {
            continue;
        }
        call.world.state.tables.dialogs.entry(&(me, peer)).draft = draft.clone().map(Tl);
        fanout.tell(me, Update::Seq(update(peer, draft.unwrap_or_else(|| Object::new("draftMessageEmpty").with("date", date)))));
    }
    call.publish_all(fanout);
}

/// `updateDraftMessage`
fn update(peer: Peer, draft: Object) -> Object {
    Object::new("updateDraftMessage").with("peer", bare_peer(peer)).with("draft", draft)
}

/// Forgets the draft of a conversation, if the request to send into it says so.
pub(crate) fn clear(call: &mut Call<'_>, peer: Peer) {
    if call.flag("clear_draft") {
        put(call, vec![(peer, None)]);
    }
}

/// Every draft of the account.
fn drafts(call: &Call<'_>) -> Vec<(Peer, Object)> {
    let mine = (call.me, Peer::User(i64::MIN))..=(call.me, Peer::Channel(i64::MAX));
    let dialogs = call.world.state.tables.dialogs.range(mine);
    dialogs.filter_map(|(&(_, peer), dialog)| Some((peer, dialog.draft.as_ref()?.0.clone()))).collect()
}

fn all(call: &mut Call<'_>) -> Answer {
    let drafts = drafts(call);
    let mut view = call.world.view(call.me, call.date());
    let updates: Value = drafts.into_iter().map(|(peer, draft)| view.update(&Update::Plain(update(peer, draft)))).collect();
    Ok(view.close(Object::new("updates").with("updates", updates).with("date", call.date()).with("seq", 0)).into())
}

fn clear_all(call: &mut Call<'_>) -> Answer {
    let none = drafts(call).into_iter().map(|(peer, _)| (peer, None)).collect();
    put(call, none);
    Ok(true.into())
}
