//! Boxes, what happened in them, and messages.

use std::collections::BTreeMap;

use quadruplex_tl_schema::Object;
use serde::{Deserialize, Serialize};

use super::Peer;
use crate::world::state::tl::Tl;

/// The counters of an account or channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Mailbox {
    pub(crate) pts: i32,
    pub(crate) qts: i32,
    pub(crate) seq: i32,
    pub(crate) last_id: i32,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self { pts: 1, qts: 0, seq: 0, last_id: 0 }
    }
}

/// Something that moved the `pts` of a box; the key holds the value after it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) count: i32,
    pub(crate) event: Event,
}

/// What moved the `pts` of a box.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) enum Event {
    New(i32),
    Edit(i32),
    Delete(Vec<i32>),
    ReadInbox { peer: Peer, max_id: i32 },
    ReadOutbox { peer: Peer, max_id: i32 },
    Pin { peer: Peer, ids: Vec<i32>, pinned: bool },
    Contents(Vec<i32>),
}

/// Updates without `pts`, counted by `seq` or `qts`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Note {
    pub(crate) date: i32,
    pub(crate) updates: Vec<Tl>,
}

/// The same row as [`Note`], counted by `qts`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Secret(pub(crate) Note);

/// A conversation as one account sees it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Dialog {
    pub(crate) read_inbox: i32,
    pub(crate) read_outbox: i32,
    pub(crate) pinned: bool,
    pub(crate) unread_mark: bool,
    /// What the account has begun to write there: a `draftMessage`.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) draft: Option<Tl>,
}

/// A message in the box of an account or of a channel.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Message {
    /// The conversation, seen from the box.
    pub(crate) peer: Peer,
    /// Who wrote it, also where readers only see the channel.
    pub(crate) author: i64,
    pub(crate) date: i32,
    pub(crate) content: Content,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) edited: Option<i32>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) pinned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) views: Option<i32>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) media_unread: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) mentioned: bool,
    /// Copies of one message in several boxes share this number.
    pub(crate) twin: u64,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) random_id: i64,
}

/// What a message says, the same in every box.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Content {
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) text: String,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) entities: Vec<Tl>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) media: Option<Media>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) markup: Option<Tl>,
    /// The message this one answers, by its id in the sender's box, then in the box of the copy.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) reply_to: Option<i32>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) forward: Option<Forward>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) album: Option<i64>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) action: Option<Action>,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) silent: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) noforwards: bool,
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) invert_media: bool,
    /// It waited until its time had come.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) from_scheduled: bool,
    /// The inline bot by which it was sent.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) via: Option<i64>,
    /// In a channel, the author who signs.
    #[serde(skip_serializing_if = "is_default")]
    pub(crate) signature: Option<String>,
}

/// What hangs on a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Media {
    Photo {
        file: i64,
        spoiler: bool,
        ttl: Option<i32>,
    },
    Document {
        file: i64,
        spoiler: bool,
        ttl: Option<i32>,
    },
    /// A poll, by its id.
    Poll(i64),
    /// Anything without a file, as the API sends it.
    Other(Tl),
}

/// Where a forwarded message came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Forward {
    pub(crate) from: Option<Peer>,
    pub(crate) date: i32,
    pub(crate) post: Option<i32>,
    pub(crate) signature: Option<String>,
}

/// What a service message tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Action {
    ChatCreate { title: String, users: Vec<i64> },
    ChannelCreate { title: String },
    Title(String),
    Photo(Option<i64>),
    AddUsers(Vec<i64>),
    DeleteUser(i64),
    JoinedByLink(i64),
    JoinedByRequest,
    Pin,
    ContactSignUp,
    MigrateTo(i64),
    MigrateFrom { title: String, chat: i64 },
}

/// What a random id was used for; the key is (account, random id).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Sent {
    /// The box of the message.
    pub(crate) owner: Peer,
    pub(crate) id: i32,
    /// It is not sent yet: the id is one of the scheduled.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(crate) scheduled: bool,
}

/// A message that is sent later; the key is (account, id among the scheduled).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Scheduled {
    pub(crate) peer: Peer,
    pub(crate) due: i32,
    pub(crate) content: Content,
    pub(crate) random_id: i64,
}

/// The reactions to a message; the key is the number that its copies share.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Reactions {
    pub(crate) given: Vec<Given>,
}

/// A poll or quiz and the votes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Poll {
    pub(crate) poll: Tl,
    pub(crate) author: i64,
    pub(crate) correct: Vec<i32>,
    pub(crate) solution: Option<String>,
    pub(crate) closed: bool,
    pub(crate) votes: BTreeMap<i64, Vote>,
    /// The messages that show it.
    pub(crate) twins: Vec<u64>,
}

impl Default for Poll {
    fn default() -> Self {
        let poll = Tl(Object::new("poll"));
        Self { poll, author: 0, correct: Vec::new(), solution: None, closed: false, votes: BTreeMap::new(), twins: Vec::new() }
    }
}

/// The answers that somebody chose, by their places.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Vote {
    pub(crate) chosen: Vec<i32>,
    pub(crate) date: i32,
}

/// A reaction of somebody.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Given {
    pub(crate) user: i64,
    pub(crate) date: i32,
    pub(crate) big: bool,
    pub(crate) reaction: Tl,
}

/// What is as it is anyway need not be written.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
