//! Streams that pass for TLS on their way to an MTProto proxy, for secrets that begin with `ee`.
//!
//! The client opens with the hello of a current browser ([`hello`]); in its random stands an HMAC by the secret, and the time. The server
//! answers with something that looks like a TLS 1.3 handshake, with an HMAC in the random of its own. From then on both write records
//! of application data ([`Records`]), in which the obfuscated stream travels. There is no TLS in it: the records hide the protocol, and the
//! HMACs hide the proxy from whoever does not know the secret.
//!
//! ```
//! use bytes::BytesMut;
//! use quadruplex_mtproto::faketls::{Hello, Records, answer};
//! use rand_chacha::ChaCha20Rng;
//! use rand_chacha::rand_core::SeedableRng;
//!
//! let rng = &mut ChaCha20Rng::seed_from_u64(1); // a real one is seeded by the operating system
//! let (secret, now) = ([7; 16], 1_800_000_000);
//!
//! let (hello, sent) = Hello::new(&secret, "example.org", now, rng);
//! let answered = answer(&secret, "example.org", now, &mut BytesMut::from(&sent[..]), rng)?.expect("the hello is whole");
//! assert_eq!(answered.random, *hello.random());
//! let mut input = BytesMut::from(&answered.bytes[..]);
//! assert!(hello.accept(&secret, &mut input)?, "the answer is whole, and by one who knows the secret");
//!
//! let (mut wire, mut read) = (Vec::new(), BytesMut::new());
//! Records::client().wrap(b"any bytes", &mut wire);
//! Records::server().unwrap(&mut BytesMut::from(&wire[..]), &mut read)?;
//! assert_eq!(read, &b"any bytes"[..]);
//! # Ok::<(), quadruplex_mtproto::faketls::FakeTlsError>(())
//! ```

#[doc(hidden)]
pub mod fuzzing;
mod handshake;
pub mod hello;
mod records;

use std::fmt;

pub use handshake::{Answered, Hello, MAX_SKEW, answer};
pub use records::Records;

/// Types of records.
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;
/// A record's type, version and length.
const RECORD_HEADER: usize = 5;
/// More than any record of TLS has.
const MAX_RECORD: usize = (16 << 10) + 256;
/// Where the random stands in a record with a hello, and how long it is.
const RANDOM: std::ops::Range<usize> = 11..43;

/// The stream does not pass for TLS, or not with this secret. Close the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FakeTlsError {
    /// The other side does not write TLS records: the first bytes of what came instead.
    NotTls([u8; 3]),
    /// The other side refuses, as a TLS server does: the number of its alert.
    Alert(u8),
    /// A record that has no place here, or a longer one than there is.
    Record {
        /// Its type.
        kind: u8,
        /// Its length.
        len: usize,
    },
    /// The hello is none that a client of a proxy would send.
    Malformed,
    /// The HMAC is that of another secret.
    WrongSecret,
    /// The hello names another domain than the secret does.
    WrongDomain,
    /// The client's clock differs by so many seconds from the server's.
    WrongTime(i64),
}

impl fmt::Display for FakeTlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTls(first) => write!(f, "no TLS record: it begins with {first:02x?}"),
            Self::Alert(alert) => write!(f, "refused with TLS alert {alert}: perhaps the server is no proxy, or its secret is another one"),
            Self::Record { kind, len } => write!(f, "a TLS record of type {kind} with {len} bytes, which is not due here"),
            Self::Malformed => f.write_str("the hello is malformed"),
            Self::WrongSecret => f.write_str("the handshake was not made with this secret"),
            Self::WrongDomain => f.write_str("the hello names another domain than the secret"),
            Self::WrongTime(skew) => write!(f, "the client's clock is {skew} s ahead of the proxy's; {MAX_SKEW} s are allowed either way"),
        }
    }
}

impl std::error::Error for FakeTlsError {}

/// The next record's type and length, when its header is there.
fn header(input: &[u8]) -> Result<Option<(u8, usize)>, FakeTlsError> {
    let Some(header) = input.first_chunk::<RECORD_HEADER>() else { return Ok(None) };
    let [kind, major, minor, high, low] = *header;
    if !(CHANGE_CIPHER_SPEC..=APPLICATION_DATA).contains(&kind) || major != 3 || !(1..=4).contains(&minor) {
        return Err(FakeTlsError::NotTls([kind, major, minor]));
    }
    let len = usize::from(u16::from_be_bytes([high, low]));
    if len == 0 || len > MAX_RECORD {
        return Err(FakeTlsError::Record { kind, len });
    }
    Ok(Some((kind, len)))
}
