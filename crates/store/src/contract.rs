//! The tests that every backend passes. [`check`] runs them all; it panics at the first that fails, naming it.

use std::pin::Pin;
use std::sync::Arc;

use crate::{
    AuthKey, ChannelState, Commit, CommonState, DeadLetter, Error, Identity, KeySlot, LOGIN_TOKENS, Lane, OwnUser, Peer, PeerId, PeerKey,
    PeerKind, Row, Salt, Snapshot, Store, StoredKey, Value, ValueKey,
};

/// A backend under test.
pub trait Backend {
    /// Opens the store of this name: empty the first time, with what was committed when it is opened again. The store
    /// opened before under the same name was dropped.
    fn open(&self, name: &str) -> Pin<Box<dyn Future<Output = Arc<dyn Store>> + '_>>;
}

/// Runs every test of the contract.
///
/// # Panics
/// When the backend breaks the contract.
pub async fn check(backend: &dyn Backend) {
    a_new_store_is_empty(backend).await;
    everything_is_there_after_a_restart(backend).await;
    a_commit_changes_only_what_it_names(backend).await;
    a_refused_commit_changes_nothing(backend).await;
    a_removed_key_takes_its_salts_along(backend).await;
    the_newest_login_tokens_are_kept(backend).await;
    rows_come_in_order_until_they_are_done(backend).await;
    dead_letters_leave_the_journal(backend).await;
    min_peers_never_replace_full_ones(backend).await;
    peers_are_found_by_every_name(backend).await;
    values_end(backend).await;
    commits_made_at_once_are_all_there(backend).await;
    everything_can_be_listed(backend).await;
}

async fn a_new_store_is_empty(backend: &dyn Backend) {
    let store = backend.open("new").await;
    assert_eq!(store.load().await.unwrap(), Snapshot::default());
    assert!(store.rows(0, 10).await.unwrap().is_empty());
    assert!(store.dead_letters(0, 10).await.unwrap().is_empty());
    assert_eq!(store.peers(vec![PeerId::User(1).into(), PeerKey::username("a")]).await.unwrap(), [None, None]);
    assert_eq!(store.value(ValueKey::new("space", "key")).await.unwrap(), None);
    write(&*store, |_| {}).await;
    assert_eq!(store.load().await.unwrap(), Snapshot::default(), "an empty commit changes nothing");
}

async fn everything_is_there_after_a_restart(backend: &dyn Backend) {
    let commit = full_commit();
    let store = backend.open("restart").await;
    store.commit(Arc::new(commit.clone())).await.unwrap();
    let before = store.load().await.unwrap();
    drop(store);

    let store = backend.open("restart").await;
    let after = store.load().await.unwrap();
    assert_eq!(after, before);
    assert_eq!(after.identity, commit.identity);
    assert_eq!(after.time_offset, commit.time_offset);
    assert_eq!(after.config, commit.config);
    assert_eq!(after.login_tokens, commit.login_tokens);
    assert_eq!(after.keys, [(KeySlot::permanent(2), key(2)), (KeySlot::temporary(-4), temporary_key())].into());
    assert_eq!(after.salts, commit.salts);
    assert_eq!(after.common, commit.common);
    assert_eq!(after.channels, [(i64::MAX, ChannelState { pts: 9, behind: true })].into());
    assert_eq!(after.next_row, 8);
    assert_eq!(store.rows(0, 10).await.unwrap(), commit.rows.values().cloned().collect::<Vec<_>>());
    assert_eq!(store.dead_letters(0, 10).await.unwrap(), commit.buried.values().cloned().collect::<Vec<_>>());
    assert_eq!(store.peers(vec![PeerId::User(1).into()]).await.unwrap(), [Some(user(1, "Ada"))]);
    let value = store.value(ValueKey::once("reply")).await.unwrap();
    assert_eq!(value, Some(Value { bytes: (-5i64).to_le_bytes().to_vec(), expires: Some(100) }));
}

async fn a_commit_changes_only_what_it_names(backend: &dyn Backend) {
    let store = backend.open("partial").await;
    store.commit(Arc::new(full_commit())).await.unwrap();
    let before = store.load().await.unwrap();
    write(&*store, |commit| commit.common(state(99))).await;
    write(&*store, |commit| commit.forget_channel(i64::MAX)).await;
    let after = store.load().await.unwrap();
    assert_eq!(after, Snapshot { common: Some(state(99)), channels: [].into(), ..before });
    assert_eq!(store.rows(0, 10).await.unwrap().len(), 2);
}

