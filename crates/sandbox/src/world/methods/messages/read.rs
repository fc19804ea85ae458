//! Reading marks and typing.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::peers::owner_of;
use super::super::super::state::rows::{Event, Peer};
use super::super::super::view::bare_peer;
use super::super::super::{World, error};
use super::super::method;

pub(crate) const METHODS: &[Method] = &[
    method("messages.getMessagesViews", Access::Home, views),
    method("messages.readHistory", Access::Home, read_history),
    method("messages.readMentions", Access::Home, |call| nothing_affected(call)),
    method("messages.readMessageContents", Access::Home, read_contents),
    method("messages.readReactions", Access::Home, |call| nothing_affected(call)),
    method("messages.receivedMessages", Access::Home, |_| Ok(Value::Vector(Vec::new()))),
    method("messages.setTyping", Access::Home, set_typing),
];

fn nothing_affected(call: &Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let pts = call.world.mailbox(owner_of(call.me, peer)).pts;
    Ok(Object::new("messages.affectedHistory").with("pts", pts).with("pts_count", 0).with("offset", 0).into())
}

fn read_history(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    if let Peer::Channel(_) = peer {
        return Err(error::PEER_ID_INVALID);
    }
    let owner = Peer::User(call.me);
    let before = call.world.mailbox(owner).pts;
    let mut fanout = Fanout::default();
    call.world.read_up_to(&mut fanout, call.me, peer, call.int("max_id"));
    let after = call.world.mailbox(owner).pts;
    call.publish(fanout);
    Ok(Object::new("messages.affectedMessages").with("pts", after).with("pts_count", after - before).into())
}

fn read_contents(call: &mut Call<'_>) -> Answer {
    let owner = Peer::User(call.me);
    let mut read = Vec::new();
    for id in call.ints("id") {
        let unread = call.world.state.tables.messages.get(&(owner, id)).is_some_and(|message| message.media_unread || message.mentioned);
        if unread {
            call.world.state.tables.messages.entry_of(&(owner, id), |message| message.media_unread = false);
            read.push(id);
        }
    }
    let mut fanout = Fanout::default();
    let count = read.len() as i32;
    if count > 0 {
        call.world.happen(&mut fanout, owner, count, Event::Contents(read));
    }
    let pts = call.world.mailbox(owner).pts;
    call.publish(fanout);
    Ok(Object::new("messages.affectedMessages").with("pts", pts).with("pts_count", count).into())
}

impl World {
    /// Marks everything up to `max_id` (0: everything) as read, and tells the authors that it was.
    pub(crate) fn read_up_to(&mut self, fanout: &mut Fanout, me: i64, peer: Peer, max_id: i32) {
        let owner = owner_of(me, peer);
        let old = self.state.tables.dialogs.get(&(me, peer)).map_or(0, |dialog| dialog.read_inbox);
        let history = self.state.history(owner, peer);
        let upper = if max_id <= 0 { i32::MAX } else { max_id };
        let Some(newest) = history.range(..=upper).next_back().copied().filter(|newest| *newest > old) else { return };
        let fresh: Vec<(i32, i64, u64)> = history
            .range(old.saturating_add(1)..=newest)
            .filter_map(|id| self.state.tables.messages.get(&(owner, *id)).map(|message| (*id, message.author, message.twin)))
            .filter(|(_, author, _)| *author != me)
            .collect();
        let dialog = self.state.tables.dialogs.entry(&(me, peer));
        dialog.read_inbox = newest;
        dialog.unread_mark = false;
        if fresh.is_empty() {
            return;
        }
        match peer {
            Peer::Channel(channel) => {
                let pts = self.mailbox(owner).pts;
                let update = Object::new("updateReadChannelInbox").with("channel_id", channel).with("max_id", newest).with("pts", pts);
                let update = update.with("still_unread_count", self.unread(me, peer));
                fanout.tell(me, Update::Seq(update));
            }
            Peer::User(_) | Peer::Chat(_) => {
                self.happen(fanout, owner, 1, Event::ReadInbox { peer, max_id: newest });
            }
        }
        // Of each author only the newest message counts.
        let newest_of: std::collections::BTreeMap<i64, (i32, u64)> =
            fresh.into_iter().map(|(id, author, twin)| (author, (id, twin))).collect();
        for (author, (id, twin)) in newest_of {
            self.tell_author(fanout, me, peer, author, id, twin);
        }
    }

