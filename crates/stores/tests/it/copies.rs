//! From each store into each other.

use std::sync::Arc;

use quadruplex_store::{
    AuthKey, ChannelState, Commit, CommonState, DeadLetter, Identity, KeySlot, Lane, OwnUser, Peer, PeerId, PeerKey, PeerKind, Row, Salt,
    Store, StoredKey, Value, ValueKey,
};
use quadruplex_stores::{Error, copy};

use crate::support::places;

#[tokio::test]
async fn a_copy_holds_what_the_original_holds() {
    let places = places("copy");
    for (index, (from, to)) in places.iter().zip(places.iter().cycle().skip(1)).enumerate() {
        let (source, target) = (from.open(&format!("from{index}")).await, to.open(&format!("to{index}")).await);
        fill(&*source).await;
        let copied = copy(&*source, &*target).await.unwrap();
        assert_eq!((copied.keys, copied.rows, copied.dead_letters, copied.peers, copied.values), (1, 1_200, 1, 701, 600));
        same(&*source, &*target).await;
        drop(target);
        same(&*source, &*to.open(&format!("to{index}")).await).await;
    }
}

#[tokio::test]
async fn a_store_with_something_in_it_is_not_written_over() {
    let place = places("overwrite").swap_remove(0);
    let (source, target) = (place.open("from").await, place.open("to").await);
    fill(&*source).await;
    fill(&*target).await;
    let before = target.load().await.unwrap();
    let refused = copy(&*source, &*target).await.unwrap_err();
    assert!(matches!(refused, Error::NotEmpty(_)), "{refused}");
    assert_eq!(target.load().await.unwrap(), before);
}

async fn fill(store: &dyn Store) {
    let mut commit = Commit { config: Some(vec![9; 70_000]), time_offset: Some(-2), ..Commit::default() };
    commit.identity = Some(Identity { home_dc: 4, user: Some(OwnUser { id: 7, bot: false }), test: false });
    commit.add_key(KeySlot::permanent(4), StoredKey { key: AuthKey::from_bytes([3; 256]), expires: None, authorized: true });
    commit.salts(KeySlot::permanent(4), vec![Salt { since: 1, until: 9, salt: -1 }]);
    commit.login_token(vec![1, 2, 3]);
    commit.common(CommonState { pts: 100, qts: 2, date: 3, seq: 4 });
    commit.channel(12, ChannelState { pts: 5, behind: true });
    for number in 0..1_200 {
        commit.add_row(Row { number, lane: Lane::Peer(PeerId::User(1)), attempts: 1, bytes: vec![8; 40] });
    }
    commit.buried.insert(
        2_000,
        DeadLetter { row: Row { number: 2_000, lane: Lane::Account, attempts: 9, bytes: vec![] }, error: "no".into(), since: 5 },
    );
    commit.next_row = Some(2_001);
    for id in 0..700 {
        commit.peer(Peer { usernames: vec![format!("name{id}")], ..Peer::new(PeerId::Channel(id), PeerKind::Channel, Some(id)) });
    }
    for number in 0..600_u32 {
        let key = ValueKey::new("space", number.to_be_bytes());
        commit.value(key, Value { bytes: vec![1], expires: (number % 2 == 0).then_some(77) });
    }
    store.commit(Arc::new(commit)).await.unwrap();
    // A name that has moved to a peer that comes first in every order.
    let mut later = Commit::default();
    later.peer(Peer { usernames: vec!["name5".into()], phone: Some("49 30".into()), ..Peer::new(PeerId::User(-1), PeerKind::User, None) });
    store.commit(Arc::new(later)).await.unwrap();
}

async fn same(a: &dyn Store, b: &dyn Store) {
    assert_eq!(a.load().await.unwrap(), b.load().await.unwrap());
    assert_eq!(a.rows(0, 5_000).await.unwrap(), b.rows(0, 5_000).await.unwrap());
    assert_eq!(a.dead_letters(0, 5_000).await.unwrap(), b.dead_letters(0, 5_000).await.unwrap());
    let names =
        || ["name0", "name5", "name699"].into_iter().map(PeerKey::username).chain([PeerKey::phone("4930"), PeerId::Channel(3).into()]);
    assert_eq!(a.peers(names().collect()).await.unwrap(), b.peers(names().collect()).await.unwrap());
    let from = ValueKey::new("space", "");
    assert_eq!(a.values(from.clone(), 5_000).await.unwrap(), b.values(from, 5_000).await.unwrap());
}
