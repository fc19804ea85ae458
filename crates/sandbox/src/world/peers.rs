//! Who is meant: access hashes, and the `InputPeer`s of requests.

use quadruplex_tl_schema::Object;

use super::state::rows::{Channel, Chat, Peer, Status, User};
use super::{RpcError, World, error};
use quadruplex_crypto::hash::sha256;

impl World {
    /// A number that follows from the seed, a label and some ids.
    pub(crate) fn derive(&self, label: &str, ids: &[i64]) -> i64 {
        let ids: Vec<u8> = ids.iter().flat_map(|id| id.to_le_bytes()).collect();
        let hash = sha256(&[&self.state.seed, label.as_bytes(), &ids]);
        let mut number = [0; 8];
        number.copy_from_slice(&hash[..8]);
        // 0 means "none" in many places of the API.
        i64::from_le_bytes(number) | 1
    }

    /// The hash with which an account may name a peer.
    pub(crate) fn access_hash(&self, viewer: i64, peer: Peer) -> i64 {
        match peer {
            Peer::User(id) => self.derive("user", &[viewer, id]),
            Peer::Chat(_) => 0,
            Peer::Channel(id) => self.derive("channel", &[viewer, id]),
        }
    }

    /// An account that exists.
    pub(crate) fn user(&self, id: i64) -> Result<&User, RpcError> {
        self.state.tables.users.get(&id).ok_or(error::USER_ID_INVALID)
    }

    /// Whether an account is a bot.
    pub(crate) fn is_bot(&self, id: i64) -> bool {
        self.state.tables.users.get(&id).is_some_and(|user| user.bot.is_some())
    }

    /// A basic group that exists.
    pub(crate) fn chat(&self, id: i64) -> Result<&Chat, RpcError> {
        self.state.tables.chats.get(&id).ok_or(error::CHAT_ID_INVALID)
    }

    /// A channel that exists.
    pub(crate) fn channel(&self, id: i64) -> Result<&Channel, RpcError> {
        self.state.tables.channels.get(&id).filter(|channel| !channel.deleted).ok_or(error::CHANNEL_INVALID)
    }

    /// How a user stands to a channel.
    pub(crate) fn status(&self, channel: i64, user: i64) -> Status {
        self.state.tables.members.get(&(channel, user)).map_or(Status::Left, |member| member.status)
    }

    /// Whether a user belongs to a basic group.
    pub(crate) fn in_chat(&self, chat: i64, user: i64) -> bool {
        self.state.tables.chats.get(&chat).is_some_and(|chat| chat.members.iter().any(|member| member.user == user))
    }

    /// Whether two accounts have a conversation or a basic group in common: a bot may name such a user without a hash.
    fn has_met(&self, me: i64, user: i64) -> bool {
        let mine = Peer::User(me);
        !self.state.history(mine, Peer::User(user)).is_empty()
            || self.state.tables.dialogs.contains(&(me, Peer::User(user)))
            || self.state.conversations(mine).any(|(peer, _)| matches!(peer, Peer::Chat(id) if self.in_chat(id, user)))
            || self
                .state
                .tables
                .members
                .iter()
                .any(|(&(channel, member), row)| member == me && row.status.inside() && self.status(channel, user).inside())
    }

    /// The user that an `InputUser` or an `InputPeer` of a user names.
    pub(crate) fn input_user(&self, me: i64, input: &Object) -> Result<i64, RpcError> {
        let id = input.long("user_id").unwrap_or_default();
        match input.name.as_str() {
            "inputUserSelf" | "inputPeerSelf" => Ok(me),
            "inputUser" | "inputPeerUser" => {
                let hash = input.long("access_hash").unwrap_or_default();
                let good = id == me || hash == self.access_hash(me, Peer::User(id)) || hash == 0 && self.is_bot(me) && self.has_met(me, id);
                self.user(id).ok().filter(|_| good).map(|_| id).ok_or(error::USER_ID_INVALID)
            }
            "inputUserFromMessage" | "inputPeerUserFromMessage" => {
                let message = self.reference(me, input)?;
                let seen =
                    message.author == id || message.content.forward.as_ref().is_some_and(|forward| forward.from == Some(Peer::User(id)));
                if seen { Ok(id) } else { Err(error::USER_ID_INVALID) }
            }
            _ => Err(error::USER_ID_INVALID),
        }
    }

