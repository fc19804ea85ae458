use bytes::Bytes;
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::{self, Side};
use quadruplex_tl::Serialize;
use rand_core::Rng;

use crate::message::MSG_CONTAINER;

/// Length of `auth_key_id` and `msg_key`, which stand before what is encrypted.
pub(crate) const ENVELOPE: usize = 24;
/// Length of salt, session id, message id, sequence number and length.
const HEADER: usize = 32;
/// Length of message id, sequence number and length before each message of a container.
pub(crate) const MESSAGE_HEADER: usize = 16;
/// At least so many random bytes follow the message.
const MIN_PADDING: usize = 12;

/// A message on its way out: what stands before a shared body, and the body.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) msg_id: i64,
    pub(crate) seq_no: i32,
    /// The whole of a service message, or what is put before a query.
    pub(crate) head: Vec<u8>,
    pub(crate) body: Bytes,
}

impl Outgoing {
    pub(crate) fn service(msg_id: i64, seq_no: i32, service: &impl Serialize) -> Self {
        Self { msg_id, seq_no, head: service.to_bytes(), body: Bytes::new() }
    }

    fn len(&self) -> usize {
        self.head.len() + self.body.len()
    }

    fn write(&self, out: &mut Vec<u8>) {
        self.msg_id.serialize(out);
        self.seq_no.serialize(out);
        (self.len() as u32).serialize(out);
        out.extend_from_slice(&self.head);
        out.extend_from_slice(&self.body);
    }
}

/// The session-wide values that stand in every envelope.
pub(crate) struct Sealer<'a> {
    pub(crate) key: &'a AuthKey,
    pub(crate) from: Side,
    pub(crate) salt: i64,
    pub(crate) session_id: i64,
}

impl Sealer<'_> {
    /// Appends one encrypted packet: the only message as it is, several in a container with an id and sequence number of
    /// its own. Everything is laid out once, in place.
    pub(crate) fn seal(&self, messages: &[Outgoing], container: Option<(i64, i32)>, rng: &mut dyn Rng, out: &mut Vec<u8>) {
        let start = out.len();
        let content: usize = messages.iter().map(|message| MESSAGE_HEADER + message.len()).sum();
        out.reserve(ENVELOPE + HEADER + content + 2 * MIN_PADDING + 8);
        out.resize(start + ENVELOPE, 0);
        self.salt.serialize(out);
        self.session_id.serialize(out);
        if let Some((msg_id, seq_no)) = container {
            msg_id.serialize(out);
            seq_no.serialize(out);
            ((8 + content) as u32).serialize(out);
            MSG_CONTAINER.serialize(out);
            (messages.len() as u32).serialize(out);
        }
        messages.iter().for_each(|message| message.write(out));
        let plain = out.len() - start - ENVELOPE;
        let padded = (plain + MIN_PADDING).next_multiple_of(16);
        let padding = out.len();
        out.resize(start + ENVELOPE + padded, 0);
        rng.fill_bytes(&mut out[padding..]);
        message::encrypt_in_place(self.key, self.from, &mut out[start..]).expect("the data was just laid out in whole blocks");
    }
}
