use std::iter;

use quadruplex_tl::Serialize;

use super::received::Answer;
use super::{ACK_DELAY, Event, Session};
use crate::message::{self, Message};
use crate::packet::Opened;
use crate::service::MAX_IDS;
use crate::time::{NOTIFICATION, unix_of};
use crate::{Now, Service, Violation};

/// How far a message may lie behind the server's time, in seconds.
const OLDEST: i64 = 300;
/// How far it may lie ahead.
const NEWEST: i64 = 30;
/// The most messages in a container, as the official page says.
const MAX_CONTAINER: usize = 1024;

pub(super) fn handle_message(session: &mut Session, opened: Opened, now: Now) -> Result<(), Violation> {
    let outer = opened.message;
    if let Some(code) = refuses_envelope(session, &outer, now) {
        session.refuse_message(outer.msg_id, outer.seq_no, code);
        return Ok(());
    }
    if !session.salts.accepts(opened.salt, &session.key, now.wall) {
        let new_server_salt = session.salts.current(&session.key, now.wall);
        let (bad_msg_id, bad_msg_seqno) = (outer.msg_id, outer.seq_no);
        session.reply(Service::BadServerSalt { bad_msg_id, bad_msg_seqno, error_code: 48, new_server_salt });
        return Ok(());
    }
    let (outer_id, outer_seq_no) = (outer.msg_id, outer.seq_no);
    let mut opened = message::open(outer, MAX_CONTAINER)?;
    let is_container = opened.is_container();
    let messages: Vec<_> = iter::from_fn(|| opened.next().transpose()).collect::<Result<_, _>>()?;
    if is_container {
        let refusal = if outer_seq_no & 1 == 1 {
            Some(34)
        } else if session.received.answer(outer_id).is_some_and(|answer| answer != Answer::Container) {
            Some(19)
        } else if messages.iter().any(|inner| inner.msg_id >= outer_id) {
            Some(64)
        } else {
            // The same packet once more passes, too. What is in it is known message by message.
            session.received.refuses_seq_no(outer_id, outer_seq_no)
        };
        if let Some(code) = refusal {
            session.refuse_message(outer_id, outer_seq_no, code);
            return Ok(());
        }
    }
    if session.received.begins_with(outer_id) {
        let first_msg_id = messages.iter().map(|message| message.msg_id).min().unwrap_or(outer_id);
        let (unique_id, server_salt) = (session.unique_id, session.salts.current(&session.key, now.wall));
        session.announce(&Service::NewSessionCreated { first_msg_id, unique_id, server_salt }, now);
    }
    if is_container {
        session.received.insert(outer_id, outer_seq_no, Answer::Container);
    }
    for inner in messages {
        handle_inner(session, inner, now)?;
    }
    Ok(())
}

/// What a server sees before it looks inside.
fn refuses_envelope(session: &Session, outer: &Message, now: Now) -> Option<i32> {
    let distance = unix_of(outer.msg_id) - now.wall.as_secs() as i64;
    if outer.msg_id & 3 != 0 {
        Some(18)
    } else if distance > NEWEST {
        Some(17)
    } else if distance < -OLDEST {
        // Only of what has been forgotten it cannot be told whether it has come; anything else has not, and is too low.
        let received = &session.received;
        Some(if received.may_have_forgotten(outer.msg_id) { 20 } else { 16 }).filter(|_| !received.remembers(outer.msg_id))
    } else {
        None
    }
}

fn handle_inner(session: &mut Session, inner: Message, now: Now) -> Result<(), Violation> {
    let (msg_id, seq_no) = (inner.msg_id, inner.seq_no);
    if msg_id & 3 != 0 {
        session.refuse_message(msg_id, seq_no, 18);
        return Ok(());
    }
    if session.received.contains(msg_id) {
        repeat(session, msg_id, inner.is_content_related(), now);
        return Ok(());
    }
    let service = Service::read(&inner.body)?;
    if service.as_ref().is_some_and(|service| service.names() > MAX_IDS) {
        return Err(Violation::TooMany);
    }
    let is_query = match &service {
        None => true,
        Some(service) => matches!(service, Service::RpcDropAnswer { .. } | Service::GetFutureSalts { .. }),
    };
    // An odd acknowledgement would earn a 34 by the letter; mtcute numbers its own so, and Telegram takes them.
    let refusal = if is_query && seq_no & 1 == 0 && service.is_none() { Some(35) } else { session.received.refuses_seq_no(msg_id, seq_no) };
    if refusal.is_none()
        && is_query
        && let Some(code) = session.refuse_next.take()
    {
        session.received.insert(msg_id, seq_no, Answer::Refused(code));
        session.refuse_message(msg_id, seq_no, code);
        return Ok(());
    }
    if let Some(code) = refusal {
        session.refuse_message(msg_id, seq_no, code);
        return Ok(());
    }
    if inner.is_content_related() && !matches!(service, Some(Service::MsgsAck { .. })) {
        owe_ack(session, msg_id, now);
    }
    match service {
        None => {
            session.received.insert(msg_id, seq_no, Answer::Pending);
            session.events.push_back(Event::Request { msg_id, body: inner.body });
        }
        Some(service) => {
            session.received.insert(msg_id, seq_no, Answer::None);
            handle_service(session, msg_id, service, now);
        }
    }
    Ok(())
}

