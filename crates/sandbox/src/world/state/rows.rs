//! The rows of the state: what Telegram remembers.

mod chats;
mod files;
mod messages;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::table::Row;
use super::tl::{Tl, hex};

pub(crate) use self::chats::{Channel, Chat, ChatMember, Importer, Invite, Member, Status};
pub(crate) use self::files::{Done, File, Part, Upload};
pub(crate) use self::messages::{
    Action, Content, Dialog, Entry, Event, Forward, Given, Mailbox, Media, Message, Note, Poll, Reactions, Scheduled, Secret, Sent, Vote,
};

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
    /// The last id of a scheduled message.
    pub(crate) scheduled: i32,
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
    /// Its commands, a list for each scope and language.
    pub(crate) lists: Vec<CommandList>,
    /// What stands in the input field after its name, if it has an inline mode.
    pub(crate) inline: Option<String>,
    /// What it says of itself before somebody starts it, by language.
    pub(crate) descriptions: BTreeMap<String, String>,
    /// The buttons beside the input field, by user; 0 for everybody else.
    pub(crate) buttons: BTreeMap<i64, Tl>,
}

/// The commands of a bot for some of its readers.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct CommandList {
    pub(crate) scope: Scope,
    pub(crate) language: String,
    pub(crate) commands: Vec<Tl>,
}

/// A `BotCommandScope`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Scope {
    Default,
    Users,
    Chats,
    ChatAdmins,
    Peer(Peer),
    PeerAdmins(Peer),
    PeerUser(Peer, i64),
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
    Scheduled, (i64, i32), "later";
    Reactions, u64, "react";
    Poll, i64, "poll";
    Chat, i64, "chat";
    Channel, i64, "channel";
    Member, (i64, i64), "member";
    Invite, String, "invite";
    Upload, (i64, i64), "upload";
    Part, (i64, i64, i32), "part";
    File, i64, "file";
    Kv, String, "kv";
}
