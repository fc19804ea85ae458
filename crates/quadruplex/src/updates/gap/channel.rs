//! The boxes of channels and supergroups, one each.

use std::time::{Duration, Instant};

use quadruplex_store::ChannelState;

use super::common::{drain, take};
use super::fetch::{Fetch, Next, Stage};
use super::sequence::{Fit, Sequence};
use super::timers::Timer;
use super::{Batch, ChannelDifference, Engine, Event, Failure, GAP_WAIT, Gap, GapReason, Request};

/// The pause before an open channel is asked again, if its answers name none, and its bounds if they do.
const POLL: Duration = Duration::from_secs(30);
const POLL_LEAST: Duration = Duration::from_secs(1);
const POLL_MOST: Duration = super::SILENCE;

pub(super) struct Channel<U> {
    sequence: Sequence<Option<U>>,
    fetch: Fetch,
    /// At the last start it was behind already.
    was_behind: bool,
    reported: Option<ChannelState>,
    /// How long after an answer it is asked again while it is open.
    poll: Duration,
}

impl<U> Channel<U> {
    pub(super) fn stored(state: ChannelState) -> Self {
        Self { sequence: Sequence::new(Some(state.pts)), was_behind: state.behind, reported: Some(state), ..Self::new() }
    }

    fn new() -> Self {
        Self { sequence: Sequence::new(None), fetch: Fetch::default(), was_behind: false, reported: None, poll: POLL }
    }

    /// Something is known to be missing.
    pub(super) fn is_behind(&self) -> bool {
        self.was_behind || self.sequence.is_waiting() || self.fetch.stage != Stage::Idle
    }

    fn state(&self) -> Option<ChannelState> {
        self.sequence.local().map(|pts| ChannelState { pts, behind: self.is_behind() })
    }

    /// Leaves a hole behind: what was held back inside it still counts.
    fn leave_hole(&mut self, id: i64, to: i32, reason: GapReason, batch: &mut Batch<U>) {
        batch.events.push(Event::Gap(Gap { channel: Some(id), from: self.sequence.local(), to: Some(to), reason }));
        batch.events.extend(self.sequence.skip_to(to).flatten().map(Event::Update));
    }
}

impl<U> Engine<U> {
    pub(super) fn take_channel(&mut self, id: i64, pts: i32, count: i32, update: Option<U>, batch: &mut Batch<U>) {
        if self.is_paused {
            let is_known = self.channels.get(&id).is_some_and(|channel| channel.sequence.fit(pts, count) == Fit::Known);
            if !is_known {
                self.channels.entry(id).or_insert_with(Channel::new);
                self.want_channel(id, batch);
            }
            return;
        }
        let channel = self.channels.entry(id).or_insert_with(Channel::new);
        // While an answer is on its way, what follows is held back: the answer may bring it too.
        let is_asked = channel.fetch.has_asked(|_| true);
        let is_full = !take(&mut channel.sequence, is_asked, (pts, count), update, batch);
        batch.touch(id);
        if is_full {
            self.want_channel(id, batch);
        }
    }

    pub(super) fn channel_too_long(&mut self, id: i64, pts: Option<i32>, batch: &mut Batch<U>) {
        let channel = self.channels.entry(id).or_insert_with(Channel::new);
        match (channel.sequence.local(), pts) {
            (Some(local), Some(pts)) if pts <= local => {}
            // Never followed, and nobody can say from where on it should be.
            (None, Some(pts)) => {
                channel.leave_hole(id, pts, GapReason::TooLong, batch);
                batch.touch(id);
            }
            _ => self.want_channel(id, batch),
        }
    }

    /// Somebody opens a channel: it is asked for its difference now, and again as long as it is open whenever the pause is over that its
    /// last answer named. `number` is his, to close it with.
    #[must_use]
    pub(crate) fn open_channel(&mut self, now: Instant, id: i64, number: u64) -> Batch<U> {
        self.handle(now, |engine, batch| {
            engine.open.insert((id, number));
            let channel = engine.channels.entry(id).or_insert_with(Channel::new);
            // An answer that is on its way is new enough for him.
            if channel.fetch.stage == Stage::Idle {
                engine.want_channel(id, batch);
            }
        })
    }

