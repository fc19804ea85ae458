use quadruplex_crypto::message::Side;
use quadruplex_tl::Serialize;
use rand_core::Rng;

use super::Session;
use super::calls::{After, Next};
use crate::message::MAX_CONTAINER;
use crate::pack::{Layout, MESSAGE_HEADER, Sealer};
use crate::service::MAX_IDS;
use crate::time::FROM_CLIENT;
use crate::{Now, Service};

/// A container stops growing here. Far below what a server takes, so that the first answers do not wait for the last query.
const ENOUGH: usize = 256 << 10;
/// The id of `invokeAfterMsg#cb9f372d`.
const INVOKE_AFTER_MSG: u32 = 0xcb9f_372d;

pub(super) fn poll_transmit(session: &mut Session, now: Now, rng: &mut dyn Rng, out: &mut Vec<u8>) -> bool {
    if !session.wants_to_transmit() {
        return false;
    }
    let unix = session.clock.unix(now);
    session.want_salts(unix);
    let mut packet = Packet::new(out);
    packet.take_services(session, now);
    packet.take_calls(session, now);
    packet.take_acks(session, now);
    if let Some(wait) = session.polling.ask() {
        packet.push_service(session, &wait, now);
    }
    let Packet { out, layout, first, calls, questions, ping, repeats, .. } = packet;
    let Some(first) = first else {
        layout.abandon(out);
        return false;
    };
    // A message that keeps the id it had before may only travel inside something with a newer one.
    let container = (layout.messages() > 1 || repeats).then(|| (session.ids.next(unix, FROM_CLIENT), session.next_seq_no(false)));
    let envelope = container.map_or(first, |(msg_id, _)| msg_id);
    if !calls.is_empty() {
        session.calls.travels_in(envelope, calls);
        session.watch.await_answers(now);
    }
    for (msg_id, about) in questions {
        session.watch.question_sent(msg_id, envelope, about);
    }
    let salt = session.salts.at(unix);
    let sealer = Sealer { key: &session.key, from: Side::Client, salt, session_id: session.session_id };
    let len = sealer.seal(layout, container, rng, out);
    session.watch.packed(len, now);
    if let Some(msg_id) = ping {
        session.watch.ping_sent(msg_id, envelope, now);
    }
    true
}

/// One packet while it is put together.
struct Packet<'a> {
    out: &'a mut Vec<u8>,
    layout: Layout,
    /// The id of the first message.
    first: Option<i64>,
    calls: Vec<i64>,
    questions: Vec<(i64, Vec<i64>)>,
    ping: Option<i64>,
    /// Whether a message is in that was sent before.
    repeats: bool,
    /// Whether a call that bears no other of its kind is in.
    loner: bool,
}

impl<'a> Packet<'a> {
    fn new(out: &'a mut Vec<u8>) -> Self {
        let layout = Layout::begin(out);
        Self { out, layout, first: None, calls: Vec::new(), questions: Vec::new(), ping: None, repeats: false, loner: false }
    }

    fn take_services(&mut self, session: &mut Session, now: Now) {
        while self.has_room(0)
            && let Some(service) = session.services.pop_front()
        {
            let msg_id = self.push_service(session, &service, now);
            match service {
                Service::MsgsStateReq { msg_ids } => self.questions.push((msg_id, msg_ids)),
                Service::PingDelayDisconnect { .. } | Service::Ping { .. } => self.ping = Some(msg_id),
                Service::RpcDropAnswer { req_msg_id } => session.watch.drop_sent(msg_id, req_msg_id),
                _ => {}
            }
        }
    }

    fn take_calls(&mut self, session: &mut Session, now: Now) {
        while let Some(Next { id, len, alone, again }) = session.calls.next() {
            let head = head(session, session.calls.after(id));
            if !self.has_room(head.len() + len) || (alone && self.loner) {
                return;
            }
            let (msg_id, seq_no) = match again {
                Some(sent) => (sent.msg_id, sent.seq_no),
                None => (session.ids.next(session.clock.unix(now), FROM_CLIENT), session.next_seq_no(true)),
            };
            self.repeats |= again.is_some();
            self.loner |= alone;
            let introduced = !session.initialised;
            let body = session.calls.leave(id, msg_id, seq_no, introduced);
            self.push(msg_id, seq_no, &head, body);
            self.calls.push(msg_id);
        }
    }

    /// Acknowledgements ride along with anything.
    fn take_acks(&mut self, session: &mut Session, now: Now) {
        while !session.acks.is_empty() && self.has_room(0) {
            let rest = session.acks.split_off(session.acks.len().min(MAX_IDS));
            let msg_ids = std::mem::replace(&mut session.acks, rest);
            self.push_service(session, &Service::MsgsAck { msg_ids }, now);
        }
        if session.acks.is_empty() {
            session.watch.acks_sent();
        }
    }

    fn push_service(&mut self, session: &mut Session, service: &Service, now: Now) -> i64 {
        let msg_id = session.ids.next(session.clock.unix(now), FROM_CLIENT);
        let seq_no = session.next_seq_no(service.is_content_related());
        self.push(msg_id, seq_no, &service.to_bytes(), &[]);
        msg_id
    }

    fn push(&mut self, msg_id: i64, seq_no: i32, head: &[u8], body: &[u8]) {
        self.first.get_or_insert(msg_id);
        self.layout.push((msg_id, seq_no), head, body, self.out);
    }

    /// Whether so many bytes may join. A long message that finds company waits for the next packet.
    fn has_room(&self, len: usize) -> bool {
        let messages = self.layout.messages();
        messages == 0 || (messages < MAX_CONTAINER && self.layout.len(self.out) + MESSAGE_HEADER + len <= ENOUGH)
    }
}

/// What stands before the query: whom it waits for, and who asks.
fn head(session: &Session, after: Option<After>) -> Vec<u8> {
    let mut head = Vec::new();
    let before = after.and_then(|after| match after {
        After::Call(call) => session.calls.msg_id(call),
        After::Message(msg_id) => Some(msg_id),
    });
    if let Some(before) = before {
        INVOKE_AFTER_MSG.serialize(&mut head);
        before.serialize(&mut head);
    }
    if !session.initialised {
        head.extend_from_slice(&session.init);
    }
    head
}
