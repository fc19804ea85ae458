//! What requests carry.

use serde::Deserialize;
use serde_json::Value;

use crate::world::{Peer, World};

/// An account: its id, its public name, or its telephone number.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Account {
    Id(i64),
    Name(String),
}

/// A conversation.
#[derive(Clone, Debug, Deserialize)]
#[serde(try_from = "Value")]
pub(crate) enum Place {
    Group(i64),
    Channel(i64),
    Account(Account),
}

impl TryFrom<Value> for Place {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let only = |name: &str| value.as_object().filter(|fields| fields.len() == 1).and_then(|fields| fields.get(name)?.as_i64());
        match (&value, only("group"), only("channel")) {
            (Value::String(name), ..) => Ok(Self::Account(Account::Name(name.clone()))),
            (_, Some(group), _) => Ok(Self::Group(group)),
            (_, _, Some(channel)) => Ok(Self::Channel(channel)),
            (value, ..) => match value.as_i64() {
                Some(id) => Ok(Self::Account(Account::Id(id))),
                None => Err(format!("a peer is an account, {{\"group\": id}} or {{\"channel\": id}}, and not {value}")),
            },
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewGroup {
    pub(crate) creator: Account,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) members: Vec<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewChannel {
    pub(crate) creator: Account,
    pub(crate) title: String,
    #[serde(default)]
    pub(crate) megagroup: bool,
    pub(crate) username: Option<String>,
    #[serde(default)]
    pub(crate) members: Vec<Account>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct InlineMode {
    pub(crate) bot: Account,
    pub(crate) placeholder: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewMessage {
    pub(crate) from: Account,
    pub(crate) to: Place,
    pub(crate) text: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Conversation {
    pub(crate) account: String,
    pub(crate) user: Option<String>,
    pub(crate) group: Option<i64>,
    pub(crate) channel: Option<i64>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Whose {
    pub(crate) account: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Clock {
    pub(crate) ahead: i64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Restart {
    pub(crate) lose_sessions: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BadMsg {
    pub(crate) code: i32,
}

impl Account {
    pub(crate) fn find(&self, world: &World) -> Result<i64, String> {
        match self {
            Self::Id(id) if world.home_dc(*id).is_some() => Ok(*id),
            Self::Id(id) => Err(format!("there is no account {id}")),
            Self::Name(name) => named(world, name),
        }
    }
}

/// The account of an id in digits, a public name or a number.
pub(crate) fn named(world: &World, name: &str) -> Result<i64, String> {
    let by_id = name.parse().ok().filter(|id| world.home_dc(*id).is_some());
    by_id.or_else(|| world.find_user(name)).ok_or_else(|| format!("there is no account {name:?}"))
}

pub(crate) fn find_all(world: &World, accounts: &[Account]) -> Result<Vec<i64>, String> {
    accounts.iter().map(|account| account.find(world)).collect()
}

impl Place {
    pub(crate) fn find(&self, world: &World) -> Result<Peer, String> {
        match self {
            Self::Group(id) => existing(world, Peer::Chat(*id)),
            Self::Channel(id) => existing(world, Peer::Channel(*id)),
            Self::Account(account) => account.find(world).map(Peer::User),
        }
    }
}

/// A group or channel, if there is such a one.
fn existing(world: &World, peer: Peer) -> Result<Peer, String> {
    let found = match peer {
        Peer::User(id) => world.user(id).map(drop),
        Peer::Chat(id) => world.chat(id).map(drop),
        Peer::Channel(id) => world.channel(id).map(drop),
    };
    found.map(|()| peer).map_err(|error| error.name.into_owned())
}

/// The peer of three fields of which at most one is there.
pub(crate) fn peer(world: &World, user: Option<&str>, group: Option<i64>, channel: Option<i64>) -> Result<Option<Peer>, String> {
    match (user, group, channel) {
        (None, None, None) => Ok(None),
        (Some(user), None, None) => named(world, user).map(Peer::User).map(Some),
        (None, Some(group), None) => existing(world, Peer::Chat(group)).map(Some),
        (None, None, Some(channel)) => existing(world, Peer::Channel(channel)).map(Some),
        _ => Err("only one of user, group and channel can be meant".to_owned()),
    }
}

impl BadMsg {
    /// A code that a `bad_msg_notification` may have.
    pub(crate) fn checked(&self) -> Result<i32, String> {
        const CODES: [i32; 10] = [16, 17, 18, 19, 20, 32, 33, 34, 35, 64];
        if CODES.contains(&self.code) { Ok(self.code) } else { Err(format!("there is no code {}; there are {CODES:?}", self.code)) }
    }
}
