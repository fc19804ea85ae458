//! What several modules of tests need.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::{ErrorSink, sleep};
use tokio::runtime::{Builder, Runtime};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A runtime under virtual time.
pub(crate) fn paused() -> Runtime {
    Builder::new_current_thread().enable_time().start_paused(true).build().unwrap()
}

/// How many futures run, ran at most at once, and are alive.
#[derive(Clone, Default)]
pub(crate) struct Gauge(Rc<Counts>);

#[derive(Default)]
struct Counts {
    running: Cell<usize>,
    peak: Cell<usize>,
    begun: Cell<usize>,
    ended: Cell<usize>,
}

/// One future on the gauge, from its first poll until it is dropped.
pub(crate) struct Running(Rc<Counts>);

impl Gauge {
    pub(crate) fn begin(&self) -> Running {
        let counts = &self.0;
        counts.begun.set(counts.begun.get() + 1);
        counts.running.set(counts.running.get() + 1);
        counts.peak.set(counts.peak.get().max(counts.running.get()));
        Running(Rc::clone(counts))
    }

    /// Takes so many milliseconds of virtual time and gives `value`.
    pub(crate) async fn work<T>(&self, millis: u64, value: T) -> T {
        let _running = self.begin();
        sleep(Duration::from_millis(millis)).await;
        value
    }

    pub(crate) fn running(&self) -> usize {
        self.0.running.get()
    }

    pub(crate) fn peak(&self) -> usize {
        self.0.peak.get()
    }

    pub(crate) fn begun(&self) -> usize {
        self.0.begun.get()
    }

    pub(crate) fn ended(&self) -> usize {
        self.0.ended.get()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.0.running.set(self.0.running.get() - 1);
        self.0.ended.set(self.0.ended.get() + 1);
    }
}

/// A sink that keeps the texts.
pub(crate) fn listen() -> (ErrorSink, impl Fn() -> Vec<String>) {
    let texts: Arc<Mutex<Vec<String>>> = Arc::default();
    let sink = ErrorSink::new({
        let texts = Arc::clone(&texts);
        move |unhandled| texts.lock().unwrap().push(unhandled.error.to_string())
    });
    (sink, move || texts.lock().unwrap().clone())
}

/// Polls `future` at most `polls` times, then drops it. Says whether it was done.
pub(crate) async fn polled_at_most<Fut: Future>(future: Fut, polls: usize) -> Option<Fut::Output> {
    let mut future = std::pin::pin!(future);
    let mut left = polls;
    poll_fn(|cx| {
        if left == 0 {
            return std::task::Poll::Ready(None);
        }
        left -= 1;
        future.as_mut().poll(cx).map(Some)
    })
    .await
}
