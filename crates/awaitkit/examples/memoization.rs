//! "Memoization may be good, but only awaitables": the value checked, awaited and set is computed twice; the work remembered, once.
//!
//! Proves: two runs against one, and that the second call does not wait.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use awaitkit::{BoxError, Memo, join, memoize, sleep};
use tokio::time::Instant;

static RUNS: AtomicU32 = AtomicU32::new(0);

async fn time_consuming() -> Result<String, BoxError> {
    RUNS.fetch_add(1, Ordering::Relaxed);
    sleep(Duration::from_secs(5)).await;
    Ok("This really is time consuming.".to_owned())
}

/// The trap: between the check and the set there is an await.
async fn memoize_result() -> Result<String, BoxError> {
    static RESULT: Mutex<Option<String>> = Mutex::new(None);
    let known = RESULT.lock().unwrap().clone();
    if let Some(known) = known {
        return Ok(known);
    }
    // awaitlint: allow(memo-race) the trap that this example is about
    let result = time_consuming().await?;
    *RESULT.lock().unwrap() = Some(result.clone());
    Ok(result)
}

#[memoize]
async fn memoize_handle() -> Result<String, BoxError> {
    time_consuming().await
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), BoxError> {
    tokio::time::pause();
    let (a, b) = join!(memoize_result(), memoize_result());
    assert_eq!(a?, b?);
    println!("value memoised: {} runs for two callers", RUNS.load(Ordering::Relaxed));
    assert_eq!(RUNS.swap(0, Ordering::Relaxed), 2);

    let begin = Instant::now();
    let (a, b) = join!(memoize_handle(), memoize_handle());
    assert_eq!(a?, b?);
    let first = begin.elapsed();
    let begin = Instant::now();
    memoize_handle().await?;
    let second = begin.elapsed();
    println!("work memoised: {} run; first {first:?}, then {second:?}", RUNS.load(Ordering::Relaxed));
    assert_eq!(RUNS.swap(0, Ordering::Relaxed), 1);
    assert!(second < first);

    // The same by hand: one handle that many can await.
    let memo: Memo<(), String, BoxError> = Memo::new();
    let handle = memo.start((), time_consuming())?;
    let (a, b) = join!(handle.clone().into_future(), handle.into_future());
    assert_eq!(a?, b?);
    assert_eq!(RUNS.load(Ordering::Relaxed), 1);
    Ok(())
}
