//! Lookups made together travel together; nobody strands anybody.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::time::Duration;

use awaitkit::*;
use futures_util::FutureExt;
use tokio::runtime::{Builder, Runtime};
use tokio::time::{Instant, advance};

const SECOND: Duration = Duration::from_secs(1);

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

#[test]
fn many_spawned_lookups_of_few_keys_on_one_thread_make_one_batch() {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(async {
        let log = Log::default();
        let batcher = log.squares().build();
        let tasks: Vec<_> = (0..10_000_u64)
            .map(|n| {
                tokio::spawn({
                    let batcher = batcher.clone();
                    async move { batcher.load(n % 100).await }
                })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap().unwrap().is_some());
        }
        assert_eq!(log.batches().len(), 1);
    });
}

/// A squares batcher on many threads and how many batches its lookups made.
fn spawned_batches(workers: usize, lookups: u64, keys: u64, batcher: Squares) -> u64 {
    Builder::new_multi_thread().worker_threads(workers).enable_time().build().unwrap().block_on(async {
        let tasks: Vec<_> = (0..lookups)
            .map(|n| {
                let batcher = batcher.clone();
                tokio::spawn(async move { batcher.load(n % keys).await })
            })
            .collect();
        for task in tasks {
            assert!(task.await.unwrap().unwrap().is_some());
        }
        batcher.stats().batches
    })
}

fn median(mut counts: Vec<u64>) -> u64 {
    counts.sort();
    counts[counts.len() / 2]
}

/// The median of runs; up to five times, since a machine that is busy with something else stops threads in the middle of asking.
#[test]
fn distinct_keys_spawned_on_eight_workers() {
    let at_once = || Batcher::builder(async |keys: Vec<u64>| Ok(keys.into_iter().map(|key| (key, key)))).build();
    let runs = || median((0..51).map(|_| spawned_batches(8, 200, 200, at_once())).collect());
    let medians: Vec<_> = (0..5).map(|_| runs()).take_while(|median| *median > 1).collect();
    assert!(medians.len() < 5, "{medians:?}");
}

