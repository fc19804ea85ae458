use std::sync::Arc;

use tokio::sync::Semaphore;

use crate::Limit;

/// Lets at most so many futures run at once, whoever starts them; the others wait in the order in which they came.
///
/// A cheap handle; clones share the places. A place is given back when its future is done or dropped, also by a panic or by the end of
/// its runtime. It has no task of its own, so there is nothing to shut down.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{Limiter, join, limit, sleep};
///
/// let begin = tokio::time::Instant::now();
/// let limiter = Limiter::new(limit!(2));
/// let work = async || limiter.run(async { sleep(Duration::from_secs(1)).await }).await;
/// join!(work(), work(), work());
/// assert_eq!(begin.elapsed().as_secs(), 2);
/// # }
/// ```
#[doc(alias = "Semaphore")]
#[derive(Clone, Debug)]
pub struct Limiter(Arc<Semaphore>);

impl Limiter {
    /// With so many places.
    pub fn new(places: impl Into<Limit>) -> Self {
        Self(Arc::new(Semaphore::new(places.into().count().min(Semaphore::MAX_PERMITS))))
    }

    /// Runs `future` as soon as there is a place.
    ///
    /// # Cancel safety
    ///
    /// Dropping it gives back its place or its turn in the queue, and drops `future`. Called again, it waits at the end.
    #[doc(alias = "waitForAsync")]
    pub async fn run<F: IntoFuture>(&self, future: F) -> F::Output {
        // The semaphore is never closed; an error would only mean that there is no limit.
        let _place = self.0.acquire().await.ok();
        future.into_future().await
    }

    /// Places that are free now.
    pub fn available(&self) -> usize {
        self.0.available_permits()
    }
}
