//! Lookups made together travel together; nobody strands anybody.

mod cache;
mod cycles;
mod lifetime;
mod spawned;

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::*;
use tokio::time::Instant;

use crate::support::SECOND;

type Squares = Batcher<u64, u64, String>;

/// A loader of squares that takes a second, and the batches it was asked for.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<Vec<u64>>>>);

impl Log {
    fn squares(&self) -> BatcherBuilder<u64, u64, String> {
        let log = self.clone();
        Batcher::builder(move |keys: Vec<u64>| {
            log.note(&keys);
            async move {
                sleep(SECOND).await;
                Ok(keys.into_iter().map(|key| (key, key * key)))
            }
        })
    }

    fn note(&self, keys: &[u64]) {
        let mut keys = keys.to_vec();
        keys.sort();
        self.0.lock().unwrap().push(keys);
    }

    fn batches(&self) -> Vec<Vec<u64>> {
        self.0.lock().unwrap().clone()
    }
}

async fn ask(batcher: &Squares, keys: impl IntoIterator<Item = u64>) {
    for (key, answer) in map_concurrent(keys, Unlimited, async |key| (key, batcher.load(key).await)).await {
        assert_eq!(answer.unwrap(), Some(key * key));
    }
}

/// `b_one` and `b_two` of the Hack page.
#[tokio::test(start_paused = true)]
async fn the_page_makes_two_round_trips() {
    let log = Log::default();
    let batcher = log.squares().build();
    let b_one = async |key| {
        let sub_key = batcher.load(key).await?.unwrap_or_default();
        batcher.load(sub_key).await
    };
    let b_two = async |key| batcher.load(key).await;
    let (one, two) = join!(b_one(3), b_two(4));
    assert_eq!((one.unwrap(), two.unwrap()), (Some(81), Some(16)));
    assert_eq!(log.batches(), [vec![3, 4], vec![9]]);
}

#[tokio::test(start_paused = true)]
async fn many_lookups_of_few_keys_make_one_batch() {
    let log = Log::default();
    ask(&log.squares().build(), (0..10_000).map(|n| n % 100)).await;
    assert_eq!(log.batches(), [(0..100).collect::<Vec<_>>()]);
}

