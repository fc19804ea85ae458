use std::pin::pin;
use std::time::Duration;

use tokio::task::yield_now;
use tokio::time::{Instant, timeout};

use super::Inner;
use crate::sync::lock;

/// How long a [`Batcher`](crate::Batcher) waits for more keys after the first. A full batch leaves at once, whatever this says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Window {
    /// Until nobody has asked for `yields` turns of the runtime, at most `max_wait`. The default.
    ///
    /// One turn is one [`yield_now`]: other tasks that can run get to run. Nothing else delays the first batch, and on an idle
    /// runtime that is microseconds. While a batch is on its way the next waits for it to return, at most a millisecond, and
    /// eight times as long for each further one: those who ask so much are likely to ask more.
    ///
    /// What is asked together is one batch for certain where one thread runs all who ask. Threads that run side by side can be
    /// stopped by the machine in the middle of asking, and nothing can tell that they will ask more: then there are a few. What
    /// holds always is said at [`max_in_flight`](crate::BatcherBuilder::max_in_flight).
    Quiet {
        /// Turns without a lookup.
        yields: u32,
        /// The end, even if lookups keep coming.
        max_wait: Duration,
    },
    /// So long after the first key. For keys that come from tasks which wait for other things in between.
    Delay(Duration),
    /// Not at all. Keys are grouped while they wait for room, so this needs a small
    /// [`max_in_flight`](crate::BatcherBuilder::max_in_flight); the default for this window is one.
    Immediate,
}

impl Default for Window {
    fn default() -> Self {
        Self::Quiet { yields: YIELDS, max_wait: MAX_WAIT }
    }
}

impl<K, V, E> Inner<K, V, E> {
    /// Ends when the window closes, or when the batch is full.
    pub(super) async fn wait_for_window(&self) {
        match self.window {
            Window::Quiet { yields, max_wait } => self.wait_for_quiet(yields, Instant::now().checked_add(max_wait)).await,
            Window::Delay(delay) => self.wait_for_delay(delay).await,
            Window::Immediate => {}
        }
    }

    async fn wait_for_quiet(&self, yields: u32, end: Option<Instant>) {
        self.wait_for_turns(yields, end).await;
        let mut changed = pin!(self.changed.notified());
        changed.as_mut().enable();
        let (waiting, in_flight) = lock(&self.queue).sizes();
        if waiting < self.max_size && in_flight > 0 {
            let patience = PATIENCE.saturating_mul(MORE.saturating_pow(u32::try_from(in_flight - 1).unwrap_or(u32::MAX)));
            if timeout(patience, changed).await.is_ok() {
                self.wait_for_turns(yields, end).await;
            }
        }
    }

    async fn wait_for_turns(&self, yields: u32, end: Option<Instant>) {
        let mut seen = None;
        let mut quiet = 0;
        while quiet < yields {
            let (lookups, waiting) = lock(&self.queue).growth();
            if waiting >= self.max_size || end.is_some_and(|end| Instant::now() >= end) {
                return;
            }
            quiet = if seen == Some(lookups) { quiet + 1 } else { 0 };
            seen = Some(lookups);
            yield_now().await;
        }
    }

    async fn wait_for_delay(&self, delay: Duration) {
        let full = async {
            loop {
                let mut changed = pin!(self.changed.notified());
                changed.as_mut().enable();
                if lock(&self.queue).growth().1 >= self.max_size {
                    return;
                }
                changed.await;
            }
        };
        let _either = timeout(delay, full).await;
    }
}

const YIELDS: u32 = 10;
const MAX_WAIT: Duration = Duration::from_millis(10);
/// The shortest time that Tokio's timer can measure.
const PATIENCE: Duration = Duration::from_millis(1);
/// How many times as long for each further batch on its way.
const MORE: u32 = 8;
