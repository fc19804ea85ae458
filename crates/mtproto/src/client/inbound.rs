use bytes::{Bytes, BytesMut};
use quadruplex_crypto::message::Side;
use quadruplex_tl::{Deserialize, Reader};
use rand_core::Rng;

use super::{Event, Failure, Receipt, RpcError, Session};
use crate::message::{self, Budget, Message, Messages};
use crate::time::{MessageIds, unix_of};
use crate::{Now, RPC_ERROR, RPC_RESULT, Service, Violation, packet};

/// How far a message may lie behind the server's time, in seconds.
const OLDEST: i64 = 300;
/// How far it may lie ahead.
const NEWEST: i64 = 30;
/// An answer that seems so much older than its question shows that our clock is ahead, in seconds.
const TURNED_BACK: i64 = 15;

pub(super) fn open_packet(session: &mut Session, packet: BytesMut, now: Now) -> Result<Messages, Violation> {
    session.polling.answered();
    let opened = packet::open(&session.key, Side::Server, packet)?;
    if opened.session_id != session.session_id {
        return Err(Violation::SessionId);
    }
    let outer = opened.message;
    check_parity(outer.msg_id)?;
    check_time(session, &outer, now)?;
    session.clock.observe(outer.msg_id, now);
    session.watch.alive(now);
    let outer_id = outer.msg_id;
    let messages = message::open(outer, usize::MAX)?;
    for msg_id in messages.inner_ids() {
        check_parity(msg_id)?;
        if msg_id >= outer_id {
            return Err(Violation::MsgIdOrder);
        }
    }
    if messages.is_container() {
        session.seen.insert(outer_id);
    }
    Ok(messages)
}

pub(super) fn handle_next(session: &mut Session, messages: &mut Messages, now: Now, rng: &mut dyn Rng) -> Result<bool, Violation> {
    let Some(message) = messages.next()? else { return Ok(false) };
    let (msg_id, is_content_related) = (message.msg_id, message.is_content_related());
    // Which call an answer ends says whether it is new. Its own id does not: it may be older than all that is remembered.
    if session.seen.insert(msg_id) || Reader::new(&message.body).peek_id() == Some(RPC_RESULT) {
        handle_message(session, message, &mut messages.budget, now, rng)?;
    }
    // What has come before is not run again, but acknowledged again: the server would not stop sending it.
    if is_content_related && !session.held.contains(msg_id) {
        session.owe_ack(msg_id, now);
    }
    Ok(true)
}

fn check_parity(msg_id: i64) -> Result<(), Violation> {
    if msg_id & 1 == 1 { Ok(()) } else { Err(Violation::MsgIdParity) }
}

/// Only once the server's time is known, and never for the two messages that correct our idea of it.
///
/// A message outside the window is refused, but it may be our idea that is wrong: the machine slept, or somebody set its clock.
/// The next connection learns the time anew; else it would refuse the same messages for ever.
fn check_time(session: &mut Session, message: &Message, now: Now) -> Result<(), Violation> {
    if !session.clock.is_known() || matches!(Reader::new(&message.body).peek_id(), Some(0xa7ef_f811 | 0xedab_447b)) {
        return Ok(());
    }
    let distance = unix_of(message.msg_id) - session.clock.unix(now).as_secs() as i64;
    if (-OLDEST..=NEWEST).contains(&distance) {
        return Ok(());
    }
    session.clock.doubt();
    Err(Violation::MsgIdTime)
}

fn handle_message(session: &mut Session, message: Message, budget: &mut Budget, now: Now, rng: &mut dyn Rng) -> Result<(), Violation> {
    let mut reader = Reader::new(&message.body);
    if reader.peek_id() == Some(RPC_RESULT) {
        reader.u32("rpc_result")?;
        let req_msg_id = i64::deserialize(&mut reader)?;
        let result = message.body.slice_ref(reader.rest());
        if unix_of(message.msg_id) + TURNED_BACK < unix_of(req_msg_id) {
            session.clock.set_to_id(message.msg_id, now);
        }
        let receipt = receipt(&message);
        handle_result(session, req_msg_id, result, receipt, budget);
        return Ok(());
    }
    match Service::read(&message.body)? {
        Some(service) => handle_service(session, message.msg_id, service, now, rng),
        None => {
            let receipt = receipt(&message);
            session.hold(receipt);
            session.events.push_back(Event::Notification { body: message.body, receipt });
        }
    }
    Ok(())
}

