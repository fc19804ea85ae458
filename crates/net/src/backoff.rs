use std::time::Duration;

use rand_chacha::rand_core::Rng;

use crate::Random;

const FIRST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait before the next attempt: doubling, with jitter so that a thousand clients do not come back at once.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    attempts: u32,
}

impl Backoff {
    pub(crate) fn attempts(&self) -> u32 {
        self.attempts
    }

    pub(crate) fn reset(&mut self) {
        self.attempts = 0;
    }

    pub(crate) fn next(&mut self, random: &mut Random) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.attempts.min(16)).min(LONGEST);
        self.attempts = self.attempts.saturating_add(1);
        // Between half and all of it.
        longest / 2 + longest.mul_f64(f64::from(random.next_u32()) / f64::from(u32::MAX)) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::rand_core::SeedableRng;

    #[test]
    fn waits_double_up_to_a_limit() {
        let mut random = Random::seed_from_u64(1);
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..20).map(|_| backoff.next(&mut random)).collect();
        for (n, wait) in waits.iter().enumerate() {
            let longest = (FIRST * 2_u32.pow(n.min(16) as u32)).min(LONGEST);
            assert!((longest / 2..=longest).contains(wait), "{n}: {wait:?}");
        }
    }
}
