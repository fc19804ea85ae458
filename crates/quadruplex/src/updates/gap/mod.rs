//! The gap engine: puts updates in the order in which they happened, notices what is missing, and asks for it.
//!
//! Rules: <https://core.telegram.org/api/updates>. No I/O, no clock: time and answers come in, batches and requests go out.

mod channel;
mod common;
mod fetch;
mod sequence;
#[cfg(test)]
mod tests;
mod timers;
mod types;

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::time::{Duration, Instant};

use quadruplex_store::{ChannelState, CommonState};

use channel::Channel;
use common::Common;
use fetch::Stage;
use timers::{Timer, Timers};
pub(crate) use types::{Batch, ChannelDifference, Difference, Event, Failure, Incoming, Item, Place, Request};
pub use types::{Gap, GapReason};

/// How long an update may wait for those before it, before the difference is asked for.
pub(crate) const GAP_WAIT: Duration = Duration::from_millis(500);
/// After so much silence something may have been lost.
pub(crate) const SILENCE: Duration = Duration::from_secs(15 * 60);
/// Channels whose difference is asked for at once, as TDLib does.
const CHANNELS_AT_ONCE: usize = 10;

/// The order of the updates of one account, over an opaque update `U`.
///
/// The contract, in the manner of the cores below it:
/// - `handle_*` says what the world did: envelopes and answers arrived, time passed, the connection is new. Each gives a
///   [`Batch`]: what is accepted, in order, with the states that hold once all of it is taken. A batch is stored whole or
///   not at all.
/// - [`poll_request`](Self::poll_request) gives the requests to make, until none is left. Each is answered exactly once, by
///   the function of its name or by [`handle_failure`](Self::handle_failure).
/// - [`deadline`](Self::deadline) is when [`handle_timeout`](Self::handle_timeout) has to be called, unless another input
///   moves it.
///
/// Every update of a box is accepted once, in the order of the box. It never stands still: a box that misses something has
/// a request on its way or a deadline. Memory is bounded: a box holds back a bounded number of updates and asks for the
/// difference beyond that.
pub(crate) struct Engine<U> {
    common: Common<U>,
    channels: HashMap<i64, Channel<U>>,
    channel_limit: i32,
    /// Channels that want to ask, in the order in which they began to.
    queue: VecDeque<i64>,
    /// Channels that have asked and not been answered.
    asking: usize,
    /// Channels that somebody has open, each with a number of his.
    open: BTreeSet<(i64, u64)>,
    requests: VecDeque<Request>,
    timers: Timers,
    silence: Duration,
    is_paused: bool,
    dropped: u64,
}

impl<U> Engine<U> {
    /// Goes on from stored states; `common` is none at the first start of an account.
    pub(crate) fn new(common: Option<CommonState>, channels: impl IntoIterator<Item = (i64, ChannelState)>, is_bot: bool) -> Self {
        Self {
            common: Common::new(common),
            channels: channels.into_iter().map(|(id, state)| (id, Channel::stored(state))).collect(),
            channel_limit: if is_bot { 100_000 } else { 100 },
            queue: VecDeque::new(),
            asking: 0,
            open: BTreeSet::new(),
            requests: VecDeque::new(),
            timers: Timers::default(),
            silence: SILENCE,
            is_paused: false,
            dropped: 0,
        }
    }

    /// The same, to which another silence is suspicious.
    pub(crate) fn suspicious_after(self, silence: Duration) -> Self {
        Self { silence, ..self }
    }

    /// A connection that had no session before: what happened in between has to be asked for. Also for
    /// `new_session_created`, and for an answer whose updates are lost.
    #[must_use]
    pub(crate) fn handle_new_session(&mut self, now: Instant) -> Batch<U> {
        self.handle(now, |engine, batch| {
            engine.timers.set(Timer::Silence, now + engine.silence);
            engine.want_common();
            let behind: Vec<_> = engine.channels.iter().filter(|(_, channel)| channel.is_behind()).map(|(id, _)| *id).collect();
            for id in behind {
                engine.want_channel(id, batch);
            }
        })
    }

    /// Updates were lost on the way: they could not be decoded, came too fast, or are about somebody unknown.
    #[must_use]
    pub(crate) fn handle_lost(&mut self, now: Instant) -> Batch<U> {
        self.handle(now, |engine, _| engine.want_common())
    }