fn owe_ack(session: &mut Session, msg_id: i64, now: Now) {
    session.acks.insert(msg_id);
    session.ack_at.get_or_insert(now.mono + ACK_DELAY);
}

/// A repeated message is acknowledged, never run; its answer goes out again if it is still there.
fn repeat(session: &mut Session, msg_id: i64, content_related: bool, now: Now) {
    if content_related {
        owe_ack(session, msg_id, now);
    }
    match session.received.answer(msg_id) {
        Some(Answer::Sent(answer_id)) => {
            session.outbox.ask_again(answer_id);
        }
        Some(Answer::Refused(code)) => session.refuse_message(msg_id, 0, code),
        _ => {}
    }
}

fn handle_service(session: &mut Session, msg_id: i64, service: Service, now: Now) {
    match service {
        Service::MsgsAck { msg_ids } => {
            for id in msg_ids {
                session.outbox.remove(id);
            }
        }
        Service::Ping { ping_id } | Service::PingDelayDisconnect { ping_id, .. } => {
            session.reply(Service::Pong { msg_id, ping_id });
        }
        Service::GetFutureSalts { num } => {
            let salts = session.salts.future(&session.key, now.wall, num);
            session.reply(Service::FutureSalts { req_msg_id: msg_id, now: now.wall.as_secs() as i32, salts });
        }
        Service::MsgsStateReq { msg_ids } => {
            let info = msg_ids.iter().map(|id| session.received.state(*id)).collect();
            session.reply(Service::MsgsStateInfo { req_msg_id: msg_id, info });
        }
        Service::MsgResendReq { msg_ids } | Service::MsgResendAnsReq { msg_ids } => resend(session, msg_id, msg_ids),
        Service::RpcDropAnswer { req_msg_id } => {
            let result = drop_answer(session, req_msg_id).to_bytes();
            session.answer(msg_id, result.into(), false, now);
        }
        Service::DestroySession { session_id } => session.events.push_back(Event::DestroySession { msg_id, session_id }),
        Service::HttpWait { max_delay, wait_after, max_wait } => {
            let [max_delay, wait_after, max_wait] =
                [max_delay, wait_after, max_wait].map(|ms| std::time::Duration::from_millis(ms.max(0).unsigned_abs().into()));
            session.events.push_back(Event::HttpWait { max_delay, wait_after, max_wait });
        }
        // What only a server sends, and notices that ask for nothing.
        _ => {}
    }
}

/// Own messages go out again; for a message of the client its answer does.
fn resend(session: &mut Session, req_msg_id: i64, msg_ids: Vec<i64>) {
    let mut forgotten = false;
    for id in &msg_ids {
        let answer = match session.received.answer(*id) {
            Some(Answer::Sent(answer_id)) => answer_id,
            _ => *id,
        };
        forgotten |= !session.outbox.ask_again(answer);
    }
    if forgotten {
        let info = msg_ids.iter().map(|id| session.received.state(*id)).collect();
        session.reply(Service::MsgsStateInfo { req_msg_id, info });
    }
}

/// <https://core.telegram.org/mtproto/service_messages#cancellation-of-an-rpc-query>
fn drop_answer(session: &mut Session, req_msg_id: i64) -> Service {
    match session.received.answer(req_msg_id) {
        Some(Answer::Pending) => {
            session.received.drop_answer(req_msg_id);
            Service::RpcAnswerDroppedRunning {}
        }
        Some(Answer::Sent(answer_id)) => match session.outbox.remove(answer_id) {
            Some((seq_no, bytes, _)) => Service::RpcAnswerDropped { msg_id: answer_id, seq_no, bytes: bytes as i32 },
            None => Service::RpcAnswerUnknown {},
        },
        _ => Service::RpcAnswerUnknown {},
    }
}

impl Session {
    /// Kept until it is acknowledged: a client that misses it waits for answers that nobody will give.
    fn announce(&mut self, service: &Service, now: Now) {
        let msg_id = self.ids.next(now.wall, NOTIFICATION);
        let seq_no = self.next_seq_no(true);
        self.outbox.push(msg_id, seq_no, service.to_bytes().into(), None);
    }

    fn refuse_message(&mut self, bad_msg_id: i64, bad_msg_seqno: i32, error_code: i32) {
        self.reply(Service::BadMsgNotification { bad_msg_id, bad_msg_seqno, error_code });
    }
}
