//! A disk that has no room, at every point of a commit.

use std::io;
use std::sync::atomic::{AtomicI64, Ordering};

use redb::StorageBackend;
use redb::backends::FileBackend;

use super::*;
use crate::{CommonState, Lane};

/// A file that can be changed so many times before there is no room. Below zero: the disk is still full.
#[derive(Debug)]
struct Full {
    file: FileBackend,
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
