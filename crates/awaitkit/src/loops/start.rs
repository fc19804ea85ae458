use std::panic::Location;
use std::time::Duration;

use tokio::time::sleep;

use super::{IntoNext, Loop, LoopHandle};
use crate::{Task, later, spawn};

/// Calls `run` now and then once in every `period`: [`Loop::every`], started under the name of the place in the program.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{repeat, sleep};
///
/// let ticks = repeat(Duration::from_secs(1), async || println!("tick"));
/// sleep(Duration::from_millis(2500)).await;
/// assert_eq!(ticks.runs(), 3);
/// # }
/// ```
#[track_caller]
pub fn repeat<F, Fut>(period: Duration, run: F) -> LoopHandle
where
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output: IntoNext> + Send + 'static,
{
    Loop::every(period, run).start(Location::caller().to_string())
}

/// Runs `future` in a task after everything that is ready now, see [`later`].
#[doc(alias = "queue")]
#[track_caller]
pub fn defer<F>(future: F) -> Task<F::Output>
where
    F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>,
{
    let future = future.into_future();
    spawn(async {
        later().await;
        future.await
    })
}

/// Runs `future` in a task after a time.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::delay;
///
/// let begin = tokio::time::Instant::now();
/// let elapsed = delay(Duration::from_secs(2), async move { begin.elapsed() });
/// assert_eq!(elapsed.await.unwrap().as_secs(), 2);
/// # }
/// ```
#[track_caller]
pub fn delay<F>(time: Duration, future: F) -> Task<F::Output>
where
    F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>,
{
    let future = future.into_future();
    spawn(async move {
        sleep(time).await;
        future.await
    })
}
