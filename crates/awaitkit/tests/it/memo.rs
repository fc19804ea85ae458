//! One piece of work for a key, whoever asks and whoever goes away.

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};

use awaitkit::*;
use tokio::runtime::Runtime;
use tokio::time::Instant;

use crate::support::{SECOND, paused};

type Numbers = Memo<u32, u32, String>;

/// Work that takes a second, and how often it was begun.
#[derive(Clone, Default)]
struct Work(Arc<AtomicUsize>);

impl Work {
    async fn give(self, value: u32) -> Result<u32, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        sleep(SECOND).await;
        Ok(value)
    }

    async fn fail(self) -> Result<u32, String> {
        self.0.fetch_add(1, Ordering::Relaxed);
        sleep(SECOND).await;
        Err("no".to_owned())
    }

    fn begun(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

fn value(result: Result<u32, SharedError<String>>) -> u32 {
    result.unwrap()
}

#[tokio::test(start_paused = true)]
async fn stampede_runs_once() {
    let (memo, work) = (Numbers::new(), Work::default());
    let all = map_concurrent(0..1000, Unlimited, |_| memo.get(1, work.clone().give(7))).await;
    assert!(all.into_iter().all(|one| value(one) == 7));
    assert_eq!(work.begun(), 1);
    assert_eq!((memo.stats().runs, memo.stats().joined), (1, 999));
    assert_eq!(value(memo.get(1, work.clone().give(8)).await), 7);
    assert_eq!(memo.stats().hits, 1);
}

#[tokio::test(start_paused = true)]
async fn cancelled_leader_changes_nothing() {
    let (memo, work) = (Numbers::new(), Work::default());
    let begin = Instant::now();
    let leader = timeout(SECOND / 2, memo.get(1, work.clone().give(7)));
    let (cut, follower) = join!(leader, memo.get(1, work.clone().give(8)));
    assert!(cut.is_err());
    assert_eq!(value(follower), 7);
    assert_eq!((work.begun(), begin.elapsed()), (1, SECOND));
}

#[tokio::test(start_paused = true)]
async fn abandoned_by_all_is_still_kept() {
    let (memo, work) = (Numbers::new(), Work::default());
    assert!(timeout(SECOND / 2, memo.get(1, work.clone().give(7))).await.is_err());
    sleep(SECOND).await;
    assert_eq!(memo.peek(&1), Some(7));
}

#[tokio::test(start_paused = true)]
async fn errors_are_shared_and_forgotten() {
    let (memo, work) = (Numbers::new(), Work::default());
    let (a, b) = join!(memo.get(1, work.clone().fail()), memo.get(1, work.clone().fail()));
    let (Err(SharedError::Failed(a)), Err(SharedError::Failed(b))) = (a, b) else { panic!("both fail") };
    assert!(Arc::ptr_eq(&a, &b));
    assert_eq!(value(memo.get(1, work.clone().give(7)).await), 7);
    assert_eq!((work.begun(), memo.stats().failed), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn errors_are_kept_when_told() {
    let memo: Numbers = Memo::builder().keep_errors(10 * SECOND).build();
    let work = Work::default();
    for _ in 0..3 {
        assert_eq!(memo.get(1, work.clone().fail()).await.unwrap_err().failed().unwrap(), "no");
    }
    assert_eq!(work.begun(), 1);
    tokio::time::advance(10 * SECOND).await;
    assert_eq!(value(memo.get(1, work.clone().give(7)).await), 7);
}

#[tokio::test(start_paused = true)]
async fn values_die_after_their_ttl() {
    let memo: Numbers = Memo::builder().ttl(60 * SECOND).build();
    let work = Work::default();
    assert_eq!(value(memo.get(1, work.clone().give(7)).await), 7);
    tokio::time::advance(59 * SECOND).await;
    assert_eq!(value(memo.get(1, work.clone().give(8)).await), 7);
    tokio::time::advance(SECOND).await;
    assert_eq!(value(memo.get(1, work.clone().give(8)).await), 8);
    assert_eq!(work.begun(), 2);
}

#[tokio::test]
async fn panics_become_errors() {
    let memo = Numbers::new();
    let (a, b) = join!(memo.get(1, async { panic!("boom") }), memo.get(1, async { Ok(1) }));
    for result in [a, b] {
        assert_eq!(result.unwrap_err().to_string(), "the shared work panicked: boom");
    }
    assert_eq!(value(memo.get(1, async { Ok(2) }).await), 2);
}

#[tokio::test(start_paused = true)]
async fn invalidated_run_serves_only_those_who_wait() {
    let (memo, work) = (Numbers::new(), Work::default());
    let old = memo.start(1, work.clone().give(1)).unwrap();
    sleep(SECOND / 2).await;
    memo.invalidate(&1);
    assert_eq!(value(memo.get(1, work.clone().give(2)).await), 2);
    assert_eq!(value(old.await), 1);
    assert_eq!(memo.peek(&1), Some(2));
    memo.invalidate_all();
    assert_eq!((memo.peek(&1), work.begun()), (None, 2));
}

#[tokio::test(start_paused = true)]
async fn refresh_serves_the_old_value_meanwhile() {
    let (memo, work) = (Numbers::new(), Work::default());
    memo.insert(1, 1);
    let (new, meanwhile) = join!(memo.refresh(1, work.clone().give(2)), memo.get(1, work.clone().give(3)));
    assert_eq!((value(new), value(meanwhile), memo.peek(&1)), (2, 1, Some(2)));
    assert!(memo.refresh(1, work.clone().fail()).await.is_err());
    assert_eq!(memo.peek(&1), Some(2));
}

#[tokio::test(start_paused = true)]
async fn insert_wins_over_a_run() {
    let (memo, work) = (Numbers::new(), Work::default());
    let run = memo.start(1, work.give(1)).unwrap();
    memo.insert(1, 5);
    assert_eq!((value(run.await), memo.peek(&1)), (1, Some(5)));
}

#[tokio::test(start_paused = true)]
async fn one_handle_for_many() {
    let (memo, work) = (Numbers::new(), Work::default());
    let begin = Instant::now();
    let handle = memo.start(1, work.clone().give(7)).unwrap();
    sleep(SECOND).await; // it runs although nobody waits
    for clone in [handle.clone(), handle.clone(), handle] {
        assert_eq!(value(clone.await), 7);
    }
    assert_eq!((work.begun(), begin.elapsed()), (1, SECOND));
    assert_eq!(value(memo.start(1, work.clone().give(8)).unwrap().await), 7);
}

#[tokio::test]
async fn without_a_key() {
    let memo: Memo<(), u32, String> = Memo::new();
    assert_eq!(memo.once(async { Ok(1) }).await.unwrap(), 1);
    assert_eq!(memo.once(async { Ok(2) }).await.unwrap(), 1);
}

/// The length of a chain of keys, each computed by asking for the next.
fn chase(memo: Numbers, key: u32, next: fn(u32) -> Option<u32>) -> Pin<Box<dyn Future<Output = Result<u32, String>> + Send>> {
    Box::pin(async move {
        later_once().await;
        let Some(next_key) = next(key) else { return Ok(0) };
        memo.get(next_key, chase(memo.clone(), next_key, next)).await.map(|n| n + 1).map_err(|e| e.to_string())
    })
}

async fn later_once() {
    tokio::task::yield_now().await;
}

#[tokio::test]
async fn key_that_waits_for_itself() {
    let memo = Numbers::new();
    let e = memo.get(1, chase(memo.clone(), 1, |_| Some(1))).await.unwrap_err();
    assert!(e.to_string().contains("wait for its own result"), "{e}");
}

#[tokio::test]
async fn keys_that_wait_for_each_other() {
    let memo = Numbers::new();
    let next = |key| Some(1 - key);
    let (a, b) = join!(memo.get(0, chase(memo.clone(), 0, next)), memo.get(1, chase(memo.clone(), 1, next)));
    for result in [a, b] {
        assert!(result.unwrap_err().to_string().contains("wait for its own result"));
    }
}

#[tokio::test]
async fn long_chains_are_no_circle() {
    let memo = Numbers::new();
    let next = |key: u32| key.checked_sub(1);
    assert_eq!(value(memo.get(50, chase(memo.clone(), 50, next)).await), 50);
    assert_eq!(memo.stats().runs, 51);
}

#[tokio::test]
async fn circle_through_another_memo() {
    let (users, chats) = (Numbers::new(), Numbers::new());
    let back = {
        let users = users.clone();
        async move { users.get(1, async { Ok(0) }).await.map_err(|e| e.to_string()) }
    };
    let forth = async move { chats.get(1, back).await.map_err(|e| e.to_string()) };
    assert!(users.get(1, forth).await.unwrap_err().to_string().contains("wait for its own result"));
}

static OUTLIVING: LazyLock<Numbers> = LazyLock::new(Memo::new);

/// Two tests in sequence are two runtimes; the same without the test harness in between.
#[test]
fn static_memo_outlives_its_runtime() {
    for round in 0..3 {
        paused().block_on(async {
            let unfinished = OUTLIVING.get(round, std::future::pending());
            assert!(timeout(SECOND, unfinished).await.is_err());
            assert_eq!(value(OUTLIVING.get(1000, async { Ok(7) }).await), 7);
        });
    }
    assert_eq!(OUTLIVING.stats().runs, 4);
}

#[test]
fn waiter_in_another_runtime_takes_over() {
    let memo = Numbers::new();
    let dying = Runtime::new().unwrap();
    let entered = dying.enter();
    let stranded = memo.start(1, std::future::pending()).unwrap();
    drop(entered);
    let living = Runtime::new().unwrap();
    let waiter = living.spawn({
        let memo = memo.clone();
        async move { memo.get(1, async { Ok(7) }).await }
    });
    while memo.stats().joined == 0 {
        std::thread::yield_now();
    }
    dying.shutdown_background();
    assert_eq!(value(living.block_on(waiter).unwrap()), 7);
    assert!(matches!(living.block_on(stranded.into_future()), Err(SharedError::Stopped)));
}

#[test]
fn ended_runtime_is_an_error() {
    let memo = Numbers::new();
    let ended = Runtime::new().unwrap();
    let handle = ended.handle().clone();
    drop(ended);
    let _entered = handle.enter();
    let result = futures_util::FutureExt::now_or_never(memo.get(1, async { Ok(1) }));
    assert!(matches!(result, Some(Err(SharedError::Stopped))));
    let refreshed = futures_util::FutureExt::now_or_never(memo.refresh(1, async { Ok(1) }));
    assert!(matches!(refreshed, Some(Err(SharedError::Stopped))));
}

#[test]
fn no_runtime_is_an_error() {
    let memo = Numbers::new();
    let result = futures_util::FutureExt::now_or_never(memo.get(1, async { Ok(1) }));
    assert!(matches!(result, Some(Err(SharedError::NoRuntime))));
}

#[tokio::test]
async fn entries_are_bounded() {
    let memo: Numbers = Memo::builder().max_entries(10).build();
    for key in 0..1000 {
        value(memo.get(key, async move { Ok(key) }).await);
    }
    assert!(memo.stats().entries <= 10, "{:?}", memo.stats());
}

#[tokio::test(start_paused = true)]
async fn shutdown_waits_then_stops() {
    let (memo, work) = (Numbers::new(), Work::default());
    let handle = memo.start(1, work.clone().give(7)).unwrap();
    assert!(memo.shutdown(2 * SECOND).await);
    assert_eq!(value(handle.await), 7);
    assert_eq!(value(memo.get(1, work.clone().give(8)).await), 7); // what is kept stays
    assert!(matches!(memo.get(2, work.clone().give(8)).await, Err(SharedError::Stopped)));

    let memo = Numbers::new();
    let handle = memo.start(1, std::future::pending()).unwrap();
    assert!(!memo.shutdown(SECOND).await);
    assert!(matches!(handle.await, Err(SharedError::Stopped)));
}
