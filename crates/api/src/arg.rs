use std::collections::HashMap;
use std::fmt;

use quadruplex_tl::{Deserialize, Error, Reader, Serialize};

use crate::peer_ref::PeerRef;
use crate::request::{Encode, Lookups};
use crate::walk::{Field, Value};
use crate::{enums, types};

/// A peer, user or channel in a request: known exactly, or to be looked up. As large as `T`.
#[derive(Clone, PartialEq)]
pub enum Arg<T> {
    /// What goes on the wire.
    Known(T),
    /// What the client looks up before it encodes the request.
    Lookup(Box<PeerRef>),
}

/// What a place in a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Position {
    /// `InputPeer`
    Peer,
    /// `InputUser`
    User,
    /// `InputChannel`
    Channel,
}

/// Something that a request needs looked up.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Lookup {
    /// What the place takes.
    pub position: Position,
    /// What the user wrote.
    pub peer: PeerRef,
}

/// The peers that were looked up, for the time of one encoding.
#[derive(Clone, Debug, Default)]
pub struct Peers(HashMap<PeerRef, enums::InputPeer>);

/// A type that a [`Position`] takes.
pub trait InputPosition: Serialize + Sized {
    /// Which one.
    const POSITION: Position;

    /// What this position takes for a peer; `None` if the peer is of another kind, a group where a user belongs.
    fn from_input_peer(peer: &enums::InputPeer) -> Option<Self>;

    /// What Telegram refuses.
    fn empty() -> Self;
}

impl Peers {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what was found.
    pub fn insert(&mut self, peer: PeerRef, found: impl Into<enums::InputPeer>) {
        self.0.insert(peer, found.into());
    }

    /// What was found.
    pub fn get(&self, peer: &PeerRef) -> Option<&enums::InputPeer> {
        self.0.get(peer)
    }
}

impl<T: InputPosition> Encode for Arg<T> {
    #[inline]
    fn encode(&self, peers: &Peers, out: &mut Vec<u8>) {
        match self {
            Self::Known(known) => known.serialize(out),
            Self::Lookup(peer) => peers.get(peer).and_then(T::from_input_peer).unwrap_or_else(T::empty).serialize(out),
        }
    }

    #[inline]
    fn lookups(&self, found: &mut Lookups) {
        if let Self::Lookup(peer) = self {
            found.push(Lookup { position: T::POSITION, peer: (**peer).clone() });
        }
    }
}

impl<T: Deserialize> Deserialize for Arg<T> {
    #[inline]
    fn deserialize(reader: &mut Reader<'_>) -> Result<Self, Error> {
        T::deserialize(reader).map(Self::Known)
    }
}

impl<T: Value> Value for Arg<T> {
    #[inline]
    fn field(&self) -> Field<'_> {
        match self {
            Self::Known(known) => known.field(),
            Self::Lookup(peer) => Field::Reference(peer),
        }
    }
}

impl<T: fmt::Debug> fmt::Debug for Arg<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Known(known) => known.fmt(f),
            Self::Lookup(peer) => fmt::Display::fmt(peer, f),
        }
    }
}

impl InputPosition for enums::InputPeer {
    const POSITION: Position = Position::Peer;

    fn from_input_peer(peer: &enums::InputPeer) -> Option<Self> {
        Some(peer.clone())
    }

    fn empty() -> Self {
        Self::Empty
    }
}

impl InputPosition for enums::InputUser {
    const POSITION: Position = Position::User;

    fn from_input_peer(peer: &enums::InputPeer) -> Option<Self> {
        Some(match peer {
            enums::InputPeer::PeerSelf => Self::UserSelf,
            enums::InputPeer::User(user) => types::InputUser::new(user.user_id, user.access_hash).into(),
            enums::InputPeer::UserFromMessage(user) => {
                types::InputUserFromMessage::new((*user.peer).clone(), user.msg_id, user.user_id).into()
            }
            _ => return None,
        })
    }

    fn empty() -> Self {
        Self::Empty
    }
}

impl InputPosition for enums::InputChannel {
    const POSITION: Position = Position::Channel;

    fn from_input_peer(peer: &enums::InputPeer) -> Option<Self> {
        Some(match peer {
            enums::InputPeer::Channel(channel) => types::InputChannel::new(channel.channel_id, channel.access_hash).into(),
            enums::InputPeer::ChannelFromMessage(channel) => {
                types::InputChannelFromMessage::new((*channel.peer).clone(), channel.msg_id, channel.channel_id).into()
            }
            _ => return None,
        })
    }

    fn empty() -> Self {
        Self::Empty
    }
}

impl<T: InputPosition> From<PeerRef> for Arg<T> {
    fn from(peer: PeerRef) -> Self {
        Self::Lookup(Box::new(peer))
    }
}

macro_rules! lookup {
    ($($from:ty),+) => {$(
        impl<T: InputPosition> From<$from> for Arg<T> {
            fn from(peer: $from) -> Self {
                Self::Lookup(Box::new(PeerRef::from(peer)))
            }
        }
    )+};
}
lookup!(&str, &String, String, i64, enums::Peer, &enums::Peer);

macro_rules! known {
    ($($position:ident: $($from:path),+;)+) => {$($(
        impl From<$from> for Arg<enums::$position> {
            fn from(known: $from) -> Self {
                Self::Known(known.into())
            }
        }
    )+)+};
}
known! {
    InputPeer: enums::InputPeer, types::InputPeerUser, types::InputPeerChat, types::InputPeerChannel, types::InputPeerUserFromMessage,
        types::InputPeerChannelFromMessage;
    InputUser: enums::InputUser, types::InputUser, types::InputUserFromMessage;
    InputChannel: enums::InputChannel, types::InputChannel, types::InputChannelFromMessage;
}