/// The round trip is longer than the asking: the loader answers when everybody has asked.
#[test]
fn many_lookups_spawned_on_many_threads() {
    const LOOKUPS: u64 = 10_000;
    let counts: Vec<_> = (0..11)
        .map(|_| {
            let asked: Arc<OnceLock<Squares>> = Arc::default();
            let batcher = Batcher::builder({
                let asked = Arc::clone(&asked);
                move |keys: Vec<u64>| {
                    let asked = Arc::clone(&asked);
                    async move {
                        while asked.get().is_none_or(|batcher| batcher.stats().lookups < LOOKUPS) {
                            sleep(Duration::from_millis(1)).await;
                        }
                        Ok(keys.into_iter().map(|key| (key, key)))
                    }
                }
            })
            .build();
            asked.get_or_init(|| batcher.clone());
            spawned_batches(8, LOOKUPS, 100, batcher)
        })
        .collect();
    assert!(median(counts.clone()) <= 3, "{counts:?}");
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

type Later = Arc<OnceLock<Squares>>;

/// A batcher whose loader first loads `key + 1` from another batcher.
fn asking(other: &Later) -> Squares {
    let other = Arc::clone(other);
    Batcher::builder(move |keys: Vec<u64>| {
        let other = Arc::clone(&other);
        async move {
            let other = other.get().unwrap();
            let next = other.load(keys[0] + 1).await.map_err(|e| e.to_string())?;
            Ok(keys.into_iter().map(move |key| (key, next.unwrap_or_default())))
        }
    })
    .build()
}

#[tokio::test]
async fn a_loader_that_asks_itself_gets_an_error() {
    let own: Later = Arc::default();
    let batcher = asking(&own);
    own.get_or_init(|| batcher.clone());
    assert!(batcher.load(1).await.unwrap_err().to_string().contains("wait for its own result"));
}

#[tokio::test]
async fn loaders_that_ask_each_other_get_an_error() {
    let (a, b) = (Later::default(), Later::default());
    let (asks_a, asks_b) = (asking(&a), asking(&b));
    a.get_or_init(|| asks_b.clone());
    b.get_or_init(|| asks_a.clone());
    assert!(asks_a.load(1).await.unwrap_err().to_string().contains("wait for its own result"));
}

#[tokio::test(start_paused = true)]
async fn a_loader_may_ask_another_batcher() {
    let log = Log::default();
    let last: Later = Arc::default();
    last.get_or_init(|| log.squares().build());
    assert_eq!(asking(&last).load(1).await.unwrap(), Some(4));
}

#[tokio::test]
async fn a_loader_that_asks_itself_through_a_memo() {
    let memo: Memo<u64, Option<u64>, String> = Memo::new();
    let own: Later = Arc::default();
    let batcher: Squares = Batcher::builder({
        let (memo, own) = (memo.clone(), Arc::clone(&own));
        move |keys: Vec<u64>| {
            let (memo, own) = (memo.clone(), Arc::clone(&own));
            async move {
                let again = async move { own.get().unwrap().load(99).await.map_err(|e| e.to_string()) };
                let value = memo.get(keys[0], again).await.map_err(|e| e.to_string())?;
                Ok(keys.into_iter().map(move |key| (key, value.unwrap_or_default())))
            }
        }
    })
    .build();
    own.get_or_init(|| batcher.clone());
    assert!(batcher.load(1).await.unwrap_err().to_string().contains("wait for its own result"));
}

fn cached(log: &Log) -> (Squares, Memo<u64, Option<u64>, String>) {
    let memo: Memo<u64, Option<u64>, String> = Memo::builder().ttl(60 * SECOND).build();
    (log.squares().cache(memo.clone()).build(), memo)
}

#[tokio::test(start_paused = true)]
async fn a_cache_answers_without_a_batch() {
    let log = Log::default();
    let (batcher, memo) = cached(&log);
    ask(&batcher, [1, 2]).await;
    ask(&batcher, [1, 2]).await;
    assert_eq!((log.batches().len(), batcher.stats().cached), (1, 2));
    memo.invalidate(&1);
    ask(&batcher, [1, 2]).await;
    assert_eq!(log.batches(), [vec![1, 2], vec![1]]);
    advance(60 * SECOND).await;
    ask(&batcher, [2]).await;
    assert_eq!(log.batches().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn prime_answers_those_who_wait_and_those_to_come() {
    let log = Log::default();
    let (batcher, _) = cached(&log);
    let (waiting, ()) = join!(batcher.load(5), async { batcher.prime(5, 1000) });
    assert_eq!(waiting.unwrap(), Some(1000));
    assert_eq!(batcher.load(5).await.unwrap(), Some(1000));
    assert!(log.batches().is_empty());
}

#[tokio::test(start_paused = true)]
async fn clear_during_a_flight_is_not_undone_by_it() {
    let log = Log::default();
    let (batcher, memo) = cached(&log);
    let clear = async {
        sleep(SECOND / 2).await;
        batcher.clear(&5);
        ask(&batcher, [5]).await;
    };
    let ((), ()) = join!(ask(&batcher, [5]), clear);
    assert_eq!((log.batches(), memo.peek(&5)), (vec![vec![5], vec![5]], Some(Some(25))));

    let (primed, ()) = join!(batcher.load(6), async {
        sleep(SECOND / 2).await;
        batcher.prime(6, 1000);
    });
    assert_eq!((primed.unwrap(), memo.peek(&6)), (Some(36), Some(Some(1000))));
}

static OUTLIVING: LazyLock<Squares> = LazyLock::new(|| {
    Batcher::builder(async |keys: Vec<u64>| {
        if keys.contains(&0) {
            std::future::pending::<()>().await;
        }
        Ok(keys.into_iter().map(|key| (key, key * key)))
    })
    .build()
});

#[test]
fn static_batcher_outlives_its_runtime() {
    for _ in 0..3 {
        Runtime::new().unwrap().block_on(async {
            assert!(timeout(Duration::from_millis(5), OUTLIVING.load(0)).await.is_err());
            assert_eq!(OUTLIVING.load(3).await.unwrap(), Some(9));
        });
    }
    assert_eq!((OUTLIVING.stats().in_flight, OUTLIVING.stats().queued), (0, 0));
}

#[test]
fn runtime_that_ends_with_keys_queued() {
    let log = Log::default();
    let batcher = log.squares().window(Window::Delay(SECOND)).build();
    let dying = Runtime::new().unwrap();
    dying.block_on(async { assert!(timeout(Duration::from_millis(1), batcher.load(1)).await.is_err()) });
    drop(dying);
    let again = Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    again.block_on(ask(&batcher, [1]));
}

#[test]
fn without_a_runtime() {
    let log = Log::default();
    let batcher = log.squares().build();
    assert!(matches!(batcher.load(1).now_or_never(), Some(Err(SharedError::NoRuntime))));
    let ended = Runtime::new().unwrap();
    let handle = ended.handle().clone();
    drop(ended);
    let _entered = handle.enter();
    assert!(matches!(batcher.load(1).now_or_never(), Some(Err(SharedError::Stopped))));
    assert_eq!(batcher.stats().queued, 0);
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_then_stops() {
    let log = Log::default();
    let batcher = log.squares().build();
    let (answer, clean) = join!(batcher.load(2), async {
        later_once().await;
        batcher.shutdown(2 * SECOND).await
    });
    assert_eq!((answer.unwrap(), clean), (Some(4), true));
    assert!(matches!(batcher.load(3).await, Err(SharedError::Stopped)));

    let batcher = log.squares().build();
    let (answer, clean) = join!(batcher.load(2), async {
        later_once().await;
        batcher.shutdown(SECOND / 2).await
    });
    assert!(matches!(answer, Err(SharedError::Stopped)) && !clean);
}

async fn later_once() {
    tokio::task::yield_now().await;
}
