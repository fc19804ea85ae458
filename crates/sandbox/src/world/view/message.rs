//! Messages as objects.

use quadruplex_tl_schema::{Object, Value};

use super::super::state::rows::{Action, Forward, Message, Peer};
use super::{View, WithFlag};

impl View<'_> {
    /// A message of a box by its id; `messageEmpty` if it is gone.
    pub(crate) fn message(&mut self, owner: Peer, id: i32) -> Object {
        let world = self.world;
        match world.state.tables.messages.get(&(owner, id)) {
            Some(message) => self.message_row(id, message),
            None => Object::new("messageEmpty").with("id", id),
        }
    }

    /// Several messages of a box.
    pub(crate) fn messages(&mut self, owner: Peer, ids: impl IntoIterator<Item = i32>) -> Value {
        ids.into_iter().map(|id| self.message(owner, id)).collect()
    }

    pub(crate) fn message_row(&mut self, id: i32, message: &Message) -> Object {
        let content = &message.content;
        if let Peer::User(_) = message.peer {
            self.mentioned.insert(Peer::User(self.viewer));
        }
        let post = matches!(message.peer, Peer::Channel(id) if !self.world.is_megagroup(id));
        let from = if post { None } else { Some(self.peer(Peer::User(message.author))) };
        let name = if content.action.is_some() { "messageService" } else { "message" };
        let object = Object::new(name)
            .with("id", id)
            .with("peer_id", self.peer(message.peer))
            .with("date", message.date)
            .with_flag("out", message.author == self.viewer)
            .with_flag("mentioned", message.mentioned)
            .with_flag("media_unread", message.media_unread)
            .with_flag("silent", content.silent)
            .with_flag("from_scheduled", content.from_scheduled && content.action.is_none())
            .with_flag("post", post)
            .with_some("from_id", from)
            .with_some("reply_to", content.reply_to.map(|id| Object::new("messageReplyHeader").with("reply_to_msg_id", id)));
        if let Some(action) = &content.action {
            return object.with("action", self.action(action));
        }
        let entities: Value = content.entities.iter().map(|entity| entity.0.clone()).collect();
        for entity in &content.entities {
            if let Some(user) = entity.0.long("user_id") {
                self.mentioned.insert(Peer::User(user));
            }
        }
        self.mentioned.extend(content.via.map(Peer::User));
        object
            .with("message", content.text.as_str())
            .with_flag("pinned", message.pinned)
            .with_flag("noforwards", content.noforwards)
            .with_flag("invert_media", content.invert_media)
            .with_some("fwd_from", content.forward.as_ref().map(|forward| self.forward(forward)))
            .with_some("via_bot_id", content.via)
            .with_some("media", content.media.as_ref().map(|media| self.media(media)))
            .with_some("reply_markup", content.markup.as_ref().map(|markup| markup.0.clone()))
            .with_some("entities", (!content.entities.is_empty()).then_some(entities))
            .with_some("views", message.views)
            .with_some("forwards", message.views.map(|_| 0))
            .with_some("edit_date", message.edited)
            .with_some("post_author", content.signature.as_deref())
            .with_some("grouped_id", content.album)
            .with_some("reactions", self.reactions(message.twin))
    }

    fn forward(&mut self, forward: &Forward) -> Object {
        Object::new("messageFwdHeader")
            .with_some("from_id", forward.from.map(|from| self.peer(from)))
            .with("date", forward.date)
            .with_some("channel_post", forward.post)
            .with_some("post_author", forward.signature.as_deref())
    }

    fn action(&mut self, action: &Action) -> Object {
        let mut users = |ids: &[i64]| {
            self.mentioned.extend(ids.iter().copied().map(Peer::User));
            ids.to_vec()
        };
        match action {
            Action::ChatCreate { title, users: ids } => {
                Object::new("messageActionChatCreate").with("title", title.as_str()).with("users", users(ids))
            }
            Action::ChannelCreate { title } => Object::new("messageActionChannelCreate").with("title", title.as_str()),
            Action::Title(title) => Object::new("messageActionChatEditTitle").with("title", title.as_str()),
            Action::Photo(Some(photo)) => Object::new("messageActionChatEditPhoto").with("photo", self.photo(*photo)),
            Action::Photo(None) => Object::new("messageActionChatDeletePhoto"),
            Action::AddUsers(ids) => Object::new("messageActionChatAddUser").with("users", users(ids)),
            Action::DeleteUser(id) => {
                users(&[*id]);
                Object::new("messageActionChatDeleteUser").with("user_id", *id)
            }
            Action::JoinedByLink(inviter) => {
                users(&[*inviter]);
                Object::new("messageActionChatJoinedByLink").with("inviter_id", *inviter)
            }
            Action::JoinedByRequest => Object::new("messageActionChatJoinedByRequest"),
            Action::Pin => Object::new("messageActionPinMessage"),
            Action::ContactSignUp => Object::new("messageActionContactSignUp"),
            Action::MigrateTo(channel) => {
                self.mentioned.insert(Peer::Channel(*channel));
                Object::new("messageActionChatMigrateTo").with("channel_id", *channel)
            }
            Action::MigrateFrom { title, chat } => {
                self.mentioned.insert(Peer::Chat(*chat));
                Object::new("messageActionChannelMigrateFrom").with("title", title.as_str()).with("chat_id", *chat)
            }
        }
    }
}
