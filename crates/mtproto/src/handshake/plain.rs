//! Messages without encryption, as the key exchange uses them: a zero in place of the key id, the message id, the length,
//! the body (<https://core.telegram.org/mtproto/description#unencrypted-message>).

use std::fmt;

/// Bytes in front of the body.
pub const HEADER: usize = 20;

/// Appends a plain message.
///
/// ```
/// use quadruplex_mtproto::handshake::plain;
///
/// let mut packet = Vec::new();
/// plain::wrap(0x51e57ac42770964a, b"body", &mut packet);
/// assert_eq!(plain::unwrap(&packet), Ok((0x51e57ac42770964a, &b"body"[..])));
/// ```
pub fn wrap(msg_id: i64, body: &[u8], out: &mut Vec<u8>) {
    out.reserve(HEADER + body.len());
    out.extend_from_slice(&[0; 8]);
    out.extend_from_slice(&msg_id.to_le_bytes());
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(body);
}

/// The message id and the body of a plain message. What follows the body, as on the padded transport, is ignored.
///
/// # Errors
/// [`NotPlain`]
pub fn unwrap(packet: &[u8]) -> Result<(i64, &[u8]), NotPlain> {
    let (header, rest) = packet.split_first_chunk::<HEADER>().ok_or(NotPlain)?;
    let [zero, msg_id] = [0, 8].map(|at| i64::from_le_bytes(std::array::from_fn(|i| header[at + i])));
    let len = u32::from_le_bytes(std::array::from_fn(|i| header[16 + i])) as usize;
    match rest.get(..len) {
        Some(body) if zero == 0 && len.is_multiple_of(4) => Ok((msg_id, body)),
        _ => Err(NotPlain),
    }
}

/// A packet that is no plain message: encrypted, or shorter than it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotPlain;

impl fmt::Display for NotPlain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no plain message where one of the key exchange is due")
    }
}

impl std::error::Error for NotPlain {}