async fn a_refused_commit_changes_nothing(backend: &dyn Backend) {
    let store = backend.open("refused").await;
    store.commit(Arc::new(full_commit())).await.unwrap();
    let before = store.load().await.unwrap();
    let mut commit = Commit::default();
    commit.common(state(1000));
    commit.done(6);
    commit.peer(user(5, "Eve"));
    commit.add_key(KeySlot::permanent(2), key(9));
    let refused = store.commit(Arc::new(commit)).await;
    assert!(matches!(refused, Err(Error::KeyExists { slot }) if slot == KeySlot::permanent(2)), "{refused:?}");
    assert_eq!(store.load().await.unwrap(), before);
    assert_eq!(store.rows(0, 10).await.unwrap().len(), 2);
    assert_eq!(store.peers(vec![PeerId::User(5).into()]).await.unwrap(), [None]);

    let again = StoredKey { authorized: false, ..key(2) };
    write(&*store, |commit| commit.add_key(KeySlot::permanent(2), again.clone())).await;
    write(&*store, |commit| commit.add_key(KeySlot::temporary(-4), key(9))).await;
    let keys = store.load().await.unwrap().keys;
    assert_eq!(
        keys,
        [(KeySlot::permanent(2), again), (KeySlot::temporary(-4), key(9))].into(),
        "the same key, and a temporary one, may be set"
    );
}

async fn a_removed_key_takes_its_salts_along(backend: &dyn Backend) {
    let store = backend.open("remove").await;
    store.commit(Arc::new(full_commit())).await.unwrap();
    write(&*store, |commit| commit.remove_key(KeySlot::permanent(2))).await;
    let after = store.load().await.unwrap();
    assert_eq!(after.keys.keys().copied().collect::<Vec<_>>(), [KeySlot::temporary(-4)]);
    assert!(!after.salts.contains_key(&KeySlot::permanent(2)));
    write(&*store, |commit| commit.add_key(KeySlot::permanent(2), key(9))).await;
    assert_eq!(store.load().await.unwrap().keys[&KeySlot::permanent(2)], key(9), "after removal another key may come");
}

async fn the_newest_login_tokens_are_kept(backend: &dyn Backend) {
    let store = backend.open("tokens").await;
    for token in 0..30 {
        write(&*store, |commit| commit.login_token(vec![token])).await;
    }
    write(&*store, |commit| commit.login_token(vec![25])).await;
    let tokens = store.load().await.unwrap().login_tokens;
    assert_eq!(tokens.len(), LOGIN_TOKENS);
    assert_eq!((tokens.first(), tokens.last()), (Some(&vec![10]), Some(&vec![25])), "a token given again is the newest");
}

async fn rows_come_in_order_until_they_are_done(backend: &dyn Backend) {
    let store = backend.open("rows").await;
    let large = Row { bytes: vec![0xa5; 1 << 20], ..row(300) };
    write(&*store, |commit| (1..=5).for_each(|number| commit.add_row(row(number)))).await;
    write(&*store, |commit| commit.add_row(large.clone())).await;
    write(&*store, |commit| {
        commit.done(2);
        commit.done(77);
        commit.attempts(3, 2);
        commit.attempts(78, 1);
    })
    .await;
    let tried = Row { attempts: 2, ..row(3) };
    assert_eq!(store.rows(0, 3).await.unwrap(), [row(1), tried, row(4)]);
    assert_eq!(store.rows(4, 10).await.unwrap(), [row(4), row(5), large]);
    assert!(store.rows(301, 10).await.unwrap().is_empty());
    write(&*store, |commit| [1, 3, 4, 5, 300].into_iter().for_each(|number| commit.done(number))).await;
    write(&*store, |commit| commit.next_row = Some(3)).await;
    assert!(store.rows(0, 10).await.unwrap().is_empty());
    assert_eq!(store.load().await.unwrap().next_row, 301, "numbers are never used again");
}

async fn dead_letters_leave_the_journal(backend: &dyn Backend) {
    let store = backend.open("dead").await;
    let letter = |number| DeadLetter { row: row(number), error: "connection refused".into(), since: 7 };
    write(&*store, |commit| (1..=4).for_each(|number| commit.add_row(row(number)))).await;
    write(&*store, |commit| [1, 2, 3].into_iter().for_each(|number| commit.bury(letter(number)))).await;
    assert_eq!(store.rows(0, 10).await.unwrap(), [row(4)]);
    write(&*store, |commit| commit.unbury(2)).await;
    assert_eq!(store.dead_letters(0, 1).await.unwrap(), [letter(1)]);
    assert_eq!(store.dead_letters(2, 10).await.unwrap(), [letter(3)]);
}

