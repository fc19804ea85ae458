//! What an account gets to see: rows as objects of the API.

mod chat;
mod dialog;
mod fit;
mod media;
mod message;
mod update;
mod user;

use std::collections::BTreeSet;

use quadruplex_tl_schema::{Object, Value};

use super::World;
use super::state::rows::Peer;

pub(crate) use self::chat::{chat_participant, chat_participants};
pub use self::fit::fit;

/// The world through the eyes of one account. Everybody who is mentioned is remembered, so that an answer can name them.
pub(crate) struct View<'a> {
    pub(crate) world: &'a World,
    pub(crate) viewer: i64,
    pub(crate) date: i32,
    pub(crate) mentioned: BTreeSet<Peer>,
}

impl World {
    /// The world as an account sees it at a time in seconds.
    pub(crate) fn view(&self, viewer: i64, date: i32) -> View<'_> {
        View { world: self, viewer, date, mentioned: BTreeSet::new() }
    }
}

impl View<'_> {
    /// A `Peer`, remembered.
    pub(crate) fn peer(&mut self, peer: Peer) -> Object {
        self.mentioned.insert(peer);
        bare_peer(peer)
    }

    /// Adds `users` and `chats` with everybody who was mentioned.
    pub(crate) fn close(&self, object: Object) -> Object {
        object.with("users", self.users()).with("chats", self.chats())
    }

    /// The users that were mentioned.
    pub(crate) fn users(&self) -> Value {
        self.mentioned.iter().filter_map(|peer| if let Peer::User(id) = peer { Some(self.user(*id)) } else { None }).collect()
    }

    /// The groups and channels that were mentioned.
    pub(crate) fn chats(&self) -> Value {
        self.mentioned
            .iter()
            .filter_map(|peer| match peer {
                Peer::User(_) => None,
                Peer::Chat(id) => Some(self.chat(*id)),
                Peer::Channel(id) => Some(self.channel(*id)),
            })
            .collect()
    }
}

/// A `Peer` of the API.
pub(crate) fn bare_peer(peer: Peer) -> Object {
    match peer {
        Peer::User(id) => Object::new("peerUser").with("user_id", id),
        Peer::Chat(id) => Object::new("peerChat").with("chat_id", id),
        Peer::Channel(id) => Object::new("peerChannel").with("channel_id", id),
    }
}

/// Sets a `flags.N?true` if it is true: absent means false.
pub(crate) trait WithFlag {
    /// Sets the flag if `set`.
    fn with_flag(self, name: &'static str, set: bool) -> Self;
}

impl WithFlag for Object {
    fn with_flag(self, name: &'static str, set: bool) -> Self {
        if set { self.with(name, true) } else { self }
    }
}
