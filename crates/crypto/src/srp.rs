//! The password of two-step verification, by SRP 6a in Telegram's variant (<https://core.telegram.org/api/srp>): the server
//! learns that the client knows the password and nothing else.
//!
//! ```
//! use quadruplex_crypto::dh::{Group, Secret};
//! use quadruplex_crypto::srp::{Challenge, Error, Parameters};
//!
//! let parameters = Parameters { group: Group::telegram(), salt1: b"one".to_vec(), salt2: b"two".to_vec() };
//! let verifier = parameters.verifier(b"correct horse"); // stored by the server
//!
//! // `Secret::random(rng)` outside of examples.
//! let challenge = Challenge::new(&parameters, &verifier, Secret::from_bytes(&[1; 256]));
//! let proof = parameters.prove(b"correct horse", challenge.b(), Secret::from_bytes(&[2; 256]))?;
//! assert_eq!(challenge.check(&proof.a, &proof.m1), Ok(()));
//!
//! let proof = parameters.prove(b"battery staple", challenge.b(), Secret::from_bytes(&[2; 256]))?;
//! assert_eq!(challenge.check(&proof.a, &proof.m1), Err(Error::Password));
//! # Ok::<(), Error>(())
//! ```

use std::fmt;

use crypto_bigint::{U256, U2048};
use pbkdf2::pbkdf2_hmac;
use sha2::Sha512;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::dh::{self, Element, Group, Secret, bytes};
use crate::hash::sha256;

/// Rounds of PBKDF2. They take a tenth of a second, on purpose.
const ROUNDS: u32 = 100_000;

/// `passwordKdfAlgoSHA256SHA256PBKDF2HMACSHA512iter100000SHA256ModPow`, with its group checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// `g` and `p`, checked by [`Group::new`].
    pub group: Group,
    /// The first salt: 8 bytes of the server, then at least 32 of the client that set the password.
    pub salt1: Vec<u8>,
    /// The second salt, the server's.
    pub salt2: Vec<u8>,
}

/// What a client sends: `inputCheckPasswordSRP` without its `srp_id`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    /// `g^a mod p`
    pub a: [u8; 256],
    /// The hash that only a holder of the password can compute.
    pub m1: [u8; 32],
}

impl Parameters {
    /// `new_password_hash`: what a server stores instead of the password, `g^x mod p`. Takes a tenth of a second.
    #[must_use]
    pub fn verifier(&self, password: &[u8]) -> [u8; 256] {
        bytes(&self.group.generator().pow(&*self.x(password)).retrieve())
    }

    /// Proves knowledge of the password to a server that sent `srp_B`. Takes a tenth of a second.
    ///
    /// # Errors
    /// [`Error::PublicValue`] when `srp_B` is one by which a server could learn something, or `secret` is not random.
    pub fn prove(&self, password: &[u8], srp_b: &[u8], secret: Secret) -> Result<Proof, Error> {
        let b = bytes(&self.group.parse_public(srp_b)?);
        let a = self.group.public(&secret);
        self.group.check_public(&a)?;
        let x = self.x(password);
        let u = scramble(&a, &b)?;
        let verifier = self.group.generator().pow(&*x);
        let base = self.element(&b) - self.k() * verifier;
        self.group.check_public(&bytes(&base.retrieve()))?;
        // (B − k·v)^(a + u·x), in two powers so that the exponent need not be wider than the modulus.
        let ux = Zeroizing::new(u.concatenating_mul(&*x));
        let shared = base.pow(&*secret.0) * base.pow(&*ux);
        Ok(Proof { a, m1: self.m1(&a, &b, &shared) })
    }

    /// The password as an exponent: `PH2`.
    fn x(&self, password: &[u8]) -> Zeroizing<U256> {
        let salted = |data: &[u8], salt: &[u8]| Zeroizing::new(sha256(&[salt, data, salt]));
        let ph1 = salted(&*salted(password, &self.salt1), &self.salt2);
        let mut stretched = Zeroizing::new([0; 64]);
        pbkdf2_hmac::<Sha512>(&*ph1, &self.salt1, ROUNDS, &mut *stretched);
        Zeroizing::new(U256::from_be_slice(&*salted(&*stretched, &self.salt2)))
    }

    /// The multiplier: `SHA256(p ‖ g)`.
    fn k(&self) -> Element {
        let hash = sha256(&[&self.group.prime(), &self.padded_g()]);
        self.group.form(&U256::from_be_slice(&hash).resize())
    }

    fn m1(&self, a: &[u8; 256], b: &[u8; 256], shared: &Element) -> [u8; 32] {
        let key = sha256(&[&*Zeroizing::new(bytes(&shared.retrieve()))]);
        let (p, g) = (sha256(&[&self.group.prime()]), sha256(&[&self.padded_g()]));
        let group: [u8; 32] = std::array::from_fn(|i| p[i] ^ g[i]);
        sha256(&[&group, &sha256(&[&self.salt1]), &sha256(&[&self.salt2]), a, b, &key])
    }

    fn padded_g(&self) -> [u8; 256] {
        bytes(&U2048::from_u32(self.group.g()))
    }

    fn element(&self, value: &[u8; 256]) -> Element {
        self.group.form(&U2048::from_be_slice(value))
    }
}

/// The server's end: one question to one client.
pub struct Challenge {
    parameters: Parameters,
    verifier: Zeroizing<[u8; 256]>,
    secret: Secret,
    b: [u8; 256],
}

impl Challenge {
    /// A challenge for the holder of the password behind `verifier`, with a secret that is used once.
    #[must_use]
    pub fn new(parameters: &Parameters, verifier: &[u8; 256], secret: Secret) -> Self {
        let power = parameters.group.generator().pow(&*secret.0);
        let b = bytes(&(parameters.k() * parameters.element(verifier) + power).retrieve());
        Self { parameters: parameters.clone(), verifier: Zeroizing::new(*verifier), secret, b }
    }

    /// `srp_B`, to send.
    #[must_use]
    pub fn b(&self) -> &[u8; 256] {
        &self.b
    }

    /// Checks the client's proof, in constant time.
    ///
    /// # Errors
    /// [`Error::Password`] when the password was another one, [`Error::PublicValue`] when `a` could not come from an honest
    /// client.
    pub fn check(&self, a: &[u8], m1: &[u8]) -> Result<(), Error> {
        let a = bytes(&self.parameters.group.parse_public(a)?);
        let u = scramble(&a, &self.b)?;
        let verifier = self.parameters.element(&self.verifier);
        let shared = (self.parameters.element(&a) * verifier.pow(&u)).pow(&*self.secret.0);
        let expected = self.parameters.m1(&a, &self.b, &shared);
        if expected.ct_eq(m1).into() { Ok(()) } else { Err(Error::Password) }
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge(..)")
    }
}

/// Why a password was not proved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// A public value of the other end that no honest one sends.
    PublicValue,
    /// The password is not the one that was set.
    Password,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PublicValue => f.write_str("a public value of the password exchange is out of range"),
            Self::Password => f.write_str("wrong password"),
        }
    }
}

impl std::error::Error for Error {}

impl From<dh::Error> for Error {
    fn from(_: dh::Error) -> Self {
        Self::PublicValue
    }
}

/// `u = SHA256(A ‖ B)`, which must not be zero.
fn scramble(a: &[u8; 256], b: &[u8; 256]) -> Result<U256, Error> {
    let u = U256::from_be_slice(&sha256(&[a, b]));
    if u == U256::ZERO { Err(Error::PublicValue) } else { Ok(u) }
}
