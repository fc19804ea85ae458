//! Signing in and out, and what becomes of a login.

use serde_json::json;

use crate::command::{Ended, Place};
use crate::kills::admin::Admin;
use crate::running::{Running, typed};

#[test]
fn a_person_signs_in_by_what_is_typed() {
    let place = Place::new("login");
    let running = Running::start(&place);
    let login = [&["login", "--phone", "9996611234"][..], &running.server()].concat();
    let Ended { code, out, err } = typed(&place, &login, "00000\n11111\nLena\n");
    assert_eq!((code, out.as_str()), (Some(0), "signed in as Lena on data centre 1\n"), "{err}");
    assert!(err.contains("The code that came") && err.contains("That is not the code.") && err.contains("Nobody has this number"), "{err}");
    let me = [&["call", "users.getUsers", r#"{"id":[{"_":"inputUserSelf"}]}"#][..], &running.server()].concat();
    assert!(place.run(me).done().contains("Lena"), "the login is kept");
}

#[test]
fn who_has_a_password_is_asked_for_it_and_signs_out_once() {
    let place = Place::new("password");
    let running = Running::start_with(&place, &["--admin", "127.0.0.1:0"]);
    let mut admin = Admin::connect(running.1["admin"].as_str().expect("an address"));
    admin.post("/users", &json!({ "first_name": "Lena", "phone": "9996611234", "password": "hunter2" }));
    let login = [&["login", "--phone", "9996611234"][..], &running.server()].concat();
    let Ended { code, out, err } = typed(&place, &login, "11111\nhunter1\nhunter2\n");
    assert_eq!((code, out.as_str()), (Some(0), "signed in as Lena on data centre 1\n"), "{err}");
    assert!(err.contains("Password") && err.contains("That is not the password."), "{err}");

    let out = [&["login", "--out"][..], &running.server()].concat();
    assert_eq!(place.run(&out).done(), "signed out\n");
    let again = place.run(&out);
    assert!(again.code == Some(3) && again.err.starts_with("error: not signed in\n"), "{again:?}");
}

#[test]
fn a_login_that_stopped_at_the_password_goes_on_begins_again_or_is_thrown_away() {
    let place = Place::new("half-login");
    let running = Running::start_with(&place, &["--admin", "127.0.0.1:0"]);
    let mut admin = Admin::connect(running.1["admin"].as_str().expect("an address"));
    admin.post("/users", &json!({ "first_name": "Lena", "phone": "9996611234", "password": "hunter2" }));
    let login = |options: &[&str], input: &str| typed(&place, &[&["login"], options, &running.server()].concat(), input);
    let (begin, signed_in) = (["--phone", "9996611234"], "signed in as Lena on data centre 1\n");
    let stop = || {
        let stopped = login(&begin, "11111\n");
        assert!(stopped.code == Some(1) && stopped.err.contains("Password"), "{stopped:?}");
    };

    stop();
    let me = place.run([&["send", "me", "hi"][..], &running.server()].concat());
    assert!(me.code == Some(3) && me.err.starts_with("error: not signed in\n"), "{me:?}");
    let goes_on = login(&[], "hunter2\n");
    assert_eq!((goes_on.code, goes_on.out.as_str()), (Some(0), signed_in), "{}", goes_on.err);
    assert_eq!(login(&["--out"], "").done(), "signed out\n");

    stop();
    let again = login(&begin, "11111\nhunter2\n");
    assert_eq!((again.code, again.out.as_str()), (Some(0), signed_in), "{}", again.err);

    // In the place of a login that was ended elsewhere.
    place.run([&["call", "auth.logOut"][..], &running.server()].concat()).done();
    stop();
    let goes_on = login(&[], "hunter2\n");
    assert_eq!((goes_on.code, goes_on.out.as_str()), (Some(0), signed_in), "{}", goes_on.err);
    assert_eq!(login(&["--out"], "").done(), "signed out\n");

    stop();
    assert_eq!(login(&["--out"], "").done(), "signed out\n");
    let nothing = login(&["--out"], "");
    assert!(nothing.code == Some(3) && nothing.err.starts_with("error: not signed in\n"), "{nothing:?}");
}

/// What commands tell to do then has to work, too.
#[test]
fn a_name_that_somebody_with_another_number_has_is_said() {
    let place = Place::new("another-number");
    let running = Running::start_with(&place, &["--admin", "127.0.0.1:0", "--state", "sandbox.state"]);
    let mut admin = Admin::connect(running.1["admin"].as_str().expect("an address"));
    admin.post("/users", &json!({ "first_name": "Anna", "username": "annie", "phone": "9996612345" }));
    for _ in 0..3 {
        let ended = place.run(["send", "me", "hey", "--sandbox", "--as", "annie"]);
        let help = "quadruplex login --sandbox --as annie --phone NUMBER asks for the code";
        assert_eq!((ended.code, ended.err), (Some(2), format!("error: annie has another number\n  help: {help}\n")));
    }
    let login = typed(&place, &["login", "--sandbox", "--as", "annie", "--phone", "9996612345"], "22222\n11111\n");
    assert_eq!((login.code, login.out.as_str()), (Some(0), "signed in as Anna (@annie) on data centre 1\n"), "{}", login.err);
    place.run(["send", "me", "hey", "--sandbox", "--as", "annie"]).done();
}

/// What commands tell to do then has to work.
#[test]
fn who_was_signed_out_elsewhere_signs_in_again() {
    let place = Place::new("signed-out");
    let _running = Running::start_with(&place, &["--state", "sandbox.state"]);
    place.run(["send", "me", "hi", "--sandbox"]).done();
    place.run(["call", "auth.logOut", "--sandbox"]).done();
    let refused = place.run(["send", "me", "hi", "--sandbox"]);
    assert!(refused.code == Some(3) && refused.err.ends_with(": quadruplex login --sandbox\n"), "{refused:?}");
    let login = place.run(["login", "--sandbox"]);
    assert_eq!((login.code, login.out.as_str()), (Some(0), "signed in as Me on data centre 1\n"), "{}", login.err);
    place.run(["send", "me", "hi", "--sandbox"]).done();
}

/// For whom there is no history to look into.
#[test]
fn a_bot_downloads_what_it_was_sent() {
    let place = Place::new("bot");
    let running = Running::start(&place);
    place.run([&["login", "--bot-token", "0:helper_bot"][..], &running.server()].concat()).done();
    std::fs::write(place.path().join("up.txt"), "hello").expect("it can be written");
    place.run(["upload", "@helper_bot", "up.txt", "--sandbox", "--as", "alice"]).done();
    place.run([&["download", "@alice", "1", "--to", "down"][..], &running.server()].concat()).done();
    assert_eq!(std::fs::read_to_string(place.path().join("down/up.txt")).expect("it was downloaded"), "hello");
}

/// Its people are gone with its state, and so are their logins.
#[test]
fn who_was_in_a_sandbox_whose_state_was_removed_begins_anew() {
    let place = Place::new("state-removed");
    let (running, send) = (|| Running::start_with(&place, &["--state", "world"]), || place.run(["send", "me", "hi", "--sandbox"]).done());
    let first = running();
    assert_eq!((send(), send()), ("sent, message 1\n".to_owned(), "sent, message 2\n".to_owned()));
    drop(first);
    let second = running();
    assert_eq!(send(), "sent, message 3\n", "the state is there");
    drop(second);
    std::fs::remove_file(place.path().join("world")).expect("it is there");
    let _third = running();
    assert_eq!(send(), "sent, message 1\n");
}

#[test]
fn a_server_that_has_forgotten_a_login_leaves_it_where_it_is() {
    let place = Place::new("forgotten");
    let sessions = |running: &Running| {
        let address = running.1["dcs"][0]["address"].as_str().expect("an address").replace(':', "-");
        place.path().join(format!("state/server-{address}"))
    };
    let first = Running::start(&place);
    let said = place.run(["login", "--bot-token", "0:some_bot"].iter().chain(&first.server())).done();
    let second = Running::start(&place);
    let [_, address, _, key, ..] = second.server();
    let login = format!("quadruplex login --server {address} --dc 1 --rsa-key {key} --as NAME begins another one");
    let (kept, moved) = (sessions(&first), sessions(&second));
    std::fs::rename(&kept, &moved).expect("the login is there");
    for command in [&["send", "@some_bot", "hi"][..], &["login", "--bot-token", "0:some_bot"]] {
        let ended = place.run(command.iter().chain(&second.server()));
        assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
        let lines: Vec<&str> = ended.err.lines().collect();
        assert!(lines[0].contains("transport error -404") && lines[0].contains("the key is kept"), "{}", ended.err);
        assert_eq!(lines.last(), Some(&&*format!("  help: its server has forgotten this login: {login}")));
    }
    place.run(["login", "--bot-token", "0:some_bot", "--as", "other"].iter().chain(&second.server())).done();
    std::fs::rename(&moved, &kept).expect("it is there");
    assert_eq!(place.run(["login"].iter().chain(&first.server())).done(), said, "it is good where it belongs");
}
