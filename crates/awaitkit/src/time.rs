use std::time::Duration;

use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::yield_now;
use tokio::time::timeout;

/// The output of `future`, or `default` if it takes longer than `limit`; the future is dropped then.
///
/// # Cancel safety
///
/// As cancel safe as `future`, which is cancelled when the time is over.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::{future::pending, time::Duration};
/// use awaitkit::timeout_or;
///
/// assert_eq!(timeout_or(Duration::from_secs(2), pending(), "nothing").await, "nothing");
/// # }
/// ```
#[doc(alias = "timeoutWithDefault")]
pub async fn timeout_or<F: IntoFuture>(limit: Duration, future: F, default: F::Output) -> F::Output {
    timeout(limit, future).await.unwrap_or(default)
}

/// Lets the other tasks go first.
///
/// On a `current_thread` runtime every task that could run when this was called is polled once before it returns; with the tasks
/// of one `LocalSet` among themselves only the next few dozen. On a `multi_thread` runtime the other threads work on their own and
/// nothing can be promised: it gives way a fixed number of times.
///
/// It is made for grouping what others are about to ask for. To wait *for* something, await that; polling with `later` burns
/// the processor.
///
/// # Cancel safety
///
/// Cancel safe.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use awaitkit::{later, spawn};
///
/// static STARTED: AtomicU32 = AtomicU32::new(0);
/// let _tasks: Vec<_> = (0..100).map(|_| spawn(async { STARTED.fetch_add(1, Ordering::Relaxed) })).collect();
/// assert_eq!(STARTED.load(Ordering::Relaxed), 0);
/// later().await;
/// assert_eq!(STARTED.load(Ordering::Relaxed), 100);
/// # }
/// ```
#[doc(alias = "yield_now")]
pub async fn later() {
    match Handle::try_current() {
        // The queue is first in, first out: when the empty task has run, so has everything that was there before it.
        Ok(runtime) if runtime.runtime_flavor() == RuntimeFlavor::CurrentThread => {
            let _ended = runtime.spawn(async {}).await;
        }
        Ok(_) => {
            for _ in 0..TURNS {
                yield_now().await;
            }
        }
        Err(_) => yield_now().await,
    }
}

const TURNS: u32 = 10;
