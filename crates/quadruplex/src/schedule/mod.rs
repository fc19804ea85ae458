//! Handlers that run at certain times.

mod jobs;
mod plan;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use crate::router::{Argument, Refusal, Update};

pub(crate) use jobs::{Job, Jobs};

/// When a handler of [`Router::on_schedule`](crate::Router::on_schedule) runs: after each period, or by the calendar. A [`Duration`] is one.
///
/// A handler is never started while it still runs, and takes its place among those that run [at once](crate::App::at_once). One that fails
/// runs again as for an update, after pauses that [grow](crate::App::backoff); after so many [attempts](crate::App::attempts) that time of it
/// is a dead letter, which `quadruplex dead` can put back, and it is left to its next time. What it sends carries ids that follow from the time at which it was due: when it runs again it sends nothing twice.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn greet(client: Client, due: Scheduled) -> Result {
///     client.send("@rustlang", format!("Good morning! {:?}", due.at())).await?;
///     Ok(())
/// }
///
/// let router = Router::new()
///     .on_schedule(HOUR, async || println!("an hour has passed"))
///     .on_schedule(Schedule::every(DAY).kept("greeting").missed(Missed::Skip), greet);
/// # let _ = router;
/// ```
#[must_use = "a schedule does nothing until it is given to a router"]
pub struct Schedule {
    times: Times,
    missed: Missed,
    kept: Option<Arc<str>>,
}

/// What becomes of times that were missed: because the program was off (if the schedule is [kept](Schedule::kept)), because the handler took
/// longer than its period, or because the machine slept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// One run makes up for all of them.
    #[default]
    Once,
    /// They are left out.
    Skip,
    /// Each is made up for, one after another.
    Each,
}

enum Times {
    Every(Duration),
    #[cfg(feature = "cron")]
    Cron(awaitkit::Cron),
    /// Why it is none; told when the application starts.
    Wrong(String),
}

impl Schedule {
    /// After each period. The first is counted from the start of the program; of a schedule that is [kept](Self::kept), from its first
    /// start ever.
    pub fn every(period: Duration) -> Self {
        let times =
            if period.is_zero() { Times::Wrong("a period of zero would never let it end".to_owned()) } else { Times::Every(period) };
        Self { times, missed: Missed::default(), kept: None }
    }

    /// By a cron expression in coordinated universal time: minute, hour, day of the month, month, day of the week; seconds may stand in
    /// front. An expression that is none is an error when the application starts.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_schedule(Schedule::utc("30 9 * * MON-FRI"), async || println!("half past nine on a working day"));
    /// # let _ = router;
    /// ```
    #[cfg(feature = "cron")]
    pub fn utc(expression: &str) -> Self {
        Self::of_cron(awaitkit::Cron::utc(expression))
    }

    /// By a cron expression in the time zone of the machine, see [`utc`](Self::utc).
    #[cfg(feature = "cron")]
    pub fn local(expression: &str) -> Self {
        Self::of_cron(awaitkit::Cron::local(expression))
    }

    /// By a cron expression in a time zone, see [`utc`](Self::utc): [`FixedOffset`](crate::chrono::FixedOffset), or a zone of the crate `chrono-tz`.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let tokyo = quadruplex::chrono::FixedOffset::east_opt(9 * 3600).expect("less than a day");
    /// let noon = Schedule::zoned("0 12 * * *", tokyo);
    /// # let _ = noon;
    /// ```
    #[cfg(feature = "cron")]
    pub fn zoned<Z>(expression: &str, zone: Z) -> Self
    where
        Z: awaitkit::chrono::TimeZone + Send + Sync + 'static,
    {
        Self::of_cron(awaitkit::Cron::zoned(expression, zone))
    }

    #[cfg(feature = "cron")]
    fn of_cron(cron: Result<awaitkit::Cron, awaitkit::CronError>) -> Self {
        let times = cron.map_or_else(|error| Times::Wrong(error.to_string()), Times::Cron);
        Self { times, missed: Missed::default(), kept: None }
    }

    /// Remembers in the store of the account, under this name, until when it has run: what was due while the program was off is
    /// [missed](Missed), and a run that was cut short by the end of the process is due again. One name is for one handler.
    pub fn kept(mut self, name: impl Into<Arc<str>>) -> Self {
        self.kept = Some(name.into());
        self
    }

    /// What becomes of times that were missed: one run makes up for all of them, unless told otherwise.
    pub fn missed(mut self, missed: Missed) -> Self {
        self.missed = missed;
        self
    }

    /// What is wrong with it.
    pub(crate) fn wrong(&self) -> Option<&str> {
        match &self.times {
            Times::Wrong(why) => Some(why),
            _ => None,
        }
    }

    /// The name under which it is kept.
    pub(crate) fn name(&self) -> Option<&str> {
        self.kept.as_deref()
    }
}

impl From<Duration> for Schedule {
    fn from(period: Duration) -> Self {
        Self::every(period)
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Schedule");
        match &self.times {
            Times::Every(period) => out.field("every", period),
            #[cfg(feature = "cron")]
            Times::Cron(cron) => out.field("cron", cron),
            Times::Wrong(why) => out.field("wrong", why),
        };
        out.field("missed", &self.missed).field("kept", &self.kept).finish()
    }
}

/// Why a handler of [`Router::on_schedule`](crate::Router::on_schedule) runs; an argument of such handlers, which fits nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scheduled {
    at: SystemTime,
}

impl Scheduled {
    /// When it was due, which may have been long ago.
    pub fn at(&self) -> SystemTime {
        self.at
    }
}

impl Argument for Scheduled {
    fn fits(update: &Update) -> bool {
        update.scheduled().is_some()
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        update.scheduled().map(|tick| Self { at: tick.due }).ok_or(Refusal::Skip)
    }
}

/// The time of one handler has come.
#[derive(Clone, Debug)]
pub(crate) struct Tick {
    /// The handler, by its number in the plan.
    pub(crate) route: usize,
    pub(crate) due: SystemTime,
    /// How often it has failed this time.
    pub(crate) attempts: u32,
    /// Tells it from all other times of all handlers.
    pub(crate) identity: [u8; 16],
}
