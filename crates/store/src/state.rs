//! How far the updates have been taken, and which of them are not handled yet.

use serde::{Deserialize, Serialize};

use crate::PeerId;

/// The state of the common box, see <https://core.telegram.org/api/updates>.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommonState {
    /// Events of private chats and basic groups taken so far.
    pub pts: i32,
    /// Secret chat and bot events taken so far.
    pub qts: i32,
    /// Server time of the newest event, in seconds.
    pub date: i32,
    /// Envelopes of updates taken so far.
    pub seq: i32,
}

/// The state of the box of one channel or supergroup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelState {
    /// Events of the channel taken so far.
    pub pts: i32,
    /// Events beyond `pts` were announced and not taken: ask for the difference at the next start.
    #[serde(default)]
    pub behind: bool,
}

/// Updates of one lane are handled one after another, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Lane {
    /// What concerns the account and no chat.
    Account,
    /// What belongs to one chat (or one user, if that order was chosen).
    Peer(PeerId),
}

/// An update that was accepted and is not handled yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number in the journal: larger is later, never used again.
    pub number: u64,
    /// The lane it waits in.
    pub lane: Lane,
    /// How often a handler has failed on it.
    pub attempts: u32,
    /// The update, as the writer of the row encoded it.
    pub bytes: Vec<u8>,
}

/// An update on which handlers failed too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// The update as it stood in the journal.
    pub row: Row,
    /// The last error.
    pub error: String,
    /// When it was given up, in seconds of Unix time.
    pub since: i64,
}

/// The name of a value: a space of its own for each use, and a key inside it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ValueKey {
    /// Who uses it, for instance `once` or `conversation`.
    pub space: String,
    /// The key inside the space.
    pub key: Vec<u8>,
}

impl ValueKey {
    /// A key in a space.
    #[must_use]
    pub fn new(space: impl Into<String>, key: impl Into<Vec<u8>>) -> Self {
        Self { space: space.into(), key: key.into() }
    }

    /// The marker of a reply that is sent once: [`ONCE`] is its space.
    #[must_use]
    pub fn once(key: impl Into<Vec<u8>>) -> Self {
        Self::new(ONCE, key)
    }
}

/// The space of the markers of replies that were sent: key → the `random_id` used, eight bytes, little-endian.
pub const ONCE: &str = "once";

/// A value with an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    /// The bytes; what they mean is the business of the space.
    pub bytes: Vec<u8>,
    /// When it may be forgotten, in seconds of Unix time.
    pub expires: Option<i64>,
}

impl Value {
    /// Whether it still counts at `now`, in seconds of Unix time. Stores give values back until they are purged.
    #[must_use]
    pub fn is_live(&self, now: i64) -> bool {
        self.expires.is_none_or(|end| now < end)
    }
}
