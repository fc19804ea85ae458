//! Session files that cannot be used: each is left as it was.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use quadruplex::store::Redb;
use redb::{Database, ReadableDatabase, TableDefinition};

use crate::command::{Ended, Place};

/// Where the store keeps its format.
const SMALL: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("small");
/// A server that nobody reaches: a session is looked at first.
const NOBODY: &str = "127.0.0.1:9";

struct Session {
    place: Place,
    file: PathBuf,
}

impl Session {
    fn new(test: &str) -> Self {
        let place = Place::new(test);
        // Writes the key file.
        place.run(["send", "me", "hi", "--sandbox"]).done();
        let file = place.path().join("state/server-127.0.0.1-9/me.redb");
        fs::create_dir_all(file.parent().expect("it is in a directory")).expect("it can be made");
        Self { place, file }
    }

    async fn open(&self) -> Redb {
        Redb::open(&self.file, Duration::from_secs(60)).await.expect("it is new")
    }

    /// Another command wants it.
    fn use_it(&self) -> Ended {
        self.place.run(["send", "me", "hi", "--server", NOBODY, "--rsa-key", "state/sandbox.pem", "--wait", "0s", "--timeout", "1s"])
    }

    #[track_caller]
    fn check(&self, starts: &str, ends: &str) {
        let ended = self.use_it();
        assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
        assert!(ended.err.starts_with(&format!("error: {starts}")) && ended.err.ends_with(ends), "{}", ended.err);
    }
}

const HELP: &str = "\n  it was left as it is\n  help: restore a copy of it, or take another session: --as NAME\n";

#[test]
fn what_is_no_session() {
    let session = Session::new("session-corrupt");
    for content in [&b"shopping: bread, milk"[..], &[0; 8192]] {
        fs::write(&session.file, content).expect("it can be written");
        session.check(&format!("{} is not a readable session store: ", session.file.display()), HELP);
        assert!(fs::read(&session.file).expect("it is there") == content, "it is left as it was");
    }
}

#[tokio::test]
async fn one_that_a_newer_release_wrote() {
    let session = Session::new("session-newer");
    drop(session.open().await);
    let database = reopen(&session.file);
    let write = database.begin_write().expect("it can be written");
    write.open_table(SMALL).expect("it is there").insert("format", &b"9"[..]).expect("it fits");
    write.commit().expect("it can be written");
    drop(database);
    let starts = format!("{} was written by a newer release (format 9, this one reads up to 1)\n", session.file.display());
    session.check(&starts, "\n  help: use the newer release, or take another session: --as NAME\n");
    let table = reopen(&session.file).begin_read().expect("it can be read").open_table(SMALL).expect("it is there");
    assert_eq!(table.get("format").expect("it can be read").expect("it is there").value(), b"9");
}

/// redb lets go of its file with its last thread.
fn reopen(path: &Path) -> Database {
    for _ in 0..6_000 {
        match Database::open(path) {
            Err(redb::DatabaseError::DatabaseAlreadyOpen) => std::thread::sleep(Duration::from_millis(10)),
            other => return other.expect("it was just written"),
        }
    }
    panic!("{} stays open", path.display());
}

#[tokio::test]
async fn one_that_a_process_does_not_hand_over() {
    let session = Session::new("session-in-use");
    let _held = session.open().await;
    let ended = session.use_it();
    assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
    assert!(ended.err.starts_with(&format!("error: this session is in use by process {} on ", std::process::id())), "{}", ended.err);
    assert!(ended.err.ends_with("help: stop the other; it hands over within a second. To wait longer: --wait 10m\n"), "{}", ended.err);
}
