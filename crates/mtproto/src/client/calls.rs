use std::collections::{BTreeMap, VecDeque};
use std::num::NonZeroI64;
use std::time::Duration;

use bytes::Bytes;

use super::index::MessageIndex;
use super::table::{CallTable, FewCalls};
use crate::time::exact_unix_of;

/// A call within its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CallId(pub(super) u64);

/// Whether a call may be executed twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Repeat {
    /// Twice is as good as once: it only reads, or carries a `random_id`. Sent again whenever its fate is unknown.
    Safe,
    /// Twice may do harm: sent again only when the server certainly has not executed it.
    #[default]
    Unsafe,
}

/// How a call is sent.
#[derive(Clone, Copy, Debug, Default)]
pub struct CallOptions {
    /// Whether it may be executed twice.
    pub repeat: Repeat,
    /// Executed by the server only after this call has succeeded (`invokeAfterMsg`). Refused with `MSG_WAIT_FAILED`, by the server
    /// or here, if that one fails; also if it has ended before this one is made, whichever way.
    pub after: Option<CallId>,
    /// Never in one container with another such call: two `upload.getFile` in one container earn a flood wait.
    pub alone: bool,
}

/// What is known of a call on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Whereabouts {
    /// When it was last sent, in the server's Unix time; `None` if it never was.
    pub sent: Option<Duration>,
    /// Whether the server has told that it has that message.
    pub acknowledged: bool,
}

/// Thousands of these wait at once: what only few calls have is in tables of its own.
#[derive(Debug)]
pub(super) struct Call {
    body: Bytes,
    /// How it last travelled, if it ever did.
    last: Option<Sent>,
    state: State,
    repeat: Repeat,
    alone: bool,
    cancelled: bool,
}

/// What a call waits for on the server.
#[derive(Clone, Copy, Debug)]
pub(super) enum After {
    /// A call that has not ended.
    Call(CallId),
    /// The message of one that has ended badly: the server knows how.
    Message(i64),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Waits to be sent in a new message.
    New,
    /// Waits to be sent in the message in which it was sent before, so that the server can see that it is the same.
    Again,
    Sent,
}

/// Where a call travels.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sent {
    pub(super) msg_id: i64,
    /// The id of the container, or of the message itself when it travelled alone; none while it waits to travel again.
    envelope: Option<NonZeroI64>,
    pub(super) seq_no: i32,
    acked: bool,
    /// Whether the query stood behind the introduction of the connection that there is now.
    introduced: bool,
}

impl Call {
    /// The message in which it travels, or waits to travel again.
    fn message(&self) -> Option<Sent> {
        self.last.filter(|_| self.state != State::New)
    }

    /// The message that is on its way.
    fn sent(&self) -> Option<Sent> {
        self.last.filter(|_| self.state == State::Sent)
    }
}

/// What travelled together.
#[derive(Debug)]
struct Envelope {
    msg_ids: Vec<i64>,
    /// How many of them are still in flight in this envelope.
    left: usize,
}

/// Calls that have not ended. Every step of a call costs the same however many there are.
#[derive(Debug, Default)]
pub(super) struct Calls {
    next: u64,
    calls: CallTable<Call>,
    by_msg_id: MessageIndex,
    /// What calls wait for that are to be executed after others.
    after: FewCalls<After>,
    /// The calls that are to be executed after a call.
    followers: FewCalls<Vec<CallId>>,
    /// The envelopes that still have calls in flight, in order of ids.
    envelopes: BTreeMap<i64, Envelope>,
    queue: VecDeque<CallId>,
    times_sent: u64,
}

/// A call whose turn it is to be sent.
pub(super) struct Next {
    pub(super) id: CallId,
    /// The length of its body.
    pub(super) len: usize,
    pub(super) alone: bool,
    /// Where it travelled before, if it is to travel as the same.
    pub(super) again: Option<Sent>,
}

pub(super) enum Cancelled {
    Unknown,
    NotSent,
    Sent { msg_id: i64 },
}

impl Calls {
    /// Queues a call. `Err` if the one that it is to follow has ended.
    pub(super) fn queue(&mut self, body: Bytes, options: CallOptions) -> Result<CallId, CallId> {
        let id = CallId(self.next);
        self.next += 1;
        let CallOptions { repeat, alone, after } = options;
        if let Some(before) = after {
            if self.calls.get(before).is_none() {
                return Err(id);
            }
            self.follow(id, After::Call(before));
        }
        self.calls.insert(id, Call { body, last: None, state: State::New, repeat, alone, cancelled: false });
        self.queue.push_back(id);
        Ok(id)
    }

    pub(super) fn len(&self) -> usize {
        self.calls.len()
    }

    pub(super) fn times_sent(&self) -> u64 {
        self.times_sent
    }

