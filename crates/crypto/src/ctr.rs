//! AES-256 in CTR mode, for the obfuscated transport and for files from a CDN.

use std::fmt;

use aes::Aes256;
use ctr::Ctr128BE;
use ctr::cipher::{Array, KeyIvInit, StreamCipher};

/// A key stream whose position is kept from call to call: encrypting twice ten bytes is encrypting twenty.
///
/// The counter is the whole `iv`, big-endian. Encryption and decryption are the same operation.
///
/// ```
/// use quadruplex_crypto::ctr::Ctr256;
///
/// let mut whole = *b"one stream, cut anywhere";
/// Ctr256::new(&[3; 32], &[4; 16]).apply(&mut whole);
///
/// let mut parts = *b"one stream, cut anywhere";
/// let mut stream = Ctr256::new(&[3; 32], &[4; 16]);
/// let (first, second) = parts.split_at_mut(5);
/// stream.apply(first);
/// stream.apply(second);
/// assert_eq!(parts, whole);
/// ```
pub struct Ctr256(Ctr128BE<Aes256>);

impl Ctr256 {
    /// A stream at its beginning.
    #[must_use]
    pub fn new(key: &[u8; 32], iv: &[u8; 16]) -> Self {
        Self(Ctr128BE::new(&Array(*key), &Array(*iv)))
    }

    /// Encrypts or decrypts the next `data.len()` bytes of the stream in place.
    pub fn apply(&mut self, data: &mut [u8]) {
        self.0.apply_keystream(data);
    }
}

impl fmt::Debug for Ctr256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ctr256(..)")
    }
}
