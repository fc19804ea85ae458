//! Groups and channels as objects.

use quadruplex_tl_schema::{Object, Value};

use super::super::state::rows::{Chat, Peer, Status};
use super::{View, WithFlag};

/// The rights of an administrator of the sandbox: all that Telegram's own clients ask for.
const ADMIN_RIGHTS: [&str; 8] =
    ["change_info", "post_messages", "edit_messages", "delete_messages", "ban_users", "invite_users", "pin_messages", "add_admins"];

impl View<'_> {
    /// A basic group as a `Chat`; whoever is not in it sees only that it exists.
    pub(crate) fn chat(&self, id: i64) -> Object {
        let Some(chat) = self.world.state.tables.chats.get(&id) else { return Object::new("chatEmpty").with("id", id) };
        let Some(me) = chat.members.iter().find(|member| member.user == self.viewer) else {
            return Object::new("chatForbidden").with("id", id).with("title", chat.title.as_str());
        };
        let creator = chat.creator == self.viewer;
        Object::new("chat")
            .with("id", id)
            .with("title", chat.title.as_str())
            .with_flag("creator", creator)
            .with_flag("deactivated", chat.deactivated)
            .with("photo", self.chat_photo(chat.photo))
            .with("participants_count", chat.members.len() as i32)
            .with("date", me.date)
            .with("version", chat.version)
            .with_some("admin_rights", (creator || me.admin).then(admin_rights))
            .with_some("migrated_to", chat.migrated_to.map(|channel| self.input_channel(channel)))
            .with("default_banned_rights", nothing_forbidden())
    }

    /// A supergroup or channel as a `Chat`.
    pub(crate) fn channel(&self, id: i64) -> Object {
        let hash = self.world.access_hash(self.viewer, Peer::Channel(id));
        let status = self.world.status(id, self.viewer);
        let channel = self.world.state.tables.channels.get(&id);
        let Some(channel) = channel.filter(|channel| !channel.deleted && status != Status::Banned) else {
            let (title, megagroup) = channel.map_or(("", false), |channel| (&channel.title, channel.megagroup));
            return Object::new("channelForbidden")
                .with("id", id)
                .with("access_hash", hash)
                .with("title", title)
                .with_flag("megagroup", megagroup)
                .with_flag("broadcast", !megagroup);
        };
        let joined = self.world.state.tables.members.get(&(id, self.viewer)).map_or(channel.date, |member| member.date);
        Object::new("channel")
            .with("id", id)
            .with("access_hash", hash)
            .with("title", channel.title.as_str())
            .with_some("username", channel.username.as_deref())
            .with_flag("creator", status == Status::Creator)
            .with_flag("left", !status.inside())
            .with_flag("broadcast", !channel.megagroup)
            .with_flag("megagroup", channel.megagroup)
            .with_flag("signatures", channel.signatures)
            .with_flag("slowmode_enabled", channel.slow_mode.is_some())
            .with("photo", self.chat_photo(channel.photo))
            .with("date", joined)
            .with("participants_count", self.world.member_count(id) as i32)
            .with_some("admin_rights", status.admin().then(admin_rights))
            .with_some("default_banned_rights", channel.megagroup.then(nothing_forbidden))
    }

    fn chat_photo(&self, photo: Option<i64>) -> Object {
        let file = photo.and_then(|id| Some((id, self.world.state.tables.files.get(&id)?)));
        match file {
            Some((id, file)) => Object::new("chatPhoto").with("photo_id", id).with("dc_id", file.dc),
            None => Object::new("chatPhotoEmpty"),
        }
    }

    fn input_channel(&self, id: i64) -> Object {
        Object::new("inputChannel").with("channel_id", id).with("access_hash", self.world.access_hash(self.viewer, Peer::Channel(id)))
    }

    /// A member of a channel as a `ChannelParticipant`.
    pub(crate) fn participant(&mut self, channel: i64, user: i64) -> Object {
        let member = self.world.state.tables.members.get(&(channel, user)).cloned().unwrap_or_default();
        let inviter = if member.inviter == 0 { user } else { member.inviter };
        let peer = self.peer(Peer::User(user));
        match member.status {
            Status::Creator => Object::new("channelParticipantCreator").with("user_id", user).with("admin_rights", admin_rights()),
            Status::Admin => Object::new("channelParticipantAdmin")
                .with("user_id", user)
                .with_some("inviter_id", (user == self.viewer).then_some(inviter))
                .with_flag("self", user == self.viewer)
                .with("promoted_by", inviter)
                .with("date", member.date)
                .with("admin_rights", admin_rights()),
            Status::Member if user == self.viewer => {
                self.peer(Peer::User(inviter));
                Object::new("channelParticipantSelf").with("user_id", user).with("inviter_id", inviter).with("date", member.date)
            }
            Status::Member => Object::new("channelParticipant").with("user_id", user).with("date", member.date),
            Status::Banned => Object::new("channelParticipantBanned")
                .with("peer", peer)
                .with("left", true)
                .with("kicked_by", inviter)
                .with("date", member.date)
                .with("banned_rights", nothing_forbidden().with("view_messages", true)),
            Status::Left => Object::new("channelParticipantLeft").with("peer", peer),
        }
    }
}

/// `ChatParticipants` of a basic group, the same for every member.
pub(crate) fn chat_participants(id: i64, chat: &Chat) -> Object {
    let participants: Value = chat
        .members
        .iter()
        .map(|member| {
            let name = match member {
                member if member.user == chat.creator => "chatParticipantCreator",
                member if member.admin => "chatParticipantAdmin",
                _ => "chatParticipant",
            };
            let object = Object::new(name).with("user_id", member.user);
            if member.user == chat.creator { object } else { object.with("inviter_id", member.inviter).with("date", member.date) }
        })
        .collect();
    Object::new("chatParticipants").with("chat_id", id).with("participants", participants).with("version", chat.version)
}

/// `ChatAdminRights` of those who have them.
fn admin_rights() -> Object {
    ADMIN_RIGHTS.into_iter().fold(Object::new("chatAdminRights"), |rights, right| rights.with(right, true))
}

/// `ChatBannedRights` that forbid nothing.
fn nothing_forbidden() -> Object {
    Object::new("chatBannedRights").with("until_date", i32::MAX)
}
