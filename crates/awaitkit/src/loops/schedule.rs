use std::time::Duration;

use std::sync::Arc;

use tokio::time::Instant;

use super::calendar::Calendar;

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

/// The ticks of a periodic loop, or of one that goes by a calendar.
pub(super) struct Schedule {
    missed: Missed,
    /// The tick, or for [`Missed::AfterRun`] the end of the run, from which the next is counted.
    last: Instant,
    calendar: Option<Arc<dyn Calendar>>,
}

impl Schedule {
    pub(super) fn new(missed: Missed, calendar: Option<Arc<dyn Calendar>>, now: Instant) -> Self {
        Self { missed, last: now, calendar }
    }

    /// When the next run is due, counted from the last with the period of now; `None` for a period beyond the clock.
    pub(super) fn next(&self, period: Duration, now: Instant) -> Option<Instant> {
        if let Some(calendar) = &self.calendar {
            return calendar.remaining(self.missed).and_then(|remaining| now.checked_add(remaining.min(LOOK_AGAIN)));
        }
        let next = self.last.checked_add(period)?;
        if self.missed != Missed::Skip || next >= now {
            return Some(next);
        }
        let late = now.duration_since(self.last).as_nanos();
        let periods = late.div_ceil(period.as_nanos().max(1));
        let skipped = u64::try_from(periods.saturating_mul(period.as_nanos())).ok()?;
        self.last.checked_add(Duration::from_nanos(skipped))
    }

    /// The timer of `due` has fired: notes that a tick begins, unless the clock on the wall says that it is not yet time.
    pub(super) fn ticked(&mut self, due: Instant) -> bool {
        self.last = due;
        self.calendar.as_ref().is_none_or(|calendar| calendar.tick(self.missed))
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

/// A clock on the wall can be set, and does not stop while the machine sleeps: it is looked at so often.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    /// The seconds at which runs of the given lengths begin, with a period of 10.
    fn begins(missed: Missed, lengths: &[u64]) -> Vec<u64> {
        let second = Duration::from_secs(1);
        let start = Instant::now();
        let mut now = start;
        let mut schedule = Schedule::new(missed, None, start);
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
            let schedule = Schedule::new(missed, None, now);
            assert_eq!(schedule.next(Duration::MAX, now), None);
            assert!(schedule.next(Duration::ZERO, now + Duration::from_secs(1)).is_some());
        }
    }
}
