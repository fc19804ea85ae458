use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use quadruplex_store::contract::{self, Backend};
use quadruplex_store::{
    ChannelState, Commit, CommonState, Lane, Memory, Peer, PeerId, PeerKey, PeerKind, Redb, Row, Store, Value, ValueKey,
};

use crate::support::{directory, open};

struct Files(PathBuf);

impl Backend for Files {
    fn open(&self, name: &str) -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + '_>> {
        let path = self.0.join(name);
        // A dropped store lets go of its file when its last blocking thread has.
        Box::pin(async move { Arc::new(Redb::open(&path, Duration::from_secs(5)).await.unwrap()) as Arc<dyn Store> })
    }
}

#[derive(Default)]
struct Memories(Mutex<HashMap<String, Memory>>);

impl Backend for Memories {
    fn open(&self, name: &str) -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + '_>> {
        let store: Arc<dyn Store> = Arc::new(self.0.lock().unwrap().entry(name.to_owned()).or_default().clone());
        Box::pin(async move { store })
    }
}

#[tokio::test]
async fn redb_keeps_the_contract() {
    contract::check(&Files(directory("contract"))).await;
}

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::check(&Memories::default()).await;
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any sequence of commits leaves both backends with the same content, and so does writing them as one.
    #[test]
    fn backends_agree(commits in vec(a_commit(), 1..12)) {
        let path = directory("agree").join("file");
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let (file, memory, appended) = (open(&path).await, Memory::new(), Memory::new());
            let mut all = Commit::default();
            for (index, commit) in commits.into_iter().enumerate() {
                let commit = renumbered(commit, index as u64 * 12);
                all.append(commit.clone());
                file.commit(Arc::new(commit.clone())).await.unwrap();
                memory.commit(Arc::new(commit)).await.unwrap();
            }
            same_content(&file, &memory).await;
            same_peers(&file, &memory, |n| [PeerId::User(n).into(), PeerKey::username(&format!("name{n}")), PeerKey::phone(&n.to_string())]).await;
            // Purging values and taking a name from another peer depend on the moment; the sum of all moments need not agree on them.
            if all.expired_at.is_none() {
                appended.commit(Arc::new(all)).await.unwrap();
                same_content(&memory, &appended).await;
                same_peers(&memory, &appended, |n| [PeerId::User(n).into()]).await;
            }
        });
    }
}

async fn same_content(a: &dyn Store, b: &dyn Store) {
    assert_eq!(a.load().await.unwrap(), b.load().await.unwrap());
    assert_eq!(a.rows(0, 1000).await.unwrap(), b.rows(0, 1000).await.unwrap());
    let from = ValueKey::new("space", "");
    assert_eq!(a.values(from.clone(), 100).await.unwrap(), b.values(from, 100).await.unwrap());
}

async fn same_peers<const N: usize>(a: &dyn Store, b: &dyn Store, keys: impl Fn(i64) -> [PeerKey; N]) {
    let keys: Vec<_> = (0..4).flat_map(keys).collect();
    assert_eq!(a.peers(keys.clone()).await.unwrap(), b.peers(keys).await.unwrap());
}

/// Numbers are never used again: each commit adds rows above `first`, and finishes or tries rows down to the one before.
fn renumbered(mut commit: Commit, first: u64) -> Commit {
    let rows = std::mem::take(&mut commit.rows);
    commit.next_row = None;
    commit.done = commit.done.iter().map(|number| (first + number).saturating_sub(12)).collect();
    commit.attempts =
        std::mem::take(&mut commit.attempts).into_iter().map(|(number, n)| ((first + number).saturating_sub(12), n)).collect();
    commit.attempts.retain(|number, _| !commit.done.contains(number));
    for (number, row) in rows {
        commit.done.remove(&(first + number));
        commit.add_row(Row { number: first + number, ..row });
    }
    commit
}

fn a_commit() -> impl Strategy<Value = Commit> {
    let boxes = (any::<Option<i32>>(), btree_map(0..4i64, any::<Option<(i32, bool)>>(), 0..3));
    let journal = (btree_map(0..12u64, any::<u8>(), 0..4), btree_set(0..12u64, 0..4), btree_map(0..12u64, 1..5u32, 0..2));
    let values = (btree_map(0..4u8, any::<Option<(u8, Option<i8>)>>(), 0..3), proptest::option::of(any::<i8>()));
    (boxes, journal, vec(a_peer(), 0..4), values).prop_map(|((pts, channels), (rows, done, attempts), peers, (values, expired_at))| {
        let mut commit = Commit { expired_at: expired_at.map(i64::from), ..Commit::default() };
        if let Some(pts) = pts {
            commit.common(CommonState { pts, ..CommonState::default() });
        }
        for (id, state) in channels {
            match state {
                Some((pts, behind)) => commit.channel(id, ChannelState { pts, behind }),
                None => commit.forget_channel(id),
            }
        }
        done.into_iter().for_each(|number| commit.done(number));
        for (number, byte) in rows {
            commit.add_row(Row { number, lane: Lane::Account, attempts: 0, bytes: vec![byte] });
        }
        for (number, count) in attempts {
            commit.attempts.insert(number, count);
        }
        peers.into_iter().for_each(|peer| commit.peer(peer));
        for (key, value) in values {
            let key = ValueKey::new("space", vec![key]);
            match value {
                Some((byte, expires)) => commit.value(key, Value { bytes: vec![byte], expires: expires.map(i64::from) }),
                None => commit.remove_value(key),
            }
        }
        commit
    })
}

fn a_peer() -> impl Strategy<Value = Peer> {
    (0..4i64, any::<Option<bool>>(), vec(0..4u8, 0..3), proptest::option::of(0..4u8), any::<bool>()).prop_map(
        |(id, hash, names, phone, min)| Peer {
            usernames: names.into_iter().map(|n| format!("Name{n}")).collect(),
            phone: phone.map(|n| n.to_string()),
            min,
            ..Peer::new(PeerId::User(id), PeerKind::User, hash.map(i64::from))
        },
    )
}
