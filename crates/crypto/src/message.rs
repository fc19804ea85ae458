//! Encryption of messages: `auth_key_id ‖ msg_key ‖ encrypted data` (<https://core.telegram.org/mtproto/description>).
//!
//! One buffer holds the whole envelope, before and after: [`HEADER`] bytes of room, then the plaintext with its padding.
//! Encryption happens where the bytes lie; nothing is copied.
//!
//! ```
//! use quadruplex_crypto::{AuthKey, message::{self, Side}};
//!
//! let key = AuthKey::from_bytes(&[7; 256]);
//! let mut envelope = vec![0; message::HEADER];
//! envelope.extend_from_slice(&[42; 48]); // salt, session, message, padding
//!
//! message::encrypt_in_place(&key, Side::Client, &mut envelope)?;
//! assert_eq!(envelope[..8], key.id().to_le_bytes());
//! assert_eq!(message::decrypt_in_place(&key, Side::Client, &mut envelope)?, [42; 48]);
//! # Ok::<(), message::Error>(())
//! ```

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use crate::AuthKey;
use crate::hash::sha256;
use crate::ige;

/// Bytes in front of the encrypted data: `auth_key_id` and `msg_key`.
pub const HEADER: usize = 24;

/// Who wrote a message. The two directions use different parts of the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// From the client to the server.
    Client,
    /// From the server to the client.
    Server,
}

/// Encrypts an envelope in place, as MTProto 2.0 does.
///
/// `envelope` is [`HEADER`] bytes of any content, then plaintext and padding (12 to 1024 random bytes, the caller's) that
/// are together a multiple of 16 and not empty. The header is filled in.
///
/// # Errors
/// [`Error::Length`] when the data behind the header is empty or no whole number of blocks.
pub fn encrypt_in_place(key: &AuthKey, from: Side, envelope: &mut [u8]) -> Result<(), Error> {
    let (header, data) = split(envelope)?;
    let msg_key = end_msg_key(begin_msg_key(key, from).chain_update(&*data));
    let keys = Keys::derive(key, from, &msg_key);
    ige::encrypt(&keys.key, &keys.iv, data)?;
    header[..8].copy_from_slice(&key.id().to_le_bytes());
    header[8..].copy_from_slice(&msg_key);
    Ok(())
}

/// Decrypts an envelope in place and returns what stood behind its header, padding included.
///
/// The `msg_key` is checked in constant time against the plaintext and its padding, so what is returned is what the holder of
/// the key wrote. Lengths and ids inside are the caller's to check.
///
/// # Errors
/// [`Error::Length`], [`Error::UnknownKey`] or [`Error::Tampered`]. What `envelope` holds after [`Error::Tampered`] means
/// nothing.
pub fn decrypt_in_place<'a>(key: &AuthKey, from: Side, envelope: &'a mut [u8]) -> Result<&'a mut [u8], Error> {
    let (header, data) = split(envelope)?;
    let id = u64::from_le_bytes(std::array::from_fn(|i| header[i]));
    if id != key.id() {
        return Err(Error::UnknownKey(id));
    }
    let claimed: [u8; 16] = std::array::from_fn(|i| header[8 + i]);
    let keys = Keys::derive(key, from, &claimed);
    let mut hash = begin_msg_key(key, from);
    ige::decrypt_showing(&keys.key, &keys.iv, data, |plaintext| hash.update(plaintext))?;
    if bool::from(end_msg_key(hash).ct_eq(&claimed)) { Ok(data) } else { Err(Error::Tampered) }
}

/// Why an envelope could not be encrypted or decrypted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The envelope, of this many bytes, is not a header and at least one whole block.
    Length(usize),
    /// The envelope names this other `auth_key_id`.
    UnknownKey(u64),
    /// The `msg_key` does not fit what was decrypted: changed on the way, or written with another key.
    Tampered,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(len) => write!(f, "an envelope of {len} bytes: needs 24 and a multiple of 16"),
            Self::UnknownKey(id) => write!(f, "encrypted for another authorization key, {id:#018x}"),
            Self::Tampered => f.write_str("msg_key does not match: the message was changed or encrypted with another key"),
        }
    }
}

impl std::error::Error for Error {}

impl From<ige::NotWholeBlocks> for Error {
    fn from(error: ige::NotWholeBlocks) -> Self {
        Self::Length(HEADER + error.len)
    }
}

/// Key and vector of one message.
struct Keys {
    key: Zeroizing<[u8; 32]>,
    iv: Zeroizing<[u8; 32]>,
}

impl Keys {
    fn derive(auth_key: &AuthKey, from: Side, msg_key: &[u8; 16]) -> Self {
        let (secret, x) = (auth_key.expose(), from.offset());
        let mut a = sha256(&[msg_key, &secret[x..x + 36]]);
        let mut b = sha256(&[&secret[40 + x..76 + x], msg_key]);
        let keys = Self { key: Zeroizing::new(weave(&a, &b)), iv: Zeroizing::new(weave(&b, &a)) };
        a.zeroize();
        b.zeroize();
        keys
    }
}

impl Side {
    /// `x` of the formulas.
    const fn offset(self) -> usize {
        match self {
            Self::Client => 0,
            Self::Server => 8,
        }
    }
}

/// The hash that `msg_key` is taken from; the plaintext and its padding follow.
fn begin_msg_key(auth_key: &AuthKey, from: Side) -> Sha256 {
    let x = from.offset();
    Sha256::new_with_prefix(&auth_key.expose()[88 + x..120 + x])
}

fn end_msg_key(hash: Sha256) -> [u8; 16] {
    let large = hash.finalize();
    std::array::from_fn(|i| large[8 + i])
}

/// The outer eight bytes of each end from one, the middle from the other.
fn weave(outer: &[u8; 32], inner: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|i| if (8..24).contains(&i) { inner[i] } else { outer[i] })
}

fn split(envelope: &mut [u8]) -> Result<(&mut [u8], &mut [u8]), Error> {
    let len = envelope.len();
    match envelope.split_at_mut_checked(HEADER) {
        Some((header, data)) if !data.is_empty() && data.len().is_multiple_of(ige::BLOCK) => Ok((header, data)),
        _ => Err(Error::Length(len)),
    }
}
