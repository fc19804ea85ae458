//! The client end of a session.
//!
//! [`Session`] holds everything that lives as long as an authorization key is used: ids, salts, the server's clock, calls in
//! flight. It survives connections: tell it [`connected`](Session::connected) and [`disconnected`](Session::disconnected), and
//! calls that were on their way are asked for or sent again by the rules of the protocol.
//!
//! Every call that [`call`](Session::call) took ends in exactly one [`Event::Answer`] or [`Event::Failed`], unless the session
//! itself is dropped. Events name messages by [`Receipt`]: what is not acknowledged comes again.

mod calls;
mod inbound;
mod index;
mod outbound;
mod polling;
mod table;
mod watch;

use std::collections::VecDeque;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::AuthKey;
use rand_core::Rng;

use crate::salts::{SALTS_PER_REQUEST, Salts};
use crate::time::{MessageIds, ServerClock};
use crate::{MAX_MESSAGE, Messages, Now, Salt, Service, Violation, ids::MessageIdSet, replay::Seen};
use calls::Calls;
pub use calls::{CallId, CallOptions, Repeat, Whereabouts};
use polling::Polling;
pub use table::CallTable;
use watch::Watch;

/// Room for a container and `invokeAfterMsg` around a query.
const WRAPPING: usize = 64;

/// What is known of an authorization key besides the key itself. Store it, and the next start costs no round trip for salts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyState {
    /// The salt in use.
    pub salt: i64,
    /// The salts that follow.
    pub future_salts: Vec<Salt>,
    /// The server's Unix time at the moment of [`Session::new`], if anybody knows it.
    pub server_time: Option<Duration>,
}

/// What has happened. Events come in the order in which their causes came from the server.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A call was answered. Also comes for cancelled calls whose answer was already on its way: updates may be in it.
    Answer {
        /// The call.
        call: CallId,
        /// The TL object of the answer, unpacked, or the error.
        result: Result<Bytes, RpcError>,
        /// For [`Session::acknowledge`].
        receipt: Option<Receipt>,
    },
    /// A call ended without an answer.
    Failed {
        /// The call.
        call: CallId,
        /// Why.
        reason: Failure,
    },
    /// A message that answers nothing: updates.
    Notification {
        /// The TL object.
        body: Bytes,
        /// For [`Session::acknowledge`].
        receipt: Option<Receipt>,
    },
    /// The server has begun a new session: updates may have been lost, and a difference has to be asked for.
    NewSession,
    /// [`Session::key_state`] is worth storing again.
    KeyStateChanged,
}

/// Stands for a message of which the server wants to know that it has arrived. It sends the message again until
/// [`Session::acknowledge`] is called, so what must not be lost is stored first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[must_use = "the server sends the message again until it is acknowledged"]
pub struct Receipt(i64);

/// An error that the server returned for a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// Like an HTTP status: 303, 400, 401, 403, 404, 406, 420, 500.
    pub code: i32,
    /// In capitals, often with a number: `FLOOD_WAIT_37`.
    pub message: String,
}

/// Why a call ended without an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Failure {
    /// Longer than a server takes ([`MAX_MESSAGE`]); nothing was sent.
    TooLong,
    /// The server has lost the session, and whether it had executed the call cannot be known. Not sent again, since the
    /// call did not say that repeating is safe.
    MayHaveBeenExecuted,
    /// Cancelled; the server may have executed it or may still do so.
    Cancelled,
    /// The server has executed it, and its answer cannot be read: damaged, or more than 16 MiB when it is unpacked.
    Unreadable(quadruplex_tl::Error),
}

