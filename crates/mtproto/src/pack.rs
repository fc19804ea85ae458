use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::{self, Side};
use quadruplex_tl::Serialize;
use rand_core::Rng;

use crate::message::MSG_CONTAINER;

/// Length of `auth_key_id` and `msg_key`, which stand before what is encrypted.
pub(crate) const ENVELOPE: usize = 24;
/// Length of salt and session id.
const SESSION: usize = 16;
/// Length of message id, sequence number and length before each message, the container's own too.
pub(crate) const MESSAGE_HEADER: usize = 16;
/// Length of id and count, with which a container begins.
const CONTAINER_HEADER: usize = 8;
/// Where the first message stands in a packet that is laid out: behind room for a container.
const FIRST_MESSAGE: usize = ENVELOPE + SESSION + MESSAGE_HEADER + CONTAINER_HEADER;
/// Room that is made for what may follow a message: acknowledgements and padding. A long message would else be moved for their sake.
const SLACK: usize = 1 << 10;
/// At least so many random bytes follow the message.
const MIN_PADDING: usize = 12;

/// A packet that is laid out at the end of a buffer, message by message, and encrypted there.
#[derive(Debug)]
pub(crate) struct Layout {
    start: usize,
    messages: usize,
}

impl Layout {
    pub(crate) fn begin(out: &mut Vec<u8>) -> Self {
        let start = out.len();
        out.resize(start + FIRST_MESSAGE, 0);
        Self { start, messages: 0 }
    }

    /// How many messages are in.
    pub(crate) fn messages(&self) -> usize {
        self.messages
    }

    /// How many bytes they take.
    pub(crate) fn len(&self, out: &[u8]) -> usize {
        out.len() - self.start - FIRST_MESSAGE
    }

    pub(crate) fn push(&mut self, (msg_id, seq_no): (i64, i32), head: &[u8], body: &[u8], out: &mut Vec<u8>) {
        let len = head.len() + body.len();
        out.reserve(MESSAGE_HEADER + len + SLACK);
        write_header(msg_id, seq_no, len, out);
        out.extend_from_slice(head);
        out.extend_from_slice(body);
        self.messages += 1;
    }

    /// The buffer as it was before.
    pub(crate) fn abandon(self, out: &mut Vec<u8>) {
        out.truncate(self.start);
    }
}

fn write_header(msg_id: i64, seq_no: i32, len: usize, out: &mut Vec<u8>) {
    msg_id.serialize(out);
    seq_no.serialize(out);
    (len as u32).serialize(out);
}

/// The session-wide values that stand in every envelope.
pub(crate) struct Sealer<'a> {
    pub(crate) key: &'a AuthKey,
    pub(crate) from: Side,
    pub(crate) salt: i64,
    pub(crate) session_id: i64,
}

impl Sealer<'_> {
    /// Encrypts what was laid out: the only message as it is, several in a container with an id and sequence number of its own.
    /// Returns the length of the packet.
    pub(crate) fn seal(&self, layout: Layout, container: Option<(i64, i32)>, rng: &mut dyn Rng, out: &mut Vec<u8>) -> usize {
        let (start, content) = (layout.start, layout.len(out));
        let mut header = Vec::with_capacity(FIRST_MESSAGE - ENVELOPE);
        self.salt.serialize(&mut header);
        self.session_id.serialize(&mut header);
        match container {
            Some((msg_id, seq_no)) => {
                write_header(msg_id, seq_no, CONTAINER_HEADER + content, &mut header);
                MSG_CONTAINER.serialize(&mut header);
                (layout.messages as u32).serialize(&mut header);
            }
            None => {
                out.copy_within(start + FIRST_MESSAGE.., start + ENVELOPE + SESSION);
                out.truncate(start + ENVELOPE + SESSION + content);
            }
        }
        out[start + ENVELOPE..][..header.len()].copy_from_slice(&header);
        let plain = out.len() - start - ENVELOPE;
        let padded = (plain + MIN_PADDING).next_multiple_of(16);
        let padding = out.len();
        out.resize(start + ENVELOPE + padded, 0);
        rng.fill_bytes(&mut out[padding..]);
        message::encrypt_in_place(self.key, self.from, &mut out[start..]).expect("the data was just laid out in whole blocks");
        ENVELOPE + padded
    }
}
