//! The server end of a session.
//!
//! A [`Session`] belongs to one authorization key and one session id and survives connections: what was not acknowledged is
//! sent again on the next one. It enforces what Telegram enforces and reacts as Telegram reacts; a client that breaks a rule
//! gets a `bad_msg_notification` with the code of that rule, not a closed door.

mod inbound;
mod outbox;
mod received;
mod salts;

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::Side;
use quadruplex_tl::Serialize;
use rand_core::Rng;

use crate::message::{self, MAX_CONTAINER};
use crate::pack::{Layout, Sealer};
use crate::packet::Opened;
use crate::service::MAX_IDS;
use crate::time::{MessageIds, NOTIFICATION, RESPONSE};
use crate::{Now, RPC_ERROR, RPC_RESULT, Service, Violation};
use outbox::{Outbox, Popped};
use received::Received;
pub use salts::ServerSalts;

/// Acknowledgements that found no company go alone after so long.
const ACK_DELAY: Duration = Duration::from_secs(2);
/// A container of the server stops growing here.
const ENOUGH: usize = 512 << 10;

/// What has happened.
#[derive(Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A query to execute, exactly once, and to answer by [`Session::answer`]. Wrappers such as `invokeAfterMsg` are still on
    /// it.
    Request {
        /// The message to answer.
        msg_id: i64,
        /// The query, unpacked.
        body: Bytes,
    },
    /// The client wants another session forgotten; answer with [`Session::destroyed`].
    DestroySession {
        /// The message to answer.
        msg_id: i64,
        /// The session to forget.
        session_id: i64,
    },
    /// How long the answer to the request that brought the packet may be held back, over HTTP; the last one of a packet counts
    /// (<https://core.telegram.org/mtproto/service_messages#http-wait-long-poll>).
    HttpWait {
        /// From the first message that there is to tell to the answer, at the most.
        max_delay: Duration,
        /// So long the answer waits after each message whether more come.
        wait_after: Duration,
        /// So long it waits for a first one.
        max_wait: Duration,
    },
}

/// The server end of a session; see the [module](self).
#[derive(Debug)]
pub struct Session {
    key: AuthKey,
    session_id: i64,
    unique_id: i64,
    ids: MessageIds,
    content: i32,
    salts: ServerSalts,
    received: Received,
    outbox: Outbox,
    services: VecDeque<(Service, bool)>,
    acks: BTreeSet<i64>,
    ack_at: Option<Duration>,
    events: VecDeque<Event>,
    connected: bool,
    /// The next content-related message is refused with this code, for tests of clients.
    refuse_next: Option<i32>,
}

impl Session {
    /// A session that begins with the next message.
    pub fn new(key: AuthKey, session_id: i64, salts: ServerSalts, rng: &mut dyn Rng) -> Self {
        Self {
            key,
            session_id,
            unique_id: rng.next_u64() as i64,
            ids: MessageIds::default(),
            content: 0,
            salts,
            received: Received::default(),
            outbox: Outbox::default(),
            services: VecDeque::new(),
            acks: BTreeSet::new(),
            ack_at: None,
            events: VecDeque::new(),
            connected: false,
            refuse_next: None,
        }
    }

    /// A connection stands: whatever was not acknowledged goes out again.
    pub fn connected(&mut self) {
        self.connected = true;
        self.outbox.send_again();
    }

    /// The connection is gone, and with it replies that only made sense on it.
    pub fn disconnected(&mut self) {
        self.connected = false;
        self.services.clear();
    }

    /// Takes what [`packet::open`](crate::packet::open) gave.
    ///
    /// # Errors
    /// The body cannot be read at all: close the connection.
    pub fn handle_message(&mut self, opened: Opened, now: Now) -> Result<(), Violation> {
        inbound::handle_message(self, opened, now)
    }

    /// Answers a request. `pack` tries gzip; pass `false` for parts of files.
    pub fn answer(&mut self, msg_id: i64, result: Bytes, pack: bool, now: Now) {
        if !self.received.answered(msg_id) {
            // The client has asked to drop this answer.
            return;
        }
        let result = if pack { message::gzip(result) } else { result };
        let mut body = Vec::with_capacity(12 + result.len());
        RPC_RESULT.serialize(&mut body);
        msg_id.serialize(&mut body);
        body.extend_from_slice(&result);
        let answer_id = self.ids.next(now.wall, RESPONSE);
        let seq_no = self.next_seq_no(true);
        self.outbox.push(answer_id, seq_no, body.into(), Some(msg_id));
        self.received.answer_is(msg_id, answer_id);
        self.acks.remove(&msg_id);
    }

    /// Answers a request with an error.
    pub fn refuse(&mut self, msg_id: i64, code: i32, message: &str, now: Now) {
        let mut body = Vec::new();
        RPC_ERROR.serialize(&mut body);
        code.serialize(&mut body);
        message.serialize(&mut body);
        self.answer(msg_id, body.into(), false, now);
    }

    /// Answers [`Event::DestroySession`].
    pub fn destroyed(&mut self, session_id: i64, existed: bool) {
        let service = if existed { Service::DestroySessionOk { session_id } } else { Service::DestroySessionNone { session_id } };
        self.services.push_back((service, false));
    }

