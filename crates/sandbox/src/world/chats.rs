//! Groups and channels: who is in them, and who hears of what happens there.

use super::fanout::{Fanout, Update};
use super::state::rows::{Channel, Chat, ChatMember, Event, Member, Message, Peer, Status};
use super::view::chat_participant;
use super::{RpcError, World, error};
use quadruplex_tl_schema::Object;

/// The first ids are those that Telegram gives out today, so that a client that cuts them to 32 bits is found out.
const FIRST_CHAT: i64 = 4_200_000_000;
const FIRST_CHANNEL: i64 = 2_200_000_000;

impl World {
    /// Whether a channel is a supergroup.
    pub(crate) fn is_megagroup(&self, id: i64) -> bool {
        self.state.tables.channels.get(&id).is_some_and(|channel| channel.megagroup)
    }

    /// The users that belong to a channel.
    pub(crate) fn channel_members(&self, id: i64) -> impl Iterator<Item = (i64, &Member)> {
        self.state
            .tables
            .members
            .range((id, i64::MIN)..=(id, i64::MAX))
            .filter(|(_, member)| member.status.inside())
            .map(|((_, user), member)| (*user, member))
    }

    /// How many users belong to a channel.
    pub(crate) fn member_count(&self, id: i64) -> usize {
        self.channel_members(id).count()
    }

    /// The members of a channel who hear of an event: bots in privacy mode do not see every message.
    pub(crate) fn channel_audience(&self, id: i64, update: &Update) -> Vec<i64> {
        let message = match update {
            Update::Event { owner, event: Event::New(id) | Event::Edit(id), .. } => self.state.tables.messages.get(&(*owner, *id)),
            _ => None,
        };
        self.channel_members(id).map(|(user, _)| user).filter(|user| message.is_none_or(|message| self.sees(*user, message))).collect()
    }

    /// Whether a member of a group gets a message: a bot gets none of other bots and, in privacy mode, only commands, replies to it and
    /// mentions; all, if it is an administrator.
    pub(crate) fn sees(&self, user: i64, message: &Message) -> bool {
        let bot = self.state.tables.users.get(&user).and_then(|user| user.bot.as_ref().map(|bot| (user, bot)));
        let Some((row, bot)) = bot else { return true };
        let group = match message.peer {
            Peer::User(_) => false,
            Peer::Chat(_) => true,
            Peer::Channel(id) => self.is_megagroup(id),
        };
        let content = &message.content;
        if !group || message.author == user || content.action.is_some() {
            return true;
        }
        // Two bots could talk for ever: <https://core.telegram.org/bots/faq>.
        if self.is_bot(message.author) {
            return false;
        }
        let name = row.username.as_deref().unwrap_or_default().to_lowercase();
        !bot.privacy
            || content.via == Some(user)
            || self.admin_rights(user, message.peer).is_some()
            || is_command_for(&content.text, &name)
            || content.text.to_lowercase().contains(&format!("@{name}"))
            || self.answers(user, message)
    }

    /// Whether a message answers one of a user, or names them.
    pub(crate) fn answers(&self, user: i64, message: &Message) -> bool {
        let replied = self.state.copies(message.twin).into_iter().any(|(owner, id)| {
            let copy = self.state.tables.messages.get(&(owner, id));
            let answered = copy.and_then(|copy| copy.content.reply_to).and_then(|id| self.state.tables.messages.get(&(owner, id)));
            answered.is_some_and(|answered| answered.author == user)
        });
        replied
            || message
                .content
                .entities
                .iter()
                .any(|entity| entity.0.is("messageEntityMentionName") && entity.0.long("user_id") == Some(user))
    }

    /// Makes a basic group. The members are users who exist.
    pub(crate) fn make_chat(&mut self, creator: i64, users: &[i64], title: &str, date: i32) -> i64 {
        let meta = self.state.meta();
        meta.chats += 1;
        let id = FIRST_CHAT + meta.chats;
        let member = |user| ChatMember { user, inviter: creator, date, admin: user == creator };
        let members = std::iter::once(creator).chain(users.iter().copied()).map(member).collect();
        let chat = Chat { title: title.to_owned(), creator, members, version: 1, date, ..Chat::default() };
        self.state.tables.chats.insert(id, chat);
        id
    }

