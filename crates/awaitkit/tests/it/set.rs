//! Completion order, and adding while iterating.

use awaitkit::*;

use crate::support::{Gauge, SECOND};

#[tokio::test(start_paused = true)]
async fn completion_order_and_adding_meanwhile() {
    let gauge = Gauge::default();
    let mut set = FutureSet::from_iter([gauge.work(30, 30), gauge.work(10, 10), gauge.work(20, 20)]);
    let mut order = Vec::new();
    while let Some(value) = set.next().await {
        order.push(value);
        if value == 10 {
            set.extend([gauge.work(5, 5), gauge.work(100, 100)]);
        }
    }
    assert_eq!(order, [10, 5, 20, 30, 100]);
    assert!(set.is_empty());
}

#[tokio::test(start_paused = true)]
async fn keys_are_labels() {
    let gauge = Gauge::default();
    let map = FutureMap::from_iter([("a", gauge.work(2, 2)), ("b", gauge.work(1, 1)), ("a", gauge.work(3, 3))]);
    assert_eq!(map.len(), 3);
    assert_eq!(map.collect::<Vec<_>>().await, [("b", 1), ("a", 2), ("a", 3)]);
}

#[tokio::test(start_paused = true)]
async fn next_is_cancel_safe() {
    let gauge = Gauge::default();
    let mut set = FutureSet::from_iter([gauge.work(1500, 1)]);
    assert!(timeout(SECOND, set.next()).await.is_err());
    assert_eq!(set.next().await, Some(1));
    assert_eq!(gauge.begun(), 1);
}

/// The futures of a stream stand still while its consumer waits for something else; `alongside` keeps them going.
#[tokio::test(start_paused = true)]
async fn stalled_buffered_stream() {
    let deadline_kept = async |progress: bool| {
        let gauge = Gauge::default();
        // Each future must be polled at least every second, like a connection with a heartbeat.
        let beating = async |n| {
            let _running = gauge.begin();
            for _ in 0..3 {
                let beat = tokio::time::Instant::now();
                sleep(SECOND).await;
                if beat.elapsed() > 2 * SECOND {
                    return None;
                }
            }
            Some(n)
        };
        let mut set = FutureMap::new();
        set.insert(0, beating(0));
        set.insert(1, beating(1));
        sleep(SECOND / 2).await;
        let mut kept = true;
        let consume = sleep(10 * SECOND);
        if progress {
            set.alongside(consume).await;
        } else {
            assert!(timeout(SECOND / 2, set.next()).await.is_err());
            consume.await;
        }
        while let Some((_, value)) = set.next().await {
            kept &= value.is_some();
        }
        kept
    };
    assert!(!deadline_kept(false).await, "the trap is there");
    assert!(deadline_kept(true).await, "alongside avoids it");
}

/// The same with a bounded map: what is done with a value belongs into the function, which is polled with all the others.
#[tokio::test(start_paused = true)]
async fn stalled_buffered_stream_in_a_map() {
    let gauge = Gauge::default();
    let begin = tokio::time::Instant::now();
    for_each_concurrent(0..4, limit!(4), async |n| {
        gauge.work(1000, n).await;
        gauge.work(1000, n).await; // the consumer
    })
    .await;
    assert_eq!(begin.elapsed(), 2 * SECOND);
}
