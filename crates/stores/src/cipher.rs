use std::fmt;

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::Error;
use crate::kv::Bytes;

/// Where [`Options::from_env`](crate::Options::from_env) finds the key.
pub const KEY_VARIABLE: &str = "QUADRUPLEX_STORE_KEY";

/// The key for encryption at rest: 32 random bytes. Wiped when dropped, never shown.
#[derive(Clone)]
pub struct SecretKey(Zeroizing<[u8; 32]>);

impl SecretKey {
    /// Reads 64 hexadecimal digits. A passphrase is refused: it can be guessed by whoever has the file.
    ///
    /// ```
    /// use quadruplex_stores::SecretKey;
    /// assert!(SecretKey::from_hex(&"0f".repeat(32)).is_ok());
    /// assert!(SecretKey::from_hex("correct horse").unwrap_err().to_string().contains("64 hexadecimal digits"));
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error::Key`] if it is anything else.
    pub fn from_hex(text: &str) -> Result<Self, Error> {
        let mut key = Zeroizing::new([0; 32]);
        let digits = text.trim().as_bytes();
        if digits.len() != 64 {
            return Err(Error::Key("must have 64 hexadecimal digits"));
        }
        for (byte, pair) in key.iter_mut().zip(digits.chunks_exact(2)) {
            let digit = |digit: u8| char::from(digit).to_digit(16).ok_or(Error::Key("has a character that is no hexadecimal digit"));
            // Two digits below 16 each.
            *byte = (digit(pair[0])? * 16 + digit(pair[1])?) as u8;
        }
        Ok(Self(key))
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(secret)")
    }
}

/// Seals values under their keys, and hides names.
pub(crate) struct Cipher {
    aead: XChaCha20Poly1305,
    names: Hmac<Sha256>,
}

impl Cipher {
    pub(crate) fn new(key: &SecretKey) -> Self {
        let sub_key = |purpose: &[u8]| {
            let mut mac = mac(&key.0);
            mac.update(purpose);
            Zeroizing::new(<[u8; 32]>::from(mac.finalize().into_bytes()))
        };
        let values = sub_key(b"values");
        Self { aead: XChaCha20Poly1305::new((&*values).into()), names: mac(&sub_key(b"names")) }
    }

    /// Nonce and sealed value. It opens only under the same key of the store, so entries cannot be swapped.
    pub(crate) fn seal(&self, key: &[u8], value: &[u8]) -> Result<Bytes, String> {
        let mut nonce = [0; NONCE];
        getrandom::fill(&mut nonce).map_err(|error| format!("no randomness: {error}"))?;
        let sealed = self.aead.encrypt(&XNonce::from(nonce), Payload { msg: value, aad: key }).map_err(|_| "a value too large to seal")?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    pub(crate) fn open(&self, key: &[u8], sealed: &[u8]) -> Result<Bytes, String> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or("a sealed value is cut")?;
        let opened = self.aead.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: key });
        opened.map_err(|_| "a sealed value does not open: it was changed, or the key is another".to_owned())
    }

    /// What stands for a name: the same for the same name, and nothing without the key.
    pub(crate) fn hide(&self, name: &[u8]) -> Bytes {
        let mut mac = self.names.clone();
        mac.update(name);
        mac.finalize().into_bytes()[..16].to_vec()
    }
}

fn mac(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key is padded with zeros to a whole block, says the definition of HMAC.
    let mut block = Zeroizing::new([0; 64]);
    block[..32].copy_from_slice(key);
    Hmac::new((&*block).into())
}

const NONCE: usize = 24;
