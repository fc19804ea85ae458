mod model;
mod open;
mod rules;
mod trouble;

use std::time::{Duration, Instant};

use quadruplex_store::{ChannelState, CommonState};

use super::{Batch, ChannelDifference, Difference, Engine, Event, Failure, Gap, GapReason, Incoming, Item, Place, Request, SILENCE};

/// An engine with a clock and short words for what a test wants to say. Updates are words.
struct Bench {
    engine: Engine<&'static str>,
    now: Instant,
    /// What was accepted since it was looked at.
    events: Vec<Event<&'static str>>,
    common: Option<CommonState>,
    channels: Vec<(i64, Option<ChannelState>)>,
}

impl Bench {
    /// Goes on at pts 10, qts 20, date 30, seq 40; channel 1 at pts 100; connected and up to date.
    fn new() -> Self {
        let mut bench = Self::offline(Some(state(10)), [(1, 100, false)]);
        bench.connect();
        assert_eq!(bench.requests(), [asks(10)]);
        bench.difference(Difference::Empty { date: 30, seq: 40 });
        bench
    }

    fn offline<const N: usize>(common: Option<CommonState>, channels: [(i64, i32, bool); N]) -> Self {
        let channels = channels.map(|(id, pts, behind)| (id, ChannelState { pts, behind }));
        let engine = Engine::new(common, channels, false);
        Self { engine, now: Instant::now(), events: Vec::new(), common: None, channels: Vec::new() }
    }

    fn connect(&mut self) {
        let batch = self.engine.handle_new_session(self.now);
        self.store(batch);
    }

    fn store(&mut self, batch: Batch<&'static str>) {
        self.events.extend(batch.events);
        self.common = batch.common.or(self.common);
        self.channels.extend(batch.channels);
    }

    fn push<const N: usize>(&mut self, items: [(Place, &'static str); N]) {
        self.envelope(0, 0, items);
    }

    fn envelope<const N: usize>(&mut self, seq_start: i32, seq: i32, items: [(Place, &'static str); N]) {
        let items = items.map(|(place, update)| Item { place, update: Some(update) }).into();
        let batch = self.engine.handle_updates(self.now, Incoming::Envelope { seq_start, seq, date: 31, items });
        self.store(batch);
    }

    fn difference(&mut self, difference: Difference<&'static str>) {
        let batch = self.engine.handle_difference(self.now, difference);
        self.store(batch);
    }

    fn channel_difference(&mut self, id: i64, difference: ChannelDifference<&'static str>) {
        self.channel_difference_with(id, difference, None);
    }

    fn channel_difference_with(&mut self, id: i64, difference: ChannelDifference<&'static str>, timeout: Option<Duration>) {
        let batch = self.engine.handle_channel_difference(self.now, id, difference, timeout);
        self.store(batch);
    }

    fn fail(&mut self, request: Request, failure: Failure) {
        let batch = self.engine.handle_failure(self.now, request, failure);
        self.store(batch);
    }

    fn wait(&mut self, time: Duration) {
        self.now += time;
        let batch = self.engine.handle_timeout(self.now);
        self.store(batch);
    }

    fn requests(&mut self) -> Vec<Request> {
        std::iter::from_fn(|| self.engine.poll_request()).collect()
    }

    /// The updates accepted since the last look; a gap is shown as `gap`.
    fn accepted(&mut self) -> Vec<&'static str> {
        let word = |event| if let Event::Update(update) = event { update } else { "gap" };
        self.events.drain(..).map(word).collect()
    }

    fn gaps(&mut self) -> Vec<Gap> {
        self.events.drain(..).filter_map(|event| if let Event::Gap(gap) = event { Some(gap) } else { None }).collect()
    }

    /// The newest state of a channel that was handed out.
    fn channel(&self, id: i64) -> Option<ChannelState> {
        self.channels.iter().rev().find(|(channel, _)| *channel == id).and_then(|(_, state)| *state)
    }
}

fn state(pts: i32) -> CommonState {
    CommonState { pts, qts: 20, date: 30, seq: 40 }
}

fn asks(pts: i32) -> Request {
    Request::Difference { pts, qts: 20, date: 30 }
}

fn asks_channel(id: i64, pts: i32) -> Request {
    Request::ChannelDifference { id, pts, limit: 100 }
}

fn at(pts: i32) -> Place {
    Place::Common { pts, count: 1 }
}

fn in_channel(id: i64, pts: i32) -> Place {
    Place::Channel { id, pts, count: 1 }
}

fn slice<const N: usize>(updates: [&'static str; N], pts: i32, is_last: bool) -> Difference<&'static str> {
    Difference::Slice { items: items(updates), state: state(pts), is_last }
}

fn channel_slice<const N: usize>(updates: [&'static str; N], pts: i32, is_last: bool) -> ChannelDifference<&'static str> {
    ChannelDifference::Slice { items: items(updates), pts, is_last }
}

fn items<const N: usize>(updates: [&'static str; N]) -> Vec<Item<&'static str>> {
    updates.map(|update| Item { place: Place::Free, update: Some(update) }).into()
}
