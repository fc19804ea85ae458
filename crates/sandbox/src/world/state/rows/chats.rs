//! Groups and channels.

use serde::{Deserialize, Serialize};

use super::Peer;
use crate::world::state::tl::Tl;

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
    /// What members may not do, once somebody has said so.
    pub(crate) default_banned: Option<Tl>,
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
    pub(crate) migrated_from: Option<i64>,
    /// What members may not do, once somebody has said so.
    pub(crate) default_banned: Option<Tl>,
}

/// A member of a supergroup or channel; the key is (channel, user).
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Member {
    pub(crate) inviter: i64,
    pub(crate) date: i32,
    pub(crate) status: Status,
    pub(crate) last_sent: i32,
    /// Of an administrator.
    pub(crate) rights: Option<Tl>,
    pub(crate) promoted_by: i64,
    pub(crate) rank: String,
    /// What this one may not do, and until when.
    pub(crate) restricted: Option<Tl>,
    pub(crate) kicked_by: i64,
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
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Invite {
    pub(crate) peer: Peer,
    pub(crate) admin: i64,
    pub(crate) date: i32,
    pub(crate) title: String,
    /// The one link of its administrator that has no limits.
    pub(crate) permanent: bool,
    pub(crate) revoked: bool,
    pub(crate) request_needed: bool,
    pub(crate) expires: Option<i32>,
    pub(crate) limit: Option<i32>,
    pub(crate) joined: Vec<Importer>,
    pub(crate) requested: Vec<Importer>,
}

/// Somebody who has used an invite link.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Importer {
    pub(crate) user: i64,
    pub(crate) date: i32,
    pub(crate) approved_by: Option<i64>,
}

impl Invite {
    /// A link without limits that nobody has used.
    pub(crate) fn of(peer: Peer) -> Self {
        Self {
            peer,
            admin: 0,
            date: 0,
            title: String::new(),
            permanent: false,
            revoked: false,
            request_needed: false,
            expires: None,
            limit: None,
            joined: Vec::new(),
            requested: Vec::new(),
        }
    }
}
