//! The box of the account: pts, qts, seq and date, which one request brings up to date together.

use std::time::Instant;

use quadruplex_store::CommonState;

use super::fetch::{Fetch, Next, Stage};
use super::sequence::{Fit, Sequence};
use super::timers::Timer;
use super::{Batch, Difference, Engine, Event, Failure, GAP_WAIT, Gap, GapReason, Place, Request};

pub(super) struct Common<U> {
    pts: Sequence<Option<U>>,
    qts: Sequence<Option<U>>,
    /// Envelopes; what was in them is taken at once, only their number and date wait.
    seq: Sequence<i32>,
    date: i32,
    /// The server has told its state, now or in an earlier life.
    is_known: bool,
    reported: Option<CommonState>,
    pub(super) fetch: Fetch,
}

impl<U> Common<U> {
    pub(super) fn new(stored: Option<CommonState>) -> Self {
        Self {
            pts: Sequence::new(stored.map(|state| state.pts)),
            qts: Sequence::new(stored.map(|state| state.qts)),
            seq: Sequence::new(stored.map(|state| state.seq)),
            date: stored.map_or(0, |state| state.date),
            is_known: stored.is_some(),
            reported: stored,
            fetch: Fetch::default(),
        }
    }

    /// Counts an envelope. False: it was counted before, what is free in it is known.
    pub(super) fn open_envelope(&mut self, seq_start: i32, seq: i32, date: i32, is_paused: bool) -> bool {
        if seq == 0 {
            return true;
        }
        let count = seq.saturating_sub(seq_start).saturating_add(1);
        match self.seq.fit(seq, count) {
            Fit::Known => false,
            _ if self.seq.holds(seq) => false,
            // Not counted: the difference asked for after the pause tells the number.
            _ if is_paused => true,
            Fit::Next | Fit::Unplaced if !self.is_asked() => {
                self.seq.set(seq);
                self.date = self.date.max(date);
                true
            }
            Fit::Next | Fit::Unplaced | Fit::Ahead => {
                if !self.seq.hold(seq, count, date) {
                    self.fetch.want();
                }
                true
            }
        }
    }

    pub(super) fn take_pts(&mut self, pts: i32, count: i32, update: Option<U>, batch: &mut Batch<U>) {
        let is_asked = self.is_asked();
        if !take(&mut self.pts, is_asked, (pts, count), update, batch) {
            self.fetch.want();
        }
    }

    pub(super) fn take_qts(&mut self, qts: i32, update: Option<U>, batch: &mut Batch<U>) {
        let is_asked = self.is_asked();
        if !take(&mut self.qts, is_asked, (qts, 1), update, batch) {
            self.fetch.want();
        }
    }

    /// While a difference is on its way, what follows is held back: the answer may bring it too.
    fn is_asked(&self) -> bool {
        self.fetch.has_asked(|request| matches!(request, Request::Difference { .. }))
    }

    pub(super) fn ask(&mut self) -> Request {
        let request = match (self.is_known && self.fetch.lost.is_none(), self.pts.local(), self.qts.local()) {
            (true, Some(pts), Some(qts)) => Request::Difference { pts, qts, date: self.date },
            _ => Request::State,
        };
        self.pts.mark_asked();
        self.qts.mark_asked();
        self.seq.mark_asked();
        self.fetch.stage = Stage::Asked(request);
        request
    }

    /// Takes over the server's word.
    fn set(&mut self, state: CommonState) {
        self.pts.set(state.pts);
        self.qts.set(state.qts);
        self.seq.set(state.seq);
        self.date = state.date;
    }

    fn state(&self) -> Option<CommonState> {
        let (pts, qts) = (self.pts.local()?, self.qts.local()?);
        self.is_known.then_some(CommonState { pts, qts, date: self.date, seq: self.seq.local().unwrap_or(0) })
    }

    fn is_waiting(&self) -> bool {
        self.pts.is_waiting() || self.qts.is_waiting() || self.seq.is_waiting()
    }

    fn drain(&mut self, batch: &mut Batch<U>) {
        drain(&mut self.pts, batch);
        drain(&mut self.qts, batch);
        while let Some(date) = self.seq.next() {
            self.date = self.date.max(date);
        }
    }

    /// After the last answer: what the server, asked again and again, knows nothing of is not waited with for ever.
    fn release_astray(&mut self, batch: &mut Batch<U>) {
        self.drain(batch);
        let is_astray = self.pts.is_astray() || self.qts.is_astray() || self.seq.is_astray();
        if self.fetch.is_hopeless(is_astray) {
            batch.events.extend(self.pts.take_astray().flatten().map(Event::Update));
            batch.events.extend(self.qts.take_astray().flatten().map(Event::Update));
            self.seq.take_astray().for_each(drop);
        }
    }

    /// Leaves a hole behind: what was held back inside it still counts.
    fn skip_to(&mut self, pts: i32, batch: &mut Batch<U>) {
        batch.events.extend(self.pts.skip_to(pts).flatten().map(Event::Update));
    }
}

