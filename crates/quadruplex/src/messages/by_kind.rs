//! Requests that have one form for channels and another for all other chats: which, is known when the chat was looked up.

use bytes::Bytes;
use quadruplex_api::{Lookup, Lookups, PeerRef, Peers, Position, enums};
use quadruplex_tl::Identifiable;

use crate::client::Erased;
use crate::{Call, Client, Error};

/// A request that is made when the chat is known.
pub(super) struct ByKind {
    chat: PeerRef,
    /// A user that the request names besides the chat.
    user: Option<PeerRef>,
    id: u32,
    name: &'static str,
    make: Box<Make>,
}

/// Makes the request for a chat that was looked up.
type Make = dyn Fn(&enums::InputPeer) -> Box<dyn Erased> + Send + Sync;

impl ByKind {
    /// `R` lends its name and what is known of its kind: whether it only reads.
    pub(super) fn new<R: Identifiable>(chat: PeerRef, make: impl Fn(&enums::InputPeer) -> Box<dyn Erased> + Send + Sync + 'static) -> Self {
        Self { chat, user: None, id: R::ID, name: R::NAME, make: Box::new(make) }
    }

    /// Names a user besides the chat.
    pub(super) fn with_user(self, user: PeerRef) -> Self {
        Self { user: Some(user), ..self }
    }

    /// The call; `finish` reads the answer.
    pub(super) fn call<T: Send + 'static>(
        self,
        client: &Client,
        finish: impl FnOnce(&Client, Bytes) -> Result<T, Error> + Send + 'static,
    ) -> Call<T> {
        Call::erased(client.clone(), Box::new(self), finish)
    }
}

impl Erased for ByKind {
    fn erased(&mut self) -> &mut dyn Erased {
        self
    }

    fn id(&self) -> u32 {
        self.id
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn encode(&self, peers: &Peers, out: &mut Vec<u8>) {
        let chat = peers.get(&self.chat).unwrap_or(&enums::InputPeer::Empty);
        (self.make)(chat).encode(peers, out);
    }

    fn lookups(&self, found: &mut Lookups) {
        found.push(Lookup { position: Position::Peer, peer: self.chat.clone() });
        found.extend(self.user.clone().map(|peer| Lookup { position: Position::User, peer }));
    }

    fn fill_random(&mut self, _: &mut dyn FnMut() -> i64) {}
}

/// Whether a chat is a channel or supergroup, whose messages have ids of their own.
pub(super) fn is_channel(chat: &enums::InputPeer) -> bool {
    matches!(chat, enums::InputPeer::Channel(_) | enums::InputPeer::ChannelFromMessage(_))
}

/// The id of a basic group; 0, which Telegram refuses, if the chat is none.
pub(super) fn group_id(chat: &enums::InputPeer) -> i64 {
    match chat {
        enums::InputPeer::Chat(chat) => chat.chat_id,
        _ => 0,
    }
}