/// The client end of a session; see the [module](self).
#[derive(Debug)]
pub struct Session {
    key: AuthKey,
    session_id: i64,
    ids: MessageIds,
    /// How many content-related messages were sent.
    content: i32,
    salts: Salts,
    clock: ServerClock,
    seen: Seen,
    calls: Calls,
    acks: Vec<i64>,
    /// Messages that were handed out and are not acknowledged yet.
    held: MessageIdSet,
    /// Service messages on their way out.
    services: VecDeque<Service>,
    events: VecDeque<Event>,
    watch: Watch,
    polling: Polling,
    /// Put before each query until the server has answered one: `invokeWithLayer(initConnection(…`.
    init: Bytes,
    initialised: bool,
    /// The `unique_id` of the last `new_session_created`.
    server_session: Option<i64>,
    salts_asked: bool,
}

impl Session {
    /// A session over a key. `init` is put before queries until one of them was answered; it ends where the query begins.
    pub fn new(key: AuthKey, state: KeyState, init: Bytes, rng: &mut dyn Rng, now: Now) -> Self {
        let mut clock = ServerClock::default();
        if let Some(unix) = state.server_time {
            clock.set(unix, now);
        }
        Self {
            key,
            session_id: random_id(rng),
            ids: MessageIds::default(),
            content: 0,
            salts: Salts::new(state.salt, state.future_salts),
            clock,
            seen: Seen::default(),
            calls: Calls::default(),
            acks: Vec::new(),
            held: MessageIdSet::default(),
            // With room from the start no session runs the code that makes an empty queue grow, which would come into memory for it.
            services: VecDeque::with_capacity(2),
            events: VecDeque::with_capacity(2),
            watch: Watch::default(),
            polling: Polling::default(),
            init,
            initialised: false,
            server_session: None,
            salts_asked: false,
        }
    }

    /// What is put before queries from the next connection on; see [`new`](Self::new).
    pub fn introduce(&mut self, init: Bytes) {
        self.init = init;
    }

    /// Queues a call. `body` is a query without wrappers, packed by [`gzip`](crate::gzip) if that was worth it.
    pub fn call(&mut self, body: Bytes, options: CallOptions) -> CallId {
        let too_long = body.len() + self.init.len() + WRAPPING > MAX_MESSAGE;
        match self.calls.queue(body, options) {
            Ok(call) if too_long => {
                self.fail(call, Failure::TooLong);
                call
            }
            Ok(call) => call,
            Err(call) => {
                let error = RpcError { code: 400, message: "MSG_WAIT_FAILED".to_owned() };
                self.events.push_back(Event::Answer { call, result: Err(error), receipt: None });
                call
            }
        }
    }

    /// Lets a call go. One that waits in the queue is never sent; for one that was sent the server is told to drop the
    /// answer, which does not undo anything.
    pub fn cancel(&mut self, call: CallId) {
        match self.calls.cancel(call) {
            calls::Cancelled::NotSent => self.events.push_back(Event::Failed { call, reason: Failure::Cancelled }),
            calls::Cancelled::Sent { msg_id } if self.watch.is_connected() => {
                self.services.push_back(Service::RpcDropAnswer { req_msg_id: msg_id });
            }
            // The next connection begins with a question about what was sent.
            calls::Cancelled::Sent { .. } | calls::Cancelled::Unknown => {}
        }
    }

    /// Whether the next link is HTTP, where the server speaks only when it is asked: each packet is a request then, which the server
    /// ends with one packet of its own or [with nothing](Self::handle_empty). One request waits for news at all times, by `http_wait`.
    pub fn poll_for_answers(&mut self, polls: bool) {
        self.polling.on = polls;
    }

    /// A request has ended with nothing.
    pub fn handle_empty(&mut self) {
        self.polling.answered();
    }

    /// A connection stands and packets can be written.
    pub fn connected(&mut self, now: Now) {
        self.watch.connected(now);
        self.polling.reset();
        self.initialised = false;
        // An unanswered request for salts went down with its connection.
        self.salts_asked = false;
        let (again, ask) = self.calls.after_reconnect();
        if self.calls.len() > 0 {
            self.watch.await_answers(now);
        }
        if !self.acks.is_empty() {
            self.watch.owes_acks(self.acks.len(), now);
        }
        self.calls.requeue(again);
        self.ask_state(ask);
    }