/// Accepts an update of a box, holds it back or drops it. False: too many are held back, the box has to ask.
#[must_use]
pub(super) fn take<U>(
    sequence: &mut Sequence<Option<U>>,
    is_asked: bool,
    (end, count): (i32, i32),
    update: Option<U>,
    batch: &mut Batch<U>,
) -> bool {
    match sequence.fit(end, count) {
        Fit::Known => {}
        // The first that is ever seen: nothing before it was promised.
        Fit::Unplaced => {
            sequence.set(end);
            batch.events.extend(update.map(Event::Update));
        }
        Fit::Next if !is_asked => {
            sequence.set(end);
            batch.events.extend(update.map(Event::Update));
        }
        Fit::Next | Fit::Ahead => return sequence.hold(end, count, update),
    }
    true
}

pub(super) fn drain<U>(sequence: &mut Sequence<Option<U>>, batch: &mut Batch<U>) {
    while let Some(update) = sequence.next() {
        batch.events.extend(update.map(Event::Update));
    }
}

impl<U> Engine<U> {
    /// How far the box of the account has come, once it is known.
    pub(crate) fn common(&self) -> Option<CommonState> {
        self.common.state()
    }

    /// The answer to [`Request::State`].
    #[must_use]
    pub(crate) fn handle_state(&mut self, now: Instant, state: CommonState) -> Batch<U> {
        self.handle(now, |engine, batch| {
            let common = &mut engine.common;
            if !common.fetch.has_asked(|request| request == Request::State) {
                return;
            }
            if let Some(reason) = common.fetch.lost.take() {
                batch.events.push(Event::Gap(Gap { channel: None, from: common.pts.local(), to: Some(state.pts), reason }));
                common.skip_to(state.pts, batch);
                batch.events.extend(common.qts.skip_to(state.qts).flatten().map(Event::Update));
                common.set(state);
            } else {
                // What came before the answer was taken already, and begins earlier.
                common.set(CommonState {
                    pts: common.pts.local().unwrap_or(state.pts),
                    qts: common.qts.local().unwrap_or(state.qts),
                    date: state.date,
                    seq: common.seq.local().unwrap_or(state.seq),
                });
            }
            common.is_known = true;
            // Its qts may be old, and more may have happened since: one difference follows.
            common.fetch.answered(false);
        })
    }

    /// The answer to [`Request::Difference`].
    #[must_use]
    pub(crate) fn handle_difference(&mut self, now: Instant, difference: Difference<U>) -> Batch<U> {
        self.handle(now, |engine, batch| {
            if !engine.common.is_asked() {
                return;
            }
            let is_last = matches!(difference, Difference::Empty { .. } | Difference::Slice { is_last: true, .. });
            match difference {
                Difference::Empty { date, seq } => {
                    engine.common.date = date;
                    engine.common.seq.set(seq);
                    engine.common.fetch.answered(true);
                }
                Difference::Slice { items, state, is_last } => {
                    let before = engine.common.state();
                    for item in items {
                        match item.place {
                            Place::Channel { .. } | Place::ChannelTooLong { .. } => engine.take(item, true, batch),
                            _ => batch.events.extend(item.update.map(Event::Update)),
                        }
                    }
                    // An intermediate state says nothing about envelopes; taking its number could let a repeated one pass as new.
                    let seq = if is_last { state.seq } else { engine.common.seq.local().unwrap_or(state.seq) };
                    engine.common.set(CommonState { seq, ..state });
                    if is_last || before != engine.common.state() {
                        engine.common.fetch.answered(is_last);
                    } else {
                        engine.fail_common(now, Failure::Later(None));
                    }
                }
                Difference::TooLong { pts } => {
                    let from = engine.common.pts.local();
                    batch.events.push(Event::Gap(Gap { channel: None, from, to: Some(pts), reason: GapReason::TooLong }));
                    engine.common.skip_to(pts, batch);
                    match from < Some(pts) {
                        true => engine.common.fetch.answered(false),
                        false => engine.fail_common(now, Failure::Later(None)),
                    }
                }
            }
            if is_last {
                engine.common.release_astray(batch);
            }
        })
    }

    pub(super) fn want_common(&mut self) {
        self.common.fetch.want();
    }

    pub(super) fn fail_common(&mut self, now: Instant, failure: Failure) {
        let delay = match self.common.fetch.failed(failure) {
            Next::Again => return,
            Next::After(delay) => delay,
            // Said of channels only; a call layer that says it of the account is asked again later.
            Next::GiveUp(_) => self.common.fetch.back_off(None),
        };
        self.timers.set(Timer::CommonRetry, now + delay);
    }

    pub(super) fn settle_common(&mut self, now: Instant, batch: &mut Batch<U>) {
        if !self.common.is_asked() {
            self.common.drain(batch);
        }
        match self.common.fetch.stage == Stage::Idle && self.common.is_waiting() {
            true => self.timers.start(Timer::CommonGap, now + GAP_WAIT),
            false => self.timers.clear(Timer::CommonGap),
        }
        let state = self.common.state();
        if state != self.common.reported {
            self.common.reported = state;
            batch.common = state;
        }
    }
}
