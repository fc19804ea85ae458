//! Both ends under virtual time and a seeded link that loses, repeats and cuts: a stream, or requests as over HTTP.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::client::{self, CallId, CallOptions, Failure, KeyState, Repeat};
use quadruplex_mtproto::server::{self, ServerSalts};
use quadruplex_mtproto::{Now, packet};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// The id of the only function of this test's server: it takes a number and returns it.
const ECHO: u32 = 0x7e57_0001;
const EPOCH: Duration = Duration::from_secs(1_800_000_000);

/// The seeds of one run: a few dozen here, thousands with `QUADRUPLEX_SEEDS=5000`, one with `QUADRUPLEX_SEED=n`.
fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    match number("QUADRUPLEX_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("QUADRUPLEX_SEEDS").unwrap_or(60),
    }
}

#[test]
fn every_call_ends_once_and_no_unsafe_call_runs_twice() {
    every_call_ends_once(false);
}

#[test]
fn the_same_over_http_where_the_server_speaks_only_when_it_is_asked() {
    every_call_ends_once(true);
}

fn every_call_ends_once(polls: bool) {
    let mut answers = 0;
    for seed in seeds() {
        let outcome = std::panic::catch_unwind(|| World::new(seed, polls).run());
        match outcome {
            Ok(answered) => answers += answered,
            Err(_) => {
                panic!("seed {seed} fails; replay: QUADRUPLEX_SEED={seed} cargo test -p quadruplex-mtproto --test it simulation")
            }
        }
    }
    assert!(answers > 0, "a run in which nothing is answered proves nothing");
}

struct World {
    rng: ChaCha8Rng,
    time: Duration,
    /// How far the client's wall clock is off, in seconds.
    skew: i64,
    /// How far the server's runs ahead of what it was; back, if negative.
    ahead: i64,
    key: AuthKey,
    client: client::Session,
    server: server::Session,
    to_server: VecDeque<(Duration, BytesMut)>,
    to_client: VecDeque<(Duration, BytesMut)>,
    connected: bool,
    /// Whether the link is one of requests.
    polls: bool,
    /// Until when the server may hold back its answers to those that are out.
    held: Vec<Duration>,
    reconnect_at: Duration,
    /// Requests that the server is still executing: when they are done, their message, their number.
    running: Vec<(Duration, i64, u64)>,
    /// When the client may acknowledge what.
    receipts: Vec<(Duration, client::Receipt)>,
    executed: BTreeMap<u64, u32>,
    expected: BTreeMap<CallId, (u64, Repeat)>,
    ended: BTreeMap<CallId, Result<u64, Failure>>,
    faults: bool,
    most_kept: usize,
}

impl World {
    fn new(seed: u64, polls: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut bytes = [0; 256];
        rng.fill_bytes(&mut bytes);
        let key = AuthKey::from_bytes(&bytes);
        let skew = [0, 0, 7, -40, 3600, -86_400][(rng.next_u32() % 6) as usize];
        let time = Duration::ZERO;
        let now = Now { mono: time, wall: EPOCH.saturating_add_signed(skew) };
        let state = KeyState { salt: rng.next_u64() as i64, ..KeyState::default() };
        let mut client = client::Session::new(key.clone(), state, Bytes::from_static(&[]), &mut rng, now);
        client.poll_for_answers(polls);
        let server = server::Session::new(key.clone(), client.session_id(), ServerSalts::of_old_key(), &mut rng);
        Self {
            rng,
            time,
            skew,
            ahead: 0,
            key,
            client,
            server,
            to_server: VecDeque::new(),
            to_client: VecDeque::new(),
            connected: false,
            polls,
            held: Vec::new(),
            reconnect_at: Duration::ZERO,
            running: Vec::new(),
            receipts: Vec::new(),
            executed: BTreeMap::new(),
            expected: BTreeMap::new(),
            ended: BTreeMap::new(),
            faults: true,
            most_kept: 0,
        }
    }

    /// Returns how many calls were answered.
    fn run(mut self) -> usize {
        let total = 300;
        let mut made = 0;
        let mut steps = 0_u64;
        while self.ended.len() < total {
            steps += 1;
            assert!(steps < 200_000, "does not end: {} of {total} calls ended at {:?}", self.ended.len(), self.time);
            if made < total && self.chance(30) {
                for _ in 0..self.rng.next_u32() % 40 {
                    if made < total {
                        self.call(made as u64);
                        made += 1;
                    }
                }
            }
            self.faults = made < total || self.time < Duration::from_secs(120);
            self.step();
        }
        self.check();
        self.ended.values().filter(|outcome| outcome.is_ok()).count()
    }

    fn call(&mut self, number: u64) {
        let repeat = if number.is_multiple_of(2) { Repeat::Safe } else { Repeat::Unsafe };
        let body = [&ECHO.to_le_bytes()[..], &number.to_le_bytes()].concat();
        let call = self.client.call(body.into(), CallOptions { repeat, ..CallOptions::default() });
        assert!(self.expected.insert(call, (number, repeat)).is_none(), "a call id was given out twice");
        if self.chance(15) {
            self.client.cancel(call);
        }
    }

