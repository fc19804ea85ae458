use std::sync::Arc;
use std::time::Duration;

use quadruplex::store::{Commit, DeadLetter, Lane, PeerId, Redb, Row, Store};

use crate::command::Place;

/// A store in which updates 5 and 6 were given up.
async fn bury(place: &Place) {
    let store = Redb::open(place.path().join("bot.redb"), Duration::ZERO).await.expect("a new store");
    let mut commit = Commit::default();
    for number in [5, 6] {
        let lane = Lane::Peer(PeerId::User(7));
        let row = Row { number, lane, attempts: 3, bytes: vec![1, 2, 3, 4] };
        commit.bury(DeadLetter { row, error: "connection refused".to_owned(), since: 1_800_000_000 });
    }
    store.commit(Arc::new(commit)).await.expect("it can be written");
}

#[tokio::test]
async fn dead_letters_are_shown_put_back_and_dropped() {
    let place = Place::new("dead");
    bury(&place).await;
    let dead = |arguments: &[&str]| place.run(["dead"].iter().chain(arguments));
    let shown = dead(&["list"]).done();
    assert!(shown.lines().count() == 2 && shown.contains("user 7, 3 attempts") && shown.contains("connection refused"), "{shown}");
    assert_eq!(dead(&["retry", "5", "9"]).code, Some(2), "one of them is not there");
    dead(&["retry", "5"]).done();
    dead(&["drop", "6"]).done();
    assert_eq!(dead(&["list"]).done(), "there are none\n");
    let store = Redb::open(place.path().join("bot.redb"), Duration::ZERO).await.expect("the same store");
    let rows = store.rows(0, 9).await.expect("they can be read");
    let rows: Vec<_> = rows.iter().map(|row| (row.number, row.attempts)).collect();
    assert_eq!(rows, [(5, 0)], "what is tried again begins anew, what was dropped is gone");
}

#[test]
fn a_session_that_is_not_there_is_not_made() {
    let place = Place::new("dead-none");
    let ended = place.run(["dead", "list", "--session", "other.redb"]);
    assert!(ended.code == Some(3) && ended.err.contains("there is no session at other.redb"), "{}", ended.err);
    assert!(!place.path().join("other.redb").exists());
    let ended = place.run(["dead", "list"]);
    assert!(ended.code == Some(3) && ended.err.contains("there is no session in this directory"), "{}", ended.err);
}
