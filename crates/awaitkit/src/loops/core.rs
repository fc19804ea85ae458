use std::fmt;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::{AbortHandle, Id, yield_now};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::calendar::Calendar;
use super::driver::{Body, Hooks};
use super::schedule::Schedule;
use super::{AfterFailure, Kind, Loop, Missed};
use crate::backoff::random_up_to;
use crate::sync::lock;
use crate::task::Origin;
use crate::{ErrorSink, later};

/// What a loop and its handle share.
pub(super) struct Core {
    pub(super) kind: Kind,
    pub(super) missed: Missed,
    pub(super) calendar: Option<Arc<dyn Calendar>>,
    pub(super) jitter: Duration,
    pub(super) after_failure: AfterFailure,
    pub(super) cancel: CancellationToken,
    pub(super) origin: Origin,
    pub(super) sink: ErrorSink,
    state: Mutex<State>,
    /// What is run, while no task has it.
    body: Mutex<Option<(Body, Hooks)>>,
    /// Something changed for the task.
    wake: Notify,
    /// Something changed for those who wait for the loop.
    told: Notify,
}

#[derive(Default)]
pub(super) struct State {
    pub(super) life: Life,
    /// Waiting, not running.
    pub(super) paused: bool,
    pub(super) resume: Option<Resume>,
    pub(super) period: Duration,
    /// Runs that have begun, and that have ended.
    pub(super) begun: u64,
    pub(super) ended: u64,
    /// The task, as it knows itself and as it can be ended.
    pub(super) own: Option<Id>,
    pub(super) task: Option<AbortHandle>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Life {
    #[default]
    Stopped,
    Running,
    /// Told to stop; `again`: and to start again then.
    Stopping {
        again: bool,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Resume {
    Now,
    /// So many times, each time behind what is ready.
    Postponed(u32),
}

/// What a loop waits for between two runs.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wait {
    Now,
    Until(Option<Instant>),
    Tick,
}

impl Core {
    pub(super) fn new<S>(of: &Loop<S>, origin: Origin, sink: ErrorSink) -> Self {
        let period = if let Kind::Every(period) = of.kind { period } else { Duration::ZERO };
        Self {
            kind: of.kind,
            missed: of.missed,
            calendar: of.calendar.clone(),
            jitter: of.jitter,
            after_failure: of.after_failure,
            cancel: of.cancel.clone(),
            origin,
            sink,
            state: Mutex::new(State { period, ..State::default() }),
            body: Mutex::new(None),
            wake: Notify::new(),
            told: Notify::new(),
        }
    }

    /// Looks at the state and changes it; the loop and those who wait for it look again.
    pub(super) fn update<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let value = change(&mut lock(&self.state));
        self.wake.notify_waiters();
        self.told.notify_waiters();
        value
    }

    pub(super) fn look<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&lock(&self.state))
    }

    pub(super) fn put(&self, body: Body, hooks: Hooks) {
        *lock(&self.body) = Some((body, hooks));
    }

    pub(super) fn take(&self) -> Option<(Body, Hooks)> {
        lock(&self.body).take()
    }

    /// Waits until `look` finds something.
    pub(super) async fn find<T>(&self, mut look: impl FnMut(&State) -> Option<T>) -> T {
        loop {
            let mut told = pin!(self.told.notified());
            told.as_mut().enable();
            if let Some(found) = self.look(&mut look) {
                return found;
            }
            told.await;
        }
    }

    /// Waits for the next run and begins it; false when the loop is to end.
    pub(super) async fn wait(&self, wait: Wait, schedule: &mut Schedule) -> bool {
        if let Wait::Now = wait {
            yield_now().await;
            return self.begin();
        }
        let late = random_up_to(self.jitter);
        loop {
            let mut woken = pin!(self.wake.notified());
            woken.as_mut().enable();
            let (due, resume, ends) = self.look(|state| {
                let due = match wait {
                    Wait::Now => None,
                    Wait::Until(due) => due,
                    Wait::Tick => schedule.next(state.period, Instant::now()),
                };
                (due, state.resume, state.life != Life::Running)
            });
            if ends || self.cancel.is_cancelled() {
                return false;
            }
            match resume {
                Some(Resume::Postponed(times)) if times <= POSTPONED => {
                    later().await;
                    // Postponed once more meanwhile: behind what is ready now.
                    if self.look(|state| state.resume == resume) {
                        return self.begin_after(wait, schedule);
                    }
                    continue;
                }
                Some(_) => {
                    return self.begin_after(wait, schedule);
                }
                None => {}
            }
            let timer = async {
                match due.and_then(|due| due.checked_add(late)) {
                    Some(due) => sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = woken => {}
                () = self.cancel.cancelled() => {}
                () = timer => {
                    if let (Wait::Tick, Some(due)) = (wait, due)
                        && !schedule.ticked(due)
                    {
                        continue;
                    }
                    return self.begin_after(wait, schedule);
                }
            }
        }
    }

    /// A loop that stood still by its own wish begins its schedule anew.
    fn begin_after(&self, wait: Wait, schedule: &mut Schedule) -> bool {
        if let Wait::Until(_) = wait {
            schedule.restart(Instant::now());
        }
        self.begin()
    }

    fn begin(&self) -> bool {
        self.update(|state| {
            if state.life != Life::Running || self.cancel.is_cancelled() {
                return false;
            }
            state.paused = false;
            state.resume = None;
            state.begun += 1;
            true
        })
    }
}

impl fmt::Debug for Core {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Loop").field("kind", &self.kind).field("origin", &self.origin).finish_non_exhaustive()
    }
}

/// More often than this a run is not postponed, else it might never begin.
const POSTPONED: u32 = 100;
