//! Lookups from tasks of their own, on one thread and on many.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use awaitkit::*;
use tokio::runtime::Builder;
use tokio::sync::Semaphore;

use super::{Log, Squares};
use crate::support::paused;

#[test]
fn on_one_thread_they_make_one_batch() {
    paused().block_on(async {
        let log = Log::default();
        let batcher = log.squares().build();
        let lookups = map_concurrent(0..LOOKUPS, Unlimited, spawned(|n: u32| of(&batcher, u64::from(n) % 100))).await;
        assert!(lookups.into_iter().all(|answer| answer == Ok(true)));
        assert_eq!(log.batches().len(), 1);
    });
}

async fn found(batcher: Squares, key: u64) -> bool {
    batcher.load(key).await.unwrap().is_some()
}

fn of(batcher: &Squares, key: u64) -> impl Future<Output = bool> + Send + use<> {
    found(batcher.clone(), key)
}

fn on_eight_threads<Out>(future: impl Future<Output = Out>) -> Out {
    Builder::new_multi_thread().worker_threads(8).enable_time().build().unwrap().block_on(future)
}

/// With one in flight: the first holds the loader until all have asked, whenever a thread comes to that; the rest is the second.
#[test]
fn what_is_asked_on_eight_threads_while_one_is_on_its_way_is_one_batch() {
    for _ in 0..21 {
        let batches = outlasting(|batcher| batcher.max_in_flight(limit!(1)));
        assert!(batches <= 2, "{batches}");
    }
}

/// Batches for many lookups of few keys on eight threads, by a loader that answers when everybody has asked.
fn outlasting(set: impl Fn(BatcherBuilder<u64, u64, String>) -> BatcherBuilder<u64, u64, String>) -> u64 {
    let asked = Arc::new(Semaphore::new(0));
    let loader = {
        let asked = Arc::clone(&asked);
        move |keys: Vec<u64>| {
            let asked = Arc::clone(&asked);
            async move {
                drop(asked.acquire_many(LOOKUPS).await.unwrap());
                Ok(keys.into_iter().map(|key| (key, key)))
            }
        }
    };
    let batcher = set(Batcher::builder(loader)).build();
    let lookup = |n: u32| {
        let (asked, lookup) = (Arc::clone(&asked), of(&batcher, u64::from(n) % 100));
        async move {
            let mut lookup = pin!(lookup);
            let first = poll_fn(|cx| Poll::Ready(lookup.as_mut().poll(cx))).await;
            asked.add_permits(1);
            match first {
                Poll::Ready(found) => found,
                Poll::Pending => lookup.await,
            }
        }
    };
    let lookups = on_eight_threads(map_concurrent(0..LOOKUPS, Unlimited, spawned(lookup)));
    assert!(lookups.into_iter().all(|found| found == Ok(true)));
    batcher.stats().batches
}

/// Whatever the threads do: two batches may be on their way, and what is asked meanwhile is the third.
#[test]
fn with_two_in_flight_they_never_make_more_than_three() {
    let counts: Vec<_> = (0..21).map(|_| outlasting(|batcher| batcher.max_in_flight(limit!(2)))).collect();
    assert!(counts.iter().all(|batches| *batches <= 3), "{counts:?}");
}

/// How many batches that makes is up to how long a thread stands still in the middle of asking; that each key is asked for once is not.
#[test]
fn by_default_no_key_is_asked_for_twice() {
    let asked: Arc<Mutex<Vec<u64>>> = Arc::default();
    let loader = {
        let asked = Arc::clone(&asked);
        move |keys: Vec<u64>| {
            asked.lock().unwrap().extend(&keys);
            async { Ok(keys.into_iter().map(|key| (key, key))) }
        }
    };
    let batcher: Squares = Batcher::builder(loader).build();
    let lookups = on_eight_threads(map_concurrent(0..200, Unlimited, spawned(|key| of(&batcher, key))));
    assert!(lookups.into_iter().all(|found| found == Ok(true)));
    let mut asked = asked.lock().unwrap().clone();
    asked.sort();
    assert_eq!(asked, (0..200).collect::<Vec<_>>());
}

const LOOKUPS: u32 = 10_000;