    /// Makes a supergroup or channel with its creator.
    pub(crate) fn make_channel(&mut self, creator: i64, title: &str, about: &str, megagroup: bool, date: i32) -> i64 {
        let meta = self.state.meta();
        meta.channels += 1;
        let id = FIRST_CHANNEL + meta.channels;
        let channel = Channel { title: title.to_owned(), about: about.to_owned(), creator, megagroup, date, ..Channel::default() };
        self.state.tables.channels.insert(id, channel);
        self.state.tables.members.insert((id, creator), Member { inviter: creator, date, status: Status::Creator, ..Member::default() });
        id
    }

    /// Changes how a user stands to a channel and tells them, and the bots that hear of such things. What was there before they
    /// came counts as read.
    pub(crate) fn set_member(
        &mut self,
        fanout: &mut Fanout,
        channel: i64,
        user: i64,
        actor: i64,
        date: i32,
        change: impl FnOnce(&mut Member),
    ) {
        let before = self.status(channel, user);
        let bots = self.watching_bots(Peer::Channel(channel), user);
        let old: Vec<Object> = bots.iter().map(|bot| self.view(*bot, date).participant(channel, user)).collect();
        let member = self.state.tables.members.entry(&(channel, user));
        change(member);
        let status = member.status;
        let joins = status.inside() && !before.inside();
        if joins || status == Status::Banned {
            member.inviter = actor;
            member.date = date;
        }
        if status == Status::Left {
            member.restricted = None;
        }
        for (bot, old) in bots.into_iter().zip(old) {
            let new = self.view(bot, date).participant(channel, user);
            let update = Object::new("updateChannelParticipant").with("channel_id", channel).with("date", date).with("actor_id", actor);
            let update = update
                .with("user_id", user)
                .with_some("prev_participant", (before != Status::Left).then_some(old))
                .with_some("new_participant", (status != Status::Left).then_some(new));
            let update = self.log_qts(bot, date, update);
            fanout.tell(bot, Update::Qts(update));
        }
        if joins {
            let last = self.mailbox(Peer::Channel(channel)).last_id;
            let dialog = self.state.tables.dialogs.entry(&(user, Peer::Channel(channel)));
            dialog.read_inbox = dialog.read_inbox.max(last);
        }
        fanout.tell(user, Update::Seq(Object::new("updateChannel").with("channel_id", channel)));
    }

    /// Changes a basic group, tells its members who is in it now, and the bots what has become of one.
    pub(crate) fn change_chat(&mut self, fanout: &mut Fanout, id: i64, user: i64, actor: i64, date: i32, change: impl FnOnce(&mut Chat)) {
        let seen = |world: &Self| {
            let chat = world.state.tables.chats.get(&id)?;
            chat.members.iter().find(|member| member.user == user).map(|member| chat_participant(chat, member))
        };
        let (old, bots) = (seen(self), self.watching_bots(Peer::Chat(id), user));
        self.state.tables.chats.entry_of(&id, |chat| {
            change(chat);
            chat.version += 1;
        });
        self.tell_members(fanout, id);
        let update = Object::new("updateChatParticipant").with("chat_id", id).with("date", date).with("actor_id", actor);
        let update = update.with("user_id", user).with_some("prev_participant", old).with_some("new_participant", seen(self));
        for bot in bots {
            let update = self.log_qts(bot, date, update.clone());
            fanout.tell(bot, Update::Qts(update));
        }
    }

