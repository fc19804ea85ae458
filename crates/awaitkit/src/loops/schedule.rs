use std::time::Duration;

use tokio::time::Instant;

/// When a periodic loop runs next if a run took longer than its period.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Missed {
    /// One period after the end of the run; so there is always a whole period between two runs.
    #[default]
    AfterRun,
    /// At the next multiple of the period; what was missed is left out.
    Skip,
    /// At once, until all that was missed has been made up for.
    Burst,
}

/// The ticks of a periodic loop.
#[derive(Debug)]
pub(super) struct Schedule {
    missed: Missed,
    /// The tick, or for [`Missed::AfterRun`] the end of the run, from which the next is counted.
    last: Instant,
}

impl Schedule {
    pub(super) fn new(missed: Missed, now: Instant) -> Self {
        Self { missed, last: now }
    }

    /// When the next run is due, counted from the last with the period of now; `None` for a period beyond the clock.
    pub(super) fn next(&self, period: Duration, now: Instant) -> Option<Instant> {
        let next = self.last.checked_add(period)?;
        if self.missed != Missed::Skip || next >= now {
            return Some(next);
        }
        let late = now.duration_since(self.last).as_nanos();
        let periods = late.div_ceil(period.as_nanos().max(1));
        let skipped = u64::try_from(periods.saturating_mul(period.as_nanos())).ok()?;
        self.last.checked_add(Duration::from_nanos(skipped))
    }

    /// A tick was due and has begun.
    pub(super) fn ticked(&mut self, due: Instant) {
        self.last = due;
    }

    /// A run has ended.
    pub(super) fn ran(&mut self, now: Instant) {
        if self.missed == Missed::AfterRun {
            self.last = now;
        }
    }

    /// The loop stood still by its own wish and begins anew.
    pub(super) fn restart(&mut self, now: Instant) {
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which runs of the given lengths begin, with a period of 10.
    fn begins(missed: Missed, lengths: &[u64]) -> Vec<u64> {
        let second = Duration::from_secs(1);
        let (start, mut now) = (Instant::now(), Instant::now());
        now = start.max(now.min(start));
        let mut schedule = Schedule::new(missed, start);
        let mut begins = Vec::new();
        for (nth, length) in lengths.iter().enumerate() {
            if nth > 0 {
                let due = schedule.next(10 * second, now).unwrap();
                schedule.ticked(due);
                now = now.max(due);
            }
            begins.push((now - start).as_secs());
            now += second * u32::try_from(*length).unwrap();
            schedule.ran(now);
        }
        begins
    }

    #[test]
    fn missed_ticks() {
        let lengths = [1, 25, 1, 1, 1, 1];
        assert_eq!(begins(Missed::AfterRun, &lengths), [0, 11, 46, 57, 68, 79]);
        assert_eq!(begins(Missed::Skip, &lengths), [0, 10, 40, 50, 60, 70]);
        assert_eq!(begins(Missed::Burst, &lengths), [0, 10, 35, 36, 40, 50]);
    }

    #[test]
    fn extreme_periods() {
        let now = Instant::now();
        for missed in [Missed::AfterRun, Missed::Skip, Missed::Burst] {
            let schedule = Schedule::new(missed, now);
            assert_eq!(schedule.next(Duration::MAX, now), None);
            assert!(schedule.next(Duration::ZERO, now + Duration::from_secs(1)).is_some());
        }
    }
}
