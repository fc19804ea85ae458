//! A model of the server's logs, and a link that loses, repeats and reorders what it sends: the engine and the differences
//! together give every update of a box exactly once, in the order of the box, and never stand still.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, prop_oneof, proptest};
use proptest::strategy::Just;
use quadruplex_store::{ChannelState, CommonState};

use super::super::{Batch, ChannelDifference, Difference, Engine, Event, Failure, Gap, Incoming, Item, Place, Request, SILENCE};

/// Boxes: 0 pts, 1 qts, 2.. channels.
const BOXES: usize = 5;
const PTS: usize = 0;
const QTS: usize = 1;

/// An update is named by its box and where it ends; free ones have a box of their own.
type Update = (usize, i32);
const FREE: usize = BOXES;

#[derive(Clone, Debug)]
enum Action {
    Happen { at: usize, count: i32, is_own: bool, way: Way },
    Pass { milliseconds: u64 },
    Crash,
    NewSession,
    Pause,
    Resume,
    FailNext,
    Unreadable,
}

/// How the server tells of an event.
#[derive(Clone, Debug)]
enum Way {
    /// In one envelope with the next event.
    Joined,
    /// In an envelope that arrives after these delays, as often as there are.
    Sent { is_numbered: bool, with_free: bool, delays: Vec<u64> },
}

fn actions() -> impl Strategy<Value = Vec<Action>> {
    let delays = vec(0..1500u64, 0..3);
    let sent =
        (any::<bool>(), any::<bool>(), delays).prop_map(|(is_numbered, with_free, delays)| Way::Sent { is_numbered, with_free, delays });
    let way = prop_oneof![1 => Just(Way::Joined), 3 => sent];
    let happen = (0..BOXES, 1..4i32, proptest::bool::weighted(0.1), way);
    let action = prop_oneof![
        12 => happen.prop_map(|(at, count, is_own, way)| Action::Happen { at, count: if at == QTS { 1 } else { count }, is_own, way }),
        6 => (0..2000u64).prop_map(|milliseconds| Action::Pass { milliseconds }),
        1 => Just(Action::Crash),
        1 => Just(Action::NewSession),
        1 => Just(Action::Pause),
        1 => Just(Action::Resume),
        1 => Just(Action::FailNext),
        1 => Just(Action::Unreadable),
    ];
    vec(action, 1..80)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_update_comes_once_in_order(actions in actions(), slice in 1..5usize, latency in vec(0..900u64, 1..6)) {
        World::new(slice, i32::MAX, latency).run(&actions);
    }

    /// With a server that declares small differences too long, what does not come is told as a gap.
    #[test]
    fn what_does_not_come_is_told(actions in actions(), slice in 1..5usize, too_long in 3..20i32, latency in vec(0..900u64, 1..6)) {
        World::new(slice, too_long, latency).run(&actions);
    }
}

struct Happened {
    update: Update,
    end: i32,
    date: i32,
    is_own: bool,
}

enum Sent {
    Envelope { seq: i32, items: Vec<Item<Update>> },
    Unreadable,
    Affected(Place),
    Asked(Request),
    State(CommonState),
    Difference(Difference<Update>),
    Channel(i64, ChannelDifference<Update>),
    ChannelState(i64, i32),
    Failed(Request),
}

struct World {
    logs: [Vec<Happened>; BOXES],
    date: i32,
    seq: i32,
    joined: Vec<Item<Update>>,
    slice: usize,
    too_long: i32,

    engine: Engine<Update>,
    stored: (Option<CommonState>, BTreeMap<i64, ChannelState>),
    taken: Vec<Event<Update>>,

    start: Instant,
    now: Duration,
    link: BTreeMap<(Duration, usize), Sent>,
    sent: usize,
    latency: VecDeque<u64>,
    fail_next: bool,
    unreadable_next: bool,
}

impl World {
    fn new(slice: usize, too_long: i32, latency: Vec<u64>) -> Self {
        let common = CommonState { pts: 1, qts: 1, date: 1, seq: 1 };
        let channels: BTreeMap<_, _> = (QTS + 1..BOXES).map(|at| (at as i64, ChannelState { pts: 1, behind: false })).collect();
        let mut world = Self {
            logs: [const { Vec::new() }; BOXES],
            date: 1,
            seq: 1,
            joined: Vec::new(),
            slice,
            too_long,
            engine: Engine::new(Some(common), channels.clone(), false),
            stored: (Some(common), channels),
            taken: Vec::new(),
            start: Instant::now(),
            now: Duration::ZERO,
            link: BTreeMap::new(),
            sent: 0,
            latency: latency.into(),
            fail_next: false,
            unreadable_next: false,
        };
        world.input(|engine, now| engine.handle_new_session(now));
        world
    }

    fn run(mut self, actions: &[Action]) {
        for action in actions {
            self.act(action);
        }
        // In the end every box has an event that arrives, as any later traffic would bring it.
        self.act(&Action::Resume);
        for at in 0..BOXES {
            let way = Way::Sent { is_numbered: false, with_free: false, delays: vec![2_000] };
            self.act(&Action::Happen { at, count: 1, is_own: false, way });
        }
        self.pass(Duration::from_secs(300));
        self.pass(SILENCE);
        self.check();
    }