    /// The connection is gone. Nothing is written until the next [`connected`](Self::connected).
    pub fn disconnected(&mut self) {
        self.watch.disconnected();
        // Pings and questions belong to their connection. What should be dropped is asked about like everything in flight.
        self.services.clear();
    }

    /// Takes one packet, as the framing gave it.
    ///
    /// # Errors
    /// The server, or somebody on the way, broke the protocol: close the connection and connect again.
    pub fn handle_packet(&mut self, packet: BytesMut, now: Now, rng: &mut dyn Rng) -> Result<(), Violation> {
        let mut messages = self.open_packet(packet, now)?;
        while self.handle_next(&mut messages, now, rng)? {}
        Ok(())
    }

    /// The first step of [`handle_packet`](Self::handle_packet): decrypts and checks the packet. Whoever takes the events after each
    /// message has not those of a thousand answers in memory at once.
    ///
    /// # Errors
    /// The same.
    pub fn open_packet(&mut self, packet: BytesMut, now: Now) -> Result<Messages, Violation> {
        inbound::open_packet(self, packet, now)
    }

    /// The other steps: handles the next message, and says whether there was one.
    ///
    /// # Errors
    /// The same. What came before it in its packet has been handled.
    pub fn handle_next(&mut self, messages: &mut Messages, now: Now, rng: &mut dyn Rng) -> Result<bool, Violation> {
        inbound::handle_next(self, messages, now, rng)
    }

    /// Bytes have come, or there is room again in a socket that was full: the other end is there, however long a whole packet takes.
    pub fn alive(&mut self, now: Now) {
        self.watch.alive(now);
    }

    /// Does what is due. Call it when the time of [`poll_timeout`](Self::poll_timeout) has come; calling early does nothing.
    pub fn handle_timeout(&mut self, now: Now, rng: &mut dyn Rng) {
        watch::handle_timeout(self, now, rng);
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, in time of [`Now::mono`].
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.watch.next()
    }

    /// Appends the next packet to `out` and says whether there was one. Everything that is queued travels together, up to the
    /// limits of the protocol.
    pub fn poll_transmit(&mut self, now: Now, rng: &mut dyn Rng, out: &mut Vec<u8>) -> bool {
        outbound::poll_transmit(self, now, rng, out)
    }

    /// What has happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// What came with an event is safe, or nobody wants it: the server may forget it. The acknowledgement rides along with
    /// the next packet or, after a while, goes alone. A receipt of a session that the protocol has replaced is worth nothing.
    pub fn acknowledge(&mut self, receipt: Receipt, now: Now) {
        if self.held.remove(receipt.0) {
            self.owe_ack(receipt.0, now);
        }
    }

    fn hold(&mut self, receipt: Option<Receipt>) {
        if let Some(Receipt(msg_id)) = receipt {
            self.held.insert(msg_id);
        }
    }

    fn owe_ack(&mut self, msg_id: i64, now: Now) {
        self.acks.push(msg_id);
        self.watch.owes_acks(self.acks.len(), now);
    }

    /// Whether the connection gives no sign of life although it was asked for one: close it and connect again.
    pub fn is_dead(&self) -> bool {
        self.watch.is_dead()
    }

    /// Whether anything waits to be written. Acknowledgements that can wait for company do not count.
    pub fn wants_to_transmit(&self) -> bool {
        let has_news = self.calls.has_queued() || !self.services.is_empty() || self.watch.acks_due();
        self.watch.is_connected() && (self.polling.must_ask() || (has_news && self.polling.may_ask()))
    }

    /// How many calls have not ended.
    pub fn calls(&self) -> usize {
        self.calls.len()
    }

    /// How often a call was sent; one that is sent again counts again.
    pub fn calls_sent(&self) -> u64 {
        self.calls.times_sent()
    }

    /// The message id under which a call was last sent.
    pub fn msg_id(&self, call: CallId) -> Option<i64> {
        self.calls.msg_id(call)
    }

    /// What is known of a call on its way; `None` once it has ended.
    pub fn whereabouts(&self, call: CallId) -> Option<Whereabouts> {
        self.calls.whereabouts(call)
    }

