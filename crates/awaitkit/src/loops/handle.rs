use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::task::{AbortHandle, try_id};
use tokio::time::timeout;

use super::core::{Core, Life, Resume, State};
use super::driver::Driver;
use crate::shared::GRACE;
use crate::{TaskError, Unhandled};

/// A loop that has been started. Dropping the handle stops the loop when the run under way is done, unless it was
/// [detached](Self::detach).
///
/// When its runtime is shut down the loop ends where it waits; [`start`](Self::start) starts it again in another.
#[must_use = "a loop is stopped when its handle is dropped: keep it or `.detach()` it"]
pub struct LoopHandle<S = Infallible> {
    core: Arc<Core>,
    signals: Option<mpsc::Sender<S>>,
    detached: bool,
}

/// What a [`resume`](LoopHandle::resume) does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// The loop is running; it runs once more afterwards.
    Again,
    /// The loop was going to run already; this adds nothing.
    Already,
    /// Nothing: the loop is stopped, or about to stop.
    NotRunning,
    /// The loop was waiting; it runs now.
    Now,
}

impl<S> LoopHandle<S> {
    pub(super) fn new(core: Arc<Core>, signals: Option<mpsc::Sender<S>>) -> Self {
        Self { core, signals, detached: false }
    }

    pub(super) fn core(&self) -> &Core {
        &self.core
    }

    /// Starts the loop again after it has stopped; while it is stopping, it starts again then. False if it is running.
    pub fn start(&self) -> bool {
        let starts = self.core.update(|state| match state.life {
            Life::Stopped => {
                state.life = Life::Running;
                Some(true)
            }
            Life::Stopping { again } => {
                state.life = Life::Stopping { again: true };
                (!again).then_some(false)
            }
            Life::Running => None,
        });
        match starts {
            Some(true) => self.spawn(),
            Some(false) => true,
            None => false,
        }
    }

    /// Tells the loop to stop and waits until the run under way is done. False if it was not running.
    ///
    /// Called by the loop itself it does not wait.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the loop has been told to stop.
    pub async fn stop(&self) -> bool {
        let was_running = self.tell_to_stop();
        if was_running && !self.is_called_by_itself() {
            self.ended().await;
        }
        was_running
    }

    /// Like [`stop`](Self::stop); a run that is not done after `deadline` is ended where it waits. Says whether it was done in time.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the loop has been told to stop.
    pub async fn shutdown(&self, deadline: Duration) -> bool {
        if timeout(deadline, self.stop()).await.is_ok() {
            return true;
        }
        self.core.look(|state| state.task.iter().for_each(AbortHandle::abort));
        let _ended = timeout(GRACE, self.ended()).await;
        false
    }

    /// Waits until the loop has stopped.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe.
    pub async fn ended(&self) {
        self.core.find(|state| (state.life == Life::Stopped).then_some(())).await;
    }

    /// Runs the loop now; if it is running, once more afterwards. Several resumes before a run count as one, and none is lost.
    pub fn resume(&self) -> Resumed {
        self.core.update(|state| state.resume(Resume::Now))
    }

    /// [`resume`](Self::resume), behind everything that is ready; each further call puts it behind what is ready then (up to a
    /// hundred times).
    #[doc(alias = "postpone")]
    #[doc(alias = "resumeDefer")]
    pub fn resume_postponed(&self) -> Resumed {
        self.core.update(|state| {
            let times = match state.resume {
                Some(Resume::Now) => return Resumed::Already,
                Some(Resume::Postponed(times)) => times.saturating_add(1),
                None => 1,
            };
            state.resume(Resume::Postponed(times))
        })
    }

    /// [`resume`](Self::resume), and waits until the run which that causes is done. False if the loop stops before.
    ///
    /// # Cancel safety
    ///
    /// When dropped, the loop has been resumed.
    pub async fn resume_and_wait(&self) -> bool {
        let (resumed, run) = self.core.update(|state| {
            let resumed = state.resume(Resume::Now);
            (resumed, state.begun + 1)
        });
        if resumed == Resumed::NotRunning {
            return false;
        }
        self.core
            .find(|state| match state.ended >= run {
                true => Some(true),
                false => (state.life == Life::Stopped).then_some(false),
            })
            .await
    }

