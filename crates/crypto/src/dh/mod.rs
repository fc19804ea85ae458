//! The Diffie–Hellman group of the key exchange, of passwords and of secret chats, with the checks that Telegram asks of
//! every client (<https://core.telegram.org/mtproto/security_guidelines>).
//!
//! ```
//! use quadruplex_crypto::dh::{Group, Secret};
//!
//! let group = Group::telegram();
//! let (a, b) = (Secret::from_bytes(&[1; 256]), Secret::from_bytes(&[2; 256])); // `Secret::random(rng)` outside of examples
//! let (g_a, g_b) = (group.public(&a), group.public(&b));
//! assert_eq!(group.shared(&g_a, &b)?, group.shared(&g_b, &a)?);
//! # Ok::<(), quadruplex_crypto::dh::Error>(())
//! ```

mod prime;

use std::fmt;

use crypto_bigint::modular::{FixedMontyForm, FixedMontyParams};
use crypto_bigint::{Odd, U2048};
use rand_core::Rng;
use zeroize::Zeroizing;

/// A generator and a safe prime of 2048 bits that have passed every check.
#[derive(Clone, PartialEq, Eq)]
pub struct Group {
    g: u32,
    params: FixedMontyParams<{ U2048::LIMBS }>,
}

impl Group {
    /// Checks a group that somebody else chose: 2048 bits, a safe prime, and `g` in 2..=7 generating the subgroup of prime
    /// order.
    ///
    /// The prime that Telegram uses is known and costs nothing. Another one is tested for a tenth of a second, with a chance
    /// of error below 2⁻¹²⁸ whoever chose it; callers that meet it often keep the `Group`.
    ///
    /// # Errors
    /// [`Error::PrimeLength`], [`Error::Generator`] or [`Error::NotSafePrime`].
    pub fn new(g: u32, prime: &[u8]) -> Result<Self, Error> {
        let p = number(prime).filter(|p| p.bits_vartime() == U2048::BITS).ok_or(Error::PrimeLength)?;
        if !generates(g, &p) {
            return Err(Error::Generator(g));
        }
        if p != prime::TELEGRAM && !prime::is_safe(&p) {
            return Err(Error::NotSafePrime);
        }
        let modulus = Odd::new(p).into_option().ok_or(Error::NotSafePrime)?;
        Ok(Self { g, params: FixedMontyParams::new_vartime(modulus) })
    }

    /// The group that Telegram's servers use: their prime of 2013 with g = 3.
    #[must_use]
    pub fn telegram() -> Self {
        let modulus = Odd::new(prime::TELEGRAM).expect("the constant ends in 5b");
        Self { g: 3, params: FixedMontyParams::new_vartime(modulus) }
    }

    /// The generator.
    #[must_use]
    pub fn g(&self) -> u32 {
        self.g
    }

    /// The prime, big-endian.
    #[must_use]
    pub fn prime(&self) -> [u8; 256] {
        bytes(self.params.modulus().as_ref())
    }

    /// `g^secret mod p`
    #[must_use]
    pub fn public(&self, secret: &Secret) -> [u8; 256] {
        bytes(&self.generator().pow(&secret.0).retrieve())
    }

    /// `theirs^secret mod p` after checking `theirs`.
    ///
    /// # Errors
    /// [`Error::PublicValue`], see [`check_public`](Self::check_public).
    pub fn shared(&self, theirs: &[u8], secret: &Secret) -> Result<Zeroizing<[u8; 256]>, Error> {
        let theirs = self.form(&self.parse_public(theirs)?);
        Ok(Zeroizing::new(bytes(&theirs.pow(&secret.0).retrieve())))
    }

    /// Checks `g_a` or `g_b`, big-endian, at most 256 bytes: above 1, below p − 1, and no closer than 2¹⁹⁸⁴ to either end.
    ///
    /// # Errors
    /// [`Error::PublicValue`]
    pub fn check_public(&self, value: &[u8]) -> Result<(), Error> {
        self.parse_public(value).map(drop)
    }

    pub(crate) fn parse_public(&self, value: &[u8]) -> Result<U2048, Error> {
        // The window is inside 1 < value < p − 1.
        let margin = U2048::ONE.shl_vartime(U2048::BITS - 64);
        let highest = self.params.modulus().wrapping_sub(&margin);
        number(value).filter(|value| (margin..=highest).contains(value)).ok_or(Error::PublicValue)
    }

    pub(crate) fn generator(&self) -> Element {
        self.form(&U2048::from_u32(self.g))
    }

    /// A number below the prime as an element of the field.
    pub(crate) fn form(&self, value: &U2048) -> Element {
        Element::new(value, &self.params)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let prime = self.prime();
        write!(f, "Group {{ g: {}, prime: {:02x}{:02x}{:02x}{:02x}… }}", self.g, prime[0], prime[1], prime[2], prime[3])
    }
}

/// A secret exponent of 2048 bits, wiped when dropped. Powers of it take the same time whatever it is.
pub struct Secret(pub(crate) Zeroizing<U2048>);

impl Secret {
    /// A fresh exponent.
    #[must_use]
    pub fn random(rng: &mut (impl Rng + ?Sized)) -> Self {
        let mut seed = Zeroizing::new([0; 256]);
        rng.fill_bytes(&mut *seed);
        Self::from_bytes(&seed)
    }

    /// An exponent from its 256 bytes, big-endian.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 256]) -> Self {
        Self(Zeroizing::new(U2048::from_be_slice(bytes)))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

/// Which check a group or a public value failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The prime does not have exactly 2048 bits.
    PrimeLength,
    /// p or (p − 1) / 2 is not prime.
    NotSafePrime,
    /// g is not in 2..=7, or does not generate the subgroup of order (p − 1) / 2.
    Generator(u32),
    /// The public value is not between 2¹⁹⁸⁴ and p − 2¹⁹⁸⁴.
    PublicValue,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PrimeLength => f.write_str("the prime does not have 2048 bits"),
            Self::NotSafePrime => f.write_str("the modulus is not a safe prime"),
            Self::Generator(g) => write!(f, "{g} does not generate the subgroup of prime order"),
            Self::PublicValue => f.write_str("the public value is too close to 0 or to the prime"),
        }
    }
}

impl std::error::Error for Error {}

pub(crate) type Element = FixedMontyForm<{ U2048::LIMBS }>;

/// A big-endian number of at most 256 bytes.
pub(crate) fn number(bytes: &[u8]) -> Option<U2048> {
    let mut padded = [0; 256];
    padded.get_mut(256_usize.checked_sub(bytes.len())?..)?.copy_from_slice(bytes);
    Some(U2048::from_be_slice(&padded))
}

pub(crate) fn bytes(value: &U2048) -> [u8; 256] {
    value.to_be_bytes().into()
}

/// Whether g is a quadratic residue mod p, by the table of the guidelines.
fn generates(g: u32, p: &U2048) -> bool {
    let rest = |divisor| prime::remainder(p, divisor);
    match g {
        2 => rest(8) == 7,
        3 => rest(3) == 2,
        4 => true,
        5 => matches!(rest(5), 1 | 4),
        6 => matches!(rest(24), 19 | 23),
        7 => matches!(rest(7), 3 | 5 | 6),
        _ => false,
    }
}
