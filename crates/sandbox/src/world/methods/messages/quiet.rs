//! Methods that clients call by the way and that have nothing to tell here.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::peers::owner_of;
use super::super::method;

pub(crate) const METHODS: &[Method] = &[
    method("messages.getAllStickers", Access::Home, |_| {
        Ok(Object::new("messages.allStickers").with("hash", 0).with("sets", none()).into())
    }),
    method("messages.getAvailableReactions", Access::Home, reactions),
    method("messages.getDialogFilters", Access::Home, |_| Ok(Object::new("messages.dialogFilters").with("filters", none()).into())),
    method("messages.getOnlines", Access::Home, |_| Ok(Object::new("chatOnlines").with("onlines", 1).into())),
    method("messages.getPeerSettings", Access::Home, peer_settings),
    method("messages.getUnreadMentions", Access::Home, nothing),
    method("messages.getUnreadReactions", Access::Home, nothing),
    method("messages.hidePeerSettingsBar", Access::Home, |_| Ok(true.into())),
    method("messages.reportSpam", Access::Home, |_| Ok(true.into())),
];

fn none() -> Value {
    Value::Vector(Vec::new())
}

fn reactions(_: &mut Call<'_>) -> Answer {
    Ok(Object::new("messages.availableReactions").with("hash", 0).with("reactions", none()).into())
}

fn peer_settings(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(peer);
    Ok(view.close(Object::new("messages.peerSettings").with("settings", Object::new("peerSettings"))).into())
}

fn nothing(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let pts = call.world.mailbox(owner_of(call.me, peer)).pts;
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(peer);
    let object = match peer {
        super::super::super::Peer::Channel(_) => Object::new("messages.channelMessages").with("pts", pts).with("count", 0),
        _ => Object::new("messages.messages"),
    };
    Ok(view.close(object.with("messages", none()).with("topics", none())).into())
}
