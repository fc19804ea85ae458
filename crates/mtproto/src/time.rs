use std::time::Duration;

/// What time it is, as the caller measures it. The core never reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// Time since any fixed moment; never runs backwards.
    pub mono: Duration,
    /// Time since the Unix epoch, as this machine believes. Used only until the server has told its own.
    pub wall: Duration,
}

/// The Unix time that a message id carries in its upper half.
pub const fn unix_of(msg_id: i64) -> i64 {
    msg_id >> 32
}

/// The same, with the fraction of a second that the lower half holds.
pub(crate) fn exact_unix_of(msg_id: i64) -> Duration {
    Duration::from_nanos(id_nanos(msg_id).max(0).unsigned_abs())
}

/// Draws message ids: Unix time · 2³², strictly increasing, with the residue that tells who sent what
/// (<https://core.telegram.org/mtproto/description#message-identifier-msg-id>).
#[derive(Debug, Default)]
pub(crate) struct MessageIds {
    last: i64,
}

/// A message of a client.
pub(crate) const FROM_CLIENT: i64 = 0;
/// The answer of a server to a message of a client.
pub(crate) const RESPONSE: i64 = 1;
/// Any other message of a server.
pub(crate) const NOTIFICATION: i64 = 3;

impl MessageIds {
    pub(crate) fn next(&mut self, unix: Duration, residue: i64) -> i64 {
        let fraction = (u64::from(unix.subsec_nanos()) << 32) / 1_000_000_000;
        // Empty low bits make a server drop the message; two bits of the fraction are the residue's.
        let time = ((unix.as_secs() as i64) << 32 | fraction as i64).max(self.last + 4) & !3;
        let time = if time as u32 == 0 { time + 4 } else { time };
        self.last = time;
        time | residue
    }
}

/// What the client knows of the server's clock: its distance from the local monotonic one.
///
/// A message takes time on its way, so an id shows a moment that is a little early; the largest distance seen is the
/// best, and the distance only grows.
#[derive(Debug, Default)]
pub(crate) struct ServerClock {
    /// Nanoseconds from the monotonic clock to the server's Unix time.
    distance: Option<i64>,
    /// A message did not fit it: the next one replaces it, whatever it says.
    doubted: bool,
}

impl ServerClock {
    pub(crate) fn is_known(&self) -> bool {
        self.distance.is_some() && !self.doubted
    }

    /// The server's Unix time, or the local belief while the server has not told.
    pub(crate) fn unix(&self, now: Now) -> Duration {
        match self.distance {
            Some(distance) => Duration::from_nanos(nanos(now.mono).saturating_add(distance).max(0) as u64),
            None => now.wall,
        }
    }

    /// Learns from the id of a message that has just come from the server.
    pub(crate) fn observe(&mut self, msg_id: i64, now: Now) {
        let seen = id_nanos(msg_id).saturating_sub(nanos(now.mono));
        if self.doubted || self.distance.is_none_or(|known| seen > known) {
            *self = Self { distance: Some(seen), doubted: false };
        }
    }

    /// Takes the server's word, also when that turns the clock back.
    pub(crate) fn set(&mut self, unix: Duration, now: Now) {
        *self = Self { distance: Some(nanos(unix).saturating_sub(nanos(now.mono))), doubted: false };
    }

    /// What is believed may be wrong; the next message tells.
    pub(crate) fn doubt(&mut self) {
        self.doubted = true;
    }

    /// Takes the time of a message id, also when that turns the clock back.
    pub(crate) fn set_to_id(&mut self, msg_id: i64, now: Now) {
        *self = Self { distance: Some(id_nanos(msg_id).saturating_sub(nanos(now.mono))), doubted: false };
    }
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

fn id_nanos(msg_id: i64) -> i64 {
    let fraction = ((msg_id as u32 as u64) * 1_000_000_000) >> 32;
    unix_of(msg_id).saturating_mul(1_000_000_000).saturating_add(fraction as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(mono: u64, wall: u64) -> Now {
        Now { mono: Duration::from_secs(mono), wall: Duration::from_secs(wall) }
    }

    #[test]
    fn ids_increase_within_one_instant_and_when_the_clock_runs_back() {
        let mut ids = MessageIds::default();
        let mut last = 0;
        for unix in [100, 100, 100, 50, 101] {
            let id = ids.next(Duration::from_secs(unix), RESPONSE);
            assert!(id > last, "{id} after {last}");
            assert_eq!(id % 4, 1);
            assert_ne!(id as u32 & !3, 0, "the low bits must not be empty");
            last = id;
        }
        assert_eq!(unix_of(last), 101);
    }

    #[test]
    fn the_clock_only_grows_until_it_is_set() {
        let mut clock = ServerClock::default();
        assert_eq!(clock.unix(at(5, 1000)), Duration::from_secs(1000));
        clock.observe(2000 << 32, at(5, 1000));
        assert_eq!(clock.unix(at(6, 0)), Duration::from_secs(2001));
        clock.observe(1990 << 32, at(6, 0));
        assert_eq!(clock.unix(at(6, 0)), Duration::from_secs(2001));
        clock.set_to_id(1500 << 32, at(6, 0));
        assert_eq!(clock.unix(at(7, 0)), Duration::from_secs(1501));
    }
}
