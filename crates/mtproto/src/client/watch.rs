use std::collections::HashMap;
use std::time::Duration;

use rand_core::Rng;

use super::Session;
use crate::time::{FROM_CLIENT, MessageIds};
use crate::{Now, Service};

/// Acknowledgements travel with other messages; so long they wait for company.
const ACK_DELAY: Duration = Duration::from_secs(15);
/// With so many they go alone.
const ACKS_AT_ONCE: usize = 100;
/// How often an idle connection is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(60);
/// So long after the next ping was due the server closes the connection itself, in seconds.
const GRACE: i32 = 15;
/// After so long without a ping it does, in seconds.
const DISCONNECT_DELAY: i32 = 75;
/// A call without an answer is asked about after so long, and every so long.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// A pong is waited for eight round trips, at least and at most so long, once the ping has been carried…
const PATIENCE: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(30));
/// …for which a link is given time as if it carried so many bytes a second…
const SLOWEST: u32 = 8 << 10;
/// …but not more than this: the server does not wait longer for the ping either…
const MOST_CARRIED: Duration = Duration::from_secs(DISCONNECT_DELAY as u64);
/// …and each time that bytes move it is waited for anew, until this has passed.
const LONGEST: Duration = Duration::from_secs(600);

/// Everything in a session that happens because time passes.
#[derive(Debug, Default)]
pub(super) struct Watch {
    connected: bool,
    acks_due: bool,
    ack_at: Option<Duration>,
    ping_at: Option<Duration>,
    ask_at: Option<Duration>,
    dead_at: Option<Duration>,
    ping: Option<Ping>,
    round_trip: Option<Duration>,
    /// Pings are as far apart, if not as far as ever.
    ping_every: Option<Duration>,
    /// When the other end last gave a sign of life.
    heard_at: Duration,
    /// When even the slowest link has carried everything that was packed.
    carried_at: Duration,
    /// How many bytes were packed since the last ping was.
    behind_ping: usize,
    dead: bool,
    questions: Vec<Question>,
    /// Messages that asked to drop an answer, and the messages whose answers they meant.
    drops: HashMap<i64, i64>,
}

/// A ping that was not answered.
#[derive(Debug)]
struct Ping {
    id: i64,
    /// The message in which it was sent, and its envelope, if it was.
    sent: Option<(i64, i64)>,
    at: Duration,
}

/// A request for states on its way.
#[derive(Debug)]
struct Question {
    msg_id: i64,
    envelope: i64,
    about: Vec<i64>,
}

pub(super) fn handle_timeout(session: &mut Session, now: Now, rng: &mut dyn Rng) {
    let due = |at: Option<Duration>| at.is_some_and(|at| at <= now.mono);
    if due(session.watch.ack_at) {
        session.watch.ack_at = None;
        session.watch.acks_due = true;
    }
    if due(session.watch.dead_at) {
        session.watch.dead_at = None;
        session.watch.dead = true;
    }
    if due(session.watch.ping_at) {
        session.watch.ping_at = Some(session.watch.next_ping(now));
        session.ping(now, rng);
        session.hold_open();
    }
    if due(session.watch.ask_at) {
        session.watch.ask_at = None;
        session.ask_about_old_calls(now, rng);
    }
}

impl Session {
    fn ping(&mut self, now: Now, rng: &mut dyn Rng) {
        if self.watch.ping.is_some() {
            return;
        }
        let ping_id = rng.next_u64() as i64;
        self.watch.ping = Some(Ping { id: ping_id, sent: None, at: now.mono });
        self.watch.await_pong(now);
        // Requests of HTTP end by themselves: there is no connection for the server to close.
        self.services.push_back(match self.polling.on {
            false => Service::PingDelayDisconnect { ping_id, disconnect_delay: self.watch.disconnect_delay() },
            true => Service::Ping { ping_id },
        });
    }

    /// For simulations in which days pass while nothing happens: an idle connection is asked for a sign of life so seldom. From the next
    /// connection on.
    pub fn ping_every(&mut self, time: Duration) {
        self.watch.ping_every = Some(time);
    }

    /// The server closes the link when it gets no ping for a while, also if the pong of the last is still on its way.
    fn hold_open(&mut self) {
        if let Some(Ping { id: ping_id, sent: Some(_), .. }) = self.watch.ping {
            self.services.push_back(Service::PingDelayDisconnect { ping_id, disconnect_delay: self.watch.disconnect_delay() });
        }
    }

    fn ask_about_old_calls(&mut self, now: Now, rng: &mut dyn Rng) {
        let old = self.clock.unix(now).saturating_sub(ASK_AFTER);
        let unanswered = self.calls.msg_ids_up_to(MessageIds::default().next(old, FROM_CLIENT));
        if !unanswered.is_empty() {
            if now.mono.saturating_sub(self.watch.heard_at) >= ASK_AFTER {
                self.ping(now, rng);
            }
            // What was asked before and not answered is asked again here.
            self.watch.forget_questions();
            self.ask_state(unanswered);
        }
        if self.calls.len() > 0 {
            self.watch.ask_at = Some(now.mono + ASK_AFTER);
        }
    }
}

impl Watch {
    pub(super) fn connected(&mut self, now: Now) {
        let Self { round_trip, ping_every, .. } = *self;
        *self = Self { connected: true, round_trip, ping_every, heard_at: now.mono, ..Self::default() };
        self.ping_at = Some(self.next_ping(now));
    }

