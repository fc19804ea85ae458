use std::collections::{BTreeSet, HashMap};
use std::time::Instant;

/// What the engine waits for with a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Nothing was heard for a long time: perhaps something was lost.
    Silence,
    /// What the common box misses did not come by itself.
    CommonGap,
    /// The common box may ask again.
    CommonRetry,
    /// What the box of a channel misses did not come by itself.
    ChannelGap(i64),
    /// The box of a channel may ask again.
    ChannelRetry(i64),
    /// A channel that is open is to be asked again.
    ChannelPoll(i64),
}

/// Deadlines, one for each timer.
#[derive(Default)]
pub(super) struct Timers {
    at: HashMap<Timer, Instant>,
    order: BTreeSet<(Instant, Timer)>,
}

impl Timers {
    pub(super) fn set(&mut self, timer: Timer, at: Instant) {
        self.clear(timer);
        self.at.insert(timer, at);
        self.order.insert((at, timer));
    }

    /// Sets a timer that may be running already; then it keeps its time.
    pub(super) fn start(&mut self, timer: Timer, at: Instant) {
        if !self.at.contains_key(&timer) {
            self.set(timer, at);
        }
    }

    pub(super) fn clear(&mut self, timer: Timer) {
        if let Some(at) = self.at.remove(&timer) {
            self.order.remove(&(at, timer));
        }
    }

    pub(super) fn first(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes a timer whose time has come.
    pub(super) fn due(&mut self, now: Instant) -> Option<Timer> {
        let &(at, timer) = self.order.first()?;
        (at <= now).then(|| {
            self.clear(timer);
            timer
        })
    }
}
