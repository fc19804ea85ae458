//! `auth.*`: signing in and out.

use quadruplex_tl_schema::Object;

use super::super::accounts::{check_username, digits};
use super::super::admin::LoginCode;
use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::fanout::{Fanout, Update};
use super::super::state::rows::{Code, Ended, Export, Login, Peer, User};
use super::super::state::tl::hex;
use super::super::{RpcError, World, error};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("auth.bindTempAuthKey", Access::Open, |_| Err(error::INPUT_METHOD_INVALID)),
    method("auth.cancelCode", Access::Open, cancel_code),
    method("auth.dropTempAuthKeys", Access::Open, |_| Ok(true.into())),
    method("auth.exportAuthorization", Access::Home, export),
    method("auth.importAuthorization", Access::Open, import),
    method("auth.importBotAuthorization", Access::Open, sign_in_bot),
    method("auth.logOut", Access::Anywhere, log_out),
    method("auth.resendCode", Access::Open, resend_code),
    method("auth.resetAuthorizations", Access::Home, reset_all),
    method("auth.sendCode", Access::Open, send_code),
    method("auth.signIn", Access::Open, sign_in),
    method("auth.signUp", Access::Open, sign_up),
];

/// How long a code is good, in seconds.
const CODE_SECONDS: i32 = 600;
/// How many codes wait to be taken; the oldest go first.
const MAX_FRESH_CODES: usize = 1024;
/// How often a wrong code may be tried.
const CODE_TRIES: i32 = 5;

fn send_code(call: &mut Call<'_>) -> Answer {
    check_api(call)?;
    let phone = digits(call.text("phone_number"));
    if !(5..=15).contains(&phone.len()) {
        return Err(error::PHONE_NUMBER_INVALID);
    }
    let home = call.world.home_of(&phone, call.caller.dc);
    if home != call.caller.dc {
        return Err(error::phone_migrate(home));
    }
    if call.world.by_phone(&phone).is_none() && !call.world.config.sign_up {
        return Err(error::PHONE_NUMBER_APP_SIGNUP_FORBIDDEN);
    }
    let code = call.world.new_code(&phone);
    let hash = hex::encode(&call.world.state.random_bytes::<9>());
    let row = Code { hash: hash.clone(), code, sent: call.date(), tries: 0, confirmed: false };
    call.world.announce_code(&phone, &row);
    let kind = send_to_sessions(call, &phone, &row.code);
    call.world.state.tables.codes.insert(phone, row);
    Ok(sent_code(&hash, kind).into())
}

