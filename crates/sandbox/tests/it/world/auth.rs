//! Signing in and out.

use quadruplex_sandbox::world::{Config, NewBot, NewUser};
use quadruplex_tl_schema::Object;

use super::fixture::{Fixture, Session, config};

fn send_code(phone: &str) -> Object {
    let settings = Object::new("codeSettings");
    Object::new("auth.sendCode").with("phone_number", phone).with("api_id", 1).with("api_hash", "a").with("settings", settings)
}

fn sign_in(phone: &str, hash: &str, code: &str) -> Object {
    Object::new("auth.signIn").with("phone_number", phone).with("phone_code_hash", hash).with("phone_code", code)
}

fn me() -> Object {
    Object::new("users.getUsers").with("id", vec![Object::new("inputUserSelf")])
}

/// Asks for a code and returns the hash.
fn ask(fixture: &mut Fixture, session: &Session, phone: &str) -> String {
    fixture.ok(session, send_code(phone)).string("phone_code_hash").unwrap().to_owned()
}

#[test]
fn before_signing_in_there_is_only_the_config() {
    let mut fixture = Fixture::new();
    let session = fixture.session(2);
    let config = fixture.ok(&session, Object::new("help.getConfig"));
    assert_eq!(config.int("this_dc"), Some(2));
    assert_eq!(config.objects("dc_options").map(|dc| dc.int("port").unwrap()).collect::<Vec<_>>(), [8001, 8002, 8003]);
    fixture.ok(&session, Object::new("help.getNearestDc"));
    fixture.ok(&session, Object::new("help.getAppConfig").with("hash", 0));
    fixture.refused(&session, me(), "401 AUTH_KEY_UNREGISTERED");
    fixture.refused(&session, Object::new("updates.getState"), "401 AUTH_KEY_UNREGISTERED");
}

#[test]
fn a_new_number_signs_up() {
    let mut fixture = Fixture::new();
    let session = fixture.session(1);
    let phone = "+44 7700 900123";
    let hash = ask(&mut fixture, &session, phone);
    assert_eq!(fixture.world.take_codes()[0].code, "12345");

    fixture.refused(&session, sign_in(phone, &hash, ""), "400 PHONE_CODE_EMPTY");
    fixture.refused(&session, sign_in(phone, &hash, "54321"), "400 PHONE_CODE_INVALID");
    fixture.refused(&session, sign_in(phone, "", "12345"), "400 PHONE_CODE_HASH_EMPTY");
    fixture.refused(&session, sign_in(phone, "other", "12345"), "400 PHONE_CODE_EXPIRED");
    let sign_up = |hash: &str, name: &str| {
        Object::new("auth.signUp").with("phone_number", phone).with("phone_code_hash", hash).with("first_name", name).with("last_name", "")
    };
    fixture.refused(&session, sign_up(&hash, "Alice"), "400 PHONE_CODE_INVALID");

    assert!(fixture.ok(&session, sign_in(phone, &hash, "12345")).is("auth.authorizationSignUpRequired"));
    fixture.refused(&session, sign_up(&hash, " "), "400 FIRSTNAME_INVALID");
    let user = fixture.ok(&session, sign_up(&hash, "Alice"));
    let user = user.object("user").unwrap();
    assert!(user.flag("self"));
    assert_eq!(user.string("phone"), Some("447700900123"));
    assert_eq!(fixture.call(&session, me()).unwrap().as_vector().unwrap().len(), 1);

    fixture.refused(&session, sign_up(&hash, "Alice"), "400 PHONE_CODE_EXPIRED");
}

#[test]
fn a_code_expires_and_is_not_guessed() {
    let mut fixture = Fixture::new();
    let session = fixture.session(1);
    let hash = ask(&mut fixture, &session, "447700900123");
    for _ in 0..5 {
        fixture.refused(&session, sign_in("447700900123", &hash, "00000"), "400 PHONE_CODE_INVALID");
    }
    fixture.refused(&session, sign_in("447700900123", &hash, "12345"), "400 PHONE_CODE_EXPIRED");

    let hash = ask(&mut fixture, &session, "447700900123");
    fixture.now.ms += 3_600_000;
    fixture.refused(&session, sign_in("447700900123", &hash, "12345"), "400 PHONE_CODE_EXPIRED");
}

