//! Tells of handlers that block the runtime's threads: <https://docs.rs/tokio/latest/tokio/#cpu-bound-tasks-and-blocking-code>.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing::warn;

/// From so long on, a handler that does not give way is told of.
const LONGEST: Duration = Duration::from_secs(1);

static WATCHDOG: LazyLock<Watchdog> = LazyLock::new(|| {
    let watchdog = Watchdog::new();
    let all = Arc::clone(&watchdog.all);
    let base = watchdog.base;
    let look = move || loop {
        thread::sleep(LONGEST / 4);
        for (handler, time) in blocking(&all, base, LONGEST) {
            let help = "other handlers of this account wait. help: spawn_blocking(|| …) or sleep(…)";
            warn!("handler `{handler}` has blocked the runtime for {:.1} s\n  {help}", time.as_secs_f64());
        }
    };
    // Without it nothing is told, and all else works.
    let _ = thread::Builder::new().name("quadruplex-watchdog".to_owned()).spawn(look);
    watchdog
});

/// Polls a handler, and notes when it was begun to.
pub(super) fn watch<F: Future>(handler: &'static str, future: F) -> impl Future<Output = F::Output> {
    WATCHDOG.watch(handler, future)
}

struct Watchdog {
    base: Instant,
    /// As many as handlers have run at once at most.
    all: Arc<Mutex<Vec<Arc<Slot>>>>,
    /// Those in which no handler runs.
    free: Mutex<Vec<Arc<Slot>>>,
}

/// A handler that runs, or the place for one.
struct Slot {
    handler: Mutex<&'static str>,
    /// The milliseconds after `base` at which it was begun to poll it, plus one; 0: it is not being polled.
    since: AtomicU64,
}

/// It was told of: not again before it has given way.
const TOLD: u64 = u64::MAX;

/// Has a slot until it is dropped.
struct Watched<'a> {
    watchdog: &'a Watchdog,
    slot: Arc<Slot>,
}

impl Drop for Watched<'_> {
    fn drop(&mut self) {
        self.slot.since.store(0, Ordering::Relaxed);
        lock(&self.watchdog.free).push(Arc::clone(&self.slot));
    }
}

impl Watchdog {
    fn new() -> Self {
        Self { base: Instant::now(), all: Arc::default(), free: Mutex::default() }
    }

    async fn watch<F: Future>(&self, handler: &'static str, future: F) -> F::Output {
        let watched = self.slot(handler);
        let since = &watched.slot.since;
        let mut future = pin!(future);
        poll_fn(|context| {
            let now = u64::try_from(self.base.elapsed().as_millis()).unwrap_or(0);
            since.store(now + 1, Ordering::Relaxed);
            let polled = future.as_mut().poll(context);
            since.store(0, Ordering::Relaxed);
            polled
        })
        .await
    }

    fn slot(&self, handler: &'static str) -> Watched<'_> {
        let free = lock(&self.free).pop();
        let slot = free.unwrap_or_else(|| {
            let slot = Arc::new(Slot { handler: Mutex::new(handler), since: AtomicU64::new(0) });
            lock(&self.all).push(Arc::clone(&slot));
            slot
        });
        *lock(&slot.handler) = handler;
        Watched { watchdog: self, slot }
    }
}

/// Handlers that have been polled for too long, each once.
fn blocking(all: &Mutex<Vec<Arc<Slot>>>, base: Instant, longest: Duration) -> Vec<(&'static str, Duration)> {
    let mut found = Vec::new();
    for slot in &*lock(all) {
        let since = slot.since.load(Ordering::Relaxed);
        if since != 0 && since != TOLD {
            let time = base.elapsed().saturating_sub(Duration::from_millis(since - 1));
            if time >= longest && slot.since.compare_exchange(since, TOLD, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                found.push((*lock(&slot.handler), time));
            }
        }
    }
    found
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn who_does_not_give_way_is_told_of_once() {
        let watchdog = Watchdog::new();
        let look = |longest| blocking(&watchdog.all, watchdog.base, longest);
        watchdog
            .watch("greedy", async {
                assert!(look(Duration::from_secs(3600)).is_empty());
                let told = look(Duration::ZERO);
                assert_eq!(told.iter().map(|(handler, _)| *handler).collect::<Vec<_>>(), ["greedy"]);
                assert!(look(Duration::ZERO).is_empty(), "once is enough");
                tokio::task::yield_now().await;
                assert_eq!(look(Duration::ZERO).len(), 1, "it has given way, and begun again");
            })
            .await;
        assert!(look(Duration::ZERO).is_empty());
        watchdog.watch("next", async { assert_eq!(look(Duration::ZERO)[0].0, "next") }).await;
        assert_eq!((lock(&watchdog.all).len(), lock(&watchdog.free).len()), (1, 1), "the place is used again");
    }
}
