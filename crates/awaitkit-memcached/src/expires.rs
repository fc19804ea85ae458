use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// When the server forgets a value.
///
/// ```
/// use std::time::Duration;
/// use awaitkit_memcached::Expires;
///
/// let year = Expires::In(Duration::from_secs(365 * 86_400)); // more than the protocol's 30 days is no trap
/// assert_ne!(year, Expires::Never);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expires {
    /// Only when room is needed.
    #[default]
    Never,
    /// After this time, rounded up to whole seconds; zero means at once.
    In(Duration),
    /// At this time of the server's clock; one that has passed means at once.
    At(SystemTime),
}

impl Expires {
    /// The number on the wire: 0 is never, a negative one at once, up to 30 days seconds from now, above that a Unix time.
    pub(crate) fn on_the_wire(self, now: SystemTime) -> i64 {
        match self {
            Self::Never => 0,
            Self::In(Duration::ZERO) => AT_ONCE,
            Self::In(after) if after <= LONGEST_RELATIVE => seconds(after),
            Self::In(after) => seconds(since_epoch(now).saturating_add(after)),
            Self::At(time) if time <= now => AT_ONCE,
            Self::At(time) => seconds(since_epoch(time)),
        }
    }
}

fn seconds(duration: Duration) -> i64 {
    let rounded_up = duration.as_secs().saturating_add(u64::from(duration.subsec_nanos() > 0));
    i64::try_from(rounded_up).unwrap_or(i64::MAX)
}

fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}

const AT_ONCE: i64 = -1;
const LONGEST_RELATIVE: Duration = Duration::from_secs(30 * 86_400);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_on_the_wire() {
        let check =
            |expires: Expires, expect: i64| assert_eq!(expires.on_the_wire(UNIX_EPOCH + Duration::from_secs(1_000)), expect, "{expires:?}");
        check(Expires::Never, 0);
        check(Expires::In(Duration::ZERO), -1);
        check(Expires::In(Duration::from_millis(1)), 1);
        check(Expires::In(Duration::from_secs(60)), 60);
        check(Expires::In(LONGEST_RELATIVE), 2_592_000);
        check(Expires::In(LONGEST_RELATIVE + Duration::from_secs(1)), 2_593_001);
        check(Expires::In(Duration::MAX), i64::MAX);
        check(Expires::At(UNIX_EPOCH + Duration::from_secs(999)), -1);
        check(Expires::At(UNIX_EPOCH + Duration::from_secs(3_000_000)), 3_000_000);
    }
}
