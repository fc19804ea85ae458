//! A disk that has no room, at every point of a commit.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};

use redb::StorageBackend;

use super::file::State;
use super::*;
use crate::{CommonState, Lane};

/// A file that can be changed so many times before there is no room. Below zero: the disk is still full.
#[derive(Debug)]
struct Full {
    file: Handle,
    room: Arc<AtomicI64>,
}

impl Full {
    fn use_room(&self) -> io::Result<()> {
        match self.room.fetch_sub(1, Ordering::Relaxed) {
            1.. => Ok(()),
            _ => Err(io::ErrorKind::StorageFull.into()),
        }
    }
}

impl StorageBackend for Full {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.use_room()?;
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.use_room()?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.use_room()?;
        self.file.write(offset, data)
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_loses_nothing_that_was_stored() {
    let place = tempfile::tempdir().unwrap();
    let mut failures = 0;
    for room in 0..40 {
        let path = place.path().join(format!("{room}"));
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let store = open(&path, &left).await;
        store.commit(commit(1)).await.unwrap();

        left.store(room, Ordering::Relaxed);
        let result = store.commit(commit(2)).await;
        let stayed_full = store.commit(commit(3)).await;
        left.store(i64::MAX, Ordering::Relaxed);
        for error in [&result, &stayed_full].into_iter().filter_map(|result| result.as_ref().err()) {
            failures += 1;
            assert!(matches!(error, Error::Full { .. }), "room for {room} writes: {error:?}");
        }

        let number = store.load().await.unwrap().common.unwrap().pts;
        let rows = store.rows(0, 100).await.unwrap();
        assert_eq!(rows.iter().map(|row| row.number).max(), Some(number as u64), "a commit is there whole or not at all");
        if result.is_ok() {
            assert!(number >= 2);
        }
        store.commit(commit(4)).await.unwrap();
        drop(store);
        assert_eq!(open(&path, &left).await.load().await.unwrap().common.unwrap().pts, 4);
    }
    assert!(failures > 20, "only {failures} writes failed: the test proves nothing");
}

async fn open(path: &Path, room: &Arc<AtomicI64>) -> Redb {
    let room = Arc::clone(room);
    let opener: Opener = Box::new(move |builder, file| builder.create_with_backend(Full { file, room: Arc::clone(&room) }));
    Redb::open_through(path, Duration::from_secs(5), opener).await.unwrap()
}

fn commit(number: i32) -> Arc<Commit> {
    let mut commit = Commit::default();
    commit.common(CommonState { pts: number, ..CommonState::default() });
    commit.add_row(Row { number: number as u64, lane: Lane::Account, attempts: 0, bytes: vec![1; 200_000] });
    Arc::new(commit)
}

#[tokio::test]
async fn a_store_that_rests_is_opened_over_the_same_file() {
    let place = tempfile::tempdir().unwrap();
    let (path, moved) = (place.path().join("store"), place.path().join("moved"));
    let opened = Arc::new(AtomicI64::new(0));
    let counted = Arc::clone(&opened);
    let opener: Opener = Box::new(move |builder, file| {
        counted.fetch_add(1, Ordering::Relaxed);
        builder.create_with_backend(file)
    });
    let store = Redb::open_through(&path, Duration::ZERO, opener).await.unwrap();
    let is_open = || matches!(&*store.inner.file.state(), State::Open(..));
    for round in 1..=3 {
        store.commit(commit(round)).await.unwrap();
        store.rest().await.unwrap();
        assert!(is_open(), "it was used a moment ago");
        store.rest().await.unwrap();
        assert!(!is_open(), "and not since then");
        store.rest().await.unwrap();
        if round == 1 {
            std::fs::rename(&path, &moved).unwrap();
        }
        assert_eq!(store.load().await.unwrap().common.unwrap().pts, round);
        assert_eq!(opened.load(Ordering::Relaxed), i64::from(round) + 1);
    }
    assert!(!path.exists(), "no other file was begun where it was");
    drop(store);
    let store = Redb::open(&moved, Duration::from_secs(60)).await.unwrap();
    assert_eq!(store.rows(0, 100).await.unwrap().len(), 3);
}

#[tokio::test]
async fn a_full_disk_loses_nothing_of_a_store_that_rests() {
    let place = tempfile::tempdir().unwrap();
    for room in 0..12 {
        let path = place.path().join(format!("{room}"));
        let left = Arc::new(AtomicI64::new(i64::MAX));
        let store = open(&path, &left).await;
        store.commit(commit(1)).await.unwrap();
        store.rest().await.unwrap();
        left.store(room, Ordering::Relaxed);
        store.rest().await.unwrap();
        left.store(i64::MAX, Ordering::Relaxed);
        assert_eq!(store.load().await.unwrap().common.unwrap().pts, 1, "room for {room} writes");
        store.commit(commit(2)).await.unwrap();
        assert_eq!(store.rows(0, 100).await.unwrap().len(), 2, "room for {room} writes");
    }
}