    fn act(&mut self, action: &Action) {
        match action {
            Action::Happen { at, count, is_own, way } => self.happen(*at, *count, *is_own, way),
            Action::Pass { milliseconds } => self.pass(Duration::from_millis(*milliseconds)),
            Action::Crash => {
                let (common, channels) = self.stored.clone();
                self.engine = Engine::new(common, channels, false);
                self.link.clear();
                self.input(|engine, now| engine.handle_new_session(now));
            }
            Action::NewSession => {
                // What was on its way is lost; questions are asked again by the layer below.
                self.link.retain(|_, sent| !matches!(sent, Sent::Envelope { .. } | Sent::Unreadable));
                self.input(|engine, now| engine.handle_new_session(now));
            }
            Action::Pause => self.engine.pause(),
            Action::Resume => self.input(|engine, now| engine.resume(now)),
            Action::FailNext => self.fail_next = true,
            Action::Unreadable => self.unreadable_next = true,
        }
    }

    fn happen(&mut self, at: usize, count: i32, is_own: bool, way: &Way) {
        let end = self.end(at) + count;
        self.date += 1;
        self.logs[at].push(Happened { update: (at, end), end, date: self.date, is_own });
        let place = place(at, end, count);
        if is_own {
            self.send(Duration::from_millis(100), Sent::Affected(place));
            return;
        }
        self.joined.push(Item { place, update: Some((at, end)) });
        let Way::Sent { is_numbered, with_free, delays } = way else { return };
        let mut items = std::mem::take(&mut self.joined);
        if *is_numbered {
            self.seq += 1;
            if *with_free {
                items.push(Item { place: Place::Free, update: Some((FREE, self.seq)) });
            }
        }
        let is_unreadable = std::mem::take(&mut self.unreadable_next);
        for delay in delays {
            let seq = if *is_numbered { self.seq } else { 0 };
            let sent = if is_unreadable { Sent::Unreadable } else { Sent::Envelope { seq, items: items.clone() } };
            self.send(Duration::from_millis(*delay), sent);
        }
    }

    fn end(&self, at: usize) -> i32 {
        self.logs[at].last().map_or(1, |last| last.end)
    }

    fn send(&mut self, delay: Duration, sent: Sent) {
        self.sent += 1;
        self.link.insert((self.now + delay, self.sent), sent);
    }

    fn delay(&mut self) -> Duration {
        self.latency.rotate_left(1);
        Duration::from_millis(self.latency[0])
    }

    /// Lets time pass, from one thing that happens to the next.
    fn pass(&mut self, time: Duration) {
        let until = self.now + time;
        for _ in 0..20_000 {
            let arrives = self.link.first_key_value().map(|((at, _), _)| *at);
            let deadline = self.engine.deadline().map(|at| at.saturating_duration_since(self.start).max(self.now));
            let next = arrives.into_iter().chain(deadline).min().filter(|next| *next <= until);
            let Some(next) = next else {
                self.now = until;
                return;
            };
            self.now = next;
            if arrives == Some(next) {
                let (_, sent) = self.link.pop_first().unwrap();
                self.arrive(sent);
            } else {
                self.input(|engine, now| engine.handle_timeout(now));
            }
        }
        panic!("it goes in circles");
    }

    fn arrive(&mut self, sent: Sent) {
        match sent {
            Sent::Envelope { seq, items } => {
                let incoming = Incoming::Envelope { seq_start: seq, seq, date: self.date, items };
                self.input(|engine, now| engine.handle_updates(now, incoming));
            }
            Sent::Unreadable => self.input(|engine, now| engine.handle_lost(now)),
            Sent::Affected(place) => self.input(|engine, now| engine.handle_affected(now, place)),
            Sent::Asked(request) => {
                let answer = self.answer(request);
                let delay = self.delay();
                self.send(delay, answer);
            }
            Sent::State(state) => self.input(|engine, now| engine.handle_state(now, state)),
            Sent::Difference(difference) => self.input(|engine, now| engine.handle_difference(now, difference)),
            Sent::Channel(id, difference) => self.input(|engine, now| engine.handle_channel_difference(now, id, difference, None)),
            Sent::ChannelState(id, pts) => self.input(|engine, now| engine.handle_channel_state(now, id, pts)),
            Sent::Failed(request) => self.input(|engine, now| engine.handle_failure(now, request, Failure::Later(None))),
        }
    }

    fn answer(&mut self, request: Request) -> Sent {
        if std::mem::take(&mut self.fail_next) {
            return Sent::Failed(request);
        }
        match request {
            Request::State => Sent::State(CommonState { pts: self.end(PTS), qts: self.end(QTS), date: self.date, seq: self.seq }),
            Request::ChannelState { id } => Sent::ChannelState(id, self.end(id as usize)),
            Request::Difference { pts, qts, date } => Sent::Difference(self.difference(pts, qts, date)),
            Request::ChannelDifference { id, pts, .. } => Sent::Channel(id, self.channel_difference(id as usize, pts)),
        }
    }