    pub(super) fn disconnected(&mut self) {
        let Self { round_trip, ping_every, .. } = *self;
        *self = Self { round_trip, ping_every, ..Self::default() };
    }

    fn disconnect_delay(&self) -> i32 {
        let seldom = |every: Duration| i32::try_from(every.as_secs()).unwrap_or(i32::MAX).saturating_add(GRACE);
        self.ping_every.map_or(DISCONNECT_DELAY, seldom)
    }

    fn next_ping(&self, now: Now) -> Duration {
        now.mono + self.ping_every.unwrap_or(PING_EVERY)
    }

    pub(super) fn is_connected(&self) -> bool {
        self.connected
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dead
    }

    pub(super) fn round_trip(&self) -> Option<Duration> {
        self.round_trip
    }

    pub(super) fn acks_due(&self) -> bool {
        self.acks_due
    }

    pub(super) fn next(&self) -> Option<Duration> {
        if !self.connected {
            return None;
        }
        [self.ack_at, self.ping_at, self.ask_at, self.dead_at].into_iter().flatten().min()
    }

    /// The other end is there.
    pub(super) fn alive(&mut self, now: Now) {
        self.heard_at = now.mono;
        self.await_pong(now);
    }

    /// So many bytes are on their way.
    pub(super) fn packed(&mut self, bytes: usize, now: Now) {
        self.behind_ping += bytes;
        self.carried_at = self.carried_at.max(now.mono) + slowly(bytes);
    }

    pub(super) fn owes_acks(&mut self, count: usize, now: Now) {
        self.acks_due |= count >= ACKS_AT_ONCE;
        self.ack_at.get_or_insert(now.mono + ACK_DELAY);
    }

    pub(super) fn acks_sent(&mut self) {
        self.acks_due = false;
        self.ack_at = None;
    }

    pub(super) fn await_answers(&mut self, now: Now) {
        self.ask_at.get_or_insert(now.mono + ASK_AFTER);
    }

    pub(super) fn ping_sent(&mut self, msg_id: i64, envelope: i64, now: Now) {
        if let Some(ping) = self.ping.as_mut().filter(|ping| ping.sent.is_none()) {
            (ping.sent, ping.at) = (Some((msg_id, envelope)), now.mono);
            self.behind_ping = 0;
            self.await_pong(now);
        }
    }

    pub(super) fn pong(&mut self, ping_id: i64, now: Now) {
        if let Some(ping) = self.ping.take_if(|ping| ping.id == ping_id) {
            let measured = now.mono.saturating_sub(ping.at);
            self.round_trip = Some(self.round_trip.map_or(measured, |smoothed| (smoothed * 7 + measured) / 8));
            self.dead_at = None;
            // What stood before the ping has been carried.
            self.carried_at = self.carried_at.min(now.mono + slowly(self.behind_ping));
        }
    }

    /// From now on the pong may take as long as it takes to carry what was packed before its ping, and the way there and back.
    fn await_pong(&mut self, now: Now) {
        if let Some(ping) = &self.ping {
            let carried = self.carried_at.saturating_sub(now.mono).min(MOST_CARRIED);
            let until = (now.mono + carried + self.patience()).min(ping.at + LONGEST);
            self.dead_at = self.dead_at.max(Some(until));
        }
    }

    pub(super) fn question_sent(&mut self, msg_id: i64, envelope: i64, about: Vec<i64>) {
        self.questions.push(Question { msg_id, envelope, about });
    }

    pub(super) fn drop_sent(&mut self, msg_id: i64, about: i64) {
        self.drops.insert(msg_id, about);
    }

    /// The message whose answer was to be dropped.
    pub(super) fn drop_answered(&mut self, req_msg_id: i64) -> Option<i64> {
        self.drops.remove(&req_msg_id)
    }

    /// The messages that an answered question was about.
    pub(super) fn state_answered(&mut self, req_msg_id: i64) -> Vec<i64> {
        let at = self.questions.iter().position(|question| question.msg_id == req_msg_id);
        at.map(|at| self.questions.swap_remove(at).about).unwrap_or_default()
    }

    /// The server did not read a message: what was asked in it has to be asked again, and a ping in it is sent again.
    pub(super) fn refused(&mut self, msg_id: i64, now: Now) -> Vec<i64> {
        let in_it = |ping: &mut Ping| ping.sent.is_some_and(|(own, envelope)| own == msg_id || envelope == msg_id);
        if self.ping.take_if(in_it).is_some() {
            self.ping_anew(now);
        }
        let unread = self.questions.extract_if(.., |question| question.msg_id == msg_id || question.envelope == msg_id);
        unread.flat_map(|question| question.about).collect()
    }

    /// The session is another one: nothing that was said in the last is answered.
    pub(super) fn session_left(&mut self, now: Now) {
        self.questions.clear();
        self.drops.clear();
        if self.ping.take().is_some() {
            self.ping_anew(now);
        }
    }

    fn ping_anew(&mut self, now: Now) {
        self.dead_at = None;
        self.ping_at = Some(now.mono);
    }

    pub(super) fn forget_questions(&mut self) {
        self.questions.clear();
    }

    fn patience(&self) -> Duration {
        let (least, most) = PATIENCE;
        self.round_trip.map_or(most, |round_trip| (round_trip * 8).clamp(least, most))
    }
}

/// How long a link may take for so many bytes.
fn slowly(bytes: usize) -> Duration {
    Duration::from_secs(bytes as u64) / SLOWEST
}
