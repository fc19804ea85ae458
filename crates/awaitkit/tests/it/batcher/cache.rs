//! Answers that are kept, put there or forgotten.

use awaitkit::*;
use tokio::time::advance;

use super::{Log, Squares, ask};
use crate::support::SECOND;

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
