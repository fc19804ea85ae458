use std::io::{BufRead, BufReader, Write};
use std::time::Duration;

use quadruplex_store::{Error, Redb, SessionLock, Store};

use crate::support::{child, directory, given_store, open};

#[tokio::test(start_paused = true)]
async fn the_second_is_told_who_is_first() {
    let store = directory("told").join("shop.redb");
    let _first = SessionLock::acquire(&store, Duration::ZERO).await.unwrap();
    let error = SessionLock::acquire(&store, Duration::from_secs(2)).await.unwrap_err();
    let Error::InUse { owner: Some(owner), .. } = &error else { panic!("{error:?}") };
    assert_eq!(owner.process, std::process::id());
    let text = error.to_string();
    assert!(text.starts_with(&format!("this session is in use by process {} on ", std::process::id())), "{text}");
    assert!(text.contains("shop.redb)") && text.contains("help: stop the other"), "{text}");
}

#[tokio::test(start_paused = true)]
async fn the_second_takes_over_when_the_first_lets_go() {
    let store = directory("over").join("store");
    let first = SessionLock::acquire(&store, Duration::ZERO).await.unwrap();
    assert!(!first.is_wanted());
    let second = tokio::spawn({
        let store = store.clone();
        async move { SessionLock::acquire(&store, Duration::from_secs(600)).await }
    });
    while !first.is_wanted() {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(!second.is_finished());
    drop(first);
    let second = second.await.unwrap().unwrap();
    assert!(!second.is_wanted(), "nobody waits any more");
}

#[tokio::test(start_paused = true)]
async fn who_stops_waiting_is_forgotten() {
    let store = directory("forgotten").join("store");
    let first = SessionLock::acquire(&store, Duration::ZERO).await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_secs(1), SessionLock::acquire(&store, Duration::from_secs(600)));
    assert!(waiting.await.is_err());
    assert!(!first.is_wanted());
    assert_eq!(std::fs::read_dir(store.parent().unwrap()).unwrap().count(), 1, "only the lock file is left");
}

#[tokio::test]
async fn a_killed_holder_holds_nothing() {
    let path = directory("killed").join("store");
    let mut process = child("lock::holds_the_store", &path);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holding"));

    let error = Redb::open(&path, Duration::ZERO).await.unwrap_err();
    let Error::InUse { owner: Some(owner), .. } = &error else { panic!("{error:?}") };
    assert_eq!(owner.process, process.id());

    process.kill().unwrap();
    process.wait().unwrap();
    open(&path).await;
}

/// Between processes: the holder sees that it is wanted, lets go, and the other goes on with what the first wrote.
#[tokio::test]
async fn a_session_is_handed_over_between_processes() {
    let path = directory("handover").join("store");
    let mut process = child("lock::hands_over_when_wanted", &path);
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "holding"));
    let store = Redb::open(&path, Duration::from_secs(60)).await.unwrap();
    assert_eq!(store.load().await.unwrap().time_offset, Some(7));
    assert!(process.wait().unwrap().success());
}

#[tokio::test]
#[ignore = "another process; run by a_killed_holder_holds_nothing"]
async fn holds_the_store() {
    let Some(path) = given_store() else { return };
    let _store = open(&path).await;
    say_holding();
    std::future::pending::<()>().await;
}

#[tokio::test]
#[ignore = "another process; run by a_session_is_handed_over_between_processes"]
async fn hands_over_when_wanted() {
    let Some(path) = given_store() else { return };
    let store = open(&path).await;
    let commit = quadruplex_store::Commit { time_offset: Some(7), ..Default::default() };
    store.commit(std::sync::Arc::new(commit)).await.unwrap();
    say_holding();
    while !store.is_wanted() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn say_holding() {
    let mut out = std::io::stdout().lock();
    out.write_all(b"\nholding\n").and_then(|()| out.flush()).unwrap();
}
