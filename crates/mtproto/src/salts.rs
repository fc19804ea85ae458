use std::collections::VecDeque;
use std::time::Duration;

/// A server salt and the half hour or so in which the server takes it, in Unix seconds of the server
/// (<https://core.telegram.org/mtproto/service_messages#request-for-several-future-salts>).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt {
    /// From when it is valid.
    pub valid_since: u32,
    /// Until when it is valid.
    pub valid_until: u32,
    /// The salt itself.
    pub salt: i64,
}

/// How many salts one request asks for.
pub(crate) const SALTS_PER_REQUEST: u32 = 64;
/// A request is made when what is known ends sooner than this.
const RESERVE: Duration = Duration::from_secs(3600);

/// The salts of one authorization key: the one in use and those that follow.
#[derive(Debug, Default)]
pub(crate) struct Salts {
    current: i64,
    future: VecDeque<Salt>,
}

impl Salts {
    pub(crate) fn new(current: i64, mut future: Vec<Salt>) -> Self {
        future.sort_by_key(|salt| salt.valid_since);
        Self { current, future: future.into() }
    }

    /// The salt for a message sent at this time of the server.
    pub(crate) fn at(&mut self, unix: Duration) -> i64 {
        while self.future.front().is_some_and(|next| u64::from(next.valid_since) <= unix.as_secs()) {
            if let Some(next) = self.future.pop_front()
                && u64::from(next.valid_until) > unix.as_secs()
            {
                self.current = next.salt;
            }
        }
        self.current
    }

    /// The server has named the salt to use now.
    pub(crate) fn adopt(&mut self, salt: i64) {
        self.current = salt;
    }

    pub(crate) fn replace(&mut self, mut salts: Vec<Salt>, unix: Duration) {
        salts.sort_by_key(|salt| salt.valid_since);
        self.future = salts.into();
        self.at(unix);
    }

    pub(crate) fn run_out(&self, unix: Duration) -> bool {
        self.future.back().is_none_or(|last| u64::from(last.valid_until) < (unix + RESERVE).as_secs())
    }

    /// What to store: the salt in use and those that follow.
    pub(crate) fn known(&self) -> (i64, Vec<Salt>) {
        (self.current, self.future.iter().copied().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn salts_follow_each_other_and_expired_ones_are_skipped() {
        let salt = |salt: i64, since: u32| Salt { valid_since: since, valid_until: since + 20, salt };
        let mut salts = Salts::new(7, vec![salt(3, 120), salt(1, 100), salt(2, 110)]);
        let at = Duration::from_secs;
        assert_eq!(salts.at(at(99)), 7);
        assert_eq!(salts.at(at(100)), 1);
        assert_eq!(salts.at(at(125)), 3);
        assert!(salts.run_out(at(125)));
        salts.adopt(9);
        assert_eq!(salts.at(at(126)), 9);
    }
}
