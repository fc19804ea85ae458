mod store;

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use chrono::{DateTime, Local, TimeZone, Utc};
use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::calendar::Calendar;
use super::{IntoNext, Kind, Loop, Missed};
use crate::BoxError;
use crate::loops::driver::Body;
use crate::sync::lock;

pub use store::{CronFile, CronStore};
use store::{ErasedStore, Named};

/// When to run, as a cron expression: minute, hour, day of month, month, day of week; seconds may stand in front.
///
/// Without a [store](Self::stored) what was due while the program did not run is not made up for.
///
/// ```
/// use awaitkit::Cron;
///
/// Cron::utc("30 9 * * MON-FRI")?; // half past nine on working days
/// let e = Cron::local("30 25 * * *").unwrap_err();
/// assert!(e.to_string().starts_with("`30 25 * * *` is no cron expression: "));
/// # Ok::<(), awaitkit::CronError>(())
/// ```
#[must_use]
pub struct Cron {
    pattern: croner::Cron,
    after: After,
    clock: Box<dyn Fn() -> SystemTime + Send + Sync>,
    store: Option<Arc<dyn ErasedStore>>,
}

/// The next time of a pattern after another, in its zone.
type After = Box<dyn Fn(&croner::Cron, DateTime<Utc>) -> Option<SystemTime> + Send + Sync>;

impl Cron {
    /// In the time zone of the machine.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression.
    pub fn local(expression: &str) -> Result<Self, CronError> {
        Self::zoned(expression, Local)
    }

    /// In coordinated universal time.
    ///
    /// # Errors
    ///
    /// What is wrong with the expression.
    pub fn utc(expression: &str) -> Result<Self, CronError> {
        Self::zoned(expression, Utc)
    }

    /// In a time zone: [`chrono::FixedOffset`](crate::chrono::FixedOffset), or one of the crate `chrono-tz`.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use awaitkit::{Cron, chrono::FixedOffset};
    ///
    /// let tokyo = FixedOffset::east_opt(9 * 3600).unwrap();
    /// let cron = Cron::zoned("30 9 * * *", tokyo)?;
    /// assert_eq!(cron.after(UNIX_EPOCH), Some(UNIX_EPOCH + Duration::from_secs(30 * 60)));
    /// # Ok::<(), awaitkit::CronError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// What is wrong with the expression.
    pub fn zoned<Z>(expression: &str, zone: Z) -> Result<Self, CronError>
    where
        Z: TimeZone + Send + Sync + 'static,
    {
        let pattern =
            croner::Cron::from_str(expression).map_err(|e| CronError { expression: expression.to_owned(), reason: e.to_string() })?;
        // An error means that there is no next time, such as a 30th of February.
        let after = move |pattern: &croner::Cron, time: DateTime<Utc>| {
            pattern.find_next_occurrence(&time.with_timezone(&zone), false).ok().map(SystemTime::from)
        };
        Ok(Self { pattern, after: Box::new(after), clock: Box::new(SystemTime::now), store: None })
    }

    /// Remembers under `name` in `store` which runs have been done, so that those that were due while the program did not run are
    /// made up for, as [`Loop::missed`] says. A run that fails or is cut short counts as not done.
    pub fn stored(mut self, store: impl CronStore, name: impl Into<String>) -> Self {
        self.store = Some(Arc::new(Named { store, name: name.into() }));
        self
    }

    /// Another clock on the wall, for tests.
    pub fn clock(mut self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.clock = Box::new(now);
        self
    }

    /// When it is due next after a time; [`None`] if it never is again.
    pub fn after(&self, time: SystemTime) -> Option<SystemTime> {
        (self.after)(&self.pattern, time.into())
    }
}

impl fmt::Debug for Cron {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cron").field("pattern", &self.pattern.as_str()).finish_non_exhaustive()
    }
}

impl Loop {
    /// A loop that runs by the calendar. With [`missed`](Self::missed): `AfterRun` makes up for all missed runs by one, `Skip` leaves
    /// them out, `Burst` makes up for each.
    ///
    /// The clock on the wall is looked at every minute, so it may be set, and the machine may sleep.
    pub fn cron<F, Fut>(cron: Cron, run: F) -> Self
    where
        F: FnMut() -> Fut + Send + 'static,
        Fut: Future<Output: IntoNext> + Send + 'static,
    {
        let mut made = Self::of_kind(Kind::Calendar, Body::new(run), None::<tokio::sync::mpsc::Sender<Infallible>>);
        made.calendar = Some(Arc::new(Ticks { cron, state: Mutex::default() }));
        made
    }
}

/// The calendar of one loop.
struct Ticks {
    cron: Cron,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The tick from which the next is counted.
    last: Option<SystemTime>,
    /// The tick that is being served.
    serving: Option<SystemTime>,
}

impl Ticks {
    /// The next tick, and the one from which to go on when it has begun.
    fn next(&self, missed: Missed, now: SystemTime) -> Option<(SystemTime, SystemTime)> {
        let last = lock(&self.state).last.unwrap_or(now);
        let due = self.cron.after(last)?;
        match missed {
            Missed::AfterRun => Some((due, due.max(now))),
            Missed::Burst => Some((due, due)),
            // What is due within the grace is not missed: a timer is never exact.
            Missed::Skip if due.checked_add(GRACE).is_some_and(|end| end < now) => {
                let due = self.cron.after(now.checked_sub(GRACE)?)?;
                Some((due, due))
            }
            Missed::Skip => Some((due, due)),
        }
    }
}

impl Calendar for Ticks {
    fn open(&self) -> BoxFuture<'_, Result<(), BoxError>> {
        async {
            let now = (self.cron.clock)();
            let stored = match &self.cron.store {
                Some(store) => store.load().await,
                None => Ok(None),
            };
            let mut state = lock(&self.state);
            // Never ahead of the clock: it may have been set back.
            state.last = Some(stored.as_ref().ok().copied().flatten().map_or(now, |last| last.min(now)));
            state.serving = None;
            stored.map(drop)
        }
        .boxed()
    }

    fn remaining(&self, missed: Missed) -> Option<Duration> {
        let now = (self.cron.clock)();
        let (due, _) = self.next(missed, now)?;
        Some(due.duration_since(now).unwrap_or_default())
    }

    fn tick(&self, missed: Missed) -> bool {
        let now = (self.cron.clock)();
        match self.next(missed, now) {
            Some((due, last)) if due <= now => {
                let mut state = lock(&self.state);
                (state.last, state.serving) = (Some(last), Some(last));
                true
            }
            _ => false,
        }
    }

    fn ran(&self) -> BoxFuture<'_, Result<(), BoxError>> {
        async {
            let served = lock(&self.state).serving.take();
            match (&self.cron.store, served) {
                (Some(store), Some(served)) => store.save(served).await,
                _ => Ok(()),
            }
        }
        .boxed()
    }
}

/// Why an expression is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CronError {
    expression: String,
    reason: String,
}

impl fmt::Display for CronError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no cron expression: {}", self.expression, self.reason)
    }
}

impl Error for CronError {}

const GRACE: Duration = Duration::from_secs(1);