/// A code goes into the other sessions of the account, if it has any; else it is told to the owner of the sandbox alone.
fn send_to_sessions(call: &mut Call<'_>, phone: &str, code: &str) -> &'static str {
    let elsewhere = |user: &i64| call.world.live_keys(*user).any(|key| key != call.caller.auth_key_id);
    let Some(user) = call.world.by_phone(phone).filter(elsewhere) else { return "auth.sentCodeTypeSms" };
    let text = format!(
        "Login code: {code}. Do not give this code to anyone, whoever they say they are: it opens your account.\n\n\
         If you have not asked for it, somebody else has your number and tries to sign in."
    );
    let date = call.date();
    call.world.announce(user, text, date);
    "auth.sentCodeTypeApp"
}

fn resend_code(call: &mut Call<'_>) -> Answer {
    let (phone, code) = pending_code(call)?;
    call.world.announce_code(&phone, &code);
    Ok(sent_code(&code.hash, "auth.sentCodeTypeSms").into())
}

fn cancel_code(call: &mut Call<'_>) -> Answer {
    let (phone, _) = pending_code(call)?;
    call.world.state.tables.codes.remove(&phone);
    Ok(true.into())
}

fn sent_code(hash: &str, kind: &'static str) -> Object {
    let kind = Object::new(kind).with("length", 5);
    Object::new("auth.sentCode").with("type", kind).with("phone_code_hash", hash).with("timeout", 60)
}

/// The code that was sent to the number of the request, found by the number and the hash.
fn pending_code(call: &Call<'_>) -> Result<(String, Code), RpcError> {
    let phone = digits(call.text("phone_number"));
    let hash = call.text("phone_code_hash");
    if hash.is_empty() {
        return Err(error::PHONE_CODE_HASH_EMPTY);
    }
    let code = call.world.state.tables.codes.get(&phone).filter(|code| code.hash == hash).cloned().ok_or(error::PHONE_CODE_EXPIRED)?;
    if code.sent + CODE_SECONDS < call.date() || code.tries >= CODE_TRIES {
        return Err(error::PHONE_CODE_EXPIRED);
    }
    Ok((phone, code))
}

fn sign_in(call: &mut Call<'_>) -> Answer {
    let (phone, code) = pending_code(call)?;
    let given = call.text("phone_code");
    if given.is_empty() {
        return Err(error::PHONE_CODE_EMPTY);
    }
    if given != code.code {
        call.world.state.tables.codes.entry_of(&phone, |code| code.tries += 1);
        return Err(error::PHONE_CODE_INVALID);
    }
    let Some(user) = call.world.by_phone(&phone) else {
        call.world.state.tables.codes.entry_of(&phone, |code| code.confirmed = true);
        return Ok(Object::new("auth.authorizationSignUpRequired").into());
    };
    call.world.state.tables.codes.remove(&phone);
    if call.world.user(user)?.password.is_some() {
        let login = Login { owes_password: Some(user), dc: call.caller.dc, ..Login::default() };
        call.world.state.set_login(call.caller.auth_key_id, login);
        return Err(error::SESSION_PASSWORD_NEEDED);
    }
    Ok(welcome(call, user))
}

fn sign_up(call: &mut Call<'_>) -> Answer {
    let (phone, code) = pending_code(call)?;
    let first_name = call.text("first_name").trim().to_owned();
    if call.world.by_phone(&phone).is_some() {
        return Err(error::PHONE_NUMBER_OCCUPIED);
    }
    if !code.confirmed {
        return Err(error::PHONE_CODE_INVALID);
    }
    if first_name.is_empty() || first_name.chars().count() > 64 {
        return Err(error::FIRSTNAME_INVALID);
    }
    call.world.state.tables.codes.remove(&phone);
    let last_name = call.text("last_name").trim().to_owned();
    let user = User { first_name, last_name, phone: Some(phone), dc: call.caller.dc, ..User::default() };
    let user = call.world.make_user(user);
    Ok(welcome(call, user))
}

/// A token is what the bot was made with; or `0:NAME`, for the bot of that public name, which is made if there is none.
fn sign_in_bot(call: &mut Call<'_>) -> Answer {
    check_api(call)?;
    let token = &*match call.text("bot_auth_token").strip_prefix("0:") {
        Some(username) => token_of(call, username)?,
        None => call.text("bot_auth_token").to_owned(),
    };
    let user = token.split_once(':').and_then(|(id, _)| id.parse().ok()).unwrap_or(0);
    let row = call.world.state.tables.users.get(&user);
    let Some(row) = row.filter(|user| user.bot.as_ref().is_some_and(|bot| bot.token == token)) else {
        return Err(error::ACCESS_TOKEN_INVALID);
    };
    if row.dc != call.caller.dc {
        return Err(error::user_migrate(row.dc));
    }
    Ok(welcome(call, user))
}

fn token_of(call: &mut Call<'_>, username: &str) -> Result<String, RpcError> {
    let Some(found) = call.world.by_username(username) else {
        check_username(username)?;
        let (first, rest) = username.split_at(1);
        let name = first.to_uppercase() + rest.strip_suffix("_bot").unwrap_or(rest);
        return Ok(call.world.make_bot(&name, username, true, call.caller.dc).1);
    };
    let Peer::User(id) = found else { return Err(error::ACCESS_TOKEN_INVALID) };
    call.world.user(id)?.bot.as_ref().map(|bot| bot.token.clone()).ok_or(error::ACCESS_TOKEN_INVALID)
}

/// Signs the caller in and tells the other sessions of the account.
pub(crate) fn welcome(call: &mut Call<'_>, user: i64) -> quadruplex_tl_schema::Value {
    let date = call.date();
    let mut others = Fanout::default();
    if call.world.state.keys_of(user).any(|(key, _)| key != call.caller.auth_key_id) {
        let hash = call.world.derive("login", &[user, call.caller.auth_key_id.cast_signed()]);
        let object = Object::new("updateNewAuthorization").with("unconfirmed", true).with("hash", hash).with("date", date);
        others.tell(user, Update::Plain(object.with("device", call.caller.device_model.as_str()).with("location", "")));
    }
    call.publish_all(others);
    call.world.sign_in(call.caller, user, None, date);
    let user = call.world.view(user, date).user(user);
    Object::new("auth.authorization").with("user", user).into()
}

fn check_api(call: &Call<'_>) -> Result<(), RpcError> {
    if call.int("api_id") > 0 && !call.text("api_hash").is_empty() { Ok(()) } else { Err(error::API_ID_INVALID) }
}

fn export(call: &mut Call<'_>) -> Answer {
    let dc = call.int("dc_id");
    if dc == call.caller.dc || !call.world.config.dcs.iter().any(|known| known.id == dc) {
        return Err(error::DC_ID_INVALID);
    }
    let bytes = call.world.state.random_bytes::<32>().to_vec();
    let id = call.world.state.random();
    let export = Export { user: call.me, dc, login: call.caller.auth_key_id, bytes: bytes.clone() };
    call.world.state.tables.exports.insert(id, export);
    Ok(Object::new("auth.exportedAuthorization").with("id", id).with("bytes", bytes).into())
}

fn import(call: &mut Call<'_>) -> Answer {
    let id = call.long("id");
    let found =
        call.world.state.tables.exports.get(&id).filter(|export| export.dc == call.caller.dc && export.bytes == call.bytes("bytes"));
    let Some(export) = found.cloned() else { return Err(error::AUTH_BYTES_INVALID) };
    call.world.state.tables.exports.remove(&id);
    let date = call.date();
    call.world.sign_in(call.caller, export.user, Some(export.login), date);
    let user = call.world.view(export.user, date).user(export.user);
    Ok(Object::new("auth.authorization").with("user", user).into())
}

fn log_out(call: &mut Call<'_>) -> Answer {
    call.world.end_login(call.caller.auth_key_id, None);
    Ok(Object::new("auth.loggedOut").into())
}

fn reset_all(call: &mut Call<'_>) -> Answer {
    let others: Vec<u64> = call.world.live_keys(call.me).filter(|key| *key != call.caller.auth_key_id).collect();
    for key in others {
        call.world.end_login(key, Some(Ended::Revoked));
    }
    Ok(true.into())
}

impl World {
    fn announce_code(&mut self, phone: &str, code: &Code) {
        if self.fresh_codes.len() == MAX_FRESH_CODES {
            self.fresh_codes.pop_front();
        }
        self.fresh_codes.push_back(LoginCode { phone: phone.to_owned(), code: code.code.clone(), sent: code.sent });
    }
}
