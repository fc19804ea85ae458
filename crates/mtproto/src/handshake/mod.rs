//! How the two ends agree on an authorization key (<https://core.telegram.org/mtproto/auth_key>).
//!
//! Each end is a value that is consumed by the message it waits for and comes back as the next state, so that no step can be
//! left out or taken twice. Messages are TL objects; [`plain`] wraps them for the wire.
//!
//! ```
//! use std::time::Duration;
//! use quadruplex_crypto::rsa::{PrivateKey, PublicKey};
//! use quadruplex_mtproto::Now;
//! use quadruplex_mtproto::handshake::*;
//! use rand_chacha::ChaCha20Rng;
//! use rand_chacha::rand_core::SeedableRng;
//!
//! let rng = &mut ChaCha20Rng::seed_from_u64(1); // a real one is seeded by the operating system
//! let now = Now { mono: Duration::ZERO, wall: Duration::from_secs(1_700_000_000) };
//! let trusted = ClientConfig { keys: vec![PublicKey::sandbox()], dc: Some(2), expires_in: None };
//! let own = ServerConfig { keys: vec![PrivateKey::sandbox()], dc: Some(2) };
//!
//! let (mut request, mut client) = ClientHandshake::start(rng);
//! let mut server = ServerHandshake::new();
//! let (ours, theirs) = loop {
//!     let answer = match server.handle(&request, &own, now, rng)? {
//!         ServerStep::Send { body, next } => { server = next; body }
//!         ServerStep::Agreed(agreed) => {
//!             let (answer, theirs) = agreed.accept();
//!             let ClientStep::Done(ours) = client.handle(&answer, &trusted, now, rng)? else { panic!("that was the last message") };
//!             break (ours, theirs);
//!         }
//!     };
//!     let ClientStep::Send { body, next } = client.handle(&answer, &trusted, now, rng)? else { panic!("too early") };
//!     (request, client) = (body, next);
//! };
//! assert_eq!(ours.auth_key, theirs.auth_key);
//! assert_eq!(ours.server_salt, theirs.server_salt);
//! # Ok::<(), HandshakeError>(())
//! ```

mod client;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod messages;
pub mod plain;
mod secrets;
mod server;

use std::time::Duration;

use quadruplex_crypto::AuthKey;

pub use client::{ClientConfig, ClientHandshake, ClientStep};
pub use error::{Fault, HandshakeError};
pub use server::{Agreed, ServerConfig, ServerHandshake, ServerStep};

/// What both ends know when the key exchange has succeeded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Established {
    /// The shared secret.
    pub auth_key: AuthKey,
    /// The first salt of the session.
    pub server_salt: i64,
    /// The server's Unix time at the moment when the exchange succeeded.
    pub server_time: Duration,
    /// After so many seconds the server forgets the key; `None` for a permanent one.
    pub expires_in: Option<i32>,
}
