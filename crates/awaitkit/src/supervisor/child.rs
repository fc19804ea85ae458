use std::collections::VecDeque;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use futures_util::FutureExt;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

use super::{GaveUp, Policy, Restart, State};
use crate::shared::panic_text;
use crate::task::{BoxError, Origin};
use crate::trace::Span;
use crate::{ErrorSink, Outcome, TaskError, Unhandled};

/// A child of a [`Supervisor`](crate::Supervisor). Dropping it changes nothing.
#[derive(Clone, Debug)]
pub struct Child {
    name: Arc<str>,
    stop: CancellationToken,
    ended: CancellationToken,
    restarts: Arc<AtomicU32>,
}

impl Child {
    pub(super) fn new(name: Arc<str>, stop: CancellationToken) -> Self {
        Self { name, stop, ended: CancellationToken::new(), restarts: Arc::default() }
    }

    /// The name it was started with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it runs, or waits to be started again.
    pub fn is_running(&self) -> bool {
        !self.ended.is_cancelled()
    }

    /// How often it has been started again.
    pub fn restarts(&self) -> u32 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// Tells it to end, and waits until it has.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the child has been told to end.
    pub async fn stop(&self) {
        self.stop.cancel();
        self.ended.cancelled().await;
    }

    pub(super) fn ended(&self) {
        self.ended.cancel();
    }

    pub(super) fn worker(&self, policy: Policy, state: Arc<State>, number: u64, origin: Origin, sink: ErrorSink) -> Worker {
        Worker { child: self.clone(), policy, state, number, origin, sink, history: VecDeque::new() }
    }
}

/// The task of a child.
pub(super) struct Worker {
    child: Child,
    policy: Policy,
    state: Arc<State>,
    number: u64,
    origin: Origin,
    sink: ErrorSink,
    /// When it was started again, as far back as counts.
    history: VecDeque<Instant>,
}

impl Worker {
    pub(super) async fn run<F, Fut>(mut self, mut work: F)
    where
        F: FnMut(CancellationToken) -> Fut + Send,
        Fut: Future<Output: Outcome> + Send,
    {
        let mut failures = 0;
        loop {
            let begin = Instant::now();
            let token = self.child.stop.clone();
            let run = Span::run(&self.child.name).inside(async { work(token).await.into_error() });
            let once = AssertUnwindSafe(run).catch_unwind();
            let failure = self.failure(self.sink.clone().scope(once).await);
            let reason: Option<Arc<str>> = failure.as_ref().map(|e| e.to_string().into());
            if let Some(error) = failure {
                self.sink.report(Unhandled::new(self.origin.clone(), error));
            }

            let again = match self.policy.restart {
                Restart::Always => true,
                Restart::OnFailure => reason.is_some(),
                Restart::Never => false,
            };
            if !again || self.child.stop.is_cancelled() || self.gives_up(reason) {
                return;
            }
            if self.policy.backoff.is_healthy(begin.elapsed()) {
                failures = 0;
            }
            let delay = self.policy.backoff.delay(failures);
            failures = failures.saturating_add(1);
            if self.child.stop.run_until_cancelled(sleep(delay)).await.is_none() {
                return;
            }
            self.child.restarts.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn failure(&self, ended: std::thread::Result<Option<BoxError>>) -> Option<BoxError> {
        ended.unwrap_or_else(|panic| Some(TaskError::Panicked { task: self.origin.clone(), text: panic_text(&*panic).into() }.into()))
    }

    /// Notes one more restart, unless it would be one too many.
    fn gives_up(&mut self, reason: Option<Arc<str>>) -> bool {
        let Policy { max_restarts, within, .. } = self.policy;
        let now = Instant::now();
        while self.history.front().is_some_and(|restart| now.duration_since(*restart) > within) {
            self.history.pop_front();
        }
        if self.history.len() < max_restarts {
            self.history.push_back(now);
            return false;
        }
        let gave_up = GaveUp {
            name: Arc::clone(&self.child.name),
            restarts: self.history.len(),
            within,
            reason: reason.unwrap_or_else(|| "it ended".into()),
        };
        self.sink.report(Unhandled::new(self.origin.clone(), gave_up.clone()));
        self.state.give_up(gave_up);
        true
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.state.ended(self.number);
        self.child.ended();
    }
}
