//! Basic groups.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::state::rows::{Action, Chat, ChatMember, Peer, Status};
use super::super::super::view::chat_participants;
use super::super::super::{RpcError, World, error};
use super::super::{messages, method};

pub(crate) const METHODS: &[Method] = &[
    method("messages.addChatUser", Access::Home, add_user),
    method("messages.createChat", Access::Home, create_chat),
    method("messages.deleteChatUser", Access::Home, delete_user),
    method("messages.editChatAbout", Access::Home, edit_about),
    method("messages.editChatTitle", Access::Home, edit_title),
    method("messages.getChats", Access::Home, get_chats),
    method("messages.getCommonChats", Access::Home, common_chats),
    method("messages.getFullChat", Access::Home, full_chat),
    method("messages.migrateChat", Access::Home, migrate),
];

const MAX_TITLE: usize = 128;
const MAX_ABOUT: usize = 255;

/// The title of the request.
pub(crate) fn checked_title(call: &Call<'_>) -> Result<String, RpcError> {
    good_title(call.text("title"))
}

/// A title, trimmed.
pub(crate) fn good_title(title: &str) -> Result<String, RpcError> {
    let title = title.trim();
    if title.is_empty() { Err(error::CHAT_TITLE_EMPTY) } else { Ok(title.chars().take(MAX_TITLE).collect()) }
}

/// The users of a field, without the caller and without repetition.
pub(crate) fn named_users(call: &Call<'_>, field: &str) -> Result<Vec<i64>, RpcError> {
    let mut users = Vec::new();
    for input in call.request.objects(field) {
        let user = call.world.input_user(call.me, input)?;
        if user != call.me && !users.contains(&user) {
            users.push(user);
        }
    }
    Ok(users)
}

fn create_chat(call: &mut Call<'_>) -> Answer {
    let title = checked_title(call)?;
    let users = named_users(call, "users")?;
    if users.is_empty() {
        return Err(error::USERS_TOO_FEW);
    }
    let (me, date) = (call.me, call.date());
    let chat = call.world.make_chat(me, &users, &title, date);
    let mut fanout = Fanout::default();
    call.world.tell_members(&mut fanout, chat);
    call.world.post_action(&mut fanout, me, Peer::Chat(chat), Action::ChatCreate { title, users }, date);
    Ok(invited(call.publish(fanout)))
}

/// `messages.invitedUsers`: everybody could be invited.
pub(crate) fn invited(updates: Object) -> Value {
    Object::new("messages.invitedUsers").with("updates", updates).with("missing_invitees", Value::Vector(Vec::new())).into()
}

/// The basic group of the field `chat_id`, if the caller is in it.
fn my_chat(call: &Call<'_>) -> Result<i64, RpcError> {
    let id = call.long("chat_id");
    if call.world.in_chat(id, call.me) && !call.world.chat(id)?.deactivated { Ok(id) } else { Err(error::CHAT_ID_INVALID) }
}

fn add_user(call: &mut Call<'_>) -> Answer {
    let chat = my_chat(call)?;
    let user = call.world.input_user(call.me, call.object("user_id")?)?;
    call.world.check_may(call.me, Peer::Chat(chat), "invite_users")?;
    if call.world.in_chat(chat, user) {
        return Err(error::USER_ALREADY_PARTICIPANT);
    }
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    call.world.join_chat(&mut fanout, chat, user, me, date);
    call.world.post_action(&mut fanout, me, Peer::Chat(chat), Action::AddUsers(vec![user]), date);
    Ok(invited(call.publish(fanout)))
}

fn delete_user(call: &mut Call<'_>) -> Answer {
    let chat = my_chat(call)?;
    let user = call.world.input_user(call.me, call.object("user_id")?)?;
    let row = call.world.chat(chat)?;
    let Some(member) = row.members.iter().find(|member| member.user == user) else { return Err(error::USER_NOT_PARTICIPANT) };
    let may = user == call.me || row.creator == call.me || member.inviter == call.me && !member.admin;
    if !may && (member.admin || user == row.creator || !call.world.has_right(call.me, Peer::Chat(chat), "ban_users")) {
        return Err(error::CHAT_ADMIN_REQUIRED);
    }
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    // Whoever leaves or is removed still reads that they did.
    call.world.post_action(&mut fanout, me, Peer::Chat(chat), Action::DeleteUser(user), date);
    call.world.change_chat(&mut fanout, chat, user, me, date, |chat| chat.members.retain(|member| member.user != user));
    Ok(call.publish(fanout).into())
}

