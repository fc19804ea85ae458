use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use quadruplex_store::Redb;

/// An empty directory for one test.
pub(crate) fn directory(test: &str) -> PathBuf {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("store").join(test);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

/// The store before may be about to let go: a blocking thread of its runtime, or of this one, has it until its work is done.
pub(crate) async fn open(path: &std::path::Path) -> Redb {
    Redb::open(path, Duration::from_secs(60)).await.unwrap()
}

/// Runs an ignored test of this binary as a process of its own, with the path of a store.
pub(crate) fn child(test: &str, store: &std::path::Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture"])
        .env(STORE, store)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// In a child process: the store it was given; none when somebody runs the ignored tests by hand.
pub(crate) fn given_store() -> Option<PathBuf> {
    std::env::var_os(STORE).map(PathBuf::from)
}

const STORE: &str = "QUADRUPLEX_TEST_STORE";
