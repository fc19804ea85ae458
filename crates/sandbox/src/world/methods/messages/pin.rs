//! Pinning messages.

use quadruplex_tl_schema::Object;

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::Fanout;
use super::super::super::peers::owner_of;
use super::super::super::state::rows::{Action, Content, Event, Peer};
use super::super::super::{RpcError, World};
use super::super::method;

pub(crate) const METHODS: &[Method] =
    &[method("messages.unpinAllMessages", Access::Home, unpin_all), method("messages.updatePinnedMessage", Access::Home, pin)];

fn pin(call: &mut Call<'_>) -> Answer {
    let peer = pinnable(call)?;
    let (me, id, date) = (call.me, call.int("id"), call.date());
    let pinned = !call.flag("unpin");
    let message = call.world.message_in(me, peer, id)?;
    let (twin, was) = (message.twin, message.pinned);
    let mut fanout = Fanout::default();
    if was != pinned {
        let one_side = call.flag("pm_oneside") && matches!(peer, Peer::User(_));
        set_pinned(call.world, &mut fanout, me, twin, pinned, one_side);
        // A silent pin is told to the chat as well, without a sound.
        if pinned && !one_side {
            let content = Content { action: Some(Action::Pin), reply_to: Some(id), silent: call.flag("silent"), ..Content::default() };
            call.world.post(&mut fanout, me, peer, content, 0, date);
        }
    }
    Ok(call.publish(fanout).into())
}

fn unpin_all(call: &mut Call<'_>) -> Answer {
    let peer = pinnable(call)?;
    let (me, owner) = (call.me, owner_of(call.me, peer));
    let pinned: Vec<u64> = call
        .world
        .state
        .history(owner, peer)
        .iter()
        .filter_map(|id| call.world.state.tables.messages.get(&(owner, *id)).filter(|message| message.pinned).map(|message| message.twin))
        .collect();
    let before = call.world.mailbox(owner).pts;
    let mut fanout = Fanout::default();
    for twin in pinned {
        set_pinned(call.world, &mut fanout, me, twin, false, false);
    }
    let after = call.world.mailbox(owner).pts;
    call.publish(fanout);
    Ok(Object::new("messages.affectedHistory").with("pts", after).with("pts_count", after - before).with("offset", 0).into())
}

/// The conversation of the request, if the caller may pin in it.
fn pinnable(call: &Call<'_>) -> Result<Peer, RpcError> {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    call.world.may_write(call.me, peer, call.date())?;
    let right = if matches!(peer, Peer::Channel(id) if !call.world.is_megagroup(id)) { "edit_messages" } else { "pin_messages" };
    call.world.check_may(call.me, peer, right)?;
    Ok(peer)
}

fn set_pinned(world: &mut World, fanout: &mut Fanout, me: i64, twin: u64, pinned: bool, one_side: bool) {
    for (owner, id) in world.state.copies(twin) {
        if one_side && owner != Peer::User(me) {
            continue;
        }
        let Some(message) = world.state.tables.messages.get_mut(&(owner, id)) else { continue };
        message.pinned = pinned;
        let peer = message.peer;
        world.happen(fanout, owner, 1, Event::Pin { peer, ids: vec![id], pinned });
    }
}

/// The newest pinned message of a conversation.
pub(crate) fn newest_pin(world: &World, me: i64, peer: Peer) -> Option<i32> {
    super::history::named(world, owner_of(me, peer), Some(peer), &Object::new("inputMessagePinned"))
}
