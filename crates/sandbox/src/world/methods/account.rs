//! `account.*`: the account of the caller and its logins.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::fanout::{Fanout, Update};
use super::super::state::rows::{Ended, Peer};
use super::super::{World, error};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("account.checkUsername", Access::Home, check_username),
    method("account.getAccountTTL", Access::Home, |_| Ok(Object::new("accountDaysTTL").with("days", 365).into())),
    method("account.getAuthorizations", Access::Home, authorizations),
    method("account.getContactSignUpNotification", Access::Home, |_| Ok(false.into())),
    method("account.getContentSettings", Access::Home, |_| Ok(Object::new("account.contentSettings").into())),
    method("account.getGlobalPrivacySettings", Access::Home, |_| Ok(Object::new("globalPrivacySettings").into())),
    method("account.getNotifySettings", Access::Home, |_| Ok(Object::new("peerNotifySettings").into())),
    method("account.registerDevice", Access::Home, |_| Ok(true.into())),
    method("account.resetAuthorization", Access::Home, reset),
    method("account.unregisterDevice", Access::Home, |_| Ok(true.into())),
    method("account.updateNotifySettings", Access::Home, |_| Ok(true.into())),
    method("account.updateProfile", Access::Home, update_profile),
    method("account.updateStatus", Access::Home, |_| Ok(true.into())),
    method("account.updateUsername", Access::Home, update_username),
];

const MAX_NAME: usize = 64;
const MAX_ABOUT: usize = 70;

fn authorizations(call: &mut Call<'_>) -> Answer {
    let date = call.date();
    let list: Value = call
        .world
        .state
        .keys_of(call.me)
        .filter(|(_, login)| login.parent.is_none())
        .map(|(key, login)| {
            let current = key == call.caller.auth_key_id;
            let object = Object::new("authorization");
            if current { object.with("current", true) } else { object }
                .with("hash", if current { 0 } else { login.hash })
                .with("device_model", login.device.as_str())
                .with("platform", "")
                .with("system_version", login.system.as_str())
                .with("api_id", login.api_id)
                .with("app_name", "")
                .with("app_version", login.app.as_str())
                .with("date_created", login.created)
                .with("date_active", date)
                .with("ip", "127.0.0.1")
                .with("country", "")
                .with("region", "")
        })
        .collect();
    Ok(Object::new("account.authorizations").with("authorization_ttl_days", 180).with("authorizations", list).into())
}

fn reset(call: &mut Call<'_>) -> Answer {
    let hash = call.long("hash");
    let key =
        call.world.state.keys_of(call.me).find(|(key, login)| login.hash == hash && *key != call.caller.auth_key_id).map(|(key, _)| key);
    call.world.end_login(key.ok_or(error::HASH_INVALID)?, Some(Ended::Revoked));
    Ok(true.into())
}

fn update_profile(call: &mut Call<'_>) -> Answer {
    let first = call.request.string("first_name").map(str::trim);
    if first.is_some_and(|name| name.is_empty() || name.chars().count() > MAX_NAME) {
        return Err(error::FIRSTNAME_INVALID);
    }
    if call.text("about").chars().count() > MAX_ABOUT {
        return Err(error::ABOUT_TOO_LONG);
    }
    call.world.state.tables.users.entry_of(&call.me, |user| {
        let set = |field: &mut String, value: Option<&str>| {
            if let Some(value) = value {
                value.trim().clone_into(field);
            }
        };
        set(&mut user.first_name, first);
        set(&mut user.last_name, call.request.string("last_name"));
        set(&mut user.about, call.request.string("about"));
    });
    Ok(name_changed(call))
}

fn check_username(call: &mut Call<'_>) -> Answer {
    let name = call.text("username");
    super::super::accounts::check_username(name)?;
    Ok(call.world.by_username(name).is_none().into())
}

fn update_username(call: &mut Call<'_>) -> Answer {
    let name = Some(call.text("username")).filter(|name| !name.is_empty());
    let old = call.world.user(call.me)?.username.clone();
    if old.as_deref() == name {
        return Err(error::USERNAME_NOT_MODIFIED);
    }
    call.world.set_username(Peer::User(call.me), old, name)?;
    call.world.state.tables.users.entry_of(&call.me, |user| user.username = name.map(str::to_owned));
    Ok(name_changed(call))
}

/// Tells the account and everybody who has it in the address book, and answers with the new `User`.
fn name_changed(call: &mut Call<'_>) -> Value {
    let me = call.me;
    let Some(user) = call.world.state.tables.users.get(&me) else { return Value::Vector(Vec::new()) };
    let usernames: Value = user
        .username
        .iter()
        .map(|name| Object::new("username").with("editable", true).with("active", true).with("username", name.as_str()))
        .collect();
    let update = Object::new("updateUserName")
        .with("user_id", me)
        .with("first_name", user.first_name.as_str())
        .with("last_name", user.last_name.as_str())
        .with("usernames", usernames);
    let mut fanout = Fanout::default();
    for account in call.world.who_knows(me).into_iter().chain([me]) {
        fanout.tell(account, Update::Seq(update.clone()));
    }
    call.publish_all(fanout);
    call.world.view(me, call.date()).user(me).into()
}

impl World {
    /// The accounts that have somebody in their address book.
    fn who_knows(&self, user: i64) -> Vec<i64> {
        let rows = self.state.tables.contacts.iter();
        rows.filter(|((_, whom), note)| *whom == user && note.contact).map(|((who, _), _)| *who).collect()
    }
}
