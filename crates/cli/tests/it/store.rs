use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::command::{Ended, Place};
use crate::running::Running;

const KEY: &str = "QUADRUPLEX_STORE_KEY";

/// A string of mtcute's, written from an invented key.
fn string() -> String {
    let vectors = include_str!("../../../stores/tests/it/vectors/sessions.txt");
    let line = vectors.lines().find(|line| line.starts_with("mtcute ")).expect("it is in the list");
    line.rsplit(' ').next().expect("the last word is the string").to_owned()
}

fn store(place: &Place, key: Option<&str>, arguments: &[&str], input: &str) -> Ended {
    let mut command = place.command();
    command.arg("store").args(arguments).env_remove(KEY).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    if let Some(key) = key {
        command.env(KEY, key);
    }
    let mut child = command.spawn().expect("the command can be started");
    // A command that fails before it reads closes the pipe.
    let _ = child.stdin.take().expect("it is piped").write_all(input.as_bytes());
    Ended::of(child.wait_with_output().expect("the command ends"))
}

#[test]
fn a_session_moves_in_is_sealed_is_copied_and_moves_out() {
    let place = Place::new("store");
    let key = "5a".repeat(32);
    let imported = store(&place, Some(&key), &["import", "sealed.redb"], &string()).done();
    assert!(imported.contains("a session of Mtcute is now in sealed.redb"), "{imported}");
    let copied = store(&place, Some(&key), &["copy", "sealed.redb", "plain.redb", "--plain"], "").done();
    assert!(copied.contains("1 keys, 0 updates to be handled"), "{copied}");
    let sealed = store(&place, Some(&key), &["export", "sealed.redb", "--as", "telethon"], "").done();
    let plain = store(&place, None, &["export", "plain.redb", "--as", "telethon"], "").done();
    assert!(sealed == plain && plain.starts_with("1BJWap"), "{plain}");

    let refused = store(&place, None, &["export", "sealed.redb", "--as", "telethon"], "");
    assert!(refused.code == Some(3) && refused.err.contains("it is encrypted, and no key was given"), "{}", refused.err);
    assert!(refused.err.ends_with(&format!("  help: {KEY} in the environment has its key\n")), "{}", refused.err);
    let refused = store(&place, Some(&"5b".repeat(32)), &["export", "sealed.redb", "--as", "telethon"], "");
    let text = format!(
        "error: the key for encryption at rest is not the one this store was made with\n  \
         help: {KEY} in the environment has to be the key with which it was written\n"
    );
    assert_eq!((refused.code, refused.err), (Some(3), text));
    let refused = store(&place, None, &["copy", "plain.redb", "plain.redb.copy"], "");
    assert_eq!(refused.code, Some(0), "{}", refused.err);
    let refused = store(&place, None, &["copy", "plain.redb", "plain.redb.copy"], "");
    assert!(refused.code == Some(3) && refused.err.contains("there is something in plain.redb.copy already"), "{}", refused.err);
}

#[test]
fn what_cannot_be_moved_is_said() {
    let place = Place::new("store-bad");
    let check = |arguments: &[&str], input: &str, code: i32, expect: &str| {
        let ended = store(&place, None, arguments, input);
        assert!(ended.code == Some(code) && ended.err.contains(expect), "{arguments:?}: {:?} {}", ended.code, ended.err);
    };
    check(&["import", "a.redb"], "nonsense", 3, "not a session string of");
    check(&["copy", "none.redb", "a.redb"], "", 3, "there is no store at none.redb");
    check(&["copy", "mongodb://u:s3cret@h", "a.redb"], "", 2, "`mongodb` is none of");
    assert!(!place.path().join("none.redb").exists() && !place.path().join("a.redb").exists());
}

/// The commands find it with the key that it was written with; one that is not encrypted needs none.
#[test]
fn an_encrypted_session_is_used() {
    let place = Place::new("store-sealed");
    let (right, wrong) = ("5a".repeat(32), "5b".repeat(32));
    let running = Running::start(&place);
    let run = |key: Option<&str>, arguments: &[&str]| {
        let mut command = place.command();
        command.args(arguments).args(running.server()).env_remove(KEY);
        if let Some(key) = key {
            command.env(KEY, key);
        }
        Ended::of(command.output().expect("the command can be started"))
    };
    run(None, &["login", "--bot-token", "0:plain_bot", "--as", "plain"]).done();
    run(Some(&right), &["login", "--bot-token", "0:sealed_bot", "--as", "sealed"]).done();
    let me = ["call", "users.getUsers", r#"id=["me"]"#, "--as"];
    for (name, key) in [("plain", None), ("plain", Some(&*wrong)), ("sealed", Some(&*right))] {
        let said = run(key, &[&me[..], &[name]].concat()).done();
        assert!(said.contains(&format!("{name}_bot")), "{said}");
    }
    for (key, help) in [(None, "has its key"), (Some(&*wrong), "has to be the key with which it was written")] {
        let refused = run(key, &[&me[..], &["sealed"]].concat());
        assert_eq!(refused.code, Some(3), "{}", refused.err);
        assert!(refused.err.ends_with(&format!("  help: {KEY} in the environment {help}\n")), "{}", refused.err);
    }
}

#[test]
fn programs_are_told_in_json() {
    let place = Place::new("store-json");
    let told = |arguments: &[&str], input: &str| -> Value {
        serde_json::from_str(&store(&place, None, &[arguments, &["--json"]].concat(), input).done()).expect("one object")
    };
    assert_eq!(told(&["import", "a.redb"], &string()), json!({ "event": "imported", "library": "mtcute", "to": "a.redb" }));
    let copied = told(&["copy", "a.redb", "b.redb"], "");
    assert_eq!((&copied["event"], &copied["keys"], &copied["to"]), (&json!("copied"), &json!(1), &json!("b.redb")));
    let exported = told(&["export", "b.redb", "--as", "telethon"], "");
    let text = store(&place, None, &["export", "b.redb", "--as", "telethon"], "").done();
    assert_eq!(exported, json!({ "event": "exported", "library": "telethon", "session": text.trim_end() }));
}

#[test]
fn a_session_with_a_server_of_ones_own_leads_there_if_told() {
    let place = Place::new("store-address");
    let directory = place.path().join("server-127.0.0.1-4430");
    std::fs::create_dir(&directory).expect("it can be made");
    let path = directory.join("me.redb").display().to_string();
    store(&place, None, &["import", &path], &string()).done();
    let export = |library: &str, more: &[&str]| store(&place, None, &[&["export", &path, "--as", library], more].concat(), "");
    let warned = export("mtcute", &[]);
    assert_eq!(warned.code, Some(0));
    assert!(warned.err.starts_with("warning: this session is with a server of one's own"), "{}", warned.err);
    export("quadruplex", &[]).done();
    let told = export("telethon", &["--address", "127.0.0.1:4430"]).done();
    let (session, _) = quadruplex_stores::sessions::read(&told).expect("it is a session");
    assert_eq!(session.address, Some(([127, 0, 0, 1], 4430).into()));
}
