use std::time::Duration;

use quadruplex_crypto::{AuthKey, hash};

use crate::Salt;

/// How long a salt is the newest one, in seconds. The one before it is taken for as long again.
const PERIOD: u64 = 1800;

/// The salts that a server gives out for one key. They follow from the key and the time, so that nothing has to be stored.
#[derive(Clone, Debug)]
pub struct ServerSalts {
    /// The salt of the key exchange, taken until the first period after it is over.
    first: Option<(i64, u64)>,
    /// Moved on to make every salt given out so far wrong.
    epoch: u32,
}

impl ServerSalts {
    /// The salts of a key whose exchange ended with `first` at this Unix time.
    pub fn new(first: i64, unix: Duration) -> Self {
        Self { first: Some((first, unix.as_secs() + PERIOD)), epoch: 0 }
    }

    /// The salts of a key that was exchanged long ago.
    pub fn of_old_key() -> Self {
        Self { first: None, epoch: 0 }
    }

    /// Makes every salt given out so far wrong.
    pub fn rotate(&mut self) {
        self.epoch += 1;
        self.first = None;
    }

    /// The newest salt.
    pub fn current(&self, key: &AuthKey, unix: Duration) -> i64 {
        self.of_period(key, unix.as_secs() / PERIOD)
    }

    pub(super) fn accepts(&self, salt: i64, key: &AuthKey, unix: Duration) -> bool {
        let period = unix.as_secs() / PERIOD;
        self.first.is_some_and(|(first, until)| salt == first && unix.as_secs() < until)
            || salt == self.of_period(key, period)
            || salt == self.of_period(key, period.saturating_sub(1))
    }

    pub(super) fn future(&self, key: &AuthKey, unix: Duration, count: u32) -> Vec<Salt> {
        let period = unix.as_secs() / PERIOD;
        let salts = (period..).take(count.clamp(1, 64) as usize);
        salts
            .map(|period| Salt {
                valid_since: (period * PERIOD) as u32,
                valid_until: ((period + 2) * PERIOD) as u32,
                salt: self.of_period(key, period),
            })
            .collect()
    }

    fn of_period(&self, key: &AuthKey, period: u64) -> i64 {
        let digest = hash::sha256(&[key.expose(), &period.to_le_bytes(), &self.epoch.to_le_bytes()]);
        digest.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
    }
}
