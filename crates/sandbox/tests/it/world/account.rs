//! Accounts: passwords, logins, names, the address book.

use quadruplex_crypto::dh::{Group, Secret};
use quadruplex_crypto::srp::Parameters;
use quadruplex_sandbox::world::NewUser;
use quadruplex_tl_schema::{Object, Value};

use super::fixture::{Fixture, Session, as_user, difference, input, peer_of, send};

/// The proof of a password for a question just asked.
fn proof(fixture: &mut Fixture, session: &Session, password: &str) -> Object {
    let asked = fixture.ok(session, Object::new("account.getPassword"));
    let algorithm = asked.object("current_algo").unwrap();
    let salt = |name| algorithm.bytes(name).unwrap().to_vec();
    let parameters = Parameters { group: Group::telegram(), salt1: salt("salt1"), salt2: salt("salt2") };
    let proof = parameters.prove(password.as_bytes(), asked.bytes("srp_B").unwrap(), Secret::from_bytes(&[7; 256])).unwrap();
    let object = Object::new("inputCheckPasswordSRP").with("srp_id", asked.long("srp_id").unwrap());
    object.with("A", proof.a.to_vec()).with("M1", proof.m1.to_vec())
}

fn check(proof: Object) -> Object {
    Object::new("auth.checkPassword").with("password", proof)
}

#[test]
fn a_password_is_asked_for_and_proved() {
    let mut fixture = Fixture::new();
    let new = NewUser {
        first_name: "Alice".to_owned(),
        phone: Some("447700900001".to_owned()),
        password: Some("correct horse".to_owned()),
        ..NewUser::default()
    };
    fixture.world.create_user(new, fixture.now).unwrap();
    let session = fixture.session(1);
    fixture.refused(&session, Object::new("account.getPassword"), "401 AUTH_KEY_UNREGISTERED");
    let code = Object::new("auth.sendCode").with("phone_number", "447700900001").with("api_id", 1).with("api_hash", "a");
    let hash = fixture.ok(&session, code.with("settings", Object::new("codeSettings")));
    let sign_in = Object::new("auth.signIn").with("phone_number", "447700900001").with("phone_code", "12345");
    let sign_in = sign_in.with("phone_code_hash", hash.string("phone_code_hash").unwrap());
    fixture.refused(&session, sign_in, "401 SESSION_PASSWORD_NEEDED");
    fixture.refused(&session, Object::new("updates.getState"), "401 SESSION_PASSWORD_NEEDED");

    let wrong = proof(&mut fixture, &session, "battery staple");
    fixture.refused(&session, check(wrong), "400 PASSWORD_HASH_INVALID");
    let good = proof(&mut fixture, &session, "correct horse");
    fixture.refused(&session, check(good.clone().with("srp_id", 1i64)), "400 SRP_ID_INVALID");
    fixture.refused(&session, check(good), "400 SRP_ID_INVALID");
    let good = proof(&mut fixture, &session, "correct horse");
    assert!(fixture.ok(&session, check(good)).is("auth.authorization"));
    fixture.ok(&session, Object::new("updates.getState"));
}

#[test]
fn a_password_is_set_changed_and_removed() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let settings = |fixture: &mut Fixture, password: &str| {
        let asked = fixture.ok(&alice, Object::new("account.getPassword"));
        let algorithm = asked.object("new_algo").unwrap().clone();
        let salt1 = [algorithm.bytes("salt1").unwrap(), &[9; 32]].concat();
        let salt2 = algorithm.bytes("salt2").unwrap().to_vec();
        let hash = Parameters { group: Group::telegram(), salt1: salt1.clone(), salt2 }.verifier(password.as_bytes());
        let object = Object::new("account.passwordInputSettings").with("new_algo", algorithm.with("salt1", salt1));
        object.with("new_password_hash", hash.to_vec()).with("hint", "an animal")
    };
    let update = |proof: Object, settings: Object| {
        Object::new("account.updatePasswordSettings").with("password", proof).with("new_settings", settings)
    };
    let none = Object::new("inputCheckPasswordEmpty");
    let first = settings(&mut fixture, "one");
    let unsalted = first.clone().with("new_algo", first.object("new_algo").unwrap().clone().with("salt1", vec![0u8; 8]));
    fixture.refused(&alice, update(none.clone(), unsalted), "400 NEW_SALT_INVALID");
    assert_eq!(fixture.call(&alice, update(none.clone(), first)), Ok(Value::Bool(true)));
    assert_eq!(fixture.ok(&alice, Object::new("account.getPassword")).string("hint"), Some("an animal"));

    let second = settings(&mut fixture, "two");
    fixture.refused(&alice, update(none, second.clone()), "400 PASSWORD_HASH_INVALID");
    let known = proof(&mut fixture, &alice, "one");
    assert_eq!(fixture.call(&alice, update(known, second)), Ok(Value::Bool(true)));
    let known = proof(&mut fixture, &alice, "two");
    fixture.ok(&alice, Object::new("account.getPasswordSettings").with("password", known));
    let known = proof(&mut fixture, &alice, "two");
    let unknown = Object::new("passwordKdfAlgoUnknown");
    let removal =
        Object::new("account.passwordInputSettings").with("new_algo", unknown).with("new_password_hash", vec![0u8; 0]).with("hint", "");
    assert_eq!(fixture.call(&alice, update(known, removal)), Ok(Value::Bool(true)));
    assert!(!fixture.ok(&alice, Object::new("account.getPassword")).flag("has_password"));
}