async fn min_peers_never_replace_full_ones(backend: &dyn Backend) {
    let store = backend.open("min").await;
    let id = PeerId::User(1);
    let min = Peer { min: true, ..Peer::new(id, PeerKind::User, Some(-1)) };
    let look = async || store.peers(vec![id.into()]).await.unwrap().remove(0);

    write(&*store, |commit| commit.peer(min.clone())).await;
    assert_eq!(look().await, Some(min.clone()));
    write(&*store, |commit| commit.peer(user(1, "Ada"))).await;
    assert_eq!(look().await, Some(user(1, "Ada")), "full replaces min");
    write(&*store, |commit| commit.peer(min.clone())).await;
    assert_eq!(look().await, Some(user(1, "Ada")), "min does not replace full");
    write(&*store, |commit| commit.peer(Peer { access_hash: None, ..user(1, "Adele") })).await;
    assert_eq!(look().await, Some(user(1, "Adele")), "the access hash is kept");
}

async fn peers_are_found_by_every_name(backend: &dyn Backend) {
    let store = backend.open("names").await;
    let named = |id, names: &[&str], phone: Option<&str>| Peer {
        usernames: names.iter().map(ToString::to_string).collect(),
        phone: phone.map(str::to_owned),
        ..user(id, "")
    };
    let find = async |key: PeerKey| store.peers(vec![key]).await.unwrap().remove(0).map(|peer| peer.id);
    let (ada, bob) = (PeerId::User(1), PeerId::User(2));

    write(&*store, |commit| commit.peer(named(1, &["Ada", "lovelace"], Some("+44 20 1")))).await;
    write(&*store, |commit| commit.peer(Peer::new(PeerId::Chat(1), PeerKind::Group, None))).await;
    write(&*store, |commit| commit.peer(Peer::new(PeerId::Channel(1), PeerKind::Channel, Some(3)))).await;
    assert_eq!(find(PeerKey::username("@ADA")).await, Some(ada));
    assert_eq!(find(PeerKey::username("Lovelace")).await, Some(ada));
    assert_eq!(find(PeerKey::phone("44201")).await, Some(ada));
    assert_eq!(find(PeerKey::username("44201")).await, None, "a number is not a name");
    assert_eq!(find(PeerId::Channel(1).into()).await, Some(PeerId::Channel(1)), "equal ids of different kinds are different peers");

    write(&*store, |commit| commit.peer(named(2, &["ada"], None))).await;
    assert_eq!(find(PeerKey::username("ada")).await, Some(bob), "the name has moved");
    write(&*store, |commit| commit.peer(named(1, &["lovelace"], None))).await;
    assert_eq!(find(PeerKey::username("ada")).await, Some(bob), "who lost it does not take it along");
    assert_eq!(find(PeerKey::phone("44201")).await, None, "a number that is gone finds nobody");

    let asked = vec![PeerKey::username("nobody"), bob.into(), PeerKey::username("lovelace"), PeerId::User(9).into()];
    let found: Vec<_> = store.peers(asked).await.unwrap().into_iter().map(|peer| peer.map(|peer| peer.id)).collect();
    assert_eq!(found, [None, Some(bob), Some(ada), None], "answers stand in the order of the keys");
}

async fn values_end(backend: &dyn Backend) {
    let store = backend.open("values").await;
    let value = |byte, expires| Value { bytes: vec![byte], expires };
    write(&*store, |commit| {
        commit.value(ValueKey::new("a", "1"), value(1, None));
        commit.value(ValueKey::new("a", "2"), value(2, Some(50)));
        commit.value(ValueKey::new("a", "3"), value(3, Some(51)));
        commit.value(ValueKey::new("ab", "0"), value(4, Some(50)));
        commit.value(ValueKey::new("b", ""), value(5, None));
    })
    .await;
    let keys = async |from: ValueKey, limit| -> Vec<Vec<u8>> {
        store.values(from, limit).await.unwrap().into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(ValueKey::new("a", ""), 10).await, [b"1", b"2", b"3"]);
    assert_eq!(keys(ValueKey::new("a", "2"), 1).await, [b"2"]);
    assert_eq!(store.value(ValueKey::new("b", "")).await.unwrap(), Some(value(5, None)));

    write(&*store, |commit| commit.value(ValueKey::new("ab", "0"), value(6, Some(60)))).await;
    write(&*store, |commit| commit.expired_at = Some(50)).await;
    assert_eq!(keys(ValueKey::new("a", ""), 10).await, [b"1", b"3"], "an end at the time is past");
    assert_eq!(store.value(ValueKey::new("ab", "0")).await.unwrap(), Some(value(6, Some(60))), "a value set again has its new end only");
    write(&*store, |commit| {
        commit.remove_value(ValueKey::new("a", "1"));
        commit.remove_value(ValueKey::new("a", "none"));
        commit.value(ValueKey::new("a", "3"), value(3, None));
    })
    .await;
    write(&*store, |commit| commit.expired_at = Some(1000)).await;
    assert_eq!(keys(ValueKey::new("a", ""), 10).await, [b"3"]);
    assert!(keys(ValueKey::new("ab", ""), 10).await.is_empty());
}