#[tokio::test(start_paused = true)]
async fn equal_keys_are_joined_also_in_flight() {
    let log = Log::default();
    let batcher = log.squares().build();
    let late = async {
        sleep(SECOND / 2).await;
        batcher.load(1).await
    };
    let begin = Instant::now();
    let (early, also, late) = join!(batcher.load(1), batcher.load(1), late);
    assert_eq!([early, also, late].map(Result::unwrap), [Some(1); 3]);
    assert_eq!((log.batches(), begin.elapsed()), (vec![vec![1]], SECOND));
    assert_eq!(batcher.stats().joined, 2);
    ask(&batcher, [1]).await; // nothing is remembered without a cache
    assert_eq!(log.batches().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn size_is_a_cap_in_every_window() {
    for window in [Window::default(), Window::Delay(60 * SECOND), Window::Immediate] {
        let log = Log::default();
        let batcher = log.squares().window(window).max_size(limit!(10)).max_in_flight(Unlimited).build();
        let begin = Instant::now();
        ask(&batcher, 0..30).await;
        assert_eq!(log.batches(), [(0..10).collect::<Vec<_>>(), (10..20).collect(), (20..30).collect()], "{window:?}");
        assert!(begin.elapsed() < 2 * SECOND, "{window:?} {:?}", begin.elapsed());
    }
}

#[tokio::test(start_paused = true)]
async fn delay_collects_what_comes_later() {
    let log = Log::default();
    let batcher = log.squares().window(Window::Delay(SECOND)).build();
    let begin = Instant::now();
    map_concurrent(0..3, Unlimited, async |n| {
        sleep(SECOND / 4 * n).await;
        batcher.load(n.into()).await.unwrap()
    })
    .await;
    assert_eq!((log.batches(), begin.elapsed()), (vec![vec![0, 1, 2]], 2 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn immediate_groups_by_back_pressure() {
    let log = Log::default();
    let batcher = log.squares().window(Window::Immediate).build();
    map_concurrent(0..5, Unlimited, async |n| {
        sleep(SECOND / 10 * n).await;
        batcher.load(n.into()).await.unwrap()
    })
    .await;
    assert_eq!(log.batches(), [vec![0], vec![1, 2, 3, 4]]);
}

#[tokio::test(start_paused = true)]
async fn max_in_flight_holds() {
    let log = Log::default();
    let batcher = log.squares().max_size(limit!(1)).max_in_flight(limit!(2)).build();
    let begin = Instant::now();
    let asking = ask(&batcher, 0..6);
    let watching = async {
        for _ in 0..5 {
            sleep(SECOND / 2).await;
            assert!(batcher.stats().in_flight <= 2);
        }
    };
    join!(asking, watching);
    assert_eq!((log.batches().len(), begin.elapsed()), (6, 3 * SECOND));
}

#[tokio::test(start_paused = true)]
async fn no_key_is_in_two_batches_in_flight() {
    let in_flight: Arc<Mutex<HashSet<u64>>> = Arc::default();
    let batcher: Squares = Batcher::builder({
        let in_flight = Arc::clone(&in_flight);
        move |keys: Vec<u64>| {
            let in_flight = Arc::clone(&in_flight);
            async move {
                assert!(keys.iter().all(|key| in_flight.lock().unwrap().insert(*key)), "a key travels twice");
                sleep(Duration::from_millis(keys[0] % 7)).await;
                in_flight.lock().unwrap().retain(|key| !keys.contains(key));
                Ok(keys.into_iter().map(|key| (key, key * key)))
            }
        }
    })
    .max_size(limit!(5))
    .build();
    map_concurrent(0..2_000_u64, limit!(50), async |n| {
        sleep(Duration::from_millis(n % 13)).await;
        assert_eq!(batcher.load(n % 40).await.unwrap(), Some((n % 40) * (n % 40)));
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn cancelled_driver_strands_nobody() {
    let log = Log::default();
    let batcher = log.squares().build();
    // The first caller is the one that makes the batch begin.
    let (cut, other) = join!(timeout(SECOND / 2, batcher.load(1)), batcher.load(2));
    assert!(cut.is_err());
    assert_eq!(other.unwrap(), Some(4));
}

#[tokio::test(start_paused = true)]
async fn unwanted_keys_are_dropped_before_dispatch() {
    let log = Log::default();
    let batcher = log.squares().window(Window::Delay(SECOND)).build();
    let cut = timeout(SECOND / 2, batcher.load(1));
    let cut_but_wanted = timeout(SECOND / 2, batcher.load(2));
    let (_, _, wanted) = join!(cut, cut_but_wanted, batcher.load(2));
    assert_eq!(wanted.unwrap(), Some(4));
    assert_eq!((log.batches(), batcher.stats().dropped), (vec![vec![2]], 1));

    assert!(timeout(SECOND / 2, batcher.load(3)).await.is_err());
    sleep(2 * SECOND).await;
    assert_eq!((log.batches().len(), batcher.stats().queued), (1, 0)); // a batch of nothing is not sent
}

#[tokio::test]
async fn a_missing_key_is_a_value() {
    let batcher = Batcher::builder(async |_: Vec<u8>| Ok::<_, String>(HashMap::<u8, u8>::new())).build();
    assert_eq!(batcher.load(1).await.unwrap(), None);
}

#[tokio::test]
async fn errors_are_per_key_or_of_the_batch() {
    let per_key =
        Batcher::with_key_errors(async |keys: Vec<u8>| Ok(keys.into_iter().map(|key| (key, if key == 0 { Err("zero") } else { Ok(key) }))))
            .build();
    let (bad, good) = join!(per_key.load(0), per_key.load(1));
    assert_eq!(bad.unwrap_err().failed(), Some(&"zero"));
    assert_eq!(good.unwrap(), Some(1));
    assert_eq!(per_key.stats().batches, 1);

    let whole = Batcher::builder(async |_: Vec<u8>| Err::<HashMap<u8, u8>, _>("down")).build();
    for result in whole.load_many([1, 2]).await {
        assert_eq!(result.unwrap_err().failed(), Some(&"down"));
    }
    assert_eq!((whole.stats().batches, whole.stats().failed), (1, 1));
}

#[tokio::test]
async fn a_panic_fails_its_batch_only() {
    let batcher: Squares = Batcher::builder(async |keys: Vec<u64>| {
        assert!(!keys.contains(&13), "unlucky");
        Ok(keys.into_iter().map(|key| (key, key * key)))
    })
    .build();
    let (a, b) = join!(batcher.load(13), batcher.load(2));
    for result in [a, b] {
        assert_eq!(result.unwrap_err().to_string(), "the shared work panicked: unlucky");
    }
    assert_eq!(batcher.load(3).await.unwrap(), Some(9));
}

#[tokio::test]
async fn a_loader_that_panics_before_its_future() {
    fn refuse(_: Vec<u64>) -> std::future::Ready<Result<HashMap<u64, u64>, String>> {
        panic!("at once")
    }
    let batcher: Squares = Batcher::builder(refuse).build();
    assert_eq!(batcher.load(1).await.unwrap_err().to_string(), "the shared work panicked: at once");
}