    /// He does not look at it any more.
    #[must_use]
    pub(crate) fn close_channel(&mut self, now: Instant, id: i64, number: u64) -> Batch<U> {
        self.handle(now, |engine, batch| {
            engine.open.remove(&(id, number));
            if engine.channels.contains_key(&id) {
                batch.touch(id);
            }
        })
    }

    fn is_open(&self, id: i64) -> bool {
        self.open.range((id, 0)..=(id, u64::MAX)).next().is_some()
    }

    /// The answer to [`Request::ChannelDifference`]. `timeout`: how long to wait before asking again, for who has the channel open.
    #[must_use]
    pub(crate) fn handle_channel_difference(
        &mut self,
        now: Instant,
        id: i64,
        difference: ChannelDifference<U>,
        timeout: Option<Duration>,
    ) -> Batch<U> {
        self.handle(now, |engine, batch| {
            let Some(channel) = engine.asked_channel(id, |request| matches!(request, Request::ChannelDifference { .. })) else { return };
            channel.poll = timeout.unwrap_or(POLL).clamp(POLL_LEAST, POLL_MOST);
            let before = channel.sequence.local();
            let (pts, is_last) = match difference {
                ChannelDifference::Slice { items, pts, is_last } => {
                    batch.events.extend(items.into_iter().filter_map(|item| item.update).map(Event::Update));
                    channel.sequence.set(pts);
                    (Some(pts), is_last)
                }
                ChannelDifference::TooLong { pts: Some(pts), is_last } => {
                    channel.leave_hole(id, pts, GapReason::TooLong, batch);
                    (Some(pts), is_last)
                }
                ChannelDifference::TooLong { pts: None, .. } => {
                    channel.fetch.reset(GapReason::TooLong);
                    (None, false)
                }
            };
            engine.asking -= 1;
            // An answer that is not the last and leads nowhere would be asked for again at once, for ever.
            match is_last || pts.is_none() || pts > before {
                true => engine.channel_answered(id, is_last, batch),
                false => engine.fail_asked(now, id, Failure::Later(None), batch),
            }
        })
    }

    /// The answer to [`Request::ChannelState`].
    #[must_use]
    pub(crate) fn handle_channel_state(&mut self, now: Instant, id: i64, pts: i32) -> Batch<U> {
        self.handle(now, |engine, batch| {
            let is_open = engine.is_open(id);
            let Some(channel) = engine.asked_channel(id, |request| matches!(request, Request::ChannelState { .. })) else { return };
            let is_behind = match (channel.fetch.lost.take(), channel.sequence.local()) {
                (None, Some(local)) => local < pts,
                // Who opens it begins here; nothing is missing, and its first difference says how often to ask.
                (None, None) if is_open => {
                    channel.sequence.set(pts);
                    true
                }
                (reason, _) => {
                    channel.leave_hole(id, pts, reason.unwrap_or(GapReason::TooLong), batch);
                    false
                }
            };
            engine.asking -= 1;
            engine.channel_answered(id, !is_behind, batch);
        })
    }