async fn commits_made_at_once_are_all_there(backend: &dyn Backend) {
    let store = backend.open("parallel").await;
    let commits: Vec<_> = (0..8u64)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { write(&*store, |commit| commit.add_row(row(number))).await })
        })
        .collect();
    for commit in commits {
        commit.await.unwrap();
    }
    let numbers: Vec<_> = store.rows(0, 100).await.unwrap().iter().map(|row| row.number).collect();
    assert_eq!(numbers, (0..8).collect::<Vec<_>>());
    assert_eq!(store.load().await.unwrap().next_row, 8);
}

async fn everything_can_be_listed(backend: &dyn Backend) {
    let store = backend.open("all").await;
    assert!(store.all_peers(None, 10).await.unwrap().is_empty() && store.all_values(None, 10).await.unwrap().is_empty());
    let mut ids: Vec<_> = [-7, 1, i64::MAX].into_iter().flat_map(|id| [PeerId::User(id), PeerId::Chat(id), PeerId::Channel(id)]).collect();
    let mut keys: Vec<_> = [("a", "1"), ("a", ""), ("ab", "0"), ("", "z")].map(|(space, key)| ValueKey::new(space, key)).into();
    write(&*store, |commit| {
        ids.iter().for_each(|id| commit.peer(Peer::new(*id, PeerKind::User, None)));
        keys.iter().for_each(|key| commit.value(key.clone(), Value { bytes: key.key.clone(), expires: None }));
    })
    .await;

    let mut listed: Vec<PeerId> = Vec::new();
    loop {
        let page = store.all_peers(listed.last().copied(), 2).await.unwrap();
        if page.is_empty() {
            break;
        }
        listed.extend(page.iter().map(|peer| peer.id));
    }
    listed.sort_unstable();
    ids.sort_unstable();
    assert_eq!(listed, ids);

    let mut listed: Vec<ValueKey> = Vec::new();
    loop {
        let page = store.all_values(listed.last().cloned(), 3).await.unwrap();
        if page.is_empty() {
            break;
        }
        assert!(page.iter().all(|(key, value)| value.bytes == key.key));
        listed.extend(page.into_iter().map(|(key, _)| key));
    }
    listed.sort_unstable();
    keys.sort_unstable();
    assert_eq!(listed, keys);
}

async fn write(store: &dyn Store, fill: impl FnOnce(&mut Commit)) {
    let mut commit = Commit::default();
    fill(&mut commit);
    store.commit(Arc::new(commit)).await.unwrap();
}

fn full_commit() -> Commit {
    let mut commit = Commit {
        identity: Some(Identity { home_dc: 2, user: Some(OwnUser { id: 1, bot: true }), test: true }),
        time_offset: Some(-3),
        config: Some(vec![0, 255, 7]),
        ..Commit::default()
    };
    commit.login_token(vec![1, 2]);
    commit.login_token(vec![3]);
    commit.add_key(KeySlot::permanent(2), key(2));
    commit.add_key(KeySlot::temporary(-4), temporary_key());
    commit.salts(KeySlot::permanent(2), vec![Salt { since: 1, until: 2, salt: i64::MIN }, Salt { since: 2, until: 3, salt: 0 }]);
    commit.salts(KeySlot::temporary(-4), vec![]);
    commit.common(state(17));
    commit.channel(i64::MAX, ChannelState { pts: 9, behind: true });
    commit.channel(5, ChannelState::default());
    commit.forget_channel(5);
    commit.peer(user(1, "Ada"));
    commit.add_row(row(6));
    commit.add_row(Row { lane: Lane::Account, attempts: 2, bytes: vec![], ..row(7) });
    commit.bury(DeadLetter { row: row(3), error: "it „broke“".into(), since: 7 });
    commit.once("reply", -5, Some(100));
    commit
}

fn state(pts: i32) -> CommonState {
    CommonState { pts, qts: 1, date: 1_700_000_000, seq: 2 }
}

fn key(byte: u8) -> StoredKey {
    StoredKey { key: AuthKey::from_bytes([byte; 256]), expires: None, authorized: true }
}

fn temporary_key() -> StoredKey {
    StoredKey { expires: Some(1 << 40), authorized: false, ..key(4) }
}

fn user(id: i64, name: &str) -> Peer {
    Peer { name: name.to_owned(), ..Peer::new(PeerId::User(id), PeerKind::User, Some(id * 11)) }
}

fn row(number: u64) -> Row {
    Row { number, lane: Lane::Peer(PeerId::Channel(-1)), attempts: 0, bytes: number.to_le_bytes().to_vec() }
}
