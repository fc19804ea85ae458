//! Which time comes next. No clock: the times are arguments.

use std::time::{Duration, SystemTime};

use super::{Missed, Schedule, Times};

/// What is due within this time is not missed: a timer is never exact.
const GRACE: Duration = Duration::from_secs(1);

/// A clock that was so much ahead was not set back, it had been wrong.
const WRONG: Duration = Duration::from_secs(24 * 60 * 60);

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing before then.
    At(SystemTime),
    /// It was due then; when it has run, the next is counted from `then`.
    Run { due: SystemTime, then: SystemTime },
    /// It never is again.
    Never,
}

impl Schedule {
    /// What is to be done now. `last` is the time from which the next is counted.
    pub(super) fn next(&self, last: SystemTime, now: SystemTime) -> Next {
        let Some(due) = self.after(last) else { return Next::Never };
        if due > now {
            return Next::At(due);
        }
        match self.missed {
            Missed::Each => Next::Run { due, then: due },
            Missed::Once => Next::Run { due, then: self.latest(last, now) },
            Missed::Skip if due.checked_add(GRACE).is_some_and(|end| end < now) => {
                let from = now.checked_sub(GRACE).map_or(now, |from| self.latest(last, from));
                match self.after(from) {
                    Some(due) if due <= now => Next::Run { due, then: due },
                    Some(due) => Next::At(due),
                    None => Next::Never,
                }
            }
            Missed::Skip => Next::Run { due, then: due },
        }
    }

    /// The clock was set back behind the time from which is counted: a period begins now, so that nobody waits for the clock to catch up.
    /// The calendar has no such trouble, and would go through the same times twice; unless the clock was quite wrong.
    pub(super) fn set_back(&self, last: SystemTime, now: SystemTime) -> SystemTime {
        let is_wrong = last.duration_since(now).is_ok_and(|ahead| ahead > WRONG);
        if is_wrong || matches!(self.times, Times::Every(_)) { last.min(now) } else { last }
    }

    fn after(&self, time: SystemTime) -> Option<SystemTime> {
        match &self.times {
            Times::Every(period) => time.checked_add(*period),
            #[cfg(feature = "cron")]
            Times::Cron(cron) => cron.after(time),
            Times::Wrong(_) => None,
        }
    }

    /// A time from which is counted, such that the next time is after `now`. Periods keep their beat.
    fn latest(&self, last: SystemTime, now: SystemTime) -> SystemTime {
        let Times::Every(period) = self.times else { return now };
        let late = now.duration_since(last).unwrap_or_default().as_nanos();
        let whole = late - late % period.as_nanos();
        u64::try_from(whole).ok().and_then(|whole| last.checked_add(Duration::from_nanos(whole))).unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    fn at(seconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(seconds)
    }

    /// The runs of a schedule that is looked at at these times, and the time from which it counts in the end.
    fn runs(schedule: &Schedule, looks: &[u64]) -> (Vec<u64>, u64) {
        let seconds = |time: SystemTime| time.duration_since(UNIX_EPOCH).unwrap().as_secs();
        let (mut last, mut runs) = (at(0), Vec::new());
        for now in looks {
            while let Next::Run { due, then } = schedule.next(last, at(*now)) {
                runs.push(seconds(due));
                assert!(then >= due && then <= at(*now), "{then:?}");
                last = then;
            }
        }
        (runs, seconds(last))
    }

    fn check(missed: Missed, looks: &[u64], expect: (&[u64], u64)) {
        let schedule = Schedule::every(Duration::from_secs(10)).missed(missed);
        assert_eq!(runs(&schedule, looks), (expect.0.to_vec(), expect.1), "{missed:?} {looks:?}");
    }

    #[test]
    fn periods_keep_their_beat() {
        for missed in [Missed::Once, Missed::Skip, Missed::Each] {
            check(missed, &[5, 9, 10, 15, 20], (&[10, 20], 20));
            check(missed, &[11, 21], (&[10, 20], 20));
        }
        check(Missed::Once, &[47], (&[10], 40));
        check(Missed::Skip, &[47], (&[], 0));
        check(Missed::Skip, &[47, 50], (&[50], 50));
        check(Missed::Each, &[47], (&[10, 20, 30, 40], 40));
    }

    #[test]
    fn a_clock_that_is_set_back() {
        let schedule = Schedule::every(Duration::from_secs(10));
        assert_eq!(schedule.set_back(at(100), at(20)), at(20));
        assert_eq!(schedule.next(at(20), at(20)), Next::At(at(30)));
    }

    #[cfg(feature = "cron")]
    #[test]
    fn the_calendar_is_gone_through_once_if_the_clock_is_set_back() {
        let daily = Schedule::utc("0 9 * * *");
        let (nine, day) = (9 * 3600, 24 * 3600);
        assert_eq!(daily.set_back(at(nine), at(nine - 60)), at(nine), "it has run at nine");
        assert_eq!(daily.next(at(nine), at(nine - 60)), Next::At(at(nine + day)));
        assert_eq!(daily.set_back(at(nine + 100 * day), at(nine - 60)), at(nine - 60), "it had been wrong by months");
    }

    #[test]
    fn times_at_the_end_of_the_clock() {
        let schedule = Schedule::every(Duration::MAX);
        assert_eq!(schedule.next(at(5), at(10)), Next::Never);
        assert!(Schedule::every(Duration::ZERO).wrong().is_some());
    }

    #[cfg(feature = "cron")]
    #[test]
    fn the_calendar() {
        const DAY: u64 = 24 * 3600;
        const HALF_PAST_NINE: u64 = 9 * 3600 + 30 * 60;
        // 1970 began on a Thursday.
        let days = |days: &[u64]| days.iter().map(|day| day * DAY + HALF_PAST_NINE).collect::<Vec<_>>();
        let check = |missed, expect: &[u64]| {
            let schedule = Schedule::utc("30 9 * * MON-FRI").missed(missed);
            assert_eq!(runs(&schedule, &[5 * DAY]).0, days(expect), "{missed:?}");
            assert_eq!(schedule.next(at(5 * DAY), at(5 * DAY)), Next::At(at(5 * DAY + HALF_PAST_NINE)));
        };
        check(Missed::Once, &[0]);
        check(Missed::Skip, &[]);
        check(Missed::Each, &[0, 1, 4]);
        assert!(Schedule::utc("30 25 * * *").wrong().unwrap().contains("30 25 * * *"));
    }
}
