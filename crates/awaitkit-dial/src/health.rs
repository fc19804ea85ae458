use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// How long a route is held back after its first failure; it doubles with each that follows.
const FIRST: Duration = Duration::from_secs(2);
const LONGEST: Duration = Duration::from_secs(300);

/// What is known of the routes of one policy: those that have failed lately are tried after the others.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<usize, Record>>);

#[derive(Clone, Copy, Debug)]
struct Record {
    failures: u32,
    until: Instant,
    /// Whether it has failed after connecting had worked.
    in_use: bool,
}

/// How a route stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The route, as it is written in the policy.
    pub route: String,
    /// How often it has failed since it last worked.
    pub failures: u32,
    /// For how long it is still tried after the others.
    pub held_back: Duration,
}

impl Health {
    /// The order in which so many routes are tried now: first those that are not held back.
    pub(crate) fn order(&self, count: usize) -> Vec<usize> {
        let records = self.lock();
        let now = Instant::now();
        let until = |route: &usize| records.get(route).map(|record| record.until).filter(|until| *until > now);
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(until);
        order
    }

    /// A route has failed: it is held back for a while.
    pub fn failed(&self, route: usize) {
        self.fail(route, false);
    }

    /// A route has failed although a connection stood: that connecting works is no reason to forget it.
    pub(crate) fn failed_in_use(&self, route: usize) {
        self.fail(route, true);
    }

    fn fail(&self, route: usize, in_use: bool) {
        let mut records = self.lock();
        let known = records.get(&route).map_or((0, false), |record| (record.failures, record.in_use));
        let wait = FIRST.saturating_mul(1 << known.0.min(10)).min(LONGEST);
        let record = Record { failures: known.0.saturating_add(1), until: Instant::now() + wait, in_use: known.1 || in_use };
        records.insert(route, record);
    }

    /// Connecting works.
    pub(crate) fn connects(&self, route: usize) {
        self.lock().retain(|known, record| *known != route || record.in_use);
    }

    /// A route works: whatever failed before is forgotten.
    pub fn works(&self, route: usize) {
        self.lock().remove(&route);
    }

    pub(crate) fn standing(&self, route: usize, name: String) -> Standing {
        let record = self.lock().get(&route).copied();
        let held_back = record.map_or(Duration::ZERO, |record| record.until.saturating_duration_since(Instant::now()));
        Standing { route: name, failures: record.map_or(0, |record| record.failures), held_back }
    }

    /// A panic elsewhere leaves the table as good as it was: each change to it is one statement.
    fn lock(&self) -> MutexGuard<'_, BTreeMap<usize, Record>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { route, failures, held_back } = self;
        match failures {
            0 => write!(f, "{route}: works as far as is known"),
            _ if held_back.is_zero() => write!(f, "{route}: failed {failures} times in a row"),
            _ => write!(f, "{route}: failed {failures} times in a row, held back for {} s", held_back.as_secs_f64().ceil()),
        }
    }
}
