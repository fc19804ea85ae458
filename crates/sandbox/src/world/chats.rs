//! Groups and channels: who is in them, and who hears of what happens there.

use super::fanout::{Fanout, Update};
use super::state::rows::{Channel, Chat, ChatMember, Event, Member, Message, Peer, Status};
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

    /// Whether a member of a group gets a message: a bot in privacy mode gets commands, replies to it and mentions.
    pub(crate) fn sees(&self, user: i64, message: &Message) -> bool {
        let bot = self.state.tables.users.get(&user).and_then(|user| user.bot.as_ref().map(|bot| (user, bot)));
        let Some((row, bot)) = bot else { return true };
        let group = match message.peer {
            Peer::User(_) => false,
            Peer::Chat(_) => true,
            Peer::Channel(id) => self.is_megagroup(id),
        };
        let content = &message.content;
        !group
            || !bot.privacy
            || message.author == user
            || content.action.is_some()
            || content.text.starts_with('/')
            || row.username.as_ref().is_some_and(|name| content.text.to_lowercase().contains(&format!("@{}", name.to_lowercase())))
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
        self.state.tables.members.insert((id, creator), Member { inviter: creator, date, status: Status::Creator, last_sent: 0 });
        id
    }

    /// Sets how a user stands to a channel and tells them. What was there before they came counts as read.
    pub(crate) fn set_member(&mut self, fanout: &mut Fanout, channel: i64, user: i64, inviter: i64, status: Status, date: i32) {
        let joins = status.inside() && !self.status(channel, user).inside();
        let member = self.state.tables.members.entry(&(channel, user));
        member.status = status;
        if joins || status == Status::Banned {
            member.inviter = inviter;
            member.date = date;
        }
        if joins {
            let last = self.mailbox(Peer::Channel(channel)).last_id;
            let dialog = self.state.tables.dialogs.entry(&(user, Peer::Channel(channel)));
            dialog.read_inbox = dialog.read_inbox.max(last);
        }
        fanout.tell(user, Update::Seq(Object::new("updateChannel").with("channel_id", channel)));
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
                    Status::Member if !channel.megagroup => return Err(error::CHAT_ADMIN_REQUIRED),
                    Status::Member | Status::Admin | Status::Creator => {}
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
