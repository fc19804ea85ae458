//! What goes wrong on purpose in the model: errors by script, rates, and updates that are lost, doubled or late.

use std::collections::VecDeque;

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

use super::{Now, Peer, Push, RpcError, error};

/// The faults of the model. Changing them takes effect with the next call.
#[derive(Clone, Debug, Default)]
pub struct Faults {
    /// Errors by script; the first rule that fits answers.
    pub errors: Vec<ErrorRule>,
    /// Rates above which calls get `FLOOD_WAIT`.
    pub rates: Vec<RateRule>,
    /// What happens to live updates.
    pub updates: UpdateFaults,
}

/// Answers some calls with an error.
#[derive(Clone, Debug)]
pub struct ErrorRule {
    /// The method, or its beginning with a star: `messages.sendMessage`, `messages.*`, `*`.
    pub method: String,
    /// Only calls to this peer.
    pub peer: Option<Peer>,
    /// Only calls of this account.
    pub account: Option<i64>,
    /// How many fitting calls pass first.
    pub skip: u32,
    /// How many fitting calls fail then.
    pub times: u32,
    /// The answer: `FLOOD_WAIT_3`, `PHONE_MIGRATE_2`, …
    pub error: RpcError,
}

/// Allows so many calls in so much time, and tells the others how long to wait.
#[derive(Clone, Debug)]
pub struct RateRule {
    /// The method, as in [`ErrorRule`].
    pub method: String,
    /// Counted for each peer apart.
    pub per_peer: bool,
    /// How many calls.
    pub calls: usize,
    /// In how many milliseconds.
    pub per_ms: i64,
    /// When the calls that still count were made.
    pub(crate) made: VecDeque<(i64, i64, Option<Peer>)>,
}

impl RateRule {
    /// A rule that no call has met yet.
    pub fn new(method: impl Into<String>, per_peer: bool, calls: usize, per_ms: i64) -> Self {
        Self { method: method.into(), per_peer, calls, per_ms, made: VecDeque::new() }
    }
}

/// What happens to live updates, each with a chance in a thousand. Differences are never touched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UpdateFaults {
    /// It is lost.
    pub drop: u32,
    /// It comes twice.
    pub duplicate: u32,
    /// It comes after a later one.
    pub delay: u32,
}

impl Faults {
    /// The error that the script has for a call, if it has one.
    pub(crate) fn check(&mut self, account: i64, method: &str, peer: Option<Peer>, now: Now) -> Result<(), RpcError> {
        for rule in &mut self.errors {
            let fits = matches(&rule.method, method)
                && rule.peer.is_none_or(|wanted| peer == Some(wanted))
                && rule.account.is_none_or(|wanted| account == wanted);
            if !fits || rule.times == 0 {
                continue;
            }
            if rule.skip > 0 {
                rule.skip -= 1;
                continue;
            }
            rule.times -= 1;
            return Err(rule.error.clone());
        }
        self.rates.iter_mut().filter(|rule| matches(&rule.method, method)).try_for_each(|rule| rule.check(account, peer, now))
    }
}

impl RateRule {
    fn check(&mut self, account: i64, peer: Option<Peer>, now: Now) -> Result<(), RpcError> {
        let peer = peer.filter(|_| self.per_peer);
        self.made.retain(|(at, ..)| at + self.per_ms > now.ms);
        let mut same = self.made.iter().filter(|(_, by, to)| *by == account && *to == peer);
        let first = same.next().map(|(at, ..)| *at);
        match first {
            Some(first) if same.count() + 1 >= self.calls => {
                let wait = (first + self.per_ms - now.ms).max(1).unsigned_abs().div_ceil(1000);
                Err(error::flood_wait(i32::try_from(wait).unwrap_or(i32::MAX)))
            }
            _ => {
                self.made.push_back((now.ms, account, peer));
                Ok(())
            }
        }
    }
}

fn matches(pattern: &str, method: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == method, |start| method.starts_with(start))
}

/// The way of live updates out of the model.
pub(crate) struct Lane {
    ready: Vec<Push>,
    held: Vec<Push>,
    rng: ChaCha20Rng,
}

impl Lane {
    pub(crate) fn new(mut seed: [u8; 32]) -> Self {
        // Faults must not change what the model answers, so they draw from another stream.
        seed[31] ^= 0xff;
        Self { ready: Vec::new(), held: Vec::new(), rng: ChaCha20Rng::from_seed(seed) }
    }

    /// Begins the chances anew.
    pub(crate) fn seed(&mut self, seed: u64) {
        self.rng = ChaCha20Rng::seed_from_u64(seed);
    }

    pub(crate) fn push(&mut self, push: Push) {
        self.ready.push(push);
    }

    pub(crate) fn len(&self) -> usize {
        self.ready.len()
    }

    pub(crate) fn truncate(&mut self, length: usize) {
        self.ready.truncate(length);
    }

    pub(crate) fn take(&mut self, faults: &UpdateFaults) -> Vec<Push> {
        let ready = std::mem::take(&mut self.ready);
        if *faults == UpdateFaults::default() && self.held.is_empty() {
            return ready;
        }
        let late = std::mem::take(&mut self.held);
        let mut out = Vec::with_capacity(ready.len() + late.len());
        for push in ready {
            if self.happens(faults.drop) {
                continue;
            }
            if self.happens(faults.duplicate) {
                out.push(push.clone());
            }
            if self.happens(faults.delay) {
                self.held.push(push);
            } else {
                out.push(push);
            }
        }
        out.extend(late);
        out
    }

    fn happens(&mut self, per_mille: u32) -> bool {
        per_mille > 0 && self.rng.next_u32() % 1000 < per_mille
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_what_happens() {
        let mut lane = Lane::new([1; 32]);
        let mut happened = |seed| {
            lane.seed(seed);
            std::iter::repeat_with(|| lane.happens(500)).take(100).collect::<Vec<_>>()
        };
        let first = happened(7);
        assert_ne!(happened(8), first);
        assert_eq!(happened(7), first);
    }
}