fn receipt(message: &Message) -> Option<Receipt> {
    message.is_content_related().then_some(Receipt(message.msg_id))
}

fn handle_result(session: &mut Session, req_msg_id: i64, body: Bytes, receipt: Option<Receipt>, budget: &mut Budget) {
    let Some(call) = session.calls.by_msg_id(req_msg_id) else {
        // Whatever rpc_drop_answer says, nothing more is to be waited for. Else: the repetition of an answer that has come.
        if let Some(call) = session.watch.drop_answered(req_msg_id).and_then(|msg_id| session.calls.by_msg_id(msg_id)) {
            session.fail(call, Failure::Cancelled);
        }
        return;
    };
    let result = match read_result(body, budget) {
        Ok(result) => result,
        // It would be no better if it came again.
        Err(error) => return session.fail(call, Failure::Unreadable(error)),
    };
    if result.as_ref().is_err_and(|error| error.message == "CONNECTION_NOT_INITED") && session.calls.lacked_introduction(call) {
        session.initialised = false;
        session.calls.send_anew(vec![call]);
        return;
    }
    session.initialised |= result.is_ok() && session.calls.was_introduced(call);
    session.calls.remove(call, result.is_ok());
    session.hold(receipt);
    session.events.push_back(Event::Answer { call, result, receipt });
}

/// What the server returned, unpacked.
fn read_result(body: Bytes, budget: &mut Budget) -> Result<Result<Bytes, RpcError>, quadruplex_tl::Error> {
    let body = budget.gunzip(body)?;
    let mut reader = Reader::new(&body);
    if reader.peek_id() != Some(RPC_ERROR) {
        return Ok(Ok(body));
    }
    reader.u32("rpc_error")?;
    let code = i32::deserialize(&mut reader)?;
    let message = String::from_utf8_lossy(reader.bytes("rpc_error.error_message")?).into_owned();
    Ok(Err(RpcError { code, message }))
}

fn handle_service(session: &mut Session, msg_id: i64, service: Service, now: Now, rng: &mut dyn Rng) {
    match service {
        Service::MsgsAck { msg_ids } => msg_ids.into_iter().for_each(|id| session.calls.acked(id)),
        Service::Pong { ping_id, .. } => session.watch.pong(ping_id, now),
        Service::BadServerSalt { bad_msg_id, new_server_salt, .. } => {
            session.salts.adopt(new_server_salt);
            session.salts_asked = false;
            let unread = session.calls.companions(bad_msg_id);
            session.send_anew(unread);
            session.repeat_questions(bad_msg_id, now);
            session.want_salts(session.clock.unix(now));
            session.events.push_back(Event::KeyStateChanged);
        }
        Service::BadMsgNotification { bad_msg_id, error_code, .. } => {
            if error_code == 17 {
                session.clock.set_to_id(msg_id, now);
            }
            handle_bad_message(session, bad_msg_id, error_code, now, rng);
        }
        Service::FutureSalts { salts, now: server_now, .. } => {
            session.salts_asked = false;
            session.salts.replace(salts, std::time::Duration::from_secs(u64::from(server_now.max(0) as u32)));
            session.events.push_back(Event::KeyStateChanged);
        }
        Service::NewSessionCreated { unique_id, .. } if session.server_session == Some(unique_id) => {}
        Service::NewSessionCreated { first_msg_id, unique_id, server_salt } => {
            session.server_session = Some(unique_id);
            session.salts.adopt(server_salt);
            let lost = session.calls.before(first_msg_id);
            session.lose(lost, &[]);
            session.want_salts(session.clock.unix(now));
            session.events.extend([Event::KeyStateChanged, Event::NewSession]);
        }
        Service::MsgsStateInfo { req_msg_id, info } => {
            let asked = session.watch.state_answered(req_msg_id);
            handle_states(session, asked, &info);
        }
        Service::MsgsAllInfo { msg_ids, info } => handle_states(session, msg_ids, &info),
        Service::MsgDetailedInfo { msg_id: question, answer_msg_id, .. } => {
            if session.calls.by_msg_id(question).is_some() {
                want_again(session, answer_msg_id, now);
            } else {
                session.owe_ack(answer_msg_id, now);
            }
        }
        Service::MsgNewDetailedInfo { answer_msg_id, .. } => want_again(session, answer_msg_id, now),
        Service::MsgsStateReq { msg_ids } => {
            // Received or not: a client has nothing else to tell of a server's messages.
            let info = msg_ids.iter().map(|id| if session.seen.contains(*id) { 4 } else { 1 }).collect();
            session.services.push_back(Service::MsgsStateInfo { req_msg_id: msg_id, info });
        }
        // Questions that only a client asks, and answers to questions that this client never asks.
        _ => {}
    }
}