#[test]
fn numbers_and_bots_live_in_one_dc() {
    let mut fixture = Fixture::new();
    let new = NewUser { first_name: "Bob".to_owned(), phone: Some("447700900200".to_owned()), dc: Some(3), ..NewUser::default() };
    fixture.world.create_user(new, fixture.now).unwrap();
    let bot = NewBot { name: "Echo".to_owned(), username: "echo_bot".to_owned(), dc: Some(2), ..NewBot::default() };
    let (id, token) = fixture.world.create_bot(bot, fixture.now).unwrap();

    let (one, two) = (fixture.session(1), fixture.session(2));
    fixture.refused(&one, send_code("447700900200"), "303 PHONE_MIGRATE_3");
    fixture.refused(&one, send_code("9996621234"), "303 PHONE_MIGRATE_2");
    fixture.refused(&one, send_code("12"), "400 PHONE_NUMBER_INVALID");
    let hash = ask(&mut fixture, &two, "9996621234");
    fixture.ok(&two, sign_in("9996621234", &hash, "22222"));

    let import = |token: &str, api_id: i32| {
        Object::new("auth.importBotAuthorization")
            .with("flags", 0)
            .with("api_id", api_id)
            .with("api_hash", "a")
            .with("bot_auth_token", token)
    };
    fixture.refused(&one, import(&token, 1), "303 USER_MIGRATE_2");
    fixture.refused(&two, import("1:AA", 1), "400 ACCESS_TOKEN_INVALID");
    fixture.refused(&two, import(&token, 0), "400 API_ID_INVALID");
    let user = fixture.ok(&two, import(&token, 1));
    assert_eq!(user.object("user").unwrap().long("id"), Some(id));
    fixture.refused(&two, Object::new("contacts.getContacts").with("hash", 0), "400 BOT_METHOD_INVALID");

    let named = |name: &str| import(&format!("0:{name}"), 1);
    let other = fixture.session(1);
    let made = fixture.ok(&one, named("new_bot"));
    let again = fixture.ok(&other, named("new_bot"));
    assert_eq!(made.object("user").unwrap().long("id"), again.object("user").unwrap().long("id"), "a name stands for one bot");
    fixture.refused(&one, named("echo_bot"), "303 USER_MIGRATE_2");
    fixture.refused(&one, named("a b"), "400 USERNAME_INVALID");
    let alice = NewUser { first_name: "Alice".to_owned(), username: Some("alice".to_owned()), ..NewUser::default() };
    fixture.world.create_user(alice, fixture.now).unwrap();
    fixture.refused(&one, named("alice"), "400 ACCESS_TOKEN_INVALID");
}

#[test]
fn a_code_is_sent_again_or_cancelled() {
    let mut fixture = Fixture::new();
    let session = fixture.session(1);
    let phone = "447700900123";
    let hash = ask(&mut fixture, &session, phone);
    let of = |method: &'static str, hash: &str| Object::new(method).with("phone_number", phone).with("phone_code_hash", hash);
    let again = fixture.ok(&session, of("auth.resendCode", &hash));
    assert_eq!(again.string("phone_code_hash"), Some(hash.as_str()));
    assert_eq!(fixture.world.take_codes().len(), 2);
    assert_eq!(fixture.world.codes().len(), 1);
    fixture.refused(&session, of("auth.cancelCode", "other"), "400 PHONE_CODE_EXPIRED");
    fixture.call(&session, of("auth.cancelCode", &hash)).unwrap();
    fixture.refused(&session, sign_in(phone, &hash, "12345"), "400 PHONE_CODE_EXPIRED");
    assert!(fixture.world.codes().is_empty());
}

#[test]
fn a_code_comes_into_the_other_sessions() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let phone = fixture.ok(&alice, Object::new("users.getFullUser").with("id", Object::new("inputUserSelf")));
    let phone = phone.objects("users").next().unwrap().string("phone").unwrap().to_owned();
    let other = fixture.session(1);
    let sent = fixture.ok(&other, send_code(&phone));
    assert!(sent.object("type").unwrap().is("auth.sentCodeTypeApp"));
    let told = fixture.live(&alice).remove(0);
    let update = told.objects("updates").find(|update| update.is("updateNewMessage")).unwrap();
    let text = update.object("message").unwrap().string("message").unwrap();
    assert!(text.starts_with("Login code: 12345. Do not give"), "{text}");
    let author = told.objects("users").find(|user| user.long("id") == Some(777_000)).unwrap();
    assert_eq!((author.string("first_name"), author.flag("verified")), (Some("Telegram"), true));
    assert!(fixture.live(&other).is_empty());

    // The session that asks is no other one, and one that has signed out none at all.
    let sent = fixture.ok(&alice, send_code(&phone));
    assert!(sent.object("type").unwrap().is("auth.sentCodeTypeSms"));
    fixture.ok(&alice, Object::new("auth.logOut"));
    let sent = fixture.ok(&other, send_code(&phone));
    assert!(sent.object("type").unwrap().is("auth.sentCodeTypeSms"));
    assert!(fixture.pushes().is_empty());
}

#[test]
fn a_world_may_be_closed_to_new_numbers() {
    let mut fixture = Fixture::with(Config { sign_up: false, ..config() });
    let session = fixture.session(1);
    fixture.refused(&session, send_code("447700900123"), "400 PHONE_NUMBER_APP_SIGNUP_FORBIDDEN");
}

#[test]
fn codes_that_nobody_takes_are_not_kept_for_ever() {
    let mut fixture = Fixture::new();
    let session = fixture.session(1);
    for number in 0..1100 {
        fixture.ok(&session, send_code(&format!("4477009{number:05}")));
    }
    let codes = fixture.world.take_codes();
    assert_eq!((codes.len(), codes[1023].phone.as_str()), (1024, "447700901099"));
}
