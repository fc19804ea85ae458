//! The rows of the state: what Telegram remembers.

use serde::{Deserialize, Serialize};

use super::table::Row;
use super::tl::{Tl, hex};

/// A user, basic group or channel. Ordered, so that it can be part of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Peer {
    /// A user or bot.
    #[serde(rename = "u")]
    User(i64),
    /// A basic group.
    #[serde(rename = "g")]
    Chat(i64),
    /// A supergroup or channel.
    #[serde(rename = "c")]
    Channel(i64),
}

impl Peer {
    /// The id without its kind.
    pub fn id(self) -> i64 {
        match self {
            Self::User(id) | Self::Chat(id) | Self::Channel(id) => id,
        }
    }
}

/// Counters and what else belongs to the state as a whole.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Meta {
    pub(crate) users: i64,
    pub(crate) chats: i64,
    pub(crate) channels: i64,
    pub(crate) files: i64,
    pub(crate) blobs: u64,
    pub(crate) twins: u64,
    /// Where the generator of random ids stands.
    pub(crate) rng: u64,
    /// File references of an earlier generation have expired.
    pub(crate) references: i32,
}

/// A person or a bot.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct User {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) about: String,
    pub(crate) username: Option<String>,
    pub(crate) phone: Option<String>,
    pub(crate) dc: i32,
    pub(crate) bot: Option<Bot>,
    pub(crate) password: Option<Password>,
    pub(crate) photo: Option<i64>,
    pub(crate) deleted: bool,
}

/// What a bot has beyond a person.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Bot {
    pub(crate) token: String,
    /// Privacy mode: in groups it sees only commands, replies to it and mentions.
    pub(crate) privacy: bool,
    pub(crate) commands: Vec<Tl>,
}

/// What the server keeps of a password.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Password {
    #[serde(with = "hex")]
    pub(crate) salt1: Vec<u8>,
    #[serde(with = "hex")]
    pub(crate) salt2: Vec<u8>,
    #[serde(with = "hex")]
    pub(crate) verifier: Vec<u8>,
    pub(crate) hint: String,
}

/// A public name and whom it belongs to; the key is in lower case.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Username(pub(crate) Peer);

/// A telephone number and whom it belongs to.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Phone(pub(crate) i64);

/// What somebody has noted about somebody else.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Contact {
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) contact: bool,
    pub(crate) blocked: bool,
}

/// A key that a client has agreed with the server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Key {
    #[serde(with = "hex")]
    pub(crate) key: Vec<u8>,
    pub(crate) dc: i32,
}

/// Who has signed in with a key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Login {
    pub(crate) user: Option<i64>,
    /// Has given the right code and owes the password.
    pub(crate) owes_password: Option<i64>,
    /// The password question that was asked last.
    pub(crate) srp_id: i64,
    pub(crate) dc: i32,
    /// The login from which this one was imported.
    pub(crate) parent: Option<u64>,
    pub(crate) ended: Option<Ended>,
    pub(crate) created: i32,
    pub(crate) hash: i64,
    pub(crate) api_id: i32,
    pub(crate) device: String,
    pub(crate) system: String,
    pub(crate) app: String,
}

/// Why a login is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Ended {
    /// From another session.
    Revoked,
    /// Two connections sent with one key.
    Duplicated,
}

/// A login code on its way; the key is the telephone number.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) hash: String,
    pub(crate) code: String,
    pub(crate) sent: i32,
    pub(crate) tries: i32,
    /// It was right, and the number belongs to nobody: the next step is to sign up.
    pub(crate) confirmed: bool,
}

/// An authorization on its way to another DC.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Export {
    pub(crate) user: i64,
    pub(crate) dc: i32,
    pub(crate) login: u64,
    #[serde(with = "hex")]
    pub(crate) bytes: Vec<u8>,
}

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
    /// The keyboard bar of an unknown sender was hidden.
    pub(crate) known: bool,
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
    pub(crate) edited: Option<i32>,
    pub(crate) pinned: bool,
    pub(crate) views: Option<i32>,
    pub(crate) media_unread: bool,
    pub(crate) mentioned: bool,
    /// Copies of one message in several boxes share this number.
    pub(crate) twin: u64,
    pub(crate) random_id: i64,
}