    fn difference(&self, pts: i32, qts: i32, date: i32) -> Difference<Update> {
        let is_new = |happened: &&Happened, from| happened.end > from;
        if self.end(PTS) - pts > self.too_long {
            return Difference::TooLong { pts: self.end(PTS) };
        }
        let missing = self.logs[PTS].iter().filter(|happened| is_new(happened, pts));
        let missing = missing.chain(self.logs[QTS].iter().filter(|happened| is_new(happened, qts)));
        let mut part: Vec<_> = missing.take(self.slice + 1).collect();
        let is_last = part.len() <= self.slice;
        part.truncate(self.slice);
        let last = |at, from| part.iter().rfind(|happened| happened.update.0 == at).map_or(from, |happened| happened.end);
        let state = match is_last {
            true => CommonState { pts: self.end(PTS), qts: self.end(QTS), date: self.date, seq: self.seq },
            false => CommonState { pts: last(PTS, pts), qts: last(QTS, qts), date, seq: 1 },
        };
        let mut items: Vec<_> = part.iter().map(|happened| Item { place: Place::Free, update: Some(happened.update) }).collect();
        for at in (QTS + 1..BOXES).filter(|_| is_last) {
            let Some(last) = self.logs[at].last().filter(|last| last.date >= date) else { continue };
            // Sometimes the server sends the update itself, sometimes the word.
            let count = last.end - self.logs[at].iter().rev().nth(1).map_or(1, |before| before.end);
            items.push(match last.end % 3 {
                0 => Item { place: place(at, last.end, count), update: Some(last.update) },
                1 => Item { place: Place::ChannelTooLong { id: at as i64, pts: None }, update: None },
                _ => Item { place: Place::ChannelTooLong { id: at as i64, pts: Some(last.end) }, update: None },
            });
        }
        match items.is_empty() && is_last {
            true => Difference::Empty { date: self.date, seq: self.seq },
            false => Difference::Slice { items, state, is_last },
        }
    }

    fn channel_difference(&self, at: usize, pts: i32) -> ChannelDifference<Update> {
        if self.end(at) - pts > self.too_long {
            return ChannelDifference::TooLong { pts: Some(self.end(at)), is_last: true };
        }
        let part: Vec<_> = self.logs[at].iter().filter(|happened| happened.end > pts).take(self.slice).collect();
        let pts = part.last().map_or(pts, |last| last.end);
        let items = part.iter().map(|happened| Item { place: Place::Free, update: Some(happened.update) }).collect();
        ChannelDifference::Slice { items, pts, is_last: pts == self.end(at) }
    }

    /// Gives the engine an input, stores the batch as one and sends what it asks.
    fn input(&mut self, input: impl FnOnce(&mut Engine<Update>, Instant) -> Batch<Update>) {
        let Batch { events, common, channels } = input(&mut self.engine, self.start + self.now);
        self.taken.extend(events);
        self.stored.0 = common.or(self.stored.0);
        for (id, state) in channels {
            match state {
                Some(state) => drop(self.stored.1.insert(id, state)),
                None => drop(self.stored.1.remove(&id)),
            }
        }
        while let Some(request) = self.engine.poll_request() {
            let delay = self.delay();
            self.send(delay, Sent::Asked(request));
        }
    }

    fn check(&self) {
        for at in 0..BOXES {
            let taken: Vec<i32> = self.updates().filter(|(of, _)| *of == at).map(|(_, end)| end).collect();
            assert!(taken.is_sorted_by(|a, b| a < b), "box {at}: {taken:?} is not in order, each once");
            let taken: BTreeSet<_> = taken.into_iter().collect();
            let gaps: Vec<Gap> = self.gaps().filter(|gap| gap.channel == (at > QTS).then_some(at as i64)).collect();
            for happened in self.logs[at].iter().filter(|happened| !happened.is_own && !taken.contains(&happened.end)) {
                let end = happened.end;
                let is_told = at != QTS && gaps.iter().any(|gap| gap.from.unwrap_or(0) < end && gap.to.is_none_or(|to| end <= to));
                assert!(is_told, "box {at}: {end} is missing; taken {taken:?}, gaps {gaps:?}");
            }
        }
        let free: Vec<_> = self.updates().filter(|(of, _)| *of == FREE).collect();
        assert_eq!(free.iter().collect::<BTreeSet<_>>().len(), free.len(), "a numbered envelope counts once");
    }

    fn updates(&self) -> impl Iterator<Item = Update> {
        self.taken.iter().filter_map(|event| if let Event::Update(update) = event { Some(*update) } else { None })
    }

    fn gaps(&self) -> impl Iterator<Item = Gap> {
        self.taken.iter().filter_map(|event| if let Event::Gap(gap) = event { Some(*gap) } else { None })
    }
}

fn place(at: usize, end: i32, count: i32) -> Place {
    match at {
        PTS => Place::Common { pts: end, count },
        QTS => Place::Secret { qts: end },
        _ => Place::Channel { id: at as i64, pts: end, count },
    }
}