    /// Changes the period, also of the wait under way.
    pub fn set_period(&self, period: Duration) {
        self.core.update(|state| state.period = period);
    }

    /// The period; zero if the loop is not periodic.
    pub fn period(&self) -> Duration {
        self.core.look(|state| state.period)
    }

    /// Puts a signal into the mailbox of the loop and wakes it.
    ///
    /// # Errors
    ///
    /// The signal back, if the mailbox is full or the loop takes none.
    pub fn signal(&self, signal: S) -> Result<Resumed, SignalError<S>> {
        let Some(mailbox) = &self.signals else { return Err(SignalError::NotTaken(signal)) };
        mailbox.try_send(signal).map_err(|e| match e {
            TrySendError::Full(signal) => SignalError::Full(signal),
            TrySendError::Closed(signal) => SignalError::NotTaken(signal),
        })?;
        Ok(self.resume())
    }

    /// Whether it has been started and has not stopped.
    pub fn is_running(&self) -> bool {
        self.core.look(|state| state.life != Life::Stopped)
    }

    /// Whether it is waiting for its next run.
    pub fn is_paused(&self) -> bool {
        self.core.look(|state| state.paused)
    }

    /// How often it has run to an end.
    pub fn runs(&self) -> u64 {
        self.core.look(|state| state.ended)
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.core.origin.name().unwrap_or_default()
    }

    /// Lets the loop run without an owner, until it stops itself or its runtime ends.
    pub fn detach(mut self) {
        self.detached = true;
    }

    fn spawn(&self) -> bool {
        let runtime = Handle::try_current();
        let (Ok(runtime), Some(driver)) = (&runtime, Driver::new(Arc::clone(&self.core))) else {
            self.core.update(|state| state.life = Life::Stopped);
            if runtime.is_err() {
                let origin = self.core.origin.clone();
                self.core.sink.report(Unhandled::new(origin.clone(), TaskError::NoRuntime(origin)));
            }
            return false;
        };
        let task = runtime.spawn(self.core.sink.clone().scope(driver.drive())).abort_handle();
        self.core.update(|state| {
            // It may have ended already.
            let runs = state.life != Life::Stopped;
            state.task = runs.then_some(task);
            runs
        })
    }

    fn tell_to_stop(&self) -> bool {
        self.core.update(|state| {
            let was_running = state.life != Life::Stopped;
            if was_running {
                state.life = Life::Stopping { again: false };
            }
            was_running
        })
    }

    fn is_called_by_itself(&self) -> bool {
        self.core.look(|state| state.own.is_some() && state.own == try_id())
    }
}

impl State {
    fn resume(&mut self, resume: Resume) -> Resumed {
        if self.life != Life::Running {
            return Resumed::NotRunning;
        }
        let before = self.resume.replace(resume);
        match (before, self.paused) {
            (Some(_), _) => Resumed::Already,
            (None, true) => Resumed::Now,
            (None, false) => Resumed::Again,
        }
    }
}

impl<S> Drop for LoopHandle<S> {
    fn drop(&mut self) {
        if !self.detached {
            self.tell_to_stop();
        }
    }
}

impl<S> fmt::Debug for LoopHandle<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoopHandle").field("core", &self.core).finish_non_exhaustive()
    }
}

/// Why a signal was not taken; it comes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignalError<S> {
    /// The mailbox is full.
    Full(S),
    /// The loop takes no signals.
    NotTaken(S),
}

impl<S> fmt::Display for SignalError<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(_) => f.write_str("the mailbox of the loop is full; it takes signals out more slowly than they come"),
            Self::NotTaken(_) => f.write_str("the loop takes no signals; make it with Loop::with_signals"),
        }
    }
}

impl<S: fmt::Debug> Error for SignalError<S> {}
