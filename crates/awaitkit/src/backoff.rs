use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How long to wait before trying again: twice as long after each failure, up to a limit, with jitter.
///
/// ```
/// use std::time::Duration;
/// use awaitkit::Backoff;
///
/// let backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(60)).jitter(0);
/// assert_eq!([0, 1, 2, 10].map(|failures| backoff.delay(failures).as_secs()), [1, 2, 4, 60]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backoff {
    first: Duration,
    max: Duration,
    jitter_percent: u32,
    reset_after: Duration,
}

impl Backoff {
    /// Waits `first` after the first failure, at most `max` after many.
    pub const fn new(first: Duration, max: Duration) -> Self {
        Self { first, max, jitter_percent: 20, reset_after: max }
    }

    /// Makes each wait longer by a random part of at most so many percent. Default: 20.
    pub const fn jitter(mut self, percent: u32) -> Self {
        self.jitter_percent = percent;
        self
    }

    /// What has run so long without failing begins anew with the first wait. Default: the longest wait.
    pub const fn reset_after(mut self, healthy: Duration) -> Self {
        self.reset_after = healthy;
        self
    }

    /// The wait after so many failures in a row before this one.
    pub fn delay(&self, failures: u32) -> Duration {
        let factor = 1_u32.checked_shl(failures).unwrap_or(u32::MAX);
        let delay = self.first.saturating_mul(factor).min(self.max);
        delay.saturating_add(random_up_to(delay.saturating_mul(self.jitter_percent) / 100))
    }

    pub(crate) fn is_healthy(&self, ran: Duration) -> bool {
        ran >= self.reset_after
    }
}

impl Default for Backoff {
    /// From 1 second to 1 minute, 20 percent jitter.
    fn default() -> Self {
        Self::new(Duration::from_secs(1), Duration::from_secs(60))
    }
}

/// A random span of at most `max`; good enough to keep many from doing something at the same moment.
pub(crate) fn random_up_to(max: Duration) -> Duration {
    let random = RandomState::new().hash_one(()) >> 32;
    let share = |nanos: u128| nanos.saturating_mul(u128::from(random)) >> 32;
    Duration::from_nanos(u64::try_from(share(max.as_nanos())).unwrap_or(u64::MAX))
}
