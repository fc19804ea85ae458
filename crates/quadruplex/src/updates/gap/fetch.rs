use std::time::Duration;

use super::{Failure, GapReason, Request};

/// The pause after a first failure; doubled for each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LAST_PAUSE: Duration = Duration::from_secs(64);

/// So many last answers in a row may leave something unexplained: a server can be behind itself for a moment.
const FRUITLESS: u32 = 3;

/// How a box gets what it misses.
#[derive(Debug, Default)]
pub(super) struct Fetch {
    pub(super) stage: Stage,
    /// Something became known to be missing after the request was made: ask once more.
    is_stale: bool,
    /// The position is to be given up for the server's, and why.
    pub(super) lost: Option<GapReason>,
    failures: u32,
    was_undecodable: bool,
    /// Last answers in a row that did not explain what is held.
    fruitless: u32,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nothing is known to be missing.
    #[default]
    Idle,
    /// To be asked for as soon as may be.
    Wanted,
    /// Asked for.
    Asked(Request),
    /// Asked for without success; a timer runs.
    Waiting,
}

/// What follows from a failure.
pub(super) enum Next {
    /// Ask again at once.
    Again,
    /// Ask again after this time.
    After(Duration),
    /// Give the box up, or what cannot be had of it.
    GiveUp(GapReason),
}

impl Fetch {
    /// Something is missing. True: it has to be asked for.
    pub(super) fn want(&mut self) -> bool {
        match self.stage {
            Stage::Idle => {
                self.stage = Stage::Wanted;
                true
            }
            Stage::Asked(_) => {
                self.is_stale = true;
                false
            }
            Stage::Wanted | Stage::Waiting => false,
        }
    }

    /// The position is of no use any more.
    pub(super) fn reset(&mut self, reason: GapReason) {
        self.lost = Some(reason);
    }

    pub(super) fn retry(&mut self) {
        if self.stage == Stage::Waiting {
            self.stage = Stage::Wanted;
        }
    }

    pub(super) fn has_asked(&self, is_it: impl FnOnce(Request) -> bool) -> bool {
        matches!(self.stage, Stage::Asked(request) if is_it(request))
    }

    /// An answer was of use. `is_last`: there is no more behind it.
    pub(super) fn answered(&mut self, is_last: bool) {
        self.failures = 0;
        self.was_undecodable = false;
        let is_done = is_last && !std::mem::take(&mut self.is_stale);
        self.stage = if is_done { Stage::Idle } else { Stage::Wanted };
    }

    /// The last answer is in. True: what is held still cannot be placed, and asking again is no use.
    pub(super) fn is_hopeless(&mut self, is_astray: bool) -> bool {
        self.fruitless = if is_astray { self.fruitless + 1 } else { 0 };
        let is_hopeless = self.fruitless >= FRUITLESS;
        if is_hopeless {
            self.fruitless = 0;
        }
        is_hopeless
    }

    /// An answer was of no use, or there was none.
    pub(super) fn failed(&mut self, failure: Failure) -> Next {
        self.stage = Stage::Wanted;
        let delay = match failure {
            Failure::Later(delay) => delay,
            Failure::Gone => return Next::GiveUp(GapReason::Gone),
            Failure::UnknownChannel => return Next::GiveUp(GapReason::UnknownChannel),
            Failure::BadPosition if self.lost.is_none() => {
                self.lost = Some(GapReason::BadPosition);
                return Next::Again;
            }
            Failure::Undecodable if !self.was_undecodable => {
                self.was_undecodable = true;
                return Next::Again;
            }
            Failure::Undecodable if self.lost.is_none() => {
                self.lost = Some(GapReason::Undecodable);
                return Next::Again;
            }
            Failure::BadPosition | Failure::Undecodable => None,
        };
        Next::After(self.back_off(delay))
    }

    /// Waits before asking again. The caller starts the timer.
    pub(super) fn back_off(&mut self, delay: Option<Duration>) -> Duration {
        let grown = FIRST_PAUSE.saturating_mul(1 << self.failures.min(6)).min(LAST_PAUSE);
        self.failures = self.failures.saturating_add(1);
        self.stage = Stage::Waiting;
        delay.unwrap_or(grown)
    }
}
