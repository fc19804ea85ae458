//! RSA as the key exchange uses it: the client encrypts one block of data for the owner of a known key.
//!
//! ```
//! use quadruplex_crypto::rsa::{PrivateKey, PublicKey};
//!
//! // Everybody can read the sandbox's private key. Never use it for anything else.
//! let private = PrivateKey::sandbox();
//! assert_eq!(private.public().fingerprint(), PublicKey::sandbox().fingerprint());
//! assert_eq!(PublicKey::telegram().fingerprint(), 0xd09d1d85de64fd85);
//! ```

mod keys;
mod pad;
mod pem;

use std::fmt;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U64, U2048};
use rand_core::Rng;
use zeroize::Zeroizing;

use crate::dh::{bytes, number};
use crate::hash::sha1;

pub use keys::{SANDBOX, SANDBOX_PRIVATE, TELEGRAM, TELEGRAM_TEST};
pub use pad::MAX_DATA;

/// A public key of 2048 bits with its fingerprint.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    n: Odd<U2048>,
    e: u64,
    fingerprint: u64,
}

impl PublicKey {
    /// A key from its modulus and exponent, both big-endian.
    ///
    /// # Errors
    /// [`Error::Key`] unless the modulus is odd and has 2048 bits, and the exponent is odd, above 1 and below 2⁶⁴.
    pub fn new(n: &[u8], e: &[u8]) -> Result<Self, Error> {
        let n = number(n).filter(|n| n.bits_vartime() == U2048::BITS).ok_or(Error::Key("the modulus does not have 2048 bits"))?;
        let n = Odd::new(n).into_option().ok_or(Error::Key("the modulus is even"))?;
        let e = small(e).filter(|e| e % 2 == 1 && *e > 1).ok_or(Error::Key("the exponent is not an odd number from 3 to 2^64"))?;
        Ok(Self { fingerprint: fingerprint(&n, e), n, e })
    }

    /// The fingerprint by which a server names the key: the last 8 bytes of `SHA1(n ‖ e)`, both as TL bytes.
    #[must_use]
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// The modulus, big-endian.
    #[must_use]
    pub fn n(&self) -> [u8; 256] {
        bytes(&self.n)
    }

    /// The exponent.
    #[must_use]
    pub fn e(&self) -> u64 {
        self.e
    }

    /// Encrypts up to [`MAX_DATA`] bytes by RSA_PAD (<https://core.telegram.org/mtproto/auth_key>, "4.1").
    ///
    /// # Errors
    /// [`Error::TooLong`], or [`Error::Randomness`] if `rng` is broken.
    pub fn encrypt(&self, data: &[u8], rng: &mut (impl Rng + ?Sized)) -> Result<[u8; 256], Error> {
        Ok(bytes(&self.raw(&pad::pad(data, &self.n, rng)?)))
    }

    /// Encrypts up to 235 bytes the way that came before RSA_PAD: `SHA1(data) ‖ data ‖ random`.
    ///
    /// Some clients still do, so the server end reads it; ours never sends it.
    ///
    /// # Errors
    /// [`Error::TooLong`]
    pub fn encrypt_legacy(&self, data: &[u8], rng: &mut (impl Rng + ?Sized)) -> Result<[u8; 256], Error> {
        Ok(bytes(&self.raw(&pad::pad_legacy(data, rng)?)))
    }

    fn raw(&self, block: &U2048) -> U2048 {
        FixedMontyForm::new(block, &self.params()).pow_vartime(&U64::from_u64(self.e)).retrieve()
    }

    /// Made for each use: few keys are ever used, and these are ten times as long as the modulus.
    fn params(&self) -> FixedMontyParams<{ U2048::LIMBS }> {
        FixedMontyParams::new_vartime(self.n)
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({:#018x})", self.fingerprint)
    }
}

/// A private key of 2048 bits. Its exponent is wiped when dropped, and powers of it take the same time for every block.
#[derive(Clone)]
pub struct PrivateKey {
    public: PublicKey,
    d: Zeroizing<U2048>,
}

impl PrivateKey {
    /// The public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }

    /// Decrypts what a client encrypted, by RSA_PAD or the way before it.
    ///
    /// Returns the data; after RSA_PAD its random padding (to 192 bytes) follows, because the data carries its own length.
    ///
    /// # Errors
    /// [`Error::Block`]: not 256 bytes below the modulus, or neither form's hash fits.
    pub fn decrypt(&self, encrypted: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        let in_range = |block: &U2048| encrypted.len() == 256 && block < self.public.n.as_ref();
        let block = number(encrypted).filter(in_range).ok_or(Error::Block)?;
        let padded = Zeroizing::new(bytes(&self.power(&block)));
        pad::unpad(&padded).or_else(|| pad::unpad_legacy(&padded)).ok_or(Error::Block)
    }

    fn power(&self, block: &U2048) -> Zeroizing<U2048> {
        Zeroizing::new(FixedMontyForm::new(block, &self.public.params()).pow(&self.d).retrieve())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({:#018x})", self.public.fingerprint)
    }
}

/// What is wrong with a key or a block.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The text is not the PEM of a PKCS#1 key (`BEGIN RSA PUBLIC KEY`, `BEGIN RSA PRIVATE KEY`).
    Pem(String),
    /// The key cannot be used.
    Key(&'static str),
    /// More data than fits into one block.
    TooLong {
        /// Bytes given.
        len: usize,
        /// Bytes that fit.
        max: usize,
    },
    /// What was decrypted is not of the expected form: encrypted for another key, or changed on the way.
    Block,
    /// The random source keeps returning values that do not fit below the modulus.
    Randomness,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pem(reason) => write!(f, "no PKCS#1 PEM of an RSA key: {reason}"),
            Self::Key(reason) => write!(f, "unusable RSA key: {reason}"),
            Self::TooLong { len, max } => write!(f, "{len} bytes do not fit into one RSA block of {max}"),
            Self::Block => f.write_str("an RSA block for another key, or changed on the way"),
            Self::Randomness => f.write_str("the random source repeats itself"),
        }
    }
}

impl std::error::Error for Error {}

/// A big-endian number that fits 64 bits.
fn small(bytes: &[u8]) -> Option<u64> {
    bytes.iter().try_fold(0, |number: u64, byte| Some(number.checked_mul(256)? | u64::from(*byte)))
}

fn fingerprint(n: &U2048, e: u64) -> u64 {
    let (e, used) = (e.to_be_bytes(), 8 - e.leading_zeros() as usize / 8);
    // Both as TL `bytes`: the modulus with a long length, the exponent with a short one, each padded to four bytes.
    let padding = (used + 1).next_multiple_of(4) - (used + 1);
    let hash = sha1(&[&[254, 0, 1, 0], &bytes(n), &[used as u8], &e[8 - used..], &[0; 3][..padding]]);
    u64::from_le_bytes(std::array::from_fn(|i| hash[12 + i]))
}
