use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::task::try_id;
use tokio::time::Instant;

use super::core::{Core, Life, State, Wait};
use super::schedule::Schedule;
use super::{AfterFailure, IntoNext, Kind, Next};
use crate::shared::panic_text;
use crate::trace::Span;
use crate::{BoxError, TaskError, Unhandled};

/// The function of a loop.
pub(super) struct Body(Box<dyn FnMut() -> BoxFuture<'static, Result<Option<Next>, BoxError>> + Send>);

impl Body {
    pub(super) fn new<F, Fut>(mut run: F) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoNext> + Send + 'static,
    {
        Self(Box::new(move || {
            let run = run();
            async move { run.await.into_next() }.boxed()
        }))
    }
}

#[derive(Default)]
pub(super) struct Hooks {
    pub(super) start: Option<Box<dyn FnMut() + Send>>,
    pub(super) pause: Option<Box<dyn FnMut(Option<Duration>) + Send>>,
    pub(super) exit: Option<Box<dyn FnMut() + Send>>,
}

/// The task of a loop. It holds the function and gives it back when it ends, so that the loop can be started again.
pub(super) struct Driver {
    core: Arc<Core>,
    held: Option<(Body, Hooks)>,
}

impl Driver {
    /// `None` if the function is in use.
    pub(super) fn new(core: Arc<Core>) -> Option<Self> {
        let held = Some(core.take()?);
        Some(Self { core, held })
    }

    pub(super) async fn drive(mut self) {
        let core = Arc::clone(&self.core);
        core.update(|state| state.own = try_id());
        while let Some((body, hooks)) = &mut self.held {
            core.guarded(|| hooks.start.iter_mut().for_each(|hook| hook()));
            core.live(body, hooks).await;
            core.guarded(|| hooks.exit.iter_mut().for_each(|hook| hook()));
            core.update(|state| {
                if state.life == (Life::Stopping { again: true }) && !core.cancel.is_cancelled() {
                    (state.life, state.paused, state.resume) = (Life::Running, false, None);
                } else {
                    self.give_back(state);
                }
            });
        }
    }

    /// The function first: whoever sees that the loop has stopped may start it.
    fn give_back(&mut self, state: &mut State) {
        if let Some((body, hooks)) = self.held.take() {
            self.core.put(body, hooks);
            *state = State { period: state.period, begun: state.begun, ended: state.begun, ..State::default() };
        }
    }
}

impl Drop for Driver {
    /// Does nothing, unless the task is ended before its end, by its runtime.
    fn drop(&mut self) {
        let core = Arc::clone(&self.core);
        core.update(|state| self.give_back(state));
    }
}

impl Core {
    async fn live(&self, body: &mut Body, hooks: &mut Hooks) {
        let mut schedule = Schedule::new(self.missed, self.calendar.clone(), Instant::now());
        let mut failures = 0;
        let mut wait = match self.kind {
            Kind::Free | Kind::Every(_) => Wait::Now,
            Kind::OnDemand => Wait::Until(None),
            #[cfg(feature = "cron")]
            Kind::Calendar => Wait::Tick,
        };
        if let Some(calendar) = &self.calendar
            && let Err(e) = calendar.open().await
        {
            self.sink.report(Unhandled::new(self.origin.clone(), e));
        }
        loop {
            if !matches!(wait, Wait::Now) && self.look(|state| state.life == Life::Running) {
                self.update(|state| state.paused = true);
                let span = self.span(wait, &schedule);
                self.guarded(|| hooks.pause.iter_mut().for_each(|hook| hook(span)));
            }
            if !self.wait(wait, &mut schedule).await {
                return;
            }
            let run = Span::run(self.origin.name().unwrap_or_default()).inside(async { (body.0)().await });
            let ended = AssertUnwindSafe(run).catch_unwind().await;
            schedule.ran(Instant::now());
            self.update(|state| state.ended = state.begun);
            let next = match ended {
                Ok(Ok(next)) => {
                    failures = 0;
                    if let Some(calendar) = &self.calendar
                        && let Err(e) = calendar.ran().await
                    {
                        self.sink.report(Unhandled::new(self.origin.clone(), e));
                    }
                    self.next(next)
                }
                Ok(Err(error)) => self.failed(error, &mut failures),
                Err(panic) => {
                    let error = TaskError::Panicked { task: self.origin.clone(), text: panic_text(&*panic).into() };
                    self.failed(error.into(), &mut failures)
                }
            };
            match next {
                Some(next) => wait = next,
                None => return,
            }
        }
    }

    fn next(&self, next: Option<Next>) -> Option<Wait> {
        match (next, self.kind) {
            (Some(Next::Stop), _) => None,
            (Some(Next::Pause), _) | (None, Kind::Free) => Some(Wait::Until(None)),
            (Some(Next::Sleep(span)), _) => Some(Wait::Until(Instant::now().checked_add(span))),
            (Some(Next::Continue), Kind::Free) => Some(Wait::Now),
            (_, Kind::Every(_)) => Some(Wait::Tick),
            #[cfg(feature = "cron")]
            (_, Kind::Calendar) => Some(Wait::Tick),
            (_, Kind::OnDemand) => Some(Wait::Until(None)),
        }
    }

    fn failed(&self, error: BoxError, failures: &mut u32) -> Option<Wait> {
        self.sink.report(Unhandled::new(self.origin.clone(), error));
        let AfterFailure::Retry(backoff) = self.after_failure else { return None };
        let delay = backoff.delay(*failures);
        *failures = failures.saturating_add(1);
        Some(Wait::Until(Instant::now().checked_add(delay)))
    }

    fn span(&self, wait: Wait, schedule: &Schedule) -> Option<Duration> {
        let now = Instant::now();
        let due = match wait {
            Wait::Now => Some(now),
            Wait::Until(due) => due,
            Wait::Tick => schedule.next(self.look(|state| state.period), now),
        };
        due.map(|due| due.saturating_duration_since(now))
    }

    /// A hook that panics is reported and does no more harm.
    fn guarded(&self, hook: impl FnOnce()) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(hook)) {
            let error = TaskError::Panicked { task: self.origin.clone(), text: panic_text(&*panic).into() };
            self.sink.report(Unhandled::new(self.origin.clone(), error));
        }
    }
}
