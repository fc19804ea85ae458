mod calendar;
mod core;
#[cfg(feature = "cron")]
mod cron;
mod driver;
mod handle;
mod next;
mod schedule;
mod signals;
mod start;

use std::convert::Infallible;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use crate::task::Origin;
use crate::{Backoff, ErrorSink, Limit};
use calendar::Calendar;
use core::Core;
use driver::{Body, Hooks};

#[cfg(feature = "cron")]
pub use cron::{Cron, CronError, CronFile, CronStore};
pub use handle::{LoopHandle, Resumed, SignalError};
pub use next::{IntoNext, Next};
pub use schedule::Missed;
pub use signals::Signals;
pub use start::{defer, delay, repeat};

/// Work that is done again and again: periodically, on demand, or whenever it says.
///
/// Runs of one loop never overlap. A [`resume`](LoopHandle::resume) during a run is not lost: one more run follows. The period can be
/// changed while the loop waits. An error or a panic goes to the [`ErrorSink`] and the loop goes on after a growing wait, unless
/// [`after_failure`](Self::after_failure) says otherwise.
///
/// The function returns what comes [`Next`], nothing, or a `Result` of those. It is called for each run and its future must not
/// borrow from it; an async closure that captures nothing will do, else write `move || { let x = x.clone(); async move { … } }`.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{Loop, sleep};
///
/// let ticks = Loop::every(Duration::from_secs(30), async || println!("tick")).start("ticks");
/// sleep(Duration::from_secs(61)).await;
/// assert_eq!(ticks.runs(), 3); // at 0, 30 and 60 seconds
/// ticks.set_period(Duration::from_secs(5));
/// sleep(Duration::from_secs(10)).await;
/// assert_eq!(ticks.runs(), 5); // at 65 and 70
/// ticks.stop().await;
/// # }
/// ```
#[must_use = "a loop does nothing until it is started"]
pub struct Loop<S = Infallible> {
    body: Body,
    kind: Kind,
    missed: Missed,
    calendar: Option<Arc<dyn Calendar>>,
    jitter: Duration,
    after_failure: AfterFailure,
    hooks: Hooks,
    cancel: CancellationToken,
    signals: Option<mpsc::Sender<S>>,
}

/// When a loop runs if its function does not say otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Free,
    Every(Duration),
    OnDemand,
    #[cfg(feature = "cron")]
    Calendar,
}

/// What a loop does when a run ends with an error or a panic, after it has been reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterFailure {
    /// Runs again after a wait, which grows with each failure in a row.
    Retry(Backoff),
    /// Ends.
    Stop,
}

impl Loop {
    /// A loop whose function says each time when it runs next: at once with [`Next::Continue`]; returning nothing pauses it.
    #[doc(alias = "GenericLoop")]
    pub fn new<F, Fut>(run: F) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoNext> + Send + 'static,
    {
        Self::of_kind(Kind::Free, Body::new(run), None)
    }

    /// A loop that runs now and then once in every `period`, counted from the end of a run unless [`missed`](Self::missed) says
    /// otherwise.
    #[doc(alias = "PeriodicLoop")]
    #[doc(alias = "interval")]
    pub fn every<F, Fut>(period: Duration, run: F) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoNext> + Send + 'static,
    {
        Self::of_kind(Kind::Every(period), Body::new(run), None)
    }

    /// A loop that runs once for each [`resume`](LoopHandle::resume) (those that come while it is already due count as one).
    #[doc(alias = "ResumableLoop")]
    pub fn on_demand<F, Fut>(run: F) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoNext> + Send + 'static,
    {
        Self::of_kind(Kind::OnDemand, Body::new(run), None)
    }
}

impl<S: Send + 'static> Loop<S> {
    /// Like [`Loop::new`], with a mailbox of at most `room` signals: [`LoopHandle::signal`] puts one in and wakes the loop, the function
    /// takes them out.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use awaitkit::{Loop, Next, Signals, later, limit};
    ///
    /// let adder = Loop::with_signals(limit!(8), |mut signals: Signals<u32>| async move {
    ///     while let Some(n) = signals.take() {
    ///         println!("{n}");
    ///     }
    ///     Next::Pause
    /// })
    /// .start("adder");
    /// adder.signal(7).unwrap();
    /// later().await;
    /// adder.stop().await;
    /// # }
    /// ```
    #[doc(alias = "SignalLoop")]
    pub fn with_signals<F, Fut>(room: impl Into<Limit>, mut run: F) -> Self
    where
        F: FnMut(Signals<S>) -> Fut + Send + 'static,
        Fut: Future<Output: IntoNext> + Send + 'static,
    {
        let (sender, signals) = Signals::mailbox(room.into());
        Self::of_kind(Kind::Free, Body::new(move || run(signals.clone())), Some(sender))
    }
}

impl<S> Loop<S> {
    fn of_kind(kind: Kind, body: Body, signals: Option<mpsc::Sender<S>>) -> Self {
        Self {
            body,
            kind,
            missed: Missed::default(),
            calendar: None,
            jitter: Duration::ZERO,
            after_failure: AfterFailure::Retry(Backoff::default()),
            hooks: Hooks::default(),
            cancel: CancellationToken::new(),
            signals,
        }
    }

    /// For a periodic loop: what becomes of the schedule when a run takes longer than the period. Default:
    /// [`Missed::AfterRun`].
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }

    /// Makes each wait longer by a random part of at most so much, so that many loops do not run at the same moment.
    pub fn jitter(mut self, at_most: Duration) -> Self {
        self.jitter = at_most;
        self
    }

    /// What the loop does after an error or a panic. Default: it retries with [`Backoff::default`].
    pub fn after_failure(mut self, after: AfterFailure) -> Self {
        self.after_failure = after;
        self
    }

    /// Stops the loop when `token` is cancelled; a run under way is finished.
    pub fn cancel_on(mut self, token: CancellationToken) -> Self {
        self.cancel = token;
        self
    }

    /// Called whenever the loop starts.
    #[doc(alias = "startedLoop")]
    pub fn on_start(mut self, hook: impl FnMut() + Send + 'static) -> Self {
        self.hooks.start = Some(Box::new(hook));
        self
    }

    /// Called whenever the loop begins to wait, with how long; [`None`] is until it is resumed.
    #[doc(alias = "reportPause")]
    pub fn on_pause(mut self, hook: impl FnMut(Option<Duration>) + Send + 'static) -> Self {
        self.hooks.pause = Some(Box::new(hook));
        self
    }

    /// Called whenever the loop has ended.
    #[doc(alias = "exitedLoop")]
    pub fn on_exit(mut self, hook: impl FnMut() + Send + 'static) -> Self {
        self.hooks.exit = Some(Box::new(hook));
        self
    }

    /// Starts the loop. Its name appears in errors and in the log. Errors go to the [`ErrorSink`] that holds here.
    ///
    /// Without a Tokio runtime this is reported as an error and the loop does not run.
    #[track_caller]
    pub fn start(self, name: impl Into<Arc<str>>) -> LoopHandle<S> {
        let origin = Origin::new(Some(name.into()), Location::caller());
        let core = Core::new(&self, origin, ErrorSink::current());
        let handle = LoopHandle::new(Arc::new(core), self.signals);
        handle.core().put(self.body, self.hooks);
        handle.start();
        handle
    }
}

impl<S> fmt::Debug for Loop<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop").field("kind", &self.kind).finish_non_exhaustive()
    }
}