    /// The channel that an `InputChannel` or an `InputPeer` of a channel names, if the account may look at it.
    pub(crate) fn input_channel(&self, me: i64, input: &Object) -> Result<i64, RpcError> {
        let id = self.named_channel(me, input)?;
        let channel = self.channel(id)?;
        let visible = match self.status(id, me) {
            Status::Banned => false,
            Status::Left => channel.username.is_some(),
            Status::Member | Status::Admin | Status::Creator => true,
        };
        if visible { Ok(id) } else { Err(error::CHANNEL_PRIVATE) }
    }

    /// The channel that is named, whether or not the account may look at it.
    pub(crate) fn named_channel(&self, me: i64, input: &Object) -> Result<i64, RpcError> {
        let id = input.long("channel_id").unwrap_or_default();
        match input.name.as_str() {
            "inputChannel" | "inputPeerChannel" => {
                let hash = input.long("access_hash").unwrap_or_default();
                let good = hash == self.access_hash(me, Peer::Channel(id)) || hash == 0 && self.is_bot(me) && self.status(id, me).inside();
                if good { Ok(id) } else { Err(error::CHANNEL_INVALID) }
            }
            "inputChannelFromMessage" | "inputPeerChannelFromMessage" => {
                let message = self.reference(me, input)?;
                let seen = message.content.forward.as_ref().is_some_and(|forward| forward.from == Some(Peer::Channel(id)));
                if seen { Ok(id) } else { Err(error::CHANNEL_INVALID) }
            }
            _ => Err(error::CHANNEL_INVALID),
        }
    }

    /// The message in which a peer was seen that is known by nothing else.
    fn reference(&self, me: i64, input: &Object) -> Result<&super::state::rows::Message, RpcError> {
        let peer = self.input_peer(me, input.object("peer").ok_or(error::PEER_ID_INVALID)?)?;
        let owner = owner_of(me, peer);
        self.state
            .tables
            .messages
            .get(&(owner, input.int("msg_id").unwrap_or_default()))
            .filter(|message| message.peer == peer)
            .ok_or(error::MSG_ID_INVALID)
    }

    /// The conversation that an `InputPeer` names.
    pub(crate) fn input_peer(&self, me: i64, input: &Object) -> Result<Peer, RpcError> {
        match input.name.as_str() {
            "inputPeerChat" => {
                let id = input.long("chat_id").unwrap_or_default();
                let known = self.in_chat(id, me) || !self.state.history(Peer::User(me), Peer::Chat(id)).is_empty();
                if known { Ok(Peer::Chat(id)) } else { Err(error::PEER_ID_INVALID) }
            }
            "inputPeerChannel" | "inputPeerChannelFromMessage" => self.input_channel(me, input).map(Peer::Channel),
            _ => self.input_user(me, input).map(Peer::User).map_err(|_| error::PEER_ID_INVALID),
        }
    }

    /// The peer a request is about, as far as it can be told: faults may be meant for one peer.
    pub(crate) fn named_peer(&self, me: i64, request: &Object) -> Option<Peer> {
        if let Some(chat) = request.long("chat_id") {
            return Some(Peer::Chat(chat));
        }
        if let Some(channel) = request.object("channel") {
            return channel.long("channel_id").map(Peer::Channel);
        }
        let input = request.object("peer").or_else(|| request.object("to_peer"))?;
        match input.name.as_str() {
            "inputPeerSelf" => Some(Peer::User(me)),
            "inputPeerUser" => input.long("user_id").map(Peer::User),
            "inputPeerChat" => input.long("chat_id").map(Peer::Chat),
            "inputPeerChannel" => input.long("channel_id").map(Peer::Channel),
            _ => None,
        }
    }
}

/// The box in which an account finds the messages of a conversation.
pub(crate) fn owner_of(me: i64, peer: Peer) -> Peer {
    match peer {
        Peer::Channel(_) => peer,
        Peer::User(_) | Peer::Chat(_) => Peer::User(me),
    }
}
