//! What guests and holders say to each other.

use bytes::{BufMut, Bytes, BytesMut};
use quadruplex_store::{Lane, OwnUser, PeerId, PeerKey};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::changes::Changes;
use super::link::FarCall;
use super::wrong::{Waits, Wrong};
use crate::client::{AttemptOptions, CallOptions, Function, Purpose};
use crate::{AfterFailure, Wait};

/// One message: who is at the guest's end, the how manyth it is from this end, what is said, and bytes that go with it.
pub(super) struct Frame<T> {
    pub(super) link: u64,
    pub(super) number: u64,
    pub(super) said: T,
    pub(super) body: Bytes,
}

/// What a guest says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Asked {
    /// It is there, in this process, and hears here. It handles updates, of which so many wait or are handled, or only calls.
    Hello {
        works: bool,
        waiting: usize,
        machine: u64,
        guest: u64,
    },
    /// It goes, and nothing that it was given runs any more.
    Bye,
    /// A call takes its place in a queue.
    Join {
        place: u64,
        queue: String,
        after_failure: Option<u8>,
        forgives: Option<String>,
    },
    /// It gives it up.
    Leave {
        place: u64,
    },
    /// Makes a call whose bytes follow.
    Call {
        id: u64,
        call: Call,
    },
    /// Nobody waits for it any more.
    Cancel {
        id: u64,
    },
    Peers {
        id: u64,
        keys: Vec<Key>,
    },
    Value {
        id: u64,
        space: String,
        key: Vec<u8>,
    },
    Values {
        id: u64,
        space: String,
        key: Vec<u8>,
        limit: usize,
    },
    Commit {
        id: u64,
        commit: Box<Changes>,
    },
    /// How does the account stand?
    Status {
        id: u64,
    },
}

/// What a holder says.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Told {
    /// To the greeting with this number.
    Welcome { greeting: u64, holder: u64, own: Option<Own>, home_dc: i32, is_here: bool },
    /// The guest is not known, or the holder goes.
    Over,
    /// An answer; what it is follows.
    Answer { id: u64, failed: Option<Wrong> },
    /// An update, whose bytes follow.
    Hand { number: u64, lane: Lane, attempts: u32, redelivered: bool },
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Own {
    id: i64,
    bot: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    function: u32,
    pub(super) place: Option<u64>,
    pub(super) peer: Option<i64>,
    dc: Option<i32>,
    wait: Option<Waits>,
    connection: (u8, u16),
    repeatable: bool,
}

#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Key {
    Id(PeerId),
    Username(String),
    Phone(String),
}

/// A value and its end.
pub(super) type Kept = (Vec<u8>, Option<i64>);

/// How an account of a fleet stands.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Standing {
    pub(crate) machine: String,
    pub(crate) waiting: usize,
    /// All that Telegram has for it has come.
    pub(crate) has_caught_up: bool,
    pub(crate) silence: std::time::Duration,
}

impl<T: Serialize + DeserializeOwned> Frame<T> {
    pub(super) fn encode(&self) -> Bytes {
        // Nothing of it can fail to be written: all keys are strings.
        let said = serde_json::to_vec(&self.said).unwrap_or_default();
        let mut out = BytesMut::with_capacity(20 + said.len() + self.body.len());
        out.put_u64_le(self.link);
        out.put_u64_le(self.number);
        out.put_u32_le(u32::try_from(said.len()).unwrap_or(u32::MAX));
        out.put_slice(&said);
        out.put_slice(&self.body);
        out.freeze()
    }

    /// `None` if it is none, or one of another version of the program that this one cannot read.
    pub(super) fn decode(mut bytes: Bytes) -> Option<Self> {
        let head = bytes.get(..20)?;
        let link = u64::from_le_bytes(*head.first_chunk()?);
        let number = u64::from_le_bytes(*head[8..].first_chunk()?);
        let len = u32::from_le_bytes(*head[16..].first_chunk()?) as usize;
        if bytes.len() - 20 < len {
            return None;
        }
        let said = serde_json::from_slice(&bytes[20..20 + len]).ok()?;
        Some(Self { link, number, said, body: bytes.split_off(20 + len) })
    }
}

impl Own {
    pub(super) fn of(user: OwnUser) -> Self {
        Self { id: user.id, bot: user.bot }
    }

    pub(super) fn user(self) -> OwnUser {
        OwnUser { id: self.id, bot: self.bot }
    }
}

impl Call {
    pub(super) fn of(call: &FarCall<'_>, place: Option<u64>) -> Self {
        let connection = match call.options.purpose {
            Purpose::Main => (0, 0),
            Purpose::Upload(at) => (1, at),
            Purpose::Download(at) => (2, at),
        };
        let wait = call.flood_wait.map(Waits::from);
        let (function, dc) = (call.function.id, call.options.dc);
        Self { function, place, peer: call.peer, dc, wait, connection, repeatable: call.is_repeatable }
    }

    /// What is called, and how; `None`: this version of the program does not know it.
    pub(super) fn take(&self) -> Option<(Function, CallOptions)> {
        let function = Function { id: self.function, name: quadruplex_api::name_for_id(self.function)? };
        let purpose = match self.connection {
            (0, _) => Purpose::Main,
            (1, at) => Purpose::Upload(at),
            (_, at) => Purpose::Download(at),
        };
        // Whether it is without updates is in the bytes.
        let attempts = AttemptOptions { dc: self.dc, purpose, repeatable: self.repeatable, without_updates: false };
        Some((function, CallOptions { flood_wait: self.wait.map(Wait::from), attempts, ..CallOptions::default() }))
    }
}

impl From<PeerKey> for Key {
    fn from(key: PeerKey) -> Self {
        match key {
            PeerKey::Id(id) => Self::Id(id),
            PeerKey::Username(name) => Self::Username(name),
            PeerKey::Phone(phone) => Self::Phone(phone),
        }
    }
}

impl From<Key> for PeerKey {
    fn from(key: Key) -> Self {
        match key {
            Key::Id(id) => Self::Id(id),
            Key::Username(name) => Self::Username(name),
            Key::Phone(phone) => Self::Phone(phone),
        }
    }
}

pub(super) fn after_failure(number: Option<u8>) -> AfterFailure {
    match number {
        Some(1) => AfterFailure::Stop,
        Some(2) => AfterFailure::Skip,
        _ => AfterFailure::Continue,
    }
}

pub(super) fn number_of(after_failure: AfterFailure) -> Option<u8> {
    match after_failure {
        AfterFailure::Continue => None,
        AfterFailure::Stop => Some(1),
        AfterFailure::Skip => Some(2),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_as_written_and_nothing_else_is() {
        let frame = Frame { link: 7, number: 9, said: Told::Answer { id: 3, failed: None }, body: Bytes::from_static(b"body") };
        let bytes = frame.encode();
        let read = Frame::<Told>::decode(bytes.clone()).unwrap();
        assert_eq!((read.link, read.number, &read.body[..]), (7, 9, &b"body"[..]));
        assert!(matches!(read.said, Told::Answer { id: 3, failed: None }));
        for len in 0..bytes.len() - 4 {
            assert!(Frame::<Told>::decode(bytes.slice(..len)).is_none(), "{len} bytes");
        }
        let mut long = bytes.to_vec();
        long[16..20].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(Frame::<Told>::decode(long.into()).is_none());
    }
}