#[test]
fn logins_are_listed_ended_and_destroyed() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let (second, third, fourth) = (fixture.again(alice.id), fixture.again(alice.id), fixture.again(alice.id));
    let state = Object::new("updates.getState");
    let list = fixture.ok(&alice, Object::new("account.getAuthorizations"));
    let hashes: Vec<i64> = list.objects("authorizations").map(|login| login.long("hash").unwrap()).collect();
    assert_eq!(hashes.len(), 4);
    assert_eq!(hashes.iter().filter(|hash| **hash == 0).count(), 1, "the own login has no hash");
    assert!(list.objects("authorizations").next().unwrap().flag("current"));

    let reset = |hash: i64| Object::new("account.resetAuthorization").with("hash", hash);
    fixture.refused(&alice, reset(5), "400 HASH_INVALID");
    assert_eq!(fixture.call(&alice, reset(hashes[1])), Ok(Value::Bool(true)));
    fixture.refused(&second, state.clone(), "401 SESSION_REVOKED");
    fixture.world.destroy_login(third.caller.auth_key_id, fixture.now);
    fixture.refused(&third, state.clone(), "406 AUTH_KEY_DUPLICATED");
    fixture.refused(&third, Object::new("help.getConfig"), "406 AUTH_KEY_DUPLICATED");
    assert_eq!(fixture.call(&alice, Object::new("auth.resetAuthorizations")), Ok(Value::Bool(true)));
    fixture.refused(&fourth, state.clone(), "401 SESSION_REVOKED");
    assert!(fixture.ok(&alice, Object::new("auth.logOut")).is("auth.loggedOut"));
    fixture.refused(&alice, state, "401 AUTH_KEY_UNREGISTERED");
}

#[test]
fn an_authorization_goes_to_another_dc_once() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let export = |dc: i32| Object::new("auth.exportAuthorization").with("dc_id", dc);
    fixture.refused(&alice, export(1), "400 DC_ID_INVALID");
    fixture.refused(&alice, export(9), "400 DC_ID_INVALID");
    let exported = fixture.ok(&alice, export(2));
    let import =
        Object::new("auth.importAuthorization").with("id", exported.long("id").unwrap()).with("bytes", exported.bytes("bytes").unwrap());
    let (there, elsewhere) = (fixture.session(2), fixture.session(3));
    fixture.refused(&elsewhere, import.clone(), "400 AUTH_BYTES_INVALID");
    assert!(fixture.ok(&there, import.clone()).is("auth.authorization"));
    fixture.refused(&elsewhere, import, "400 AUTH_BYTES_INVALID");
    fixture.refused(&there, Object::new("updates.getState"), "303 USER_MIGRATE_1");
    fixture.ok(&alice, Object::new("auth.logOut"));
    fixture.refused(&there, Object::new("updates.getState"), "401 AUTH_KEY_UNREGISTERED");
}