    fn tell_author(&mut self, fanout: &mut Fanout, reader: i64, peer: Peer, author: i64, id: i32, twin: u64) {
        let (seen_as, id) = match peer {
            Peer::Channel(channel) if !self.is_megagroup(channel) => return,
            Peer::Channel(_) => (peer, Some(id)),
            Peer::Chat(_) => (peer, self.state.copies(twin).into_iter().find(|(owner, _)| *owner == Peer::User(author)).map(|(_, id)| id)),
            Peer::User(_) => {
                let copy = self.state.copies(twin).into_iter().find(|(owner, _)| *owner == Peer::User(author));
                (Peer::User(reader), copy.map(|(_, id)| id))
            }
        };
        // Bots are not told.
        let Some(id) = id.filter(|_| !self.is_bot(author)) else { return };
        let dialog = self.state.tables.dialogs.entry(&(author, seen_as));
        if dialog.read_outbox >= id {
            return;
        }
        dialog.read_outbox = id;
        match seen_as {
            Peer::Channel(channel) => {
                fanout.tell(author, Update::Plain(Object::new("updateReadChannelOutbox").with("channel_id", channel).with("max_id", id)));
            }
            _ => {
                self.happen(fanout, Peer::User(author), 1, Event::ReadOutbox { peer: seen_as, max_id: id });
            }
        }
    }
}

fn set_typing(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    call.world.may_write(call.me, peer, call.date())?;
    let (me, action) = (call.me, call.object("action")?.clone());
    let from = bare_peer(Peer::User(me));
    let (update, others) = match peer {
        Peer::User(user) => (Object::new("updateUserTyping").with("user_id", me), vec![user]),
        Peer::Chat(chat) => {
            (Object::new("updateChatUserTyping").with("chat_id", chat).with("from_id", from), call.world.chat_members(chat))
        }
        Peer::Channel(id) => {
            let members = call.world.channel_members(id).map(|(user, _)| user).collect();
            (Object::new("updateChannelUserTyping").with("channel_id", id).with("from_id", from), members)
        }
    };
    let mut fanout = Fanout::default();
    for other in others.into_iter().filter(|other| *other != me && !call.world.is_bot(*other)) {
        fanout.tell(other, Update::Plain(update.clone().with("action", action.clone())));
    }
    call.publish(fanout);
    Ok(true.into())
}

fn views(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let owner = owner_of(call.me, peer);
    let (ids, increment) = (call.ints("id"), call.request.get("increment").and_then(Value::as_bool).unwrap_or(false));
    let mut list = Vec::new();
    let mut fanout = Fanout::default();
    for id in ids {
        let mut views = call.world.state.tables.messages.get(&(owner, id)).and_then(|message| message.views);
        if let (Some(count), true, Peer::Channel(channel)) = (views, increment, peer) {
            views = Some(count + 1);
            call.world.state.tables.messages.entry_of(&(owner, id), |message| message.views = views);
            let update = Object::new("updateChannelMessageViews").with("channel_id", channel).with("id", id).with("views", count + 1);
            fanout.tell(call.me, Update::Plain(update));
        }
        list.push(Object::new("messageViews").with_some("views", views).with_some("forwards", views.map(|_| 0)));
    }
    call.publish(fanout);
    let view = call.world.view(call.me, call.date());
    Ok(view.close(Object::new("messages.messageViews").with("views", list)).into())
}