    pub(super) fn has_queued(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The next call to send, skipping places whose call has ended.
    pub(super) fn next(&mut self) -> Option<Next> {
        while let Some(id) = self.queue.front().copied() {
            if let Some(call) = self.calls.get(id).filter(|call| call.state != State::Sent) {
                return Some(Next { id, len: call.body.len(), alone: call.alone, again: call.message() });
            }
            self.queue.pop_front();
        }
        None
    }

    /// The call at the front leaves in this message; its envelope is told afterwards, by [`travels_in`](Self::travels_in). Returns its
    /// body.
    pub(super) fn leave(&mut self, id: CallId, msg_id: i64, seq_no: i32, introduced: bool) -> &[u8] {
        self.queue.pop_front();
        self.times_sent += 1;
        let Some(call) = self.calls.get_mut(id) else { return &[] };
        call.last = Some(Sent { msg_id, envelope: None, seq_no, acked: false, introduced });
        call.state = State::Sent;
        self.by_msg_id.insert(msg_id, id);
        &call.body
    }

    pub(super) fn travels_in(&mut self, envelope: i64, msg_ids: Vec<i64>) {
        for msg_id in &msg_ids {
            if let Some(sent) = self.sent_mut(*msg_id) {
                sent.envelope = NonZeroI64::new(envelope);
            }
        }
        let left = msg_ids.len();
        if left > 0 {
            self.envelopes.insert(envelope, Envelope { msg_ids, left });
        }
    }

    pub(super) fn msg_id(&self, id: CallId) -> Option<i64> {
        Some(self.calls.get(id)?.message()?.msg_id)
    }

    pub(super) fn after(&self, id: CallId) -> Option<After> {
        self.after.get(&id).copied()
    }

    pub(super) fn whereabouts(&self, id: CallId) -> Option<Whereabouts> {
        let call = self.calls.get(id)?;
        let acknowledged = call.sent().is_some_and(|sent| sent.acked);
        Some(Whereabouts { sent: call.last.map(|last| exact_unix_of(last.msg_id)), acknowledged })
    }

    pub(super) fn by_msg_id(&self, msg_id: i64) -> Option<CallId> {
        self.by_msg_id.get(msg_id)
    }

    pub(super) fn is_cancelled(&self, id: CallId) -> bool {
        self.calls.get(id).is_some_and(|call| call.cancelled)
    }

    pub(super) fn may_repeat(&self, id: CallId) -> bool {
        self.calls.get(id).is_some_and(|call| call.repeat == Repeat::Safe && !call.cancelled)
    }

    /// Whether a call was sent behind the introduction of this connection.
    pub(super) fn was_introduced(&self, id: CallId) -> bool {
        self.calls.get(id).and_then(Call::sent).is_some_and(|sent| sent.introduced)
    }

    /// Whether a call that came back for want of an introduction had none.
    pub(super) fn lacked_introduction(&self, id: CallId) -> bool {
        !self.is_cancelled(id) && !self.was_introduced(id)
    }

    /// The server has told that it has the message.
    pub(super) fn acked(&mut self, msg_id: i64) {
        if let Some(sent) = self.sent_mut(msg_id) {
            sent.acked = true;
        }
    }

    pub(super) fn cancel(&mut self, id: CallId) -> Cancelled {
        let Some(call) = self.calls.get_mut(id) else { return Cancelled::Unknown };
        if std::mem::replace(&mut call.cancelled, true) {
            return Cancelled::Unknown;
        }
        let Some(sent) = call.message() else {
            self.remove(id, false);
            return Cancelled::NotSent;
        };
        // Kept until the server has answered one way or the other, since updates may be in the answer. Its place in the queue, if it
        // has one, is skipped.
        call.body = Bytes::new();
        call.state = State::Sent;
        if sent.envelope.is_none() {
            self.travels_in(sent.msg_id, vec![sent.msg_id]);
        }
        Cancelled::Sent { msg_id: sent.msg_id }
    }

    /// Ends a call. False if it had ended before.
    pub(super) fn remove(&mut self, id: CallId, succeeded: bool) -> bool {
        let Some(call) = self.calls.remove(id) else { return false };
        let mut after = if self.after.is_empty() { None } else { self.after.remove(&id) };
        if let Some(sent) = call.message() {
            self.by_msg_id.remove(sent.msg_id);
            self.leave_envelope(sent.envelope);
            after = (!succeeded).then_some(After::Message(sent.msg_id));
        }
        // Whoever followed one that was never sent follows what that one would have followed.
        let followers = if self.followers.is_empty() { None } else { self.followers.remove(&id) };
        for follower in followers.into_iter().flatten() {
            match after {
                Some(after) if self.calls.get(follower).is_some() => self.follow(follower, after),
                _ => drop(self.after.remove(&follower)),
            }
        }
        true
    }

    /// Everything in flight.
    pub(super) fn sent(&self) -> Vec<CallId> {
        let mut ids: Vec<_> = self.calls.iter().filter(|(_, call)| call.message().is_some()).map(|(id, _)| id).collect();
        ids.sort_unstable();
        ids
    }

    /// Messages in flight that travel in envelopes up to this id.
    pub(super) fn msg_ids_up_to(&self, envelope: i64) -> Vec<i64> {
        self.envelopes.range(..=envelope).flat_map(|(id, inner)| self.travelling(*id, inner)).map(|(msg_id, _)| msg_id).collect()
    }

    /// The calls that travel in envelopes with ids below this one. `first` may name a message inside a container.
    pub(super) fn before(&self, first: i64) -> Vec<CallId> {
        let first = self.envelope_of(first).unwrap_or(first);
        self.envelopes.range(..first).flat_map(|(id, inner)| self.travelling(*id, inner)).map(|(_, call)| call).collect()
    }

    /// The calls in these messages, each of which may be a container.
    pub(super) fn in_envelopes(&self, msg_ids: &[i64]) -> Vec<CallId> {
        let mut calls = Vec::new();
        for msg_id in msg_ids {
            if let Some(inner) = self.envelopes.get(msg_id) {
                calls.extend(self.travelling(*msg_id, inner).map(|(_, call)| call));
            }
            calls.extend(self.by_msg_id(*msg_id));
        }
        calls.sort_unstable();
        calls.dedup();
        calls
    }

    /// All calls that share the envelope of a message which the server refused for what the envelope says: none was read.
    pub(super) fn companions(&self, msg_id: i64) -> Vec<CallId> {
        self.in_envelopes(&[self.envelope_of(msg_id).unwrap_or(msg_id), msg_id])
    }

    /// Sends calls again as new messages, before everything that waits.
    pub(super) fn send_anew(&mut self, ids: Vec<CallId>) {
        self.put_back(ids, false);
    }

    /// Sends calls again as the same messages, before everything that waits, so that the server can see a repetition.
    pub(super) fn requeue(&mut self, ids: Vec<CallId>) {
        self.put_back(ids, true);
    }

    /// What becomes of calls in flight on a new connection: those to send again as they are, and messages whose state has
    /// to be asked first, because the server has acknowledged them or because a repetition would do harm.
    pub(super) fn after_reconnect(&mut self) -> (Vec<CallId>, Vec<i64>) {
        let mut again = Vec::new();
        let mut ask = Vec::new();
        for id in self.sent() {
            let Some(call) = self.calls.get_mut(id).filter(|call| call.state == State::Sent) else { continue };
            let Some(sent) = &mut call.last else { continue };
            sent.introduced = false;
            if sent.acked || call.cancelled || call.repeat == Repeat::Unsafe {
                ask.push(sent.msg_id);
            } else {
                again.push(id);
            }
        }
        (again, ask)
    }

    fn follow(&mut self, id: CallId, after: After) {
        self.after.insert(id, after);
        if let After::Call(before) = after {
            self.followers.entry(before).or_default().push(id);
        }
    }

    fn put_back(&mut self, mut ids: Vec<CallId>, as_the_same: bool) {
        ids.retain(|id| {
            let Some(call) = self.calls.get_mut(*id) else { return false };
            let waits = call.state != State::Sent;
            let Some(sent) = call.last.as_mut().filter(|_| call.state != State::New) else { return false };
            let (msg_id, envelope) = (sent.msg_id, sent.envelope.take());
            call.state = if as_the_same { State::Again } else { State::New };
            if !as_the_same {
                self.by_msg_id.remove(msg_id);
            }
            self.leave_envelope(envelope);
            !waits
        });
        // The queue stays in the order in which the calls were made, so that none is sent before one that it follows.
        let newest = ids.iter().max().copied();
        while let Some(first) = self.queue.pop_front_if(|first| newest.is_some_and(|newest| *first < newest)) {
            ids.push(first);
        }
        ids.sort_unstable();
        ids.into_iter().rev().for_each(|id| self.queue.push_front(id));
    }

    fn travelling(&self, id: i64, envelope: &Envelope) -> impl Iterator<Item = (i64, CallId)> {
        let here = move |msg_id: &i64| self.envelope_of(*msg_id) == Some(id);
        envelope.msg_ids.iter().copied().filter(here).filter_map(|msg_id| Some((msg_id, self.by_msg_id(msg_id)?)))
    }

    fn leave_envelope(&mut self, id: Option<NonZeroI64>) {
        if let Some(id) = id.map(NonZeroI64::get)
            && let Some(envelope) = self.envelopes.get_mut(&id)
        {
            envelope.left -= 1;
            if envelope.left == 0 {
                self.envelopes.remove(&id);
            }
        }
    }

    fn envelope_of(&self, msg_id: i64) -> Option<i64> {
        self.calls.get(self.by_msg_id(msg_id)?)?.sent()?.envelope.map(NonZeroI64::get)
    }

    fn sent_mut(&mut self, msg_id: i64) -> Option<&mut Sent> {
        let id = self.by_msg_id(msg_id)?;
        let call = self.calls.get_mut(id)?;
        call.last.as_mut().filter(|_| call.state == State::Sent)
    }
}