/// A message of the server that we have only been told of: acknowledged if it has come after all, else asked for.
fn want_again(session: &mut Session, answer_msg_id: i64, now: Now) {
    if session.seen.contains(answer_msg_id) {
        session.owe_ack(answer_msg_id, now);
    } else {
        session.services.push_back(Service::MsgResendReq { msg_ids: vec![answer_msg_id] });
    }
}

/// <https://core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message>
fn handle_bad_message(session: &mut Session, bad_msg_id: i64, code: i32, now: Now, rng: &mut dyn Rng) {
    match code {
        // Our clock was behind, and the id of this notification has corrected it.
        16 => {
            let unread = session.calls.in_envelopes(&[bad_msg_id]);
            session.send_anew(unread);
            session.repeat_questions(bad_msg_id, now);
        }
        // Our clock was ahead. Ids may not run backwards within a session, so turning it back costs the session.
        17 => {
            session.ids = MessageIds::default();
            session.start_new_session(&[bad_msg_id], now, rng);
        }
        // The server cannot tell any more whether it has seen the message.
        20 => {
            let unknown = session.calls.in_envelopes(&[bad_msg_id]);
            session.lose(unknown, &[]);
            session.repeat_questions(bad_msg_id, now);
        }
        // The id was used before, and by what cannot be known: perhaps by this very container.
        19 => session.start_new_session(&[], now, rng),
        _ => session.start_new_session(&[bad_msg_id], now, rng),
    }
}

/// One byte a message: <https://core.telegram.org/mtproto/service_messages_about_messages#informational-message-regarding-status-of-messages>.
fn handle_states(session: &mut Session, asked: Vec<i64>, info: &[u8]) {
    let (mut unread, mut unknown, mut resend) = (Vec::new(), Vec::new(), Vec::new());
    for (msg_id, state) in asked.into_iter().zip(info) {
        let Some(call) = session.calls.by_msg_id(msg_id) else { continue };
        match state & 7 {
            1 => unknown.push(call),
            2 | 3 if session.calls.is_cancelled(call) => unknown.push(call),
            2 | 3 => unread.push(call),
            4 => {
                session.calls.acked(msg_id);
                // The answer to one that is cancelled may be dropped already, and asking for it would lead nowhere.
                if session.calls.is_cancelled(call) {
                    session.services.push_back(Service::RpcDropAnswer { req_msg_id: msg_id });
                } else if state & 64 != 0 {
                    resend.push(msg_id);
                }
            }
            _ => {}
        }
    }
    session.calls.requeue(unread);
    session.lose(unknown, &[]);
    if !resend.is_empty() {
        session.services.push_back(Service::MsgResendReq { msg_ids: resend });
    }
}