    /// Updates, pushed or inside an answer.
    #[must_use]
    pub(crate) fn handle_updates(&mut self, now: Instant, incoming: Incoming<U>) -> Batch<U> {
        self.handle(now, |engine, batch| {
            engine.timers.set(Timer::Silence, now + engine.silence);
            match incoming {
                Incoming::TooLong => engine.want_common(),
                Incoming::Envelope { seq_start, seq, date, items } => {
                    let is_new = engine.common.open_envelope(seq_start, seq, date, engine.is_paused);
                    for item in items {
                        engine.take(item, is_new, batch);
                    }
                }
            }
        })
    }

    /// An answer that moves a position and carries no update: `messages.affectedMessages` and its kin.
    #[must_use]
    pub(crate) fn handle_affected(&mut self, now: Instant, place: Place) -> Batch<U> {
        self.handle(now, |engine, batch| engine.take(Item { place, update: None }, true, batch))
    }

    /// The request got no answer.
    #[must_use]
    pub(crate) fn handle_failure(&mut self, now: Instant, request: Request, failure: Failure) -> Batch<U> {
        self.handle(now, |engine, batch| match request.channel() {
            None if engine.common.fetch.stage == Stage::Asked(request) => engine.fail_common(now, failure),
            Some(id) if engine.has_asked(request) => engine.fail_channel(now, id, failure, batch),
            // The answer to a question that is not open any more.
            None | Some(_) => {}
        })
    }

    /// Time has passed.
    #[must_use]
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> Batch<U> {
        self.handle(now, |engine, batch| {
            while let Some(timer) = engine.timers.due(now) {
                match timer {
                    Timer::Silence => {
                        engine.timers.set(Timer::Silence, now + engine.silence);
                        engine.want_common();
                    }
                    Timer::CommonGap => engine.want_common(),
                    Timer::CommonRetry => engine.common.fetch.retry(),
                    Timer::ChannelGap(id) | Timer::ChannelPoll(id) => engine.want_channel(id, batch),
                    Timer::ChannelRetry(id) => engine.retry_channel(id),
                }
            }
        })
    }

    /// Stops taking updates: the program does not keep up. What has a position is dropped and asked for later; what has
    /// none is dropped and counted. Answers that are on their way are still taken.
    pub(crate) fn pause(&mut self) {
        self.is_paused = true;
    }

    /// Takes updates again.
    #[must_use]
    pub(crate) fn resume(&mut self, now: Instant) -> Batch<U> {
        self.is_paused = false;
        self.handle(now, |_, _| {})
    }

    /// Whether [`pause`](Self::pause) was called last.
    pub(crate) fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Updates without a position that were dropped while paused.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The next request to make.
    pub(crate) fn poll_request(&mut self) -> Option<Request> {
        self.requests.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.timers.first()
    }

    /// Runs one input to its end: its consequences are settled and what is to be asked is queued.
    fn handle(&mut self, now: Instant, input: impl FnOnce(&mut Self, &mut Batch<U>)) -> Batch<U> {
        let mut batch = Batch::default();
        input(self, &mut batch);
        self.settle_common(now, &mut batch);
        let touched: Vec<_> = batch.channels.keys().copied().collect();
        for id in touched {
            self.settle_channel(now, id, &mut batch);
        }
        self.ask();
        batch
    }

    /// Accepts an update, holds it back or drops it, as its place says.
    fn take(&mut self, Item { place, update }: Item<U>, is_new: bool, batch: &mut Batch<U>) {
        match place {
            Place::Free if !is_new => {}
            Place::Free if self.is_paused => self.dropped += 1,
            Place::Free => batch.events.extend(update.map(Event::Update)),
            Place::Common { .. } | Place::Secret { .. } if self.is_paused => self.want_common(),
            Place::Common { pts, count } => self.common.take_pts(pts, count, update, batch),
            Place::Secret { qts } => self.common.take_qts(qts, update, batch),
            Place::Channel { id, pts, count } => self.take_channel(id, pts, count, update, batch),
            Place::ChannelTooLong { id, pts } => self.channel_too_long(id, pts, batch),
            Place::PtsChanged => {
                self.common.fetch.reset(GapReason::BadPosition);
                self.want_common();
            }
        }
    }

    /// Queues the requests that are due.
    fn ask(&mut self) {
        if self.is_paused {
            return;
        }
        if self.common.fetch.stage == Stage::Wanted {
            self.requests.push_back(self.common.ask());
        }
        while self.asking < CHANNELS_AT_ONCE
            && let Some(id) = self.queue.pop_front()
        {
            self.ask_channel(id);
        }
    }
}