    /// Somebody loses interest, wherever the call is.
    fn cancel(&mut self) {
        if self.chance(40) {
            let waiting: Vec<_> = self.expected.keys().copied().filter(|call| !self.ended.contains_key(call)).collect();
            let chosen = self.rng.next_u32() as usize % waiting.len().max(1);
            waiting.get(chosen).into_iter().for_each(|call| self.client.cancel(*call));
        }
    }

    fn step(&mut self) {
        self.misbehave();
        self.cancel();
        let now = self.client_now();
        if !self.connected && self.time >= self.reconnect_at {
            self.connected = true;
            self.client.connected(now);
            self.server.connected();
        }
        self.transmit();
        self.advance();
        self.deliver();
        let now = self.client_now();
        self.client.handle_timeout(now, &mut self.rng);
        if self.client.is_dead() {
            self.cut();
        }
        let server_now = self.server_now();
        self.server.handle_timeout(server_now);
        let done: Vec<_> = self.running.extract_if(.., |(at, ..)| *at <= self.time).collect();
        for (_, msg_id, number) in done {
            self.server.answer(msg_id, [&ECHO.to_le_bytes()[..], &number.to_le_bytes()].concat().into(), true, server_now);
        }
        self.collect();
        self.acknowledge();
        self.most_kept = self.most_kept.max(self.server.unacknowledged());
    }

    fn misbehave(&mut self) {
        if !self.faults {
            return;
        }
        if self.connected && self.chance(80) {
            self.cut();
        }
        if self.chance(250) {
            // The server has lost everything but the key.
            self.cut();
            self.running.clear();
            self.server = self.new_server();
        }
        if self.chance(150) {
            self.server.rotate_salts();
        }
        if self.chance(120) {
            let code = [16, 17, 18, 19, 20, 32, 33, 34, 35, 64][(self.rng.next_u32() % 10) as usize];
            self.server.refuse_next(code);
        }
        if self.chance(150) {
            // Somebody sets the server's clock, or another server answers.
            self.ahead += [1, -1, 25, -25, 100, -100, 1000, -1000][(self.rng.next_u32() % 8) as usize];
        }
    }

    fn new_server(&mut self) -> server::Session {
        server::Session::new(self.key.clone(), self.client.session_id(), ServerSalts::of_old_key(), &mut self.rng)
    }

    fn cut(&mut self) {
        if self.connected {
            self.connected = false;
            self.to_client.clear();
            self.to_server.clear();
            self.held.clear();
            self.client.disconnected();
            self.server.disconnected();
            self.reconnect_at = self.time + Duration::from_millis(u64::from(self.rng.next_u32() % 3000));
        }
    }

    fn transmit(&mut self) {
        if !self.connected {
            return;
        }
        let (client_now, server_now) = (self.client_now(), self.server_now());
        let mut out = Vec::new();
        while self.client.poll_transmit(client_now, &mut self.rng, &mut out) {
            let packet = std::mem::take(&mut out);
            let before = self.to_server.len();
            Self::send(&mut self.rng, self.faults, self.time, packet, &mut self.to_server);
            if self.polls {
                // A request has one answer, and is not repeated.
                self.to_server.truncate(before + 1);
            }
        }
        if self.polls {
            assert!(self.held.len() + self.to_server.len() <= 2, "more requests than may be out");
            return self.answer_requests(server_now);
        }
        while self.server.poll_transmit(server_now, &mut self.rng, &mut out) {
            let packet = std::mem::take(&mut out);
            Self::send(&mut self.rng, self.faults, self.time, packet, &mut self.to_client);
        }
    }

    /// Requests end when there is something to tell, or when they have waited long enough.
    fn answer_requests(&mut self, server_now: Now) {
        let mut out = Vec::new();
        while let Some(at) = self.held.iter().position(|until| self.server.queued() > 0 || *until <= self.time) {
            self.held.remove(at);
            self.server.transmit(server_now, &mut self.rng, &mut out);
            let packet = if self.faults && self.chance(40) { Vec::new() } else { std::mem::take(&mut out) };
            out.clear();
            let arrives = self.time + Duration::from_millis(u64::from(5 + self.rng.next_u32() % 100));
            self.to_client.push_back((arrives, BytesMut::from(&packet[..])));
        }
    }

    fn send(rng: &mut ChaCha8Rng, faults: bool, time: Duration, packet: Vec<u8>, queue: &mut VecDeque<(Duration, BytesMut)>) {
        let copies = match rng.next_u32() % 40 {
            0 if faults => 0,
            1 if faults => 2,
            _ => 1,
        };
        let arrives = time + Duration::from_millis(u64::from(5 + rng.next_u32() % 100));
        // A stream does not overtake itself.
        let arrives = queue.back().map_or(arrives, |(last, _)| arrives.max(*last));
        for _ in 0..copies {
            queue.push_back((arrives, BytesMut::from(&packet[..])));
        }
    }

