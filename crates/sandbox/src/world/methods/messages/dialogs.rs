//! `messages.getDialogs` and what belongs to conversations.

use quadruplex_tl_schema::Object;

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::peers::owner_of;
use super::super::super::state::rows::Peer;
use super::super::super::view::{WithFlag, bare_peer};
use super::super::super::{RpcError, World, error};
use super::super::{method, updates};

pub(crate) const METHODS: &[Method] = &[
    method("messages.getDialogs", Access::Home, get_dialogs),
    method("messages.getPeerDialogs", Access::Home, get_peer_dialogs),
    method("messages.getPinnedDialogs", Access::Home, get_pinned_dialogs),
    method("messages.markDialogUnread", Access::Home, mark_unread),
    method("messages.toggleDialogPin", Access::Home, toggle_pin),
];

/// The most conversations of one answer.
const MAX_LIMIT: i32 = 100;
/// The most conversations at the top.
const MAX_PINNED: usize = 5;

fn get_dialogs(call: &mut Call<'_>) -> Answer {
    let all = call.world.conversations(call.me);
    let total = all.len();
    let (offset_id, offset_date) = (call.int("offset_id"), call.int("offset_date"));
    let offset_peer = match call.object("offset_peer")? {
        input if input.is("inputPeerEmpty") => None,
        input => Some(call.world.input_peer(call.me, input)?),
    };
    let archived = call.request.int("folder_id").is_some_and(|folder| folder != 0);
    let exclude_pinned = call.flag("exclude_pinned");
    let start = match (offset_date, offset_id, offset_peer) {
        (0, 0, None) => 0,
        _ => all.iter().position(|row| (row.date, row.top, Some(row.peer)) == (offset_date, offset_id, offset_peer)).map_or_else(
            || all.iter().position(|row| !row.pinned && (row.date < offset_date || offset_date == 0)).unwrap_or(total),
            |at| at + 1,
        ),
    };
    let limit = call.int("limit");
    let limit = if limit <= 0 { MAX_LIMIT } else { limit.min(MAX_LIMIT) } as usize;
    let page: Vec<Peer> =
        all.iter().skip(start).filter(|row| !(archived || exclude_pinned && row.pinned)).take(limit).map(|row| row.peer).collect();
    let whole = archived || start == 0 && page.len() == total;
    let object = if whole { Object::new("messages.dialogs") } else { Object::new("messages.dialogsSlice").with("count", total as i32) };
    Ok(dialogs(call, object, &page).into())
}

fn get_peer_dialogs(call: &mut Call<'_>) -> Answer {
    let inputs = call.request.objects("peers").filter(|input| input.is("inputDialogPeer"));
    let peers = inputs.map(|input| call.world.input_peer(call.me, input.object("peer").ok_or(error::PEER_ID_INVALID)?));
    let peers: Vec<Peer> = peers.collect::<Result<_, _>>()?;
    let state = updates::state(call.world, call.me, call.date());
    Ok(dialogs(call, Object::new("messages.peerDialogs").with("state", state), &peers).into())
}

fn get_pinned_dialogs(call: &mut Call<'_>) -> Answer {
    let peers: Vec<Peer> = call.world.conversations(call.me).into_iter().filter(|row| row.pinned).map(|row| row.peer).collect();
    let state = updates::state(call.world, call.me, call.date());
    Ok(dialogs(call, Object::new("messages.peerDialogs").with("state", state), &peers).into())
}

fn dialogs(call: &Call<'_>, object: Object, peers: &[Peer]) -> Object {
    let mut view = call.world.view(call.me, call.date());
    let mut messages = Vec::new();
    let mut list = Vec::new();
    for peer in peers {
        list.push(view.dialog(*peer));
        let top = view.top_message(*peer);
        if top != 0 {
            messages.push(view.message(owner_of(call.me, *peer), top));
        }
    }
    view.close(object.with("dialogs", list).with("messages", messages))
}

fn dialog_peer(call: &Call<'_>) -> Result<Peer, RpcError> {
    let input = call.object("peer")?.object("peer").ok_or(error::PEER_ID_INVALID)?;
    call.world.input_peer(call.me, input)
}

fn toggle_pin(call: &mut Call<'_>) -> Answer {
    let (peer, pinned) = (dialog_peer(call)?, call.flag("pinned"));
    if pinned && call.world.conversations(call.me).iter().filter(|row| row.pinned && row.peer != peer).count() >= MAX_PINNED {
        return Err(error::PINNED_DIALOGS_TOO_MUCH);
    }
    call.world.state.tables.dialogs.entry(&(call.me, peer)).pinned = pinned;
    let update = Object::new("updateDialogPinned").with_flag("pinned", pinned).with("peer", wrapped(peer));
    tell_me(call, update);
    Ok(true.into())
}

fn mark_unread(call: &mut Call<'_>) -> Answer {
    let (peer, unread) = (dialog_peer(call)?, call.flag("unread"));
    call.world.state.tables.dialogs.entry(&(call.me, peer)).unread_mark = unread;
    let update = Object::new("updateDialogUnreadMark").with_flag("unread", unread).with("peer", wrapped(peer));
    tell_me(call, update);
    Ok(true.into())
}

fn tell_me(call: &mut Call<'_>, update: Object) {
    let mut fanout = Fanout::default();
    fanout.tell(call.me, Update::Seq(update));
    call.publish_all(fanout);
}

fn wrapped(peer: Peer) -> Object {
    Object::new("dialogPeer").with("peer", bare_peer(peer))
}

/// A conversation in the order of the list.
pub(crate) struct Conversation {
    pub(crate) peer: Peer,
    pub(crate) pinned: bool,
    pub(crate) date: i32,
    pub(crate) top: i32,
}

impl World {
    /// The conversations of an account: pinned first, then by their newest message.
    pub(crate) fn conversations(&self, me: i64) -> Vec<Conversation> {
        let own = self.state.conversations(Peer::User(me)).map(|(peer, _)| peer);
        let joined = self.state.tables.members.iter().filter(|((_, user), member)| *user == me && member.status.inside());
        let channels = joined.map(|((channel, _), _)| Peer::Channel(*channel)).filter(|peer| self.channel(peer.id()).is_ok());
        let mut rows: Vec<Conversation> = own
            .chain(channels)
            .map(|peer| {
                let owner = owner_of(me, peer);
                let top = self.state.history(owner, peer).last().copied().unwrap_or(0);
                let date = self.state.tables.messages.get(&(owner, top)).map_or(0, |message| message.date);
                let pinned = self.state.tables.dialogs.get(&(me, peer)).is_some_and(|dialog| dialog.pinned);
                Conversation { peer, pinned, date, top }
            })
            .collect();
        rows.sort_by_key(|row| (!row.pinned, -row.date, -row.top, row.peer));
        rows
    }
}
