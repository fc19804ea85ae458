use std::fmt;

use quadruplex_crypto::{dh, rsa};

/// Which check of the key exchange failed. Nothing of the attempt may be used; begin again on a new connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HandshakeError {
    /// A message that cannot be read.
    Unreadable(quadruplex_tl::Error),
    /// A message that is not due now.
    Unexpected {
        /// What is due.
        expected: &'static str,
        /// The constructor that came.
        id: u32,
    },
    /// The nonce in this message is not that of the exchange.
    Nonce(&'static str),
    /// The server nonce in this message is not that of the exchange.
    ServerNonce(&'static str),
    /// The server has none of the keys that this client trusts; these fingerprints are its own.
    UnknownKeys(Vec<u64>),
    /// The server's `pq` is not a product of two different primes.
    Pq,
    /// The length of this encrypted part is no whole number of blocks, or its padding is longer than 15 bytes.
    EncryptedLength(&'static str),
    /// The hash in this encrypted part does not fit: changed on the way, or encrypted with other nonces.
    Hash(&'static str),
    /// The group, or the other side's public value.
    Dh(dh::Error),
    /// `new_nonce_hash` in this message is not what only the holder of the key can compute.
    NewNonceHash(&'static str),
    /// The server says that the exchange has failed, with this message.
    Refused(&'static str),
    /// The server asked for another attempt more often than can be chance.
    TooManyRetries,
    /// The client names this fingerprint, which is none of the server's keys.
    Fingerprint(u64),
    /// The client's block cannot be decrypted, or this end's key cannot be used.
    Rsa(rsa::Error),
    /// The client's factors, outside or inside the encrypted part, are not those of `pq`.
    Factors(&'static str),
    /// The client wants to speak to another data centre.
    WrongDc {
        /// The data centre that this server is.
        own: i32,
        /// The one that the client names.
        wanted: i32,
    },
    /// A temporary key that expires after so many seconds.
    ExpiresIn(i32),
    /// `retry_id` does not name the attempt before.
    RetryId,
}

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The other end broke the protocol, or somebody on the way changed what it sent.
    Peer,
    /// The two ends are configured for different servers: wrong address, wrong keys or wrong data centre.
    Configuration,
    /// Nobody: the server wants the exchange to begin again.
    Chance,
    /// This end: its random source or its own key.
    Local,
}

impl HandshakeError {
    /// Who has to change something before another attempt can succeed.
    #[must_use]
    pub fn fault(&self) -> Fault {
        match self {
            Self::UnknownKeys(_) | Self::Fingerprint(_) | Self::WrongDc { .. } => Fault::Configuration,
            Self::Refused(_) | Self::TooManyRetries => Fault::Chance,
            Self::Rsa(error) if *error != rsa::Error::Block => Fault::Local,
            _ => Fault::Peer,
        }
    }
}

impl fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("key exchange: ")?;
        match self {
            Self::Unreadable(error) => write!(f, "unreadable message: {error}"),
            Self::Unexpected { expected, id } => write!(f, "constructor {id:#010x} came where {expected} is due"),
            Self::Nonce(message) => write!(f, "{message} carries a wrong nonce"),
            Self::ServerNonce(message) => write!(f, "{message} carries a wrong server_nonce"),
            Self::UnknownKeys(keys) => {
                write!(f, "none of the server's keys is trusted ({keys:016x?}); is this address the right server, and its key configured?")
            }
            Self::Pq => f.write_str("pq is not a product of two different primes"),
            Self::EncryptedLength(message) => write!(f, "the encrypted part of {message} has an impossible length"),
            Self::Hash(message) => write!(f, "the hash of {message} does not fit its content"),
            Self::Dh(error) => error.fmt(f),
            Self::NewNonceHash(message) => write!(f, "{message} does not prove knowledge of the key"),
            Self::Refused(message) => write!(f, "the server answered {message}; begin again"),
            Self::TooManyRetries => f.write_str("the server keeps asking for another attempt; begin again later"),
            Self::Fingerprint(fingerprint) => write!(f, "the client encrypts for the key {fingerprint:#018x}, which is not ours"),
            Self::Rsa(error) => error.fmt(f),
            Self::Factors(message) => write!(f, "{message} does not carry the factors of pq"),
            Self::WrongDc { own, wanted } => write!(f, "the client wants data centre {wanted}, this is {own}"),
            Self::ExpiresIn(seconds) => write!(f, "a temporary key that lives {seconds} seconds"),
            Self::RetryId => f.write_str("retry_id does not name the attempt before"),
        }
    }
}

impl std::error::Error for HandshakeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unreadable(error) => Some(error),
            Self::Dh(error) => Some(error),
            Self::Rsa(error) => Some(error),
            _ => None,
        }
    }
}

impl From<quadruplex_tl::Error> for HandshakeError {
    fn from(error: quadruplex_tl::Error) -> Self {
        Self::Unreadable(error)
    }
}

impl From<dh::Error> for HandshakeError {
    fn from(error: dh::Error) -> Self {
        Self::Dh(error)
    }
}

impl From<rsa::Error> for HandshakeError {
    fn from(error: rsa::Error) -> Self {
        Self::Rsa(error)
    }
}