    /// Sends a message that answers nothing.
    pub fn notify(&mut self, body: Bytes, now: Now) {
        let msg_id = self.ids.next(now.wall, NOTIFICATION);
        let seq_no = self.next_seq_no(true);
        self.outbox.push(msg_id, seq_no, message::gzip(body), None);
    }

    /// Does what is due.
    pub fn handle_timeout(&mut self, now: Now) {
        if self.ack_at.is_some_and(|at| at <= now.mono) {
            self.ack_at = None;
            self.queue_acks();
        }
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called, in time of [`Now::mono`].
    pub fn poll_timeout(&self) -> Option<Duration> {
        self.ack_at.filter(|_| self.connected)
    }

    /// What has happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Appends the next packet to `out` and says whether there was one.
    pub fn poll_transmit(&mut self, now: Now, rng: &mut dyn Rng, out: &mut Vec<u8>) -> bool {
        if !self.connected || (self.services.is_empty() && !self.outbox.has_queued()) {
            return false;
        }
        // A client whose clock is wrong takes nothing but a refusal, and may look no further than at what carries it: so nothing does.
        if let Some(at) = self.services.iter().position(|(service, _)| service.is_refusal())
            && let Some((refusal, _)) = self.services.remove(at)
        {
            let mut layout = Layout::begin(out);
            let (msg_id, seq_no) = (self.ids.next(now.wall, RESPONSE), self.next_seq_no(false));
            layout.push((msg_id, seq_no), &refusal.to_bytes(), &[], out);
            self.sealer(now).seal(layout, None, rng, out);
            return true;
        }
        self.queue_acks();
        let mut layout = Layout::begin(out);
        let mut repeats = false;
        // First what is kept: the news that the session is new must come before anything that follows from it.
        while layout.messages() < MAX_CONTAINER / 2
            && let Some(len) = self.outbox.next_len()
            && (layout.messages() == 0 || layout.len(out) + len <= ENOUGH)
            && let Some(Popped { msg_id, seq_no, body, again }) = self.outbox.pop()
        {
            repeats |= again;
            layout.push((msg_id, seq_no), &[], body, out);
        }
        while layout.messages() < MAX_CONTAINER
            && let Some((service, answers)) = self.services.pop_front()
        {
            let msg_id = self.ids.next(now.wall, if answers { RESPONSE } else { NOTIFICATION });
            let seq_no = self.next_seq_no(service.is_content_related());
            layout.push((msg_id, seq_no), &service.to_bytes(), &[], out);
        }
        if layout.messages() == 0 {
            layout.abandon(out);
            return false;
        }
        // The container's id must be above those inside, and answers got theirs before.
        let container = (layout.messages() > 1 || repeats).then(|| (self.ids.next(now.wall, NOTIFICATION), self.next_seq_no(false)));
        self.sealer(now).seal(layout, container, rng, out);
        true
    }

    fn sealer(&mut self, now: Now) -> Sealer<'_> {
        let salt = self.salts.current(&self.key, now.wall);
        Sealer { key: &self.key, from: Side::Server, salt, session_id: self.session_id }
    }

    /// How many messages wait to be written. Acknowledgements that can wait for company do not count.
    pub fn queued(&self) -> usize {
        self.services.len() + self.outbox.queued()
    }

    /// Appends the next packet, and an empty container if there is nothing to tell: a request of HTTP ends with a packet.
    pub fn transmit(&mut self, now: Now, rng: &mut dyn Rng, out: &mut Vec<u8>) {
        self.queue_acks();
        if !self.poll_transmit(now, rng, out) {
            let container = (self.ids.next(now.wall, NOTIFICATION), self.next_seq_no(false));
            let layout = Layout::begin(out);
            self.sealer(now).seal(layout, Some(container), rng, out);
        }
    }

    /// Makes every salt given out so far wrong, as if the server had lost them.
    pub fn rotate_salts(&mut self) {
        self.salts.rotate();
    }

    /// Refuses the next content-related message with a `bad_msg_notification` of this code, to try what a client does.
    pub fn refuse_next(&mut self, code: i32) {
        self.refuse_next = Some(code);
    }

    /// The id of the session, as the client chose it.
    pub fn session_id(&self) -> i64 {
        self.session_id
    }

    /// The authorization key of the session.
    pub fn auth_key(&self) -> &AuthKey {
        &self.key
    }

    /// How many messages wait for the client's acknowledgement.
    pub fn unacknowledged(&self) -> usize {
        self.outbox.len()
    }

    fn next_seq_no(&mut self, content_related: bool) -> i32 {
        let seq_no = self.content.wrapping_mul(2) | i32::from(content_related);
        self.content = self.content.wrapping_add(i32::from(content_related));
        seq_no
    }

    fn queue_acks(&mut self) {
        while !self.acks.is_empty() {
            let rest = self.acks.iter().nth(MAX_IDS).copied();
            let rest = rest.map(|from| self.acks.split_off(&from)).unwrap_or_default();
            let msg_ids = std::mem::replace(&mut self.acks, rest).into_iter().collect();
            self.services.push_back((Service::MsgsAck { msg_ids }, false));
        }
        self.ack_at = None;
    }

    fn reply(&mut self, service: Service) {
        self.services.push_back((service, true));
    }
}