#[test]
fn names_change_and_are_told() {
    let mut fixture = Fixture::new();
    let (alice, bob) = (fixture.user("alice"), fixture.user("bobby"));
    let alice_for_bob = peer_of(&mut fixture, &bob, "alice_name");
    let add = Object::new("contacts.addContact")
        .with("id", as_user(&alice_for_bob))
        .with("first_name", "Al")
        .with("last_name", "")
        .with("phone", "");
    fixture.ok(&bob, add);
    let state = fixture.ok(&bob, Object::new("updates.getState"));
    fixture.pushes();

    let rename = |name: &str| Object::new("account.updateUsername").with("username", name);
    for (name, error) in [
        ("al", "400 USERNAME_INVALID"),
        ("1lice", "400 USERNAME_INVALID"),
        ("al ice", "400 USERNAME_INVALID"),
        ("alice_name", "400 USERNAME_NOT_MODIFIED"),
        ("bobby_NAME", "400 USERNAME_OCCUPIED"),
    ] {
        fixture.refused(&alice, rename(name), error);
    }
    assert_eq!(fixture.call(&alice, Object::new("account.checkUsername").with("username", "bobby_name")), Ok(Value::Bool(false)));
    assert_eq!(fixture.ok(&alice, rename("alice_new")).string("username"), Some("alice_new"));
    let live = fixture.live(&bob).remove(0);
    assert!(live.objects("updates").next().unwrap().is("updateUserName"));
    assert_eq!(live.int("seq"), Some(state.int("seq").unwrap() + 1));
    let missed = fixture.ok(&bob, difference(&state));
    assert!(missed.objects("other_updates").any(|update| update.is("updateUserName")));

    let old = Object::new("contacts.resolveUsername").with("username", "alice_name");
    fixture.refused(&bob, old, "400 USERNAME_NOT_OCCUPIED");
    peer_of(&mut fixture, &bob, "ALICE_new");
    let profile = Object::new("account.updateProfile").with("first_name", "Alicia").with("about", "hello");
    assert_eq!(fixture.ok(&alice, profile).string("first_name"), Some("Alicia"));
    let full = fixture.ok(&bob, Object::new("users.getFullUser").with("id", as_user(&alice_for_bob)));
    assert_eq!(full.object("full_user").unwrap().string("about"), Some("hello"));
    assert_eq!(full.objects("users").next().unwrap().string("first_name"), Some("Al"), "the address book has its own name");
}

#[test]
fn the_address_book_is_kept() {
    let mut fixture = Fixture::new();
    let alice = fixture.user("alice");
    let new = NewUser { first_name: "Bob".to_owned(), phone: Some("+44 20 7946 0001".to_owned()), ..NewUser::default() };
    let bob = fixture.world.create_user(new, fixture.now).unwrap();
    let contact = |client_id: i64, phone: &str| {
        Object::new("inputPhoneContact").with("client_id", client_id).with("phone", phone).with("first_name", "B").with("last_name", "")
    };
    let import = Object::new("contacts.importContacts").with("contacts", vec![contact(1, "442079460001"), contact(2, "442079460002")]);
    let imported = fixture.ok(&alice, import);
    let pairs: Vec<(i64, i64)> =
        imported.objects("imported").map(|row| (row.long("client_id").unwrap(), row.long("user_id").unwrap())).collect();
    assert_eq!(pairs, [(1, bob)]);
    let user = imported.objects("users").next().unwrap();
    assert_eq!((user.flag("contact"), user.string("phone")), (true, Some("442079460001")));
    let book = fixture.ok(&alice, Object::new("contacts.getContacts").with("hash", 0));
    assert_eq!(book.objects("contacts").count(), 1);
    assert!(fixture.call(&alice, Object::new("contacts.getContactIDs").with("hash", 0)).unwrap().as_vector().unwrap().is_empty());
    let found = fixture.ok(&alice, Object::new("contacts.resolvePhone").with("phone", "+442079460001"));
    assert_eq!(found.object("peer").unwrap().long("user_id"), Some(bob));
    fixture.refused(&alice, Object::new("contacts.resolvePhone").with("phone", "1"), "400 PHONE_NOT_OCCUPIED");
    let to_bob = input(found.objects("users").next().unwrap());
    fixture.ok(&alice, send(&to_bob, "hi", 1));
    fixture.ok(&alice, Object::new("contacts.deleteContacts").with("id", vec![as_user(&to_bob)]));
    assert_eq!(fixture.ok(&alice, Object::new("contacts.getContacts").with("hash", 0)).objects("contacts").count(), 0);

    let whom = |method: &'static str| Object::new(method).with("id", to_bob.clone());
    fixture.call(&alice, whom("contacts.block")).unwrap();
    let blocked = fixture.ok(&alice, Object::new("contacts.getBlocked").with("offset", 0).with("limit", 10));
    assert_eq!(blocked.objects("blocked").count(), 1);
    fixture.refused(&alice, send(&to_bob, "hi", 2), "400 YOU_BLOCKED_USER");
    fixture.call(&alice, whom("contacts.unblock")).unwrap();
    fixture.ok(&alice, send(&to_bob, "hi", 2));
    fixture.user("carol");
    let search = fixture.ok(&alice, Object::new("contacts.search").with("q", "carol").with("limit", 5));
    assert_eq!(search.objects("results").count(), 1);
}
