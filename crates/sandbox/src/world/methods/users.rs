//! `users.*`: who somebody is.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::state::rows::Peer;
use super::super::view::WithFlag;
use super::{messages, method};

pub(crate) const METHODS: &[Method] =
    &[method("users.getFullUser", Access::Home, full_user), method("users.getUsers", Access::Anywhere, get_users)];

fn get_users(call: &mut Call<'_>) -> Answer {
    let view = call.world.view(call.me, call.date());
    let users: Value = call
        .request
        .objects("id")
        .map(|input| match call.world.input_user(call.me, input) {
            Ok(id) => view.user(id),
            Err(_) => Object::new("userEmpty").with("id", input.long("user_id").unwrap_or_default()),
        })
        .collect();
    Ok(users)
}

fn full_user(call: &mut Call<'_>) -> Answer {
    let id = call.world.input_user(call.me, call.object("id")?)?;
    let user = call.world.user(id)?.clone();
    let blocked = call.world.state.tables.contacts.get(&(call.me, id)).is_some_and(|note| note.blocked);
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(Peer::User(id));
    let language = call.caller.lang_code.as_str();
    let bot_info = user.bot.as_ref().map(|bot| bot.info(id, call.me, bot.commands_for(Peer::User(call.me), false, language), language));
    let full = Object::new("userFull")
        .with("id", id)
        .with_flag("blocked", blocked)
        .with_flag("can_pin_message", true)
        .with_some("about", Some(user.about.as_str()).filter(|about| !about.is_empty()))
        .with("settings", Object::new("peerSettings"))
        .with("notify_settings", Object::new("peerNotifySettings"))
        .with_some("profile_photo", user.photo.map(|photo| view.photo(photo)))
        .with_some("bot_info", bot_info)
        .with_some("pinned_msg_id", messages::pin::newest_pin(call.world, call.me, Peer::User(id)))
        .with("common_chats_count", call.world.common_chats(call.me, id).len() as i32);
    Ok(view.close(Object::new("users.userFull").with("full_user", full)).into())
}
