//! How packets travel in a stream of bytes (<https://core.telegram.org/mtproto/mtproto-transports>).
//!
//! A client begins with a [`ClientFramer`] of its choice; a server recognises that choice from the first bytes with
//! [`ServerFramer::accept`]. Both append what is to be written to a `Vec<u8>` and take what was read from a `BytesMut` that
//! the caller only ever appends to. Obfuscation, where there is some, happens inside.
//!
//! ```
//! use bytes::BytesMut;
//! use quadruplex_mtproto::framing::{ClientFramer, Frame, ServerFramer, Transport};
//! use rand_chacha::ChaCha20Rng;
//! use rand_chacha::rand_core::SeedableRng;
//!
//! let rng = &mut ChaCha20Rng::seed_from_u64(1); // a real one is seeded by the operating system
//! let mut client = ClientFramer::new(Transport::Intermediate);
//! let mut wire = Vec::new();
//! let frame = client.begin(&mut wire);
//! wire.extend_from_slice(b"a packet"); // written in place
//! client.finish(frame, &mut wire, rng)?;
//!
//! let mut input = BytesMut::from(&wire[..]);
//! let mut server = ServerFramer::accept(&mut input)?.expect("four bytes are enough here");
//! assert_eq!(server.transport(), Transport::Intermediate);
//! let received = server.next(&mut input)?.expect("the frame is complete");
//! assert_eq!(received.packet, &b"a packet"[..]);
//!
//! let mut answer = Vec::new();
//! server.transport_error(-404, &mut answer);
//! assert_eq!(client.next(&mut BytesMut::from(&answer[..]))?, Some(Frame::TransportError(-404)));
//! # Ok::<(), quadruplex_mtproto::framing::FrameError>(())
//! ```

mod client;
mod codec;
mod error;
#[doc(hidden)]
pub mod fuzzing;
mod obfuscation;
mod server;

pub use client::{ClientFramer, Frame};
pub use error::FrameError;
pub use server::{Received, ServerFramer};

/// The longest frame that a client takes: a file answer of 1 MiB with everything around it is far below.
pub const MAX_FRAME: usize = 16 << 20;

/// How packets are delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Transport {
    /// One byte of length in words, or four for long packets: the least overhead.
    Abridged,
    /// Four bytes of length.
    Intermediate,
    /// As [`Intermediate`](Self::Intermediate), with up to 15 random bytes behind each packet, against traffic analysis.
    PaddedIntermediate,
    /// Length, running number and CRC32. Cannot be obfuscated and knows no quick acknowledgements.
    Full,
}

/// A frame that has been begun in an output buffer and wants to be finished.
#[derive(Debug)]
#[must_use = "a frame that is begun has to be finished"]
pub struct Begun(usize);

impl Transport {
    /// The bytes that announce the transport: repeated as the protocol tag when obfuscated, or alone at the start.
    const fn tag(self) -> Option<[u8; 4]> {
        match self {
            Self::Abridged => Some([0xef; 4]),
            Self::Intermediate => Some([0xee; 4]),
            Self::PaddedIntermediate => Some([0xdd; 4]),
            Self::Full => None,
        }
    }

    fn of_tag(tag: [u8; 4]) -> Option<Self> {
        [Self::Abridged, Self::Intermediate, Self::PaddedIntermediate].into_iter().find(|transport| transport.tag() == Some(tag))
    }
}