    /// To the next moment at which anything can happen.
    fn advance(&mut self) {
        let soon = self.time + Duration::from_millis(u64::from(20 + self.rng.next_u32() % 400));
        let events = [self.to_server.front(), self.to_client.front()].into_iter().flatten().map(|(at, _)| *at);
        self.time = events.chain([soon]).min().unwrap_or(soon).max(self.time);
    }

    fn deliver(&mut self) {
        while let Some((_, packet)) = self.to_server.pop_front_if(|(at, _)| *at <= self.time) {
            let opened = packet::open(&self.key, Side::Client, packet).expect("the client seals what a server can open");
            if opened.session_id != self.server.session_id() {
                self.server.disconnected();
                let salts = ServerSalts::of_old_key();
                self.server = server::Session::new(self.key.clone(), opened.session_id, salts, &mut self.rng);
                self.server.connected();
                self.running.clear();
            }
            let now = self.server_now();
            self.server.handle_message(opened, now).expect("the client writes what a server can read");
            let wait = self.collect_requests();
            if self.polls {
                self.held.push(self.time + wait.unwrap_or_default());
            }
        }
        while let Some((_, packet)) = self.to_client.pop_front_if(|(at, _)| *at <= self.time) {
            let now = self.client_now();
            if packet.is_empty() {
                self.client.handle_empty();
                continue;
            }
            if self.client.handle_packet(packet, now, &mut self.rng).is_err() {
                // Packets of a session that the client has left.
                self.cut();
                return;
            }
        }
    }

    /// What the server has to execute; how long the client wants to wait for its answer.
    fn collect_requests(&mut self) -> Option<Duration> {
        let mut wait = None;
        while let Some(event) = self.server.poll_event() {
            let (msg_id, body) = match event {
                server::Event::Request { msg_id, body } => (msg_id, body),
                server::Event::HttpWait { max_wait, .. } => {
                    wait = Some(max_wait);
                    continue;
                }
                _ => continue,
            };
            let number = u64::from_le_bytes(body[4..12].try_into().expect("the query is twelve bytes long"));
            *self.executed.entry(number).or_default() += 1;
            let takes = if self.rng.next_u32().is_multiple_of(10) { 4000 } else { 1 };
            self.running.push((self.time + Duration::from_millis(u64::from(self.rng.next_u32() % takes)), msg_id, number));
        }
        wait
    }

    fn collect(&mut self) {
        while let Some(event) = self.client.poll_event() {
            let (call, outcome) = match event {
                client::Event::Answer { call, result, receipt } => {
                    // What came is safe only after a while.
                    let safe = self.time + Duration::from_millis(u64::from(self.rng.next_u32() % 500));
                    self.receipts.extend(receipt.map(|receipt| (safe, receipt)));
                    let body = result.expect("this server returns no errors");
                    (call, Ok(u64::from_le_bytes(body[4..12].try_into().expect("the answer is twelve bytes long"))))
                }
                client::Event::Failed { call, reason } => (call, Err(reason)),
                _ => continue,
            };
            assert!(self.ended.insert(call, outcome).is_none(), "{call:?} ended twice");
        }
    }

    fn acknowledge(&mut self) {
        let now = self.client_now();
        for (_, receipt) in self.receipts.extract_if(.., |(safe, _)| *safe <= self.time) {
            self.client.acknowledge(receipt, now);
        }
    }

    fn check(&self) {
        for (call, (number, repeat)) in &self.expected {
            let executed = self.executed.get(number).copied().unwrap_or(0);
            match &self.ended[call] {
                Ok(echoed) => {
                    assert_eq!(echoed, number, "an answer went to the wrong call");
                    assert!(executed >= 1);
                }
                Err(Failure::MayHaveBeenExecuted) => assert_eq!(*repeat, Repeat::Unsafe, "what may be repeated is"),
                Err(Failure::Cancelled) => {}
                Err(other) => panic!("unexpected {other:?}"),
            }
            assert!(executed <= 1 || *repeat == Repeat::Safe, "call {number} ran {executed} times");
        }
        assert_eq!(self.client.calls(), 0);
        assert!(self.most_kept <= 600, "the server kept {} messages", self.most_kept);
    }

    fn client_now(&self) -> Now {
        Now { mono: self.time, wall: (EPOCH + self.time).saturating_add_signed(self.skew) }
    }

    fn server_now(&self) -> Now {
        Now { mono: self.time, wall: (EPOCH + self.time).saturating_add_signed(self.ahead) }
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.next_u32().is_multiple_of(one_in)
    }
}

trait AddSigned {
    fn saturating_add_signed(self, seconds: i64) -> Duration;
}

impl AddSigned for Duration {
    fn saturating_add_signed(self, seconds: i64) -> Duration {
        Duration::new(self.as_secs().saturating_add_signed(seconds), self.subsec_nanos())
    }
}
