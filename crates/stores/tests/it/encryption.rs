//! What is written with a key can be read with it, and not without.

use std::sync::Arc;

use quadruplex_store::{AuthKey, Commit, KeySlot, Lane, Peer, PeerId, PeerKey, PeerKind, Row, StoredKey, Value, ValueKey};
use quadruplex_stores::{Error, Options, SecretKey, open};

use crate::support::{directory, key, places};

/// Something that cannot be there by chance.
const MARK: &[u8] = b"a quite unmistakable sequence of bytes";

#[tokio::test]
async fn nothing_of_the_content_stands_in_the_file() {
    let directory = directory("sealed");
    let words = || String::from_utf8(MARK.to_vec()).unwrap();
    for scheme in ["redb", "sqlite"] {
        if scheme == "sqlite" && !cfg!(feature = "sqlite") {
            continue;
        }
        for is_sealed in [false, true] {
            let path = directory.join(format!("{scheme}{is_sealed}"));
            let mut options = Options::default();
            options.key = is_sealed.then(key);
            let store = open(&format!("{scheme}:{}", path.display()), options).await.unwrap();
            let mut auth_key = [0; 256];
            auth_key[..MARK.len()].copy_from_slice(MARK);
            let mut commit = Commit { config: Some(MARK.to_vec()), ..Commit::default() };
            commit.add_key(KeySlot::permanent(2), StoredKey { key: AuthKey::from_bytes(auth_key), expires: None, authorized: true });
            commit.add_row(Row { number: 1, lane: Lane::Account, attempts: 0, bytes: MARK.to_vec() });
            commit.peer(Peer { name: words(), usernames: vec![words()], ..Peer::new(PeerId::User(1), PeerKind::User, None) });
            commit.value(ValueKey::new("space", "key"), Value { bytes: MARK.to_vec(), expires: None });
            store.commit(Arc::new(commit)).await.unwrap();
            assert!(store.peers(vec![PeerKey::username(&words())]).await.unwrap()[0].is_some());
            // Read while the store is open: SQLite moves its write-ahead log into the file and removes it when it closes, on a thread of its own.
            let files = std::fs::read_dir(&directory).unwrap().map(|file| file.unwrap().path());
            let files = files.filter(|file| file.to_string_lossy().starts_with(&*path.to_string_lossy()));
            let has_mark = files.map(|file| std::fs::read(file).unwrap()).any(|bytes| bytes.windows(MARK.len()).any(|part| part == MARK));
            drop(store);
            assert_eq!(has_mark, !is_sealed, "{scheme}: without a key the mark must be found, or the test finds nothing");
        }
    }
}

#[tokio::test]
async fn the_wrong_key_and_none_are_told_apart() {
    for place in places("keys") {
        let is_sealed = place.key.is_some();
        drop(place.open("store").await);
        let open_with = async |key: Option<SecretKey>| {
            let mut options = place.options();
            options.key = key;
            open(&place.url("store"), options).await.map(drop).unwrap_err()
        };
        if is_sealed {
            let error = open_with(Some(SecretKey::from_hex(&"77".repeat(32)).unwrap())).await;
            assert!(matches!(error, Error::Key("is not the one this store was made with")), "{}: {error}", place.kind);
            let error = open_with(None).await.to_string();
            assert!(error.contains("encrypted"), "{}: {error}", place.kind);
        } else {
            let error = open_with(Some(key())).await.to_string();
            assert!(error.contains("copy it into a new"), "{}: {error}", place.kind);
        }
    }
}

#[test]
fn keys() {
    let check = |text: &str, expect: &str| {
        let error = SecretKey::from_hex(text).unwrap_err().to_string();
        assert!(error.contains(expect) && error.contains("openssl rand -hex 32"), "{error}");
    };
    check("", "must have 64 hexadecimal digits");
    check(&"0".repeat(63), "must have 64");
    check(&"g".repeat(64), "no hexadecimal digit");
    assert_eq!(format!("{:?}", key()), "SecretKey(secret)");
}
