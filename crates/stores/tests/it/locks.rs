//! One process at a time, and what happens to one that lost its turn.

use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Commit, Error as StoreError};
use quadruplex_stores::{Error, open};

use crate::support::places;

#[tokio::test]
async fn a_session_is_open_once() {
    for place in places("once") {
        let first = place.open("store").await;
        let mut options = place.options();
        options.wait = Duration::ZERO;
        options.create = false;
        let missing = open(&place.url("missing"), options.clone()).await.map(drop).unwrap_err();
        assert!(matches!(missing, Error::Missing(_)), "{}: {missing}", place.kind);
        let second = open(&place.url("store"), options).await.map(drop).unwrap_err();
        assert!(matches!(second, Error::Store(StoreError::InUse { .. })), "{}: {second}", place.kind);
        assert!(!second.to_string().contains("test:test"), "{second}");
        let other = place.open("other").await;
        first.commit(Arc::new(Commit { time_offset: Some(1), ..Commit::default() })).await.unwrap();
        drop((first, other));
        assert_eq!(place.open("store").await.load().await.unwrap().time_offset, Some(1), "{}: let go when dropped", place.kind);
    }
}

#[tokio::test]
async fn a_commit_whose_caller_goes_away_happens_as_a_whole_or_not_at_all() {
    for place in places("cancel") {
        let store = place.open("store").await;
        for number in 0..30_u64 {
            let commit = Commit { time_offset: Some(number as i32), config: Some(vec![number as u8]), ..Commit::default() };
            let patience = Duration::from_micros(number * 150);
            let _ = tokio::time::timeout(patience, store.commit(Arc::new(commit))).await;
            let small = store.load().await.unwrap();
            assert_eq!(small.time_offset.map(|offset| vec![offset as u8]), small.config, "{}", place.kind);
        }
        store.commit(Arc::new(Commit { time_offset: Some(99), ..Commit::default() })).await.unwrap();
        assert_eq!(store.load().await.unwrap().time_offset, Some(99));
    }
}