fn edit_title(call: &mut Call<'_>) -> Answer {
    let (chat, title) = (my_chat(call)?, checked_title(call)?);
    call.world.check_may(call.me, Peer::Chat(chat), "change_info")?;
    if call.world.chat(chat)?.title == title {
        return Err(error::CHAT_NOT_MODIFIED);
    }
    call.world.state.tables.chats.entry_of(&chat, |chat| {
        chat.title.clone_from(&title);
        chat.version += 1;
    });
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    call.world.post_action(&mut fanout, me, Peer::Chat(chat), Action::Title(title), date);
    Ok(call.publish(fanout).into())
}

fn edit_about(call: &mut Call<'_>) -> Answer {
    let about = call.text("about").to_owned();
    if about.chars().count() > MAX_ABOUT {
        return Err(error::CHAT_ABOUT_TOO_LONG);
    }
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    call.world.check_may(call.me, peer, "change_info")?;
    match peer {
        Peer::Chat(id) => call.world.state.tables.chats.entry_of(&id, |chat| chat.about = about),
        Peer::Channel(id) => call.world.state.tables.channels.entry_of(&id, |channel| channel.about = about),
        Peer::User(_) => return Err(error::PEER_ID_INVALID),
    }
    Ok(true.into())
}

fn get_chats(call: &mut Call<'_>) -> Answer {
    let view = call.world.view(call.me, call.date());
    let chats: Value = call.request.longs("id").map(|id| view.chat(id)).collect();
    Ok(Object::new("messages.chats").with("chats", chats).into())
}

fn common_chats(call: &mut Call<'_>) -> Answer {
    let user = call.world.input_user(call.me, call.object("user_id")?)?;
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.extend(call.world.common_chats(call.me, user));
    Ok(Object::new("messages.chats").with("chats", view.chats()).into())
}

fn full_chat(call: &mut Call<'_>) -> Answer {
    let id = call.long("chat_id");
    if !call.world.in_chat(id, call.me) {
        return Err(error::CHAT_ID_INVALID);
    }
    let chat: &Chat = call.world.chat(id)?;
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(Peer::Chat(id));
    view.mentioned.extend(chat.members.iter().map(|member| Peer::User(member.user)));
    let full = Object::new("chatFull")
        .with("id", id)
        .with("about", chat.about.as_str())
        .with("participants", chat_participants(id, chat))
        .with_some("chat_photo", chat.photo.map(|photo| view.photo(photo)))
        .with("notify_settings", Object::new("peerNotifySettings"))
        .with("bot_info", call.world.group_bots(Peer::Chat(id), call.me, &call.caller.lang_code))
        .with_some("exported_invite", call.world.primary(Peer::Chat(id), call.me).map(|hash| view.invite(&hash)))
        .with_some("pinned_msg_id", messages::pin::newest_pin(call.world, call.me, Peer::Chat(id)));
    Ok(view.close(Object::new("messages.chatFull").with("full_chat", full)).into())
}

fn migrate(call: &mut Call<'_>) -> Answer {
    let chat = my_chat(call)?;
    let row = call.world.chat(chat)?.clone();
    if row.creator != call.me {
        return Err(error::CHAT_ADMIN_REQUIRED);
    }
    let (me, date) = (call.me, call.date());
    let channel = call.world.make_channel(me, &row.title, &row.about, true, date);
    let mut fanout = Fanout::default();
    for member in row.members.iter().filter(|member| member.user != me) {
        call.world.set_member(&mut fanout, channel, member.user, member.inviter, date, |member| member.status = Status::Member);
    }
    call.world.state.tables.channels.entry_of(&channel, |row| row.migrated_from = Some(chat));
    call.world.post_action(&mut fanout, me, Peer::Chat(chat), Action::MigrateTo(channel), date);
    call.world.state.tables.chats.entry_of(&chat, |row| {
        row.deactivated = true;
        row.migrated_to = Some(channel);
        row.version += 1;
    });
    fanout.tell(me, Update::Seq(Object::new("updateChannel").with("channel_id", channel)));
    call.world.post_action(&mut fanout, me, Peer::Channel(channel), Action::MigrateFrom { title: row.title, chat }, date);
    Ok(call.publish(fanout).into())
}

impl World {
    /// Adds a member to a basic group and tells everybody in it.
    pub(crate) fn join_chat(&mut self, fanout: &mut Fanout, chat: i64, user: i64, inviter: i64, date: i32) {
        self.change_chat(fanout, chat, user, inviter, date, |chat| chat.members.push(ChatMember { user, inviter, date, admin: false }));
    }

    /// Tells everybody in a basic group who is in it.
    pub(crate) fn tell_members(&self, fanout: &mut Fanout, id: i64) {
        let Some(chat) = self.state.tables.chats.get(&id) else { return };
        let update = Object::new("updateChatParticipants").with("participants", chat_participants(id, chat));
        for member in &chat.members {
            fanout.tell(member.user, Update::Seq(update.clone()));
        }
    }
}
