use std::collections::{BTreeMap, VecDeque};

use bytes::Bytes;

/// A client that acknowledges nothing does not make a server keep more than this many messages…
const MAX_MESSAGES: usize = 8192;
/// …and bytes. The oldest are forgotten first; a client finds out by a difference.
const MAX_BYTES: usize = 64 << 20;

/// Content-related messages of a server, kept until the client acknowledges them.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    kept: BTreeMap<i64, Kept>,
    queue: VecDeque<i64>,
    bytes: usize,
}

#[derive(Debug)]
struct Kept {
    seq_no: i32,
    body: Bytes,
    /// The query that it answers.
    answers: Option<i64>,
    queued: bool,
    sent: bool,
}

/// A message on its way out.
pub(super) struct Popped<'a> {
    pub(super) msg_id: i64,
    pub(super) seq_no: i32,
    pub(super) body: &'a [u8],
    /// Whether it has been sent before.
    pub(super) again: bool,
}

impl Outbox {
    pub(super) fn push(&mut self, msg_id: i64, seq_no: i32, body: Bytes, answers: Option<i64>) {
        self.bytes += body.len();
        self.kept.insert(msg_id, Kept { seq_no, body, answers, queued: true, sent: false });
        self.queue.push_back(msg_id);
        while (self.kept.len() > MAX_MESSAGES || self.bytes > MAX_BYTES)
            && self.kept.len() > 1
            && let Some(oldest) = self.kept.first_key_value().map(|(id, _)| *id)
        {
            self.remove(oldest);
        }
    }

    pub(super) fn len(&self) -> usize {
        self.kept.len()
    }

    pub(super) fn has_queued(&self) -> bool {
        self.queue.iter().any(|id| self.kept.contains_key(id))
    }

    /// How many messages wait.
    pub(super) fn queued(&self) -> usize {
        self.queue.iter().filter(|id| self.kept.contains_key(id)).count()
    }

    /// The length of the next body, skipping those acknowledged while they waited.
    pub(super) fn next_len(&mut self) -> Option<usize> {
        while let Some(id) = self.queue.front() {
            if let Some(kept) = self.kept.get(id) {
                return Some(kept.body.len());
            }
            self.queue.pop_front();
        }
        None
    }

    /// The next message.
    pub(super) fn pop(&mut self) -> Option<Popped<'_>> {
        self.next_len()?;
        let msg_id = self.queue.pop_front()?;
        let kept = self.kept.get_mut(&msg_id)?;
        kept.queued = false;
        let again = std::mem::replace(&mut kept.sent, true);
        Some(Popped { msg_id, seq_no: kept.seq_no, body: &kept.body, again })
    }

    /// Queues everything that was sent and not acknowledged.
    pub(super) fn send_again(&mut self) {
        let unacknowledged: Vec<_> = self.kept.iter().filter(|(_, kept)| !kept.queued).map(|(id, _)| *id).collect();
        unacknowledged.into_iter().rev().for_each(|id| self.resend(id, true));
    }

    /// Queues one message again. False when it has been forgotten.
    pub(super) fn ask_again(&mut self, msg_id: i64) -> bool {
        self.resend(msg_id, false);
        self.kept.contains_key(&msg_id)
    }

    fn resend(&mut self, msg_id: i64, first: bool) {
        if let Some(kept) = self.kept.get_mut(&msg_id)
            && !std::mem::replace(&mut kept.queued, true)
        {
            if first {
                self.queue.push_front(msg_id);
            } else {
                self.queue.push_back(msg_id);
            }
        }
    }

    /// Forgets a message; its sequence number and length for whoever asked to drop it.
    pub(super) fn remove(&mut self, msg_id: i64) -> Option<(i32, usize, Option<i64>)> {
        let kept = self.kept.remove(&msg_id)?;
        self.bytes -= kept.body.len();
        Some((kept.seq_no, kept.body.len(), kept.answers))
    }
}
