//! The cryptography of MTProto, without clocks, randomness of its own, or I/O.
//!
//! Randomness is an argument ([`rand_core::Rng`]), so that a test can repeat every byte. Secrets are compared in constant
//! time and wiped when dropped. No input from outside can make a function panic, loop or allocate without bound.
//!
//! | module | what it is for |
//! |---|---|
//! | [`message`] | the encryption of messages, MTProto 2.0 and the 1.0 form that one method still needs |
//! | [`ige`], [`ctr`] | AES-256 in the two modes of MTProto |
//! | [`rsa`], [`pq`], [`dh`] | the parts of the key exchange |
//! | [`srp`] | the password of two-step verification, both ends |
//! | [`hash`] | SHA-1, SHA-256 and HMAC over several parts |
//! | [`x25519`] | what looks like a key of X25519 |

mod auth_key;
pub mod ctr;
pub mod dh;
pub mod hash;
pub mod ige;
pub mod message;
pub mod pq;
pub mod rsa;
pub mod srp;
pub mod x25519;

pub use auth_key::AuthKey;