    /// The bots that hear how somebody stands to a group or channel: the one it is about, and those that are administrators.
    fn watching_bots(&self, peer: Peer, user: i64) -> Vec<i64> {
        let members = match peer {
            Peer::Chat(id) => self.chat_members(id),
            Peer::Channel(id) => self.channel_members(id).map(|(user, _)| user).collect(),
            Peer::User(_) => return Vec::new(),
        };
        let watches = |bot: &i64| *bot != user && self.is_bot(*bot) && self.admin_rights(*bot, peer).is_some();
        let about = self.is_bot(user).then_some(user);
        members.into_iter().filter(watches).chain(about).collect()
    }

    /// The groups and channels that two users have in common.
    pub(crate) fn common_chats(&self, one: i64, other: i64) -> Vec<Peer> {
        let chats = self.state.tables.chats.iter().filter(|(_, chat)| !chat.deactivated).map(|(id, _)| *id);
        let chats = chats.filter(|id| self.in_chat(*id, one) && self.in_chat(*id, other)).map(Peer::Chat);
        let channels = self.state.tables.members.iter().filter(|((_, user), member)| *user == one && member.status.inside());
        let channels = channels.map(|((id, _), _)| *id).filter(|id| self.is_megagroup(*id) && self.status(*id, other).inside());
        chats.chain(channels.map(Peer::Channel)).collect()
    }

    /// The photo of a user, group or channel.
    pub(crate) fn photo_of(&self, peer: Peer) -> Option<i64> {
        let tables = &self.state.tables;
        match peer {
            Peer::User(id) => tables.users.get(&id)?.photo,
            Peer::Chat(id) => tables.chats.get(&id)?.photo,
            Peer::Channel(id) => tables.channels.get(&id)?.photo,
        }
    }

    /// Checks that a user may write to a group or channel.
    pub(crate) fn may_write(&self, user: i64, peer: Peer, date: i32) -> Result<(), RpcError> {
        match peer {
            Peer::User(other) => self.may_write_to_user(user, other),
            Peer::Chat(id) => {
                let chat = self.chat(id)?;
                if chat.deactivated || !self.in_chat(id, user) { Err(error::CHAT_WRITE_FORBIDDEN) } else { Ok(()) }
            }
            Peer::Channel(id) => {
                let channel = self.channel(id)?;
                let status = self.status(id, user);
                match status {
                    Status::Banned => return Err(error::USER_BANNED_IN_CHANNEL),
                    Status::Left => return Err(error::CHAT_WRITE_FORBIDDEN),
                    Status::Member | Status::Admin | Status::Creator if channel.megagroup => {}
                    Status::Member | Status::Admin | Status::Creator => self.check_right(user, peer, "post_messages")?,
                }
                let last = self.state.tables.members.get(&(id, user)).map_or(0, |member| member.last_sent);
                match channel.slow_mode {
                    Some(seconds) if !status.admin() && last + seconds > date => Err(error::slowmode_wait(last + seconds - date)),
                    _ => Ok(()),
                }
            }
        }
    }

    fn may_write_to_user(&self, me: i64, other: i64) -> Result<(), RpcError> {
        if me == other {
            return Ok(());
        }
        let blocked = |by: i64, whom: i64| self.state.tables.contacts.get(&(by, whom)).is_some_and(|note| note.blocked);
        let user = self.user(other)?;
        let bot = self.is_bot(me);
        match user {
            user if user.deleted => Err(error::INPUT_USER_DEACTIVATED),
            user if bot && user.bot.is_some() => Err(error::USER_IS_BOT),
            _ if blocked(me, other) => Err(error::YOU_BLOCKED_USER),
            _ if blocked(other, me) => Err(error::USER_IS_BLOCKED),
            // A bot never speaks first.
            _ if bot && self.state.history(Peer::User(me), Peer::User(other)).is_empty() => Err(error::PEER_ID_INVALID),
            _ => Ok(()),
        }
    }
}

/// Whether a text is a command that names no other bot. The name is in lower case.
fn is_command_for(text: &str, name: &str) -> bool {
    let Some(command) = text.strip_prefix('/') else { return false };
    let command = command.split(char::is_whitespace).next().unwrap_or_default();
    command.split_once('@').is_none_or(|(_, named)| named.to_lowercase() == name)
}
