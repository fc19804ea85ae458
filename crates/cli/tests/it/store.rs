use std::io::Write;
use std::process::Stdio;

use crate::command::{Ended, Place};

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
