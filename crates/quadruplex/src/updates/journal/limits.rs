use std::time::Duration;

use crate::Order;

/// How much the journal takes on, and in which order it gives.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) order: Order,
    /// Lanes that run at once.
    pub(crate) at_once: usize,
    /// So many updates wait or run at most, save those of an answer that was on its way; then no more are taken until half
    /// of them are done.
    pub(crate) high_water: usize,
    /// After so many failures an update becomes a dead letter.
    pub(crate) attempts: u32,
    /// After the first failure a lane waits so long; doubled for each further one.
    pub(crate) first_pause: Duration,
    pub(crate) last_pause: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            order: Order::default(),
            at_once: 256,
            high_water: 10_000,
            attempts: 3,
            first_pause: Duration::from_secs(1),
            last_pause: Duration::from_secs(5 * 60),
        }
    }
}

impl Limits {
    pub(crate) fn order(self, order: Order) -> Self {
        Self { order, ..self }
    }

    pub(crate) fn at_once(self, count: usize) -> Self {
        Self { at_once: count.max(1), ..self }
    }

    pub(crate) fn attempts(self, count: u32) -> Self {
        Self { attempts: count.max(1), ..self }
    }

    pub(crate) fn backoff(self, first: Duration, most: Duration) -> Self {
        Self { first_pause: first, last_pause: most.max(first), ..self }
    }

    pub(crate) fn journal_limit(self, count: usize) -> Self {
        Self { high_water: count.max(1), ..self }
    }

    /// How long a lane waits after so many failures.
    pub(crate) fn pause(&self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        self.first_pause.saturating_mul(1 << doublings).min(self.last_pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_last() {
        let pauses = |limits: Limits| [1, 2, 3, 9, 10, u32::MAX].map(|failures| limits.pause(failures).as_secs());
        assert_eq!(pauses(Limits::default()), [1, 2, 4, 256, 300, 300]);
        assert_eq!(pauses(Limits::default().backoff(Duration::ZERO, Duration::ZERO)), [0; 6]);
        let odd = Limits::default().backoff(Duration::from_secs(9), Duration::from_secs(1));
        assert_eq!(pauses(odd), [9; 6], "never shorter than the first");
    }
}
