//! How often something goes over the wire.

use std::collections::HashSet;

use awaitkit::{join_all, limit};
use awaitkit_memcached::{Expires, Memcached};

use crate::fake::{DEADLINE, Fake};

async fn three() -> (Vec<Fake>, Memcached) {
    let servers = vec![Fake::start().await, Fake::start().await, Fake::start().await];
    let builder = servers.iter().fold(Memcached::builder().deadline(DEADLINE), |builder, server| builder.server(&server.address));
    (servers, builder.build().unwrap())
}

#[tokio::test]
async fn many_keys_are_one_round_trip_to_each_server() {
    let (servers, cache) = three().await;
    let keys: Vec<String> = (0..300).map(|number| format!("key:{number}")).collect();
    for key in &keys[..150] {
        cache.set(key, key, Expires::Never).await.unwrap();
    }
    let used: HashSet<&str> = keys.iter().map(|key| cache.server_of(key)).collect();
    assert_eq!(used.len(), 3);
    let before: Vec<u64> = servers.iter().map(Fake::answers).collect();
    let values = cache.get_many(&keys).await;
    for (index, (key, value)) in keys.iter().zip(values).enumerate() {
        assert_eq!(value.unwrap(), (index < 150).then(|| key.clone().into_bytes()));
    }
    let after: Vec<u64> = servers.iter().map(Fake::answers).collect();
    assert_eq!(before.iter().zip(&after).map(|(before, after)| after - before).collect::<Vec<_>>(), [1, 1, 1]);
    assert!(servers.iter().all(|server| server.connections() == 1), "what is asked one after another needs one connection");
    let stats = cache.stats();
    assert_eq!(stats.iter().map(|server| server.round_trips).sum::<u64>(), after.iter().sum::<u64>());
}

#[tokio::test]
async fn lookups_made_together_become_one_request() {
    let (servers, cache) = three().await;
    cache.set("key:7", "seven", Expires::Never).await.unwrap();
    let before: u64 = servers.iter().map(Fake::answers).sum();
    let users = cache.batcher().build();
    let loaded = join_all((0..100).map(|number| users.load(format!("key:{number}"))), limit!(100)).await;
    assert_eq!(loaded.iter().filter(|value| value.as_ref().unwrap().is_some()).count(), 1);
    assert_eq!(loaded[7].as_ref().unwrap().as_deref(), Some(b"seven".as_slice()));
    assert_eq!(servers.iter().map(Fake::answers).sum::<u64>() - before, 3);
}

#[tokio::test]
async fn the_pool_is_bounded_and_everybody_gets_a_turn() {
    let server = Fake::start().await;
    let cache = server.builder().connections(2.try_into().unwrap()).build().unwrap();
    let answers = join_all((0..50).map(|number| cache.get(format!("key:{number}"))), limit!(50)).await;
    assert!(answers.iter().all(Result::is_ok));
    assert_eq!((server.connections(), server.answers()), (2, 50));
}

#[tokio::test]
async fn a_long_request_is_cut_so_that_it_fits_into_the_buffers() {
    let server = Fake::start().await;
    let keys: Vec<String> = (0..1000).map(|number| format!("{number:0>100}")).collect();
    let answers = server.client().get_many(&keys).await;
    assert!(answers.iter().all(|answer| matches!(answer, Ok(None))));
    assert_eq!(server.answers(), 4, "115 KB in pieces of 32 KiB at most");
}
