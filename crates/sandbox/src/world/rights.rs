//! What members and administrators of groups and channels may do: <https://core.telegram.org/api/rights>.

use quadruplex_tl_schema::Object;

use super::state::rows::{Content, File, Media, Peer, Status};
use super::{RpcError, World, error};

/// The rights of an administrator who was given none in particular: all that Telegram's own clients ask for.
const ADMIN_RIGHTS: [&str; 8] =
    ["change_info", "post_messages", "edit_messages", "delete_messages", "ban_users", "invite_users", "pin_messages", "add_admins"];

/// `ChatAdminRights` of who has them all.
pub(crate) fn all_rights() -> Object {
    ADMIN_RIGHTS.into_iter().fold(Object::new("chatAdminRights"), |rights, right| rights.with(right, true))
}

/// `ChatBannedRights` that forbid nothing.
pub(crate) fn nothing_forbidden() -> Object {
    Object::new("chatBannedRights").with("until_date", i32::MAX)
}

impl World {
    /// What members of a group may not do, unless somebody has said otherwise.
    pub(crate) fn default_banned(&self, peer: Peer) -> Object {
        let tables = &self.state.tables;
        match peer {
            Peer::Chat(id) => tables.chats.get(&id).and_then(|chat| chat.default_banned.as_ref()).map(|rights| rights.0.clone()),
            Peer::Channel(id) => {
                let said = tables.channels.get(&id).and_then(|channel| channel.default_banned.as_ref());
                Some(
                    said.map_or_else(
                        || nothing_forbidden().with("change_info", true).with("pin_messages", true),
                        |rights| rights.0.clone(),
                    ),
                )
            }
            Peer::User(_) => None,
        }
        .unwrap_or_else(nothing_forbidden)
    }

    /// The `ChatAdminRights` of a user; `None` for who is no administrator.
    pub(crate) fn admin_rights(&self, user: i64, peer: Peer) -> Option<Object> {
        match peer {
            Peer::User(_) => None,
            Peer::Chat(id) => {
                let chat = self.state.tables.chats.get(&id)?;
                let admin = chat.members.iter().any(|member| member.user == user && member.admin);
                match chat.creator == user {
                    true => Some(all_rights()),
                    false => admin.then(|| {
                        let mut rights = all_rights();
                        rights.remove("add_admins");
                        rights
                    }),
                }
            }
            Peer::Channel(id) => {
                let member = self.state.tables.members.get(&(id, user))?;
                match member.status {
                    Status::Creator => Some(all_rights()),
                    Status::Admin => Some(member.rights.as_ref().map_or_else(all_rights, |rights| rights.0.clone())),
                    _ => None,
                }
            }
        }
    }

    /// Whether a user is an administrator with a right. The creator has all of them.
    pub(crate) fn has_right(&self, user: i64, peer: Peer, right: &str) -> bool {
        let creator = match peer {
            Peer::User(_) => return true,
            Peer::Chat(id) => self.state.tables.chats.get(&id).is_some_and(|chat| chat.creator == user),
            Peer::Channel(id) => self.status(id, user) == Status::Creator,
        };
        creator || self.admin_rights(user, peer).is_some_and(|rights| rights.flag(right))
    }

    /// Whether a user may do what members may unless it is forbidden, and administrators if they have the right.
    pub(crate) fn may(&self, user: i64, peer: Peer, right: &str) -> bool {
        let member = match peer {
            Peer::User(_) => return true,
            Peer::Chat(id) => self.in_chat(id, user),
            Peer::Channel(id) => self.status(id, user).inside() && self.is_megagroup(id),
        };
        if self.admin_rights(user, peer).is_some() {
            self.has_right(user, peer, right)
        } else {
            member && !self.is_forbidden(user, peer, right)
        }
    }

    /// As [`may`](Self::may), with the error that says no.
    pub(crate) fn check_may(&self, user: i64, peer: Peer, right: &str) -> Result<(), RpcError> {
        if self.may(user, peer, right) { Ok(()) } else { Err(error::CHAT_ADMIN_REQUIRED) }
    }

    /// As [`has_right`](Self::has_right), with the error that says no.
    pub(crate) fn check_right(&self, user: i64, peer: Peer, right: &str) -> Result<(), RpcError> {
        if self.has_right(user, peer, right) { Ok(()) } else { Err(error::CHAT_ADMIN_REQUIRED) }
    }

    /// Whether something is forbidden to a member, as to all or as to this one.
    fn is_forbidden(&self, user: i64, peer: Peer, what: &str) -> bool {
        if self.admin_rights(user, peer).is_some() {
            return false;
        }
        let own = match peer {
            Peer::User(_) => return false,
            Peer::Chat(_) => None,
            Peer::Channel(id) if !self.is_megagroup(id) => return false,
            Peer::Channel(id) => self.state.tables.members.get(&(id, user)).and_then(|member| member.restricted.as_ref()),
        };
        own.is_some_and(|rights| rights.0.flag(what)) || self.default_banned(peer).flag(what)
    }

    /// Checks that a member may send something of this kind.
    pub(crate) fn may_send(&self, user: i64, peer: Peer, content: &Content) -> Result<(), RpcError> {
        let forbidden = |what: &str| self.is_forbidden(user, peer, what);
        if forbidden("send_messages") {
            return Err(error::CHAT_WRITE_FORBIDDEN);
        }
        if content.via.is_some() && forbidden("send_inline") {
            return Err(error::CHAT_SEND_INLINE_FORBIDDEN);
        }
        let Some(media) = &content.media else {
            return if forbidden("send_plain") { Err(error::CHAT_SEND_PLAIN_FORBIDDEN) } else { Ok(()) };
        };
        if forbidden("send_media") {
            return Err(error::CHAT_SEND_MEDIA_FORBIDDEN);
        }
        let (right, no) = match media {
            Media::Photo { .. } => ("send_photos", error::CHAT_SEND_PHOTOS_FORBIDDEN),
            Media::Document { file, .. } => self.state.tables.files.get(file).map_or(("send_docs", error::CHAT_SEND_DOCS_FORBIDDEN), kind),
            Media::Poll(_) => ("send_polls", error::CHAT_SEND_POLL_FORBIDDEN),
            Media::Other(_) => return Ok(()),
        };
        if forbidden(right) { Err(no) } else { Ok(()) }
    }
}

/// The right that it takes to send a document, and the error of who does not have it.
fn kind(file: &File) -> (&'static str, RpcError) {
    let has = |name: &str, flag: Option<&str>| {
        file.attributes.iter().any(|attribute| attribute.0.is(name) && flag.is_none_or(|flag| attribute.0.flag(flag)))
    };
    match () {
        () if has("documentAttributeSticker", None) => ("send_stickers", error::CHAT_SEND_STICKERS_FORBIDDEN),
        () if has("documentAttributeAnimated", None) => ("send_gifs", error::CHAT_SEND_GIFS_FORBIDDEN),
        () if has("documentAttributeVideo", Some("round_message")) => ("send_roundvideos", error::CHAT_SEND_ROUNDVIDEOS_FORBIDDEN),
        () if has("documentAttributeVideo", None) => ("send_videos", error::CHAT_SEND_VIDEOS_FORBIDDEN),
        () if has("documentAttributeAudio", Some("voice")) => ("send_voices", error::CHAT_SEND_VOICES_FORBIDDEN),
        () if has("documentAttributeAudio", None) => ("send_audios", error::CHAT_SEND_AUDIOS_FORBIDDEN),
        () => ("send_docs", error::CHAT_SEND_DOCS_FORBIDDEN),
    }
}
