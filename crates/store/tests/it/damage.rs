//! Files that cannot be used: a clear error, and the file is left as it was.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Commit, CommonState, Error, Lane, PeerId, Redb, Row, Store};
use redb::{Database, ReadableDatabase, TableDefinition};

use crate::support::{directory, open};

#[tokio::test]
async fn something_else_is_not_a_store() {
    let path = directory("something_else").join("notes.txt");
    for content in [b"shopping: bread, milk".to_vec(), vec![0; 8192], b"redb".to_vec()] {
        fs::write(&path, &content).unwrap();
        let error = Redb::open(&path, Duration::ZERO).await.unwrap_err();
        assert!(matches!(&error, Error::Corrupt { .. }), "{error:?}");
        assert!(error.to_string().starts_with(&format!("{} is not a readable session store", path.display())), "{error}");
        assert_eq!(fs::read(&path).unwrap(), content, "left as it was");
    }
}

#[tokio::test]
async fn a_newer_format_is_refused() {
    let path = directory("newer").join("store");
    drop(open(&path).await);
    let database = reopen(&path);
    let write = database.begin_write().unwrap();
    write.open_table(TableDefinition::<&str, &[u8]>::new("small")).unwrap().insert("format", b"9".as_slice()).unwrap();
    write.commit().unwrap();
    drop(database);

    let error = Redb::open(&path, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, Error::Newer { found: 9, supported: 1, .. }), "{error:?}");
    let database = reopen(&path);
    let table = database.begin_read().unwrap().open_table(TableDefinition::<&str, &[u8]>::new("small")).unwrap();
    assert_eq!(table.get("format").unwrap().unwrap().value(), b"9");
}

/// redb lets go of its file with its last thread.
fn reopen(path: &Path) -> Database {
    for _ in 0..6_000 {
        match Database::open(path) {
            Err(redb::DatabaseError::DatabaseAlreadyOpen) => std::thread::sleep(Duration::from_millis(10)),
            other => return other.unwrap(),
        }
    }
    panic!("{} stays open", path.display());
}

#[tokio::test]
async fn a_truncated_file_is_refused_whatever_is_left() {
    let (path, whole) = a_store("truncated").await;
    for part in [1, 9, 100, 4096, whole.len() / 2] {
        fs::write(&path, &whole[..part]).unwrap();
        let error = Redb::open(&path, Duration::ZERO).await.unwrap_err();
        assert!(matches!(&error, Error::Corrupt { .. }), "{part} bytes: {error:?}");
        assert_eq!(fs::read(&path).unwrap(), &whole[..part], "left as it was");
    }
}

/// Wherever a byte is flipped, what is read afterwards is right or an error: never a crash, never something else.
#[tokio::test]
async fn a_flipped_byte_is_found_or_harmless() {
    let (path, whole) = a_store("flipped").await;
    let used: Vec<_> = (0..whole.len()).filter(|&at| whole[at] != 0).collect();
    let mut refused = 0;
    for at in used.iter().copied().step_by(used.len() / 150) {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x10;
        fs::write(&path, &damaged).unwrap();
        // The one before may still be open: redb lets go of its file with its last thread.
        match Redb::open(&path, Duration::from_secs(10)).await {
            Err(error) => {
                assert!(matches!(&error, Error::Corrupt { .. } | Error::Backend { .. }), "byte {at}: {error:?}");
                refused += 1;
            }
            Ok(store) => assert_content(&store, at).await,
        }
    }
    assert!(refused > 10, "only {refused} of the flipped bytes were noticed");
}

async fn assert_content(store: &Redb, at: usize) {
    assert_eq!(store.load().await.unwrap().common.map(|state| state.pts), Some(17), "byte {at}");
    assert_eq!(store.rows(0, 100).await.unwrap().len(), 20, "byte {at}");
}

async fn a_store(test: &str) -> (std::path::PathBuf, Vec<u8>) {
    let path = directory(test).join("store");
    let store = open(&path).await;
    let mut commit = Commit::default();
    commit.common(CommonState { pts: 17, ..CommonState::default() });
    (0..20)
        .for_each(|number| commit.add_row(Row { number, lane: Lane::Peer(PeerId::User(1)), attempts: 0, bytes: vec![number as u8; 900] }));
    store.commit(Arc::new(commit)).await.unwrap();
    drop(store);
    drop(reopen(&path));
    let whole = fs::read(&path).unwrap();
    (path, whole)
}

#[tokio::test]
async fn a_path_that_cannot_be_written_is_named() {
    let path = directory("unwritable").join("missing").join("store");
    let error = Redb::open(&path, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("missing"), "{error}");

    let path = directory("is_a_directory");
    let error = Redb::open(&path, Duration::ZERO).await.unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error:?}");
    assert!(error.to_string().contains("is_a_directory"), "{error}");
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let path = directory("private").join("store");
    let _store = open(&path).await;
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}