/// What a message says, the same in every box.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Content {
    pub(crate) text: String,
    pub(crate) entities: Vec<Tl>,
    pub(crate) media: Option<Media>,
    pub(crate) markup: Option<Tl>,
    /// The message this one answers, by its id in the sender's box, then in the box of the copy.
    pub(crate) reply_to: Option<i32>,
    pub(crate) forward: Option<Forward>,
    pub(crate) album: Option<i64>,
    pub(crate) action: Option<Action>,
    pub(crate) silent: bool,
    pub(crate) noforwards: bool,
    pub(crate) invert_media: bool,
    /// The inline bot or, in a channel, the author who signs.
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
}

/// A basic group.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Chat {
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) creator: i64,
    pub(crate) members: Vec<ChatMember>,
    pub(crate) version: i32,
    pub(crate) date: i32,
    pub(crate) photo: Option<i64>,
    pub(crate) deactivated: bool,
    pub(crate) migrated_to: Option<i64>,
    pub(crate) invite: Option<String>,
}

/// A member of a basic group.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ChatMember {
    pub(crate) user: i64,
    pub(crate) inviter: i64,
    pub(crate) date: i32,
    pub(crate) admin: bool,
}

/// A supergroup or channel.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Channel {
    pub(crate) title: String,
    pub(crate) about: String,
    pub(crate) creator: i64,
    pub(crate) megagroup: bool,
    pub(crate) username: Option<String>,
    pub(crate) date: i32,
    pub(crate) photo: Option<i64>,
    pub(crate) signatures: bool,
    pub(crate) slow_mode: Option<i32>,
    pub(crate) deleted: bool,
    pub(crate) invite: Option<String>,
    pub(crate) migrated_from: Option<i64>,
}

/// A member of a supergroup or channel; the key is (channel, user).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    pub(crate) inviter: i64,
    pub(crate) date: i32,
    pub(crate) status: Status,
    pub(crate) last_sent: i32,
}

/// How a user stands to a channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Status {
    #[default]
    Left,
    Member,
    Admin,
    Creator,
    Banned,
}

impl Status {
    /// Belongs to the channel and gets its messages.
    pub(crate) fn inside(self) -> bool {
        matches!(self, Self::Member | Self::Admin | Self::Creator)
    }

    /// May change the channel and speak in a broadcast.
    pub(crate) fn admin(self) -> bool {
        matches!(self, Self::Admin | Self::Creator)
    }
}

/// An invite link; the key is its hash.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Invite(pub(crate) Peer);

/// A file on its way up; the key is (account, file id of the client).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Upload {
    pub(crate) blob: u64,
    /// The announced number of parts, for big files.
    pub(crate) total: Option<i32>,
    /// The size of all parts but the last.
    pub(crate) part_size: i32,
    /// Complete: used by a message, and may be used again.
    pub(crate) done: Option<Done>,
}

/// The shape of a complete upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Done {
    pub(crate) parts: i32,
    pub(crate) size: i64,
}

/// The size of an uploaded part in bytes; the key is (account, file id of the client, part).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Part(pub(crate) i32);

/// A photo or document.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct File {
    pub(crate) photo: bool,
    pub(crate) size: i64,
    pub(crate) mime: String,
    pub(crate) attributes: Vec<Tl>,
    pub(crate) date: i32,
    pub(crate) dc: i32,
    pub(crate) blob: u64,
    pub(crate) part_size: i32,
    /// Width and height of a photo.
    pub(crate) dimensions: Option<(i32, i32)>,
}

/// Small state of the server in front of the model, under any name.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Kv(#[serde(with = "hex")] pub(crate) Vec<u8>);

macro_rules! rows {
    ($($row:ty, $key:ty, $table:literal);+ $(;)?) => {$(
        impl Row for $row {
            type Key = $key;
            const TABLE: &'static str = $table;
        }
    )+};
}
rows! {
    Meta, (), "meta";
    User, i64, "user";
    Username, String, "name";
    Phone, String, "phone";
    Contact, (i64, i64), "contact";
    Key, u64, "key";
    Login, u64, "login";
    Code, String, "code";
    Export, i64, "export";
    Mailbox, Peer, "box";
    Entry, (Peer, i32), "event";
    Note, (i64, i32), "seq";
    Secret, (i64, i32), "qts";
    Dialog, (i64, Peer), "dialog";
    Message, (Peer, i32), "msg";
    Sent, (i64, i64), "sent";
    Chat, i64, "chat";
    Channel, i64, "channel";
    Member, (i64, i64), "member";
    Invite, String, "invite";
    Upload, (i64, i64), "upload";
    Part, (i64, i64, i32), "part";
    File, i64, "file";
    Kv, String, "kv";
}
