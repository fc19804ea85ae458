//! How a message is put into an envelope and taken out (<https://core.telegram.org/mtproto/description#encrypted-message>).

use std::fmt;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::{self, Side};

use crate::pack::ENVELOPE;
use crate::{Message, Violation};

/// Length of salt, session id, message id, sequence number and length.
const HEADER: usize = 32;
/// Between so many bytes of padding…
const MIN_PADDING: usize = 12;
/// …and so many are allowed.
const MAX_PADDING: usize = 1024;

/// The key id that an encrypted packet names, or 0 for a plain message of the key exchange; `None` when the packet is too
/// short to name one.
pub fn auth_key_id(packet: &[u8]) -> Option<u64> {
    packet.first_chunk().map(|id| u64::from_le_bytes(*id))
}

/// What was inside an envelope.
#[derive(Debug)]
pub struct Opened {
    /// The salt that the sender used; only a server looks at it.
    pub salt: i64,
    /// The session that the sender speaks of.
    pub session_id: i64,
    /// The message; several travel in a container.
    pub message: Message,
}

/// Decrypts a packet from the other side in place and checks everything that needs no session: key, `msg_key`, length and
/// padding (<https://core.telegram.org/mtproto/security_guidelines>).
///
/// # Errors
/// Which of those does not hold. The whole packet is to be discarded then.
pub fn open(key: &AuthKey, from: Side, mut packet: BytesMut) -> Result<Opened, Violation> {
    if auth_key_id(&packet) != Some(key.id()) {
        return Err(Violation::AuthKeyId);
    }
    // Tail bytes of a padded transport are no part of the encrypted data.
    let encrypted = packet.len().saturating_sub(ENVELOPE);
    packet.truncate(ENVELOPE + encrypted / 16 * 16);
    if packet.len() < ENVELOPE + HEADER + 16 {
        return Err(Violation::TooShort);
    }
    message::decrypt_in_place(key, from, &mut packet).map_err(|_| Violation::MsgKey)?;
    let plain: Bytes = packet.freeze().slice(ENVELOPE..);
    let field = |at: usize| plain[at..at + 8].first_chunk::<8>().map_or(0, |bytes| i64::from_le_bytes(*bytes));
    let (salt, session_id, msg_id, seq_and_len) = (field(0), field(8), field(16), field(24) as u64);
    let (seq_no, len) = (seq_and_len as u32 as i32, (seq_and_len >> 32) as usize);
    let padding = (plain.len() - HEADER).checked_sub(len).ok_or(Violation::Length)?;
    if !len.is_multiple_of(4) {
        return Err(Violation::Length);
    }
    if !(MIN_PADDING..=MAX_PADDING).contains(&padding) {
        return Err(Violation::Padding);
    }
    let body = plain.slice(HEADER..HEADER + len);
    Ok(Opened { salt, session_id, message: Message { msg_id, seq_no, body } })
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self {
            Self::AuthKeyId => "a packet under another authorization key",
            Self::TooShort => "a packet too short to hold a message",
            Self::MsgKey => "a packet whose msg_key does not match its content",
            Self::Length => "a message whose length does not fit its packet",
            Self::Padding => "padding outside 12..1024 bytes",
            Self::SessionId => "a message of another session",
            Self::MsgIdParity => "a message id with the wrong parity",
            Self::MsgIdTime => "a message id outside the window of 300 s before and 30 s after the server's time",
            Self::MsgIdOrder => "a message id in a container that is not below the container's",
            Self::TooMany => "more messages in a container, or ids in a service message, than a server takes",
            Self::Body(error) => return write!(f, "the other side broke the protocol: {error}"),
        };
        write!(f, "the other side broke the protocol: {what}")
    }
}

impl std::error::Error for Violation {}