    pub(super) fn want_channel(&mut self, id: i64, batch: &mut Batch<U>) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.fetch.want() {
            self.queue.push_back(id);
        }
        batch.touch(id);
    }

    pub(super) fn retry_channel(&mut self, id: i64) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if channel.fetch.stage == Stage::Waiting {
            channel.fetch.retry();
            self.queue.push_back(id);
        }
    }

    pub(super) fn ask_channel(&mut self, id: i64) {
        let limit = self.channel_limit;
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.fetch.stage == Stage::Wanted) else { return };
        let request = match channel.sequence.local() {
            Some(pts) if channel.fetch.lost.is_none() => Request::ChannelDifference { id, pts, limit },
            _ => Request::ChannelState { id },
        };
        channel.sequence.mark_asked();
        channel.fetch.stage = Stage::Asked(request);
        self.asking += 1;
        self.requests.push_back(request);
    }

    pub(super) fn has_asked(&self, request: Request) -> bool {
        let channel = request.channel().and_then(|id| self.channels.get(&id));
        channel.is_some_and(|channel| channel.fetch.stage == Stage::Asked(request))
    }

    fn asked_channel(&mut self, id: i64, is_it: impl FnOnce(Request) -> bool) -> Option<&mut Channel<U>> {
        self.channels.get_mut(&id).filter(|channel| channel.fetch.has_asked(is_it))
    }

    fn channel_answered(&mut self, id: i64, is_last: bool, batch: &mut Batch<U>) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        channel.fetch.answered(is_last);
        channel.was_behind = false;
        if is_last {
            drain(&mut channel.sequence, batch);
            if channel.fetch.is_hopeless(channel.sequence.is_astray()) {
                batch.events.extend(channel.sequence.take_astray().flatten().map(Event::Update));
            }
        }
        if channel.fetch.stage == Stage::Wanted {
            self.queue.push_back(id);
        }
        batch.touch(id);
    }

    pub(super) fn fail_channel(&mut self, now: Instant, id: i64, failure: Failure, batch: &mut Batch<U>) {
        self.asking -= 1;
        self.fail_asked(now, id, failure, batch);
    }

    fn fail_asked(&mut self, now: Instant, id: i64, failure: Failure, batch: &mut Batch<U>) {
        let Some(channel) = self.channels.get_mut(&id) else { return };
        batch.touch(id);
        match channel.fetch.failed(failure) {
            Next::Again => self.queue.push_back(id),
            Next::After(delay) => self.timers.set(Timer::ChannelRetry(id), now + delay),
            Next::GiveUp(GapReason::Gone) => {
                let from = channel.sequence.local();
                batch.events.push(Event::Gap(Gap { channel: Some(id), from, to: None, reason: GapReason::Gone }));
                self.channels.remove(&id);
                self.timers.clear(Timer::ChannelGap(id));
                self.forget_open(id);
            }
            Next::GiveUp(reason) => {
                // Nothing can be asked: what came is taken, and what is missing is told.
                match channel.sequence.last_held() {
                    Some(last) => channel.leave_hole(id, last, reason, batch),
                    None => {
                        let from = channel.sequence.local();
                        batch.events.push(Event::Gap(Gap { channel: Some(id), from, to: None, reason }));
                        channel.sequence.unplace();
                    }
                }
                channel.fetch = Fetch::default();
                channel.was_behind = false;
                self.forget_open(id);
            }
        }
    }

    /// It cannot be asked, as the gap has told; so nobody has it open.
    fn forget_open(&mut self, id: i64) {
        while let Some(&entry) = self.open.range((id, 0)..=(id, u64::MAX)).next() {
            self.open.remove(&entry);
        }
    }

    pub(super) fn settle_channel(&mut self, now: Instant, id: i64, batch: &mut Batch<U>) {
        let is_open = self.is_open(id);
        let Some(channel) = self.channels.get_mut(&id) else { return };
        if !channel.fetch.has_asked(|_| true) {
            drain(&mut channel.sequence, batch);
        }
        match channel.fetch.stage == Stage::Idle && channel.sequence.is_waiting() {
            true => self.timers.start(Timer::ChannelGap(id), now + GAP_WAIT),
            false => self.timers.clear(Timer::ChannelGap(id)),
        }
        match channel.fetch.stage == Stage::Idle && is_open {
            true => self.timers.start(Timer::ChannelPoll(id), now + channel.poll),
            false => self.timers.clear(Timer::ChannelPoll(id)),
        }
        let state = channel.state();
        if state != channel.reported {
            channel.reported = state;
            batch.channels.insert(id, state);
        } else {
            batch.channels.remove(&id);
        }
    }
}
