use std::collections::BTreeMap;

/// How many messages of a client are remembered.
const REMEMBERED: usize = 16_384;

/// What a server knows of the messages that a client has sent.
#[derive(Debug, Default)]
pub(super) struct Received {
    messages: BTreeMap<i64, Entry>,
    /// Messages up to this one have been forgotten.
    floor: Option<i64>,
    /// The envelope with which the session began. Of what was sent before it, another session may know.
    first: Option<i64>,
}

#[derive(Debug)]
struct Entry {
    seq_no: i32,
    answer: Answer,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    /// The message asks for none.
    None,
    /// The message is a container.
    Container,
    /// It was refused on purpose, and is again when it is repeated.
    Refused(i32),
    /// The query is being executed.
    Pending,
    /// The client does not want it.
    Dropped,
    /// It went out in this message.
    Sent(i64),
}

impl Received {
    /// Whether this is the first envelope of the session.
    pub(super) fn begins_with(&mut self, envelope: i64) -> bool {
        self.first.replace(self.first.unwrap_or(envelope)).is_none()
    }

    /// Whether a message of that id may have come without being known now: it was forgotten, or another session knows of it.
    pub(super) fn may_have_forgotten(&self, msg_id: i64) -> bool {
        self.floor.max(self.first).is_some_and(|first| msg_id <= first)
    }

    /// Whether it is known that the message has come.
    pub(super) fn remembers(&self, msg_id: i64) -> bool {
        self.messages.contains_key(&msg_id)
    }

    pub(super) fn contains(&self, msg_id: i64) -> bool {
        self.floor.is_some_and(|floor| msg_id <= floor) || self.remembers(msg_id)
    }

    /// The code with which a sequence number is refused: those of earlier messages must be lower, those of later ones higher
    /// (<https://core.telegram.org/mtproto/service_messages_about_messages#notice-of-ignored-error-message>).
    pub(super) fn refuses_seq_no(&self, msg_id: i64, seq_no: i32) -> Option<i32> {
        let clash = |lower: i32, higher: i32| lower > higher || (lower == higher && higher & 1 == 1);
        let before = self.messages.range(..msg_id).next_back();
        let after = self.messages.range(msg_id + 1..).next();
        if before.is_some_and(|(_, entry)| clash(entry.seq_no, seq_no)) {
            Some(32)
        } else if after.is_some_and(|(_, entry)| clash(seq_no, entry.seq_no)) {
            Some(33)
        } else {
            None
        }
    }

    pub(super) fn insert(&mut self, msg_id: i64, seq_no: i32, answer: Answer) {
        self.messages.insert(msg_id, Entry { seq_no, answer });
        if self.messages.len() > REMEMBERED
            && let Some((oldest, _)) = self.messages.pop_first()
        {
            self.floor = Some(oldest);
        }
    }

    pub(super) fn answer(&self, msg_id: i64) -> Option<Answer> {
        self.messages.get(&msg_id).map(|entry| entry.answer)
    }

    /// Whether the client still wants the answer to a query that has just been executed.
    pub(super) fn answered(&self, msg_id: i64) -> bool {
        self.answer(msg_id) != Some(Answer::Dropped)
    }

    pub(super) fn answer_is(&mut self, msg_id: i64, answer_id: i64) {
        if let Some(entry) = self.messages.get_mut(&msg_id) {
            entry.answer = Answer::Sent(answer_id);
        }
    }

    pub(super) fn drop_answer(&mut self, msg_id: i64) {
        if let Some(entry) = self.messages.get_mut(&msg_id) {
            entry.answer = Answer::Dropped;
        }
    }

    /// The byte of `msgs_state_info` for a message.
    pub(super) fn state(&self, msg_id: i64) -> u8 {
        match self.answer(msg_id) {
            Some(Answer::None | Answer::Container) => 4 | 16,
            Some(Answer::Pending) => 4 | 32,
            Some(Answer::Dropped) => 4 | 32,
            Some(Answer::Sent(_)) => 4 | 32 | 64,
            Some(Answer::Refused(_)) => 3,
            None => {
                let last = self.messages.last_key_value().map(|(id, _)| *id);
                if self.first.is_none() || self.may_have_forgotten(msg_id) {
                    1
                } else if last.is_some_and(|last| msg_id < last) {
                    2
                } else {
                    3
                }
            }
        }
    }
}
