//! Changing and removing messages.

use std::collections::BTreeMap;

use quadruplex_tl_schema::Object;

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::Fanout;
use super::super::super::peers::owner_of;
use super::super::super::state::rows::{Content, Event, Message, Peer};
use super::super::super::{RpcError, World, error};
use super::super::method;
use super::media::attach;
use super::send::{keyboard, written};
use super::{polls, scheduled};

pub(crate) const METHODS: &[Method] = &[
    method("messages.deleteHistory", Access::Home, delete_history),
    method("messages.deleteMessages", Access::Home, delete_messages),
    method("messages.editMessage", Access::Home, edit_message),
    method("messages.getMessageEditData", Access::Home, edit_data),
];

fn edit_message(call: &mut Call<'_>) -> Answer {
    let (peer, id) = (call.world.input_peer(call.me, call.object("peer")?)?, call.int("id"));
    if call.request.get("schedule_date").is_some() {
        return scheduled::edit(call, peer, id);
    }
    let message = call.world.message_in(call.me, peer, id)?.clone();
    check_editable(call, &message)?;
    if let Some(answer) = polls::stop(call, &message)? {
        return Ok(answer);
    }
    let content = edited(call, peer, &message.content)?;
    if content == message.content {
        return Err(error::MESSAGE_NOT_MODIFIED);
    }
    let date = call.date();
    let mut fanout = Fanout::default();
    spread(call.world, &mut fanout, message.twin, &content, date);
    Ok(call.publish(fanout).into())
}

/// Puts a new content into all copies of a message.
pub(crate) fn spread(world: &mut World, fanout: &mut Fanout, twin: u64, content: &Content, date: i32) {
    for (owner, id) in world.state.copies(twin) {
        if let Some(copy) = world.state.tables.messages.get_mut(&(owner, id)) {
            let reply_to = copy.content.reply_to;
            copy.content = Content { reply_to, ..content.clone() };
            copy.edited = Some(date);
        }
        world.happen(fanout, owner, 1, Event::Edit(id));
    }
}

fn edit_data(call: &mut Call<'_>) -> Answer {
    let (peer, id) = (call.world.input_peer(call.me, call.object("peer")?)?, call.int("id"));
    let message = call.world.message_in(call.me, peer, id)?;
    check_editable(call, message)?;
    let caption = message.content.media.is_some();
    let object = Object::new("messages.messageEditData");
    Ok(if caption { object.with("caption", true) } else { object }.into())
}

fn check_editable(call: &Call<'_>, message: &Message) -> Result<(), RpcError> {
    if message.content.action.is_some() {
        return Err(error::MESSAGE_ID_INVALID);
    }
    let post = matches!(message.peer, Peer::Channel(id) if !call.world.is_megagroup(id));
    let admin = post && call.world.has_right(call.me, message.peer, "edit_messages");
    if message.author != call.me && !admin || message.content.forward.is_some() && !post {
        return Err(error::MESSAGE_AUTHOR_REQUIRED);
    }
    let lasting = post || message.peer == Peer::User(call.me) || call.world.is_bot(call.me);
    if !lasting && message.date.saturating_add(call.world.config.edit_seconds) < call.date() {
        return Err(error::MESSAGE_EDIT_TIME_EXPIRED);
    }
    Ok(())
}

/// The content as it will be: what the request leaves out stays.
pub(crate) fn edited(call: &mut Call<'_>, peer: Peer, old: &Content) -> Result<Content, RpcError> {
    let mut content = old.clone();
    if let Some(media) = call.request.object("media") {
        if old.media.is_none() && old.text.is_empty() {
            return Err(error::MEDIA_NEW_INVALID);
        }
        content.media = Some(attach(call, media)?);
    }
    let captioned = content.media.is_some();
    if call.request.get("message").is_some() {
        let config = &call.world.config;
        let (limit, too_long) = if captioned {
            (config.caption_length, error::MEDIA_CAPTION_TOO_LONG)
        } else {
            (config.message_length, error::MESSAGE_TOO_LONG)
        };
        let new = written(call, peer, call.request, limit, too_long)?;
        (content.text, content.entities, content.markup) = (new.text, new.entities, new.markup);
        content.invert_media = new.invert_media;
    } else {
        content.markup = keyboard(call)?;
    }
    if content.text.is_empty() && !captioned { Err(error::MESSAGE_EMPTY) } else { Ok(content) }
}

fn delete_messages(call: &mut Call<'_>) -> Answer {
    let (me, ids, revoke) = (call.me, call.ints("id"), call.flag("revoke"));
    if ids.is_empty() {
        return Err(error::MESSAGE_IDS_EMPTY);
    }
    let owner = Peer::User(me);
    let mut doomed = Vec::new();
    for id in ids {
        // A message that is gone already is no error.
        let Some(message) = call.world.state.tables.messages.get(&(owner, id)) else { continue };
        if !revoke {
            doomed.push((owner, id));
            continue;
        }
        let allowed = match message.peer {
            Peer::User(_) => true,
            Peer::Chat(_) => message.author == me || call.world.has_right(me, message.peer, "delete_messages"),
            Peer::Channel(_) => false,
        };
        if !allowed {
            return Err(error::MESSAGE_DELETE_FORBIDDEN);
        }
        doomed.extend(call.world.state.copies(message.twin));
    }
    let mut fanout = Fanout::default();
    let (pts, count) = call.world.remove(&mut fanout, owner, &doomed);
    call.publish(fanout);
    Ok(Object::new("messages.affectedMessages").with("pts", pts).with("pts_count", count).into())
}

fn delete_history(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let owner = owner_of(call.me, peer);
    if let Peer::Channel(_) = peer {
        return Err(error::PEER_ID_INVALID);
    }
    let max_id = if call.int("max_id") <= 0 { i32::MAX } else { call.int("max_id") };
    let ids: Vec<i32> = call.world.state.history(owner, peer).range(..=max_id).copied().collect();
    let revoke = call.flag("revoke") && matches!(peer, Peer::User(_));
    let mut doomed = Vec::new();
    for id in ids {
        let twin = call.world.state.tables.messages.get(&(owner, id)).map(|message| message.twin);
        match twin.filter(|_| revoke) {
            Some(twin) => doomed.extend(call.world.state.copies(twin)),
            None => doomed.push((owner, id)),
        }
    }
    let mut fanout = Fanout::default();
    let (pts, count) = call.world.remove(&mut fanout, owner, &doomed);
    if !call.flag("just_clear") {
        call.world.state.tables.dialogs.remove(&(call.me, peer));
    }
    call.publish(fanout);
    Ok(Object::new("messages.affectedHistory").with("pts", pts).with("pts_count", count).with("offset", 0).into())
}

impl World {
    /// Removes messages from their boxes and tells everybody who had them. Returns `pts` of one box, and by how much it moved.
    pub(crate) fn remove(&mut self, fanout: &mut Fanout, mine: Peer, doomed: &[(Peer, i32)]) -> (i32, i32) {
        let mut by_box: BTreeMap<Peer, Vec<i32>> = BTreeMap::new();
        for (owner, id) in doomed {
            if self.state.take_message(*owner, *id).is_some() {
                by_box.entry(*owner).or_default().push(*id);
            }
        }
        let mut moved = 0;
        for (owner, ids) in by_box {
            let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
            if owner == mine {
                moved = count;
            }
            self.happen(fanout, owner, count, Event::Delete(ids));
        }
        (self.mailbox(mine).pts, moved)
    }
}
