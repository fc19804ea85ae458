//! Order, completeness, the limit, and what becomes of the rest; over generated schedules under virtual time.

use std::cell::{Cell, RefCell};
use std::future::poll_fn;
use std::task::Poll;
use std::time::Duration;

use awaitkit::*;
use futures_util::{FutureExt as _, stream};
use proptest::prelude::*;
use tokio::time::Instant;

use crate::support::{Gauge, SECOND, paused, polled_at_most};

/// How long each of the futures takes; equal and zero times are frequent.
fn schedule() -> impl Strategy<Value = Vec<u64>> {
    prop::collection::vec(prop_oneof![Just(0), 0..5_u64, 0..1000_u64], 0..40)
}

/// Can be polled again at once, and says so at once.
async fn wake_itself() {
    let mut woken = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut woken, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The end of the last, if each starts as soon as one of `limit` places is free.
fn makespan(millis: &[u64], limit: usize) -> u64 {
    let mut free = vec![0; limit];
    for millis in millis {
        let place = free.iter_mut().min().unwrap();
        *place += millis;
    }
    free.into_iter().max().unwrap()
}

proptest! {
    #[test]
    fn map_keeps_order_runs_everything_once_and_never_wastes_a_place(millis in schedule(), places in 1..10_usize, streamed: bool) {
        paused().block_on(async {
            let gauge = Gauge::default();
            let begin = Instant::now();
            let limit = Limit::try_from(places).unwrap();
            let work = async |(index, millis): (usize, &u64)| gauge.work(*millis, index).await;
            let items = millis.iter().enumerate();
            let values = if streamed {
                map_concurrent(stream::iter(items), limit, work).await
            } else {
                map_concurrent(items, limit, work).await
            };
            assert_eq!(values, (0..millis.len()).collect::<Vec<_>>());
            assert_eq!((gauge.begun(), gauge.running()), (millis.len(), 0));
            assert!(gauge.peak() <= places);
            assert_eq!(begin.elapsed().as_millis() as u64, makespan(&millis, places));
        });
    }

    #[test]
    fn unordered_is_the_order_of_completion(millis in schedule(), places in 1..10_usize) {
        paused().block_on(async {
            let gauge = Gauge::default();
            let limit = Limit::try_from(places).unwrap();
            let begin = Instant::now();
            let work = async |millis: &u64| { gauge.work(*millis, ()).await; begin.elapsed() };
            let ends: Vec<Duration> = map_concurrent(&millis, limit, work).unordered().collect().await;
            assert!(ends.is_sorted());
            assert_eq!(ends.len(), millis.len());
        });
    }

    /// No starvation: all take turns, although some wake themselves at once and never stop before the last of the others has.
    #[test]
    fn those_that_wake_themselves_starve_nobody(turns in prop::collection::vec(0..30_usize, 1..40), greedy in 1..5_usize) {
        paused().block_on(async {
            let (left, ended) = (Cell::new(turns.len()), RefCell::new(Vec::new()));
            let all: Vec<_> = std::iter::repeat_n(usize::MAX, greedy).chain(turns.iter().copied()).collect();
            for_each_concurrent(all, Unlimited, async |turns| {
                for _ in 0..turns {
                    if turns == usize::MAX && left.get() == 0 {
                        return;
                    }
                    wake_itself().await;
                }
                left.set(left.get() - 1);
                ended.borrow_mut().push(turns);
            })
            .await;
            let mut expected = turns;
            expected.sort();
            assert_eq!(ended.take(), expected);
        });
    }

    /// The caller goes away at any poll: nothing is left, nothing goes on.
    #[test]
    fn dropped_at_any_poll_nothing_is_left(millis in schedule(), places in 1..10_usize, polls in 0..60_usize) {
        paused().block_on(async {
            let gauge = Gauge::default();
            let limit = Limit::try_from(places).unwrap();
            let done = polled_at_most(map_concurrent(&millis, limit, async |millis| gauge.work(*millis, ()).await), polls).await;
            assert_eq!((gauge.running(), gauge.begun()), (0, gauge.ended()));
            let begun = gauge.begun();
            sleep(10 * SECOND).await;
            assert_eq!(gauge.begun(), begun);
            assert_eq!(done.is_some(), begun == millis.len() && done.is_some());
        });
    }

    #[test]
    fn the_first_error_in_time_stops(millis in schedule(), failing in prop::collection::hash_set(0..40_usize, 0..4), places in 1..10_usize) {
        paused().block_on(async {
            let gauge = Gauge::default();
            let limit = Limit::try_from(places).unwrap();
            let begin = Instant::now();
            let first_failure = RefCell::new(None);
            let work = async |(index, millis): (usize, &u64)| {
                gauge.work(*millis, ()).await;
                if failing.contains(&index) {
                    first_failure.borrow_mut().get_or_insert((index, begin.elapsed()));
                    return Err(index);
                }
                Ok(index)
            };
            let mut future = std::pin::pin!(try_map_concurrent(millis.iter().enumerate(), limit, work));
            let result = future.as_mut().await;
            assert_eq!(gauge.running(), 0, "the others are dropped before the error is given");
            match first_failure.take() {
                Some((index, when)) => assert_eq!((result, begin.elapsed()), (Err(index), when)),
                None => assert_eq!(result.unwrap().len(), millis.len()),
            }
        });
    }

    #[test]
    fn all_errors_with_their_index(millis in schedule(), failing in prop::collection::btree_set(0..40_usize, 0..10), places in 1..10_usize) {
        paused().block_on(async {
            let gauge = Gauge::default();
            let limit = Limit::try_from(places).unwrap();
            let work = async |(index, millis): (usize, &u64)| {
                gauge.work(*millis, ()).await;
                if failing.contains(&index) { Err(10 * index) } else { Ok(index) }
            };
            let result = try_map_concurrent_all(millis.iter().enumerate(), limit, work).await;
            assert_eq!(gauge.ended(), millis.len());
            let expected: Vec<_> = failing.iter().filter(|index| **index < millis.len()).map(|index| (*index, 10 * index)).collect();
            match result {
                Ok(values) => assert!(expected.is_empty() && values.len() == millis.len()),
                Err(errors) => assert_eq!(errors.into_iter().collect::<Vec<_>>(), expected),
            }
        });
    }

    #[test]
    fn filter_and_partition_are_those_of_the_iterator(numbers in prop::collection::vec(0..100_u64, 0..40), places in 1..10_usize) {
        paused().block_on(async {
            let gauge = Gauge::default();
            let limit = Limit::try_from(places).unwrap();
            let even = async |n: &u64| gauge.work(*n * 7 % 11, n.is_multiple_of(2)).await;
            let (left, right): (Vec<&u64>, Vec<&u64>) = numbers.iter().partition(|n| *n % 2 == 0);
            assert_eq!(filter_concurrent(&numbers, limit, even).await, left);
            assert_eq!(partition_concurrent(&numbers, limit, even).await, (left.clone(), right.clone()));
            let fine = async |n: &u64| Ok::<_, ()>(even(n).await);
            assert_eq!(try_filter_concurrent(&numbers, limit, fine).await.unwrap(), left);
            assert_eq!(try_filter_concurrent_all(&numbers, limit, fine).await.unwrap(), left);
            assert_eq!(try_partition_concurrent(&numbers, limit, fine).await.unwrap(), (left.clone(), right.clone()));
            assert_eq!(try_partition_concurrent_all(&numbers, limit, fine).await.unwrap(), (left, right));
            assert!(gauge.peak() <= places);
        });
    }

    #[test]
    fn equal_keys_run_once(keys in prop::collection::vec(0..10_u64, 0..40), places in 1..10_usize) {
        paused().block_on(async {
            let gauge = Gauge::default();
            let limit = Limit::try_from(places).unwrap();
            let pairs = map_keys_concurrent(keys.iter().copied(), limit, async |key| gauge.work(10 - key, 2 * key).await).await;
            let mut expected: Vec<(u64, u64)> = Vec::new();
            for key in keys {
                if !expected.contains(&(key, 2 * key)) {
                    expected.push((key, 2 * key));
                }
            }
            assert_eq!(gauge.begun(), expected.len());
            assert_eq!(pairs, expected);
        });
    }
}

/// futures' `try_join_all` above 30 inputs waits for all; here the number makes no difference.
#[tokio::test(start_paused = true)]
async fn try_join_all_above_thirty() {
    let begin = Instant::now();
    let futures = (0..100).map(async |n| {
        sleep(if n == 50 { SECOND } else { 1000 * SECOND }).await;
        if n == 50 { Err(n) } else { Ok(()) }
    });
    assert_eq!(try_join_all(futures, Unlimited).await, Err(50));
    assert_eq!(begin.elapsed(), SECOND);
}

/// `buffered(0)` hangs for ever; here a limit of nothing cannot be made.
#[test]
fn buffered_0() {
    assert_eq!(Limit::try_from(0).unwrap_err().to_string(), "a limit of 0 would never start anything: use at least 1, or Unlimited");
}

#[tokio::test(start_paused = true)]
async fn every_form_of_join_and_for_each() {
    let number = async |n: u64| if n == 2 { Err(n) } else { Ok(n) };
    assert_eq!(join_all([1, 2, 3].map(number), limit!(2)).await, [Ok(1), Err(2), Ok(3)]);
    assert_eq!(try_join_all([1, 3].map(number), limit!(2)).await, Ok(vec![1, 3]));
    assert_eq!(try_join_all_errors([2, 1, 2].map(number), limit!(2)).await.unwrap_err().len(), 2);

    let unit = async |n| number(n).await.map(drop);
    assert_eq!(try_for_each_concurrent([1, 2, 3], limit!(2), unit).await, Err(2));
    assert_eq!(try_for_each_concurrent_all([2, 3, 2], limit!(2), unit).await.unwrap_err().iter().count(), 2);
    assert_eq!(try_map_keys_concurrent([1, 1, 3], limit!(2), number).await, Ok(vec![(1, 1), (3, 3)]));
    assert_eq!(try_map_keys_concurrent_all([2, 2, 1], limit!(2), number).await.unwrap_err().to_string(), "1 failed: #0: 2");
}

/// Input that is always ready must not keep other tasks from running.
#[tokio::test]
async fn yields_to_the_budget() {
    let others = std::rc::Rc::new(Cell::new(0));
    let local = tokio::task::LocalSet::new();
    local
        .run_until(async {
            let counting = {
                let others = std::rc::Rc::clone(&others);
                tokio::task::spawn_local(async move {
                    loop {
                        others.set(others.get() + 1);
                        tokio::task::yield_now().await;
                    }
                })
            };
            for_each_concurrent(0..100_000, limit!(8), async |_| ()).await;
            for_each_concurrent(0..100_000, Unlimited, async |_| ()).await;
            let none = stream::iter(0..100_000).filter(|_| std::future::ready(false));
            map_keys_concurrent(stream::repeat(1).take(100_000), limit!(2), async |_| ()).await;
            drop(none);
            counting.abort();
        })
        .await;
    assert!(others.get() > 1_000, "the other task ran {} times", others.get());
}

/// A stream is asked for an item only when there is room, and an endless one holds no memory.
#[tokio::test(start_paused = true)]
async fn streams_are_pulled_one_by_one() {
    let pulled = Cell::new(0);
    let numbers = stream::iter(0_u64..).inspect(|_| pulled.set(pulled.get() + 1));
    let gauge = Gauge::default();
    let endless = for_each_concurrent(numbers, limit!(3), async |_| gauge.work(1000, ()).await);
    assert!(timeout(SECOND * 10 + SECOND / 2, endless).await.is_err());
    assert_eq!((pulled.get(), gauge.peak(), gauge.running()), (33, 3, 0));
}

/// A stream that is not ready does not keep the futures in flight from being polled.
#[tokio::test(start_paused = true)]
async fn slow_stream_does_not_stall_what_is_in_flight() {
    let gauge = Gauge::default();
    let slow = stream::unfold(0, async |n| {
        sleep(10 * SECOND).await;
        (n < 3).then_some((n, n + 1))
    });
    let ends = map_concurrent(Box::pin(slow), limit!(4), async |_| {
        gauge.work(1000, ()).await;
        Instant::now()
    });
    let begin = Instant::now();
    let ends: Vec<u64> = ends.await.into_iter().map(|end| (end - begin).as_secs()).collect();
    assert_eq!(ends, [11, 21, 31]);
}

#[tokio::test]
async fn nothing_in_nothing_out() {
    let none: [u8; 0] = [];
    assert_eq!(map_concurrent(none, limit!(1), async |n| n).await, []);
    assert_eq!(map_concurrent(stream::empty::<u8>(), limit!(1), async |n| n).await, []);
    assert_eq!(try_map_concurrent_all(none, limit!(1), async |_| Err::<u8, u8>(1)).await, Ok(vec![]));
}

#[tokio::test]
async fn polled_again_after_its_end() {
    let mut future = std::pin::pin!(map_concurrent([1, 2], limit!(1), async |n| n));
    assert_eq!(future.as_mut().await, [1, 2]);
    assert_eq!(future.now_or_never(), Some(vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_limiter_is_first_come_first_served() {
    let (limiter, order) = (Limiter::new(limit!(2)), RefCell::new(Vec::new()));
    let gauge = Gauge::default();
    let noted = async |n| {
        limiter
            .run(async {
                order.borrow_mut().push(n);
                gauge.work(10, ()).await;
            })
            .await
    };
    for_each_concurrent(0..10, Unlimited, noted).await;
    assert_eq!((order.take(), gauge.peak(), limiter.available()), ((0..10).collect(), 2, 2));
    assert!(timeout(SECOND, limiter.run(std::future::pending::<()>())).await.is_err());
    assert_eq!(limiter.available(), 2);
}
