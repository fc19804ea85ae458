//! Groups and channels as objects.

use quadruplex_tl_schema::{Object, Value};

use super::super::rights::{all_rights, nothing_forbidden};
use super::super::state::rows::{Chat, ChatMember, Member, Peer, Status};
use super::{View, WithFlag};

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
            .with_some("admin_rights", self.world.admin_rights(self.viewer, Peer::Chat(id)))
            .with_some("migrated_to", chat.migrated_to.map(|channel| self.input_channel(channel)))
            .with("default_banned_rights", self.world.default_banned(Peer::Chat(id)))
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
        let me = self.world.state.tables.members.get(&(id, self.viewer));
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
            .with_some("admin_rights", self.world.admin_rights(self.viewer, Peer::Channel(id)))
            .with_some("banned_rights", me.and_then(|me| me.restricted.as_ref()).map(|rights| rights.0.clone()))
            .with_some("default_banned_rights", channel.megagroup.then(|| self.world.default_banned(Peer::Channel(id))))
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
        let rights = self.world.admin_rights(user, Peer::Channel(channel)).unwrap_or_else(all_rights);
        let rank = Some(member.rank.as_str()).filter(|rank| !rank.is_empty());
        let created = self.world.status(channel, self.viewer) == Status::Creator;
        match member.status {
            Status::Creator => {
                Object::new("channelParticipantCreator").with("user_id", user).with("admin_rights", rights).with_some("rank", rank)
            }
            Status::Admin => Object::new("channelParticipantAdmin")
                .with("user_id", user)
                .with_some("inviter_id", (user == self.viewer).then_some(inviter))
                .with_flag("self", user == self.viewer)
                .with_flag("can_edit", created || member.promoted_by == self.viewer)
                .with("promoted_by", if member.promoted_by == 0 { inviter } else { member.promoted_by })
                .with("date", member.date)
                .with("admin_rights", rights)
                .with_some("rank", rank),
            Status::Member if member.restricted.is_some() => self.banned(peer, &member),
            Status::Member if user == self.viewer => {
                self.peer(Peer::User(inviter));
                Object::new("channelParticipantSelf").with("user_id", user).with("inviter_id", inviter).with("date", member.date)
            }
            Status::Member => Object::new("channelParticipant").with("user_id", user).with("date", member.date),
            Status::Banned => self.banned(peer, &member),
            Status::Left => Object::new("channelParticipantLeft").with("peer", peer),
        }
    }

    fn banned(&mut self, peer: Object, member: &Member) -> Object {
        self.mentioned.insert(Peer::User(member.kicked_by));
        let rights = member.restricted.as_ref().map_or_else(|| nothing_forbidden().with("view_messages", true), |rights| rights.0.clone());
        Object::new("channelParticipantBanned")
            .with("peer", peer)
            .with_flag("left", member.status == Status::Banned)
            .with("kicked_by", member.kicked_by)
            .with("date", member.date)
            .with("banned_rights", rights)
    }
}

/// A `ChatParticipant` of a basic group.
pub(crate) fn chat_participant(chat: &Chat, member: &ChatMember) -> Object {
    let name = match member {
        member if member.user == chat.creator => "chatParticipantCreator",
        member if member.admin => "chatParticipantAdmin",
        _ => "chatParticipant",
    };
    let object = Object::new(name).with("user_id", member.user);
    if member.user == chat.creator { object } else { object.with("inviter_id", member.inviter).with("date", member.date) }
}

/// `ChatParticipants` of a basic group, the same for every member.
pub(crate) fn chat_participants(id: i64, chat: &Chat) -> Object {
    let participants: Value = chat.members.iter().map(|member| chat_participant(chat, member)).collect();
    Object::new("chatParticipants").with("chat_id", id).with("participants", participants).with("version", chat.version)
}
