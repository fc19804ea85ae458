mod child;

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::panic::Location;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::shared::GRACE;
use crate::sync::lock;
use crate::task::Origin;
use crate::{Backoff, ErrorSink, Outcome, TaskError, Unhandled};

pub use child::Child;

/// Keeps long-lived work alive: restarts what fails, waits longer each time, and gives up on what fails too often.
///
/// Every failure, panics included, goes to the [`ErrorSink`] that holds where the child was started. Children are independent of each
/// other: one that is given up leaves the others running, and [`wait`](Self::wait) tells.
///
/// Dropping the supervisor ends its children where they wait. [`shutdown`](Self::shutdown) lets them finish first. Children end with
/// the runtime in which they were started, without being reported; [`wait`](Self::wait) returns then, also in another.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{ErrorSink, Supervisor};
///
/// # ErrorSink::new(drop).scope(async {
/// let supervisor = Supervisor::new();
/// let feed = supervisor.start("feed", |stop| async move {
///     tokio::select! {
///         () = stop.cancelled() => Ok(()),
///         () = tokio::time::sleep(Duration::from_secs(1)) => Err("connection lost"),
///     }
/// });
/// tokio::time::sleep(Duration::from_secs(10)).await;
/// assert!(feed.is_running() && feed.restarts() > 0);
/// assert!(supervisor.shutdown(Duration::from_secs(5)).await.is_empty()); // nobody had to be ended by force
/// # }).await }
/// ```
#[derive(Debug)]
pub struct Supervisor {
    policy: Policy,
    stop: CancellationToken,
    state: Arc<State>,
}

/// When a child is started again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// Whenever it ends.
    Always,
    /// When it ends with an error or a panic.
    #[default]
    OnFailure,
    /// Not at all.
    Never,
}

#[derive(Clone, Copy, Debug)]
struct Policy {
    restart: Restart,
    backoff: Backoff,
    max_restarts: usize,
    within: Duration,
}

#[derive(Debug, Default)]
struct State {
    inside: Mutex<Inside>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct Inside {
    running: Vec<Running>,
    next: u64,
    given_up: VecDeque<GaveUp>,
}

#[derive(Debug)]
struct Running {
    number: u64,
    name: Arc<str>,
    task: Option<AbortHandle>,
}

impl Supervisor {
    /// Restarts on failure, after 1 second to 1 minute, and gives up after more than 10 restarts within a minute.
    pub fn new() -> Self {
        let policy = Policy { restart: Restart::default(), backoff: Backoff::default(), max_restarts: 10, within: Duration::from_secs(60) };
        Self { policy, stop: CancellationToken::new(), state: Arc::default() }
    }

    /// When children started from now on are started again.
    #[must_use]
    pub fn restart(mut self, restart: Restart) -> Self {
        self.policy.restart = restart;
        self
    }

    /// How long children started from now on wait before they are started again. A child that has run for
    /// [`Backoff::reset_after`] begins with the first wait again.
    #[must_use]
    pub fn backoff(mut self, backoff: Backoff) -> Self {
        self.policy.backoff = backoff;
        self
    }

    /// Gives up on children started from now on that would need more than so many restarts within so long.
    #[must_use]
    pub fn intensity(mut self, restarts: usize, within: Duration) -> Self {
        self.policy.max_restarts = restarts;
        self.policy.within = within;
        self
    }

    /// Starts a child. `work` is called for each start with a token that is cancelled when the child should end.
    ///
    /// Dropping the [`Child`] does not end it. Without a Tokio runtime, or after [`shutdown`](Self::shutdown), it does not run.
    #[track_caller]
    pub fn start<F, Fut>(&self, name: impl Into<Arc<str>>, work: F) -> Child
    where
        F: FnMut(CancellationToken) -> Fut + Send + 'static,
        Fut: Future<Output: Outcome> + Send + 'static,
    {
        let name = name.into();
        let origin = Origin::new(Some(Arc::clone(&name)), Location::caller());
        let child = Child::new(Arc::clone(&name), self.stop.child_token());
        let sink = ErrorSink::current();
        let runtime = match Handle::try_current() {
            Ok(runtime) if !self.stop.is_cancelled() => runtime,
            Ok(_) => {
                child.ended();
                return child;
            }
            Err(_) => {
                sink.report(Unhandled::new(origin.clone(), TaskError::NoRuntime(origin)));
                child.ended();
                return child;
            }
        };
        let number = self.state.started(name);
        let worker = child.worker(self.policy, Arc::clone(&self.state), number, origin, sink);
        self.state.runs(number, runtime.spawn(worker.run(work)).abort_handle());
        child
    }

    /// Waits until every child has ended.
    ///
    /// # Errors
    ///
    /// As soon as a child is given up, which; the others go on, and it can be called again.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn wait(&self) -> Result<(), GaveUp> {
        loop {
            let mut changed = pin!(self.state.changed.notified());
            changed.as_mut().enable();
            {
                let mut inside = lock(&self.state.inside);
                if let Some(gave_up) = inside.given_up.pop_front() {
                    return Err(gave_up);
                }
                if inside.running.is_empty() {
                    return Ok(());
                }
            }
            changed.await;
        }
    }

    /// Tells every child to end and waits for them; those that have not ended after `deadline` are ended where they wait. Gives
    /// their names.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the children have been told to end; call it again to wait again.
    pub async fn shutdown(&self, deadline: Duration) -> Vec<Arc<str>> {
        self.stop.cancel();
        if timeout(deadline, self.all_ended()).await.is_ok() {
            return Vec::new();
        }
        let late = self.abort_all();
        let _ended = timeout(GRACE, self.all_ended()).await;
        late
    }

    async fn all_ended(&self) {
        while self.wait().await.is_err() {}
    }

    fn abort_all(&self) -> Vec<Arc<str>> {
        let inside = lock(&self.state.inside);
        inside.running.iter().flat_map(|child| &child.task).for_each(AbortHandle::abort);
        inside.running.iter().map(|child| Arc::clone(&child.name)).collect()
    }
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        self.stop.cancel();
        self.abort_all();
    }
}

impl State {
    fn started(&self, name: Arc<str>) -> u64 {
        let mut inside = lock(&self.inside);
        let number = inside.next;
        inside.next += 1;
        inside.running.push(Running { number, name, task: None });
        number
    }

    /// The child may have ended already, if its runtime has.
    fn runs(&self, number: u64, task: AbortHandle) {
        if let Some(child) = lock(&self.inside).running.iter_mut().find(|child| child.number == number) {
            child.task = Some(task);
        }
    }

    fn ended(&self, number: u64) {
        lock(&self.inside).running.retain(|child| child.number != number);
        self.changed.notify_waiters();
    }

    fn give_up(&self, gave_up: GaveUp) {
        let mut inside = lock(&self.inside);
        inside.given_up.push_back(gave_up);
        // They have been reported as errors; only so many are kept for `wait`.
        if inside.given_up.len() > KEPT {
            inside.given_up.pop_front();
        }
        drop(inside);
        self.changed.notify_waiters();
    }
}

/// A child that failed too often.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GaveUp {
    /// Its name.
    pub name: Arc<str>,
    /// How often it had been started again within the time that counts.
    pub restarts: usize,
    /// The time that counts.
    pub within: Duration,
    /// Its last failure.
    pub reason: Arc<str>,
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, restarts, within, reason } = self;
        write!(f, "gave up on `{name}` after {restarts} restarts within {within:?}; the last failure: {reason}")
    }
}

impl Error for GaveUp {}

const KEPT: usize = 1_000;
