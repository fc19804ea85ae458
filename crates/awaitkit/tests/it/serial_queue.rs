//! First come, first served, for each key.

use std::cell::RefCell;
use std::pin::pin;

use awaitkit::*;
use futures_util::FutureExt;

use crate::support::{Gauge, SECOND};

#[tokio::test(start_paused = true)]
async fn the_place_is_taken_by_the_call() {
    let order = RefCell::new(Vec::new());
    let note = async |n: u32| {
        sleep(SECOND * (5 - n)).await;
        order.borrow_mut().push(n);
        Ok::<_, ()>(n)
    };
    let queue = SerialQueue::new(OnFailure::Continue);
    let calls: Vec<_> = (0..5).map(|n| queue.call("key", note(n))).collect();
    assert_eq!(queue.len(&"key"), 5);
    // Awaited in the opposite order: it does not matter.
    let values = map_concurrent(calls.into_iter().rev(), Unlimited, async |call| call.await.unwrap()).await;
    assert_eq!((values, order.take()), (vec![4, 3, 2, 1, 0], vec![0, 1, 2, 3, 4]));
    assert_eq!(queue.keys(), 0);
}

#[tokio::test(start_paused = true)]
async fn keys_run_side_by_side_and_one_at_a_time_each() {
    let (gauges, queue) = ([Gauge::default(), Gauge::default(), Gauge::default()], SerialQueue::new(OnFailure::Continue));
    let begin = tokio::time::Instant::now();
    for_each_concurrent(0..30, Unlimited, async |n: usize| {
        let work = async { Ok::<_, ()>(gauges[n % 3].work(100, n).await) };
        queue.call(n % 3, work).await.unwrap();
    })
    .await;
    assert!(gauges.iter().all(|gauge| gauge.peak() == 1 && gauge.begun() == 10));
    assert_eq!(begin.elapsed(), SECOND);
    assert_eq!(queue.keys(), 0);
}

async fn three(queue: &SerialQueue<u8>) -> [Result<u8, SerialError<&'static str>>; 3] {
    let first = queue.call(1, async { Ok(1) });
    let second = queue.call(1, async {
        sleep(SECOND).await;
        Err("two")
    });
    let third = queue.call(1, async { Ok(3) });
    join!(first, second, third).into()
}

#[tokio::test(start_paused = true)]
async fn on_failure() {
    let failed = Err(SerialError::Failed("two"));
    let go_on = SerialQueue::new(OnFailure::Continue);
    assert_eq!(three(&go_on).await, [Ok(1), failed.clone(), Ok(3)]);

    let skip = SerialQueue::new(OnFailure::Skip);
    assert_eq!(three(&skip).await, [Ok(1), failed.clone(), Err(SerialError::Skipped)]);
    assert_eq!(three(&skip).await, [Ok(1), failed.clone(), Err(SerialError::Skipped)]);
    assert_eq!(skip.keys(), 0);

    let stop = SerialQueue::new(OnFailure::Stop);
    assert_eq!(three(&stop).await, [Ok(1), failed, Err(SerialError::Stopped)]);
    assert_eq!(stop.call(1, async { Ok::<_, ()>(4) }).await, Err(SerialError::Stopped));
    assert_eq!(stop.call(2, async { Ok::<_, ()>(5) }).await, Ok(5));
    assert_eq!(stop.keys(), 1);
    assert!(stop.resume(&1) && !stop.resume(&1));
    assert_eq!(stop.call(1, async { Ok::<_, ()>(6) }).await, Ok(6));
    assert_eq!(stop.keys(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_dropped_call_frees_its_place() {
    let queue = SerialQueue::new(OnFailure::Skip);
    let ok = || async { Ok::<_, ()>(()) };
    let unpolled = queue.call(1, ok()); // has the turn
    let waiting = queue.call(1, ok());
    let last = queue.call(1, ok());
    drop(waiting);
    drop(unpolled);
    assert_eq!(last.await, Ok(()));
    assert_eq!(queue.keys(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_skipped_call_that_is_awaited_late_leaves_later_ones_alone() {
    for behind in 0..3 {
        let queue = SerialQueue::new(OnFailure::Skip);
        let fails = queue.call(1, std::future::ready(Err::<(), ()>(())));
        let before: Vec<_> = (0..behind).map(|_| queue.call(1, std::future::ready(Ok::<(), ()>(())))).collect();
        let skipped = queue.call(1, async { Ok::<_, ()>(()) });
        assert_eq!(fails.await, Err(SerialError::Failed(())));
        drop(before);
        assert_eq!(queue.keys(), 0);
        let order = RefCell::new(Vec::new());
        let work = async |nth: u64| {
            order.borrow_mut().push((nth, "begins"));
            sleep(SECOND).await;
            order.borrow_mut().push((nth, "ends"));
            Ok::<_, ()>(())
        };
        let later: Vec<_> = (0..3).map(|nth| queue.call(1, work(nth))).collect();
        let late = async {
            sleep(SECOND / 2).await;
            skipped.await
        };
        let (outcome, later) = join!(late, map_concurrent(later, Unlimited, async |call| call.await));
        assert_eq!((outcome, later), (Err(SerialError::Skipped), vec![Ok(()); 3]));
        let one_at_a_time: Vec<_> = (0..3).flat_map(|nth| [(nth, "begins"), (nth, "ends")]).collect();
        assert_eq!(*order.borrow(), one_at_a_time);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_dropped_while_it_runs_has_failed() {
    let queue = SerialQueue::new(OnFailure::Skip);
    let running = queue.call(1, std::future::pending::<Result<(), ()>>());
    let next = queue.call(1, async { Ok::<_, ()>(()) });
    assert!(timeout(SECOND, running).await.is_err());
    assert_eq!(next.await, Err(SerialError::Skipped));
}

#[tokio::test]
async fn a_panic_frees_the_place() {
    let queue = SerialQueue::new(OnFailure::Continue);
    let panics = spawn(queue.call(1, async {
        assert!(std::future::ready(false).await, "boom");
        Ok::<_, ()>(())
    }));
    let next = queue.call(1, async { Ok::<_, ()>(2) });
    assert!(panics.await.is_err());
    assert_eq!(next.await, Ok(2));
    assert_eq!(queue.keys(), 0);
}

#[tokio::test]
async fn polled_again_after_its_end() {
    let queue = SerialQueue::new(OnFailure::Continue);
    let mut call = pin!(queue.call(1, async { Ok::<_, ()>(1) }));
    assert_eq!(call.as_mut().await, Ok(1));
    assert!(call.now_or_never().is_none());
}