    /// The smoothed time from a ping to its pong, once measured.
    pub fn round_trip(&self) -> Option<Duration> {
        self.watch.round_trip()
    }

    /// What to store beside the key.
    pub fn key_state(&self, now: Now) -> KeyState {
        let (salt, future_salts) = self.salts.known();
        KeyState { salt, future_salts, server_time: self.clock.is_known().then(|| self.clock.unix(now)) }
    }

    /// Whether the server has told its time.
    pub fn knows_server_time(&self) -> bool {
        self.clock.is_known()
    }

    /// The server's Unix time as far as known.
    pub fn server_time(&self, now: Now) -> Duration {
        self.clock.unix(now)
    }

    /// The authorization key.
    pub fn auth_key(&self) -> &AuthKey {
        &self.key
    }

    /// The id of the session, drawn at random; a new one when the protocol demands it.
    pub fn session_id(&self) -> i64 {
        self.session_id
    }

    fn next_seq_no(&mut self, content_related: bool) -> i32 {
        let seq_no = self.content.wrapping_mul(2) | i32::from(content_related);
        self.content = self.content.wrapping_add(i32::from(content_related));
        seq_no
    }

    fn fail(&mut self, call: CallId, reason: Failure) {
        if self.calls.remove(call, false) {
            self.events.push_back(Event::Failed { call, reason });
        }
    }

    /// Asks again what was asked in an envelope that the server did not read.
    fn repeat_questions(&mut self, bad_msg_id: i64, now: Now) {
        let unread = self.watch.refused(bad_msg_id, now);
        self.ask_state(unread);
    }

    /// Asks what has become of messages, in requests of a bounded size.
    fn ask_state(&mut self, msg_ids: Vec<i64>) {
        for chunk in msg_ids.chunks(crate::service::MAX_IDS) {
            self.services.push_back(Service::MsgsStateReq { msg_ids: chunk.to_vec() });
        }
    }

    /// Starts over under a new session id: what the server refused is sent again, and so is what may be repeated; the rest
    /// cannot be known any more.
    fn start_new_session(&mut self, refused: &[i64], now: Now, rng: &mut dyn Rng) {
        self.session_id = random_id(rng);
        self.content = 0;
        self.seen = Seen::default();
        self.acks.clear();
        self.held = MessageIdSet::default();
        self.initialised = false;
        self.salts_asked = false;
        self.services.clear();
        self.watch.session_left(now);
        let refused = self.calls.in_envelopes(refused);
        self.lose(self.calls.sent(), &refused);
        self.events.push_back(Event::NewSession);
    }

    /// What was sent under these calls is gone on the server: again what is `refused` or may be repeated, the rest fails.
    fn lose(&mut self, lost: Vec<CallId>, refused: &[CallId]) {
        let (again, unknown): (Vec<_>, Vec<_>) = lost.into_iter().partition(|call| refused.contains(call) || self.calls.may_repeat(*call));
        self.send_anew(again);
        for call in unknown {
            let cancelled = self.calls.is_cancelled(call);
            self.fail(call, if cancelled { Failure::Cancelled } else { Failure::MayHaveBeenExecuted });
        }
    }

    /// The server has not executed these calls: again as new messages, except those that nobody wants any more.
    fn send_anew(&mut self, calls: Vec<CallId>) {
        let cancelled: Vec<_> = calls.iter().copied().filter(|call| self.calls.is_cancelled(*call)).collect();
        self.calls.send_anew(calls);
        for call in cancelled {
            self.fail(call, Failure::Cancelled);
        }
    }

    fn want_salts(&mut self, unix: Duration) {
        if !self.salts_asked && self.salts.run_out(unix) {
            self.salts_asked = true;
            self.services.push_back(Service::GetFutureSalts { num: SALTS_PER_REQUEST });
        }
    }
}

fn random_id(rng: &mut dyn Rng) -> i64 {
    rng.next_u64() as i64
}
