//! Lookups from tasks of their own, on one thread and on many.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
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

/// The median of runs; up to five times, since a machine that is busy with something else stops threads in the middle of asking.
#[test]
fn distinct_keys_on_eight_threads_make_one_batch() {
    let batches = || {
        let batcher: Squares = Batcher::builder(async |keys: Vec<u64>| Ok(keys.into_iter().map(|key| (key, key)))).build();
        on_eight_threads(map_concurrent(0..200, Unlimited, spawned(|key| of(&batcher, key))));
        batcher.stats().batches
    };
    let runs = || median((0..51).map(|_| batches()).collect());
    let medians: Vec<_> = (0..5).map(|_| runs()).take_while(|median| *median > 1).collect();
    assert!(medians.len() < 5, "{medians:?}");
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

/// Without that limit a thread would have to stand still for 73 milliseconds in the middle of asking to make a fourth.
#[test]
fn by_default_they_make_three() {
    let counts: Vec<_> = (0..21).map(|_| outlasting(|batcher| batcher)).collect();
    assert!(median(counts.clone()) <= 3, "{counts:?}");
}

fn median(mut counts: Vec<u64>) -> u64 {
    counts.sort();
    counts[counts.len() / 2]
}

const LOOKUPS: u32 = 10_000;
