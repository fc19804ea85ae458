//! The first one wins, and nothing of the others is left.

use std::pin::pin;
use std::sync::Arc;

use awaitkit::*;
use tokio::sync::Mutex;

use crate::support::{Gauge, SECOND};

async fn after<T>(seconds: u32, value: T) -> T {
    sleep(SECOND * seconds).await;
    value
}

#[tokio::test(start_paused = true)]
async fn tuples_arrays_and_vectors() {
    assert_eq!(race((after(2, "slow"), after(1, "fast"))).await, "fast");
    assert_eq!(race((after(3, 3), after(2, 2), async { 1 }, std::future::pending())).await, 1);
    assert_eq!(race([after(3, 3), after(1, 1), after(2, 2)]).await, 1);
    assert_eq!(race(vec![after(3, 3), after(1, 1)]).await, Some(1));
    let nobody: Vec<std::future::Ready<u8>> = Vec::new();
    assert_eq!(race(nobody).await, None);
    let eight = || after(9, 9);
    assert_eq!(race((eight(), eight(), eight(), eight(), eight(), eight(), eight(), after(1, 1))).await, 1);
}

#[tokio::test(start_paused = true)]
async fn of_several_done_at_once_the_first_in_order_wins() {
    assert_eq!(race([after(0, 1), after(0, 2)]).await, 1);
    assert_eq!(race((async { 1 }, async { 2 })).await, 1);
}

#[tokio::test(start_paused = true)]
async fn borrows_inside_a_spawned_task() {
    tokio::spawn(async {
        let text = String::from("abc");
        let first = race((async { text.as_str() }, async { &text[1..] })).await;
        assert_eq!(first, "abc");
        assert_eq!(race_ok([async { Err::<&str, _>(text.len()) }]).await.unwrap_err().iter().next(), Some((0, &3)));
    })
    .await
    .unwrap();
}

/// Oxide's RFD 609: a future that queues for a lock is not polled any more but not dropped either, and the code after the
/// `select!` waits for the lock behind it, for ever. Here the loser is gone before the winner's value is given.
#[tokio::test(start_paused = true)]
async fn futurelock() {
    let lock = Arc::new(Mutex::new(()));
    let background = tokio::spawn({
        let lock = Arc::clone(&lock);
        async move {
            let _guard = lock.lock().await;
            after(5, ()).await;
        }
    });
    tokio::task::yield_now().await;

    let queues = async {
        let _guard = lock.lock().await;
    };
    let mut racing = pin!(race((queues, after(1, ()))));
    racing.as_mut().await;
    // The race itself is still in scope, as in the RFD.
    let _guard = timeout(10 * SECOND, lock.lock()).await.expect("the loser still holds its place in the queue of the lock");
    background.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn losers_are_dropped_before_the_value_is_given() {
    let gauge = Gauge::default();
    let mut racing = pin!(race([gauge.work(1, 'a'), gauge.work(2, 'b'), gauge.work(3, 'c')]));
    assert_eq!(racing.as_mut().await, 'a');
    assert_eq!((gauge.begun(), gauge.running()), (3, 0));

    let mut racing = pin!(race_ok([gauge.work(1, Err(1)), gauge.work(2, Ok(2)), gauge.work(3, Ok(3))]));
    assert_eq!(racing.as_mut().await, Ok(2));
    assert_eq!(gauge.running(), 0);
}

#[tokio::test(start_paused = true)]
async fn first_success_or_every_error() {
    assert_eq!(race_ok([after(1, Err("a")), after(2, Ok(2)), after(3, Ok(3))]).await, Ok(2));
    let errors = race_ok([after(2, Err::<(), _>("a")), after(1, Err("b"))]).await.unwrap_err();
    assert_eq!(errors.to_string(), "2 failed: #0: a; #1: b");
    assert_eq!(race_ok((after(2, Ok::<_, u8>(2)), after(1, Ok(1)))).await, Ok(1));
    let nobody: Vec<std::future::Ready<Result<u8, u8>>> = Vec::new();
    assert!(race_ok(nobody).await.unwrap_err().is_empty());
}

#[tokio::test(start_paused = true)]
async fn first_n_successes() {
    let racers = || [after(3, Ok(3)), after(1, Err("x")), after(2, Ok(2)), after(4, Ok(4))];
    let begin = tokio::time::Instant::now();
    assert_eq!(race_ok_n(racers(), 2).await, Ok(vec![2, 3]));
    assert_eq!(begin.elapsed(), 3 * SECOND);
    assert_eq!(race_ok_n(racers(), 0).await, Ok(vec![]));
    assert_eq!(race_ok_n(racers(), 3).await, Ok(vec![2, 3, 4]));
    // Four cannot be reached once one has failed, which is known after a second.
    let begin = tokio::time::Instant::now();
    assert_eq!(race_ok_n(racers(), 4).await.unwrap_err().into_iter().collect::<Vec<_>>(), [(1, "x")]);
    assert_eq!(begin.elapsed(), SECOND);
    assert!(race_ok_n(racers(), 5).await.unwrap_err().is_empty());
}

#[tokio::test(start_paused = true)]
async fn timeout_or_gives_the_default() {
    assert_eq!(timeout_or(2 * SECOND, after(1, "value"), "default").await, "value");
    assert_eq!(timeout_or(2 * SECOND, after(3, "value"), "default").await, "default");
}
