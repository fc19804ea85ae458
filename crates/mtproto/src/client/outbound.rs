use quadruplex_crypto::message::Side;
use quadruplex_tl::Serialize;
use rand_core::Rng;

use super::Session;
use super::calls::After;
use crate::message::MAX_CONTAINER;
use crate::pack::{MESSAGE_HEADER, Outgoing, Sealer};
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
    let mut packet = Packet::default();
    packet.take_services(session, now);
    packet.take_calls(session, now);
    packet.take_acks(session, now);
    if packet.messages.is_empty() {
        return false;
    }
    let container = packet.needs_container().then(|| (session.ids.next(unix, FROM_CLIENT), session.next_seq_no(false)));
    let envelope = container.map_or(packet.messages[0].msg_id, |(msg_id, _)| msg_id);
    if !packet.calls.is_empty() {
        session.calls.travels_in(envelope, packet.calls);
        session.watch.await_answers(now);
    }
    for (msg_id, about) in packet.questions {
        session.watch.question_sent(msg_id, envelope, about);
    }
    let salt = session.salts.at(unix);
    let sealer = Sealer { key: &session.key, from: Side::Client, salt, session_id: session.session_id };
    let before = out.len();
    sealer.seal(&packet.messages, container, rng, out);
    session.watch.packed(out.len() - before, now);
    if let Some(msg_id) = packet.ping {
        session.watch.ping_sent(msg_id, envelope, now);
    }
    true
}

/// One packet while it is put together.
#[derive(Default)]
struct Packet {
    messages: Vec<Outgoing>,
    calls: Vec<i64>,
    questions: Vec<(i64, Vec<i64>)>,
    ping: Option<i64>,
    bytes: usize,
    /// A message that keeps the id it had before may only travel inside something with a newer one.
    repeats: bool,
    /// Whether a call that bears no other of its kind is in.
    loner: bool,
}

impl Packet {
    fn take_services(&mut self, session: &mut Session, now: Now) {
        while self.has_room(0)
            && let Some(service) = session.services.pop_front()
        {
            let msg_id = self.push_service(session, &service, now);
            match service {
                Service::MsgsStateReq { msg_ids } => self.questions.push((msg_id, msg_ids)),
                Service::PingDelayDisconnect { .. } => self.ping = Some(msg_id),
                Service::RpcDropAnswer { req_msg_id } => session.watch.drop_sent(msg_id, req_msg_id),
                _ => {}
            }
        }
    }

    fn take_calls(&mut self, session: &mut Session, now: Now) {
        while let Some((id, call, again)) = session.calls.front() {
            let (body, alone) = (call.body.clone(), call.alone);
            let head = head(session, session.calls.after(id));
            let len = head.len() + body.len();
            if !self.has_room(len) || (alone && self.loner) {
                return;
            }
            let (msg_id, seq_no) = match again {
                Some(sent) => (sent.msg_id, sent.seq_no),
                None => (session.ids.next(session.clock.unix(now), FROM_CLIENT), session.next_seq_no(true)),
            };
            self.repeats |= again.is_some();
            self.loner |= alone;
            let introduced = !session.initialised;
            session.calls.leave(id, msg_id, seq_no, introduced);
            self.calls.push(msg_id);
            self.push(Outgoing { msg_id, seq_no, head, body });
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
        self.push(Outgoing::service(msg_id, seq_no, service));
        msg_id
    }

    fn push(&mut self, message: Outgoing) {
        self.bytes += MESSAGE_HEADER + message.head.len() + message.body.len();
        self.messages.push(message);
    }

    /// Whether so many bytes may join. A long message that finds company waits for the next packet.
    fn has_room(&self, len: usize) -> bool {
        self.messages.is_empty() || (self.messages.len() < MAX_CONTAINER && self.bytes + MESSAGE_HEADER + len <= ENOUGH)
    }

    fn needs_container(&self) -> bool {
        self.messages.len() > 1 || self.repeats
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
