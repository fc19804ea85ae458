//! Events as updates.

use quadruplex_tl_schema::{Object, Value};

use super::super::fanout::Update;
use super::super::state::rows::{Event, Peer};
use super::{View, WithFlag};

impl View<'_> {
    /// An `Update`.
    pub(crate) fn update(&mut self, update: &Update) -> Object {
        match update {
            Update::Event { owner, pts, count, event } => self.event(*owner, *pts, *count, event),
            Update::Id { id, random_id } => Object::new("updateMessageID").with("id", *id).with("random_id", *random_id),
            Update::Plain(object) | Update::Seq(object) | Update::Qts(object) => {
                self.mention_all(object);
                object.clone()
            }
        }
    }

    fn event(&mut self, owner: Peer, pts: i32, count: i32, event: &Event) -> Object {
        let channel = if let Peer::Channel(id) = owner { Some(id) } else { None };
        let name = |in_channel, in_account| if channel.is_some() { in_channel } else { in_account };
        let object = match event {
            Event::New(id) => Object::new(name("updateNewChannelMessage", "updateNewMessage")).with("message", self.message(owner, *id)),
            Event::Edit(id) => Object::new(name("updateEditChannelMessage", "updateEditMessage")).with("message", self.message(owner, *id)),
            Event::Delete(ids) => Object::new(name("updateDeleteChannelMessages", "updateDeleteMessages")).with("messages", ids.clone()),
            Event::ReadInbox { peer, max_id } => Object::new("updateReadHistoryInbox")
                .with("peer", self.peer(*peer))
                .with("max_id", *max_id)
                .with("still_unread_count", self.world.unread(self.viewer, *peer)),
            Event::ReadOutbox { peer, max_id } => {
                Object::new("updateReadHistoryOutbox").with("peer", self.peer(*peer)).with("max_id", *max_id)
            }
            Event::Pin { peer, ids, pinned } => {
                let object = Object::new(name("updatePinnedChannelMessages", "updatePinnedMessages"))
                    .with_flag("pinned", *pinned)
                    .with("messages", ids.clone());
                if channel.is_some() { object } else { object.with("peer", self.peer(*peer)) }
            }
            Event::Contents(ids) => Object::new("updateReadMessagesContents").with("messages", ids.clone()),
        };
        if let Some(id) = channel {
            self.mentioned.insert(Peer::Channel(id));
        }
        let object = object.with("pts", pts).with("pts_count", count);
        match (channel, event) {
            (Some(id), Event::Delete(_) | Event::Pin { .. }) => object.with("channel_id", id),
            _ => object,
        }
    }

    /// A new message in the short form, if it has one for this account: text in a conversation that is known already.
    pub(crate) fn short(&mut self, updates: &[Update]) -> Option<Object> {
        let [Update::Event { owner: owner @ Peer::User(_), pts, count, event: Event::New(id) }] = updates else { return None };
        let message = self.world.state.tables.messages.get(&(*owner, *id))?;
        let content = &message.content;
        let plain = content.media.is_none() && content.markup.is_none() && content.action.is_none() && content.album.is_none();
        let plain = plain && content.via.is_none() && !content.from_scheduled;
        let known = self.world.state.history(*owner, message.peer).len() > 1;
        let to_oneself = message.peer == Peer::User(self.viewer);
        if !plain || !known || to_oneself || content.noforwards {
            return None;
        }
        let full = self.message(*owner, *id);
        let object = match message.peer {
            Peer::User(user) => Object::new("updateShortMessage").with("user_id", user),
            Peer::Chat(chat) => Object::new("updateShortChatMessage").with("chat_id", chat).with("from_id", message.author),
            Peer::Channel(_) => return None,
        };
        let copied = ["out", "mentioned", "media_unread", "silent", "id", "message", "date", "fwd_from", "reply_to", "entities"];
        let object = copied.into_iter().fold(object, |object, field| object.with_some(field, full.get(field).cloned()));
        Some(object.with("pts", *pts).with("pts_count", *count))
    }

    /// Remembers whoever is named by a field of an object that was made elsewhere.
    pub(super) fn mention_all(&mut self, object: &Object) {
        for (name, value) in &object.fields {
            match (name.as_str(), value) {
                ("user_id" | "inviter_id" | "actor_id", value) => self.mentioned.extend(value.as_long().map(Peer::User)),
                ("chat_id", value) => self.mentioned.extend(value.as_long().map(Peer::Chat)),
                ("channel_id", value) => self.mentioned.extend(value.as_long().map(Peer::Channel)),
                (_, Value::Object(inner)) => self.mention_all(inner),
                (_, Value::Vector(items)) => items.iter().filter_map(Value::as_object).for_each(|inner| self.mention_all(inner)),
                _ => {}
            }
        }
    }
}
