//! MTProto without I/O: both ends of the protocol.
//!
//! The strict rule: nothing here reads a clock, a random source, a file or a socket. Time comes in as [`Now`], randomness as
//! a generator, bytes as packets; what has to happen comes out of `poll_*`.
//!
//! A program that drives an end does this in a loop:
//! 1. give it what came: `handle_packet`, or `handle_timeout` when the time that `poll_timeout` named has passed;
//! 2. tell it what is wanted: `call`, `cancel` (client), `answer`, `notify` (server);
//! 3. write what `poll_transmit` appends, until it says that there is nothing;
//! 4. act on every event of `poll_event`;
//! 5. sleep until a packet comes or `poll_timeout` is due.
//!
//! Both ends are here so that a whole conversation runs in a test, at memory speed and under virtual time.
//!
//! - [`handshake`]: how the two ends agree on an authorization key;
//! - [`framing`]: how packets travel in a stream of bytes;
//! - [`faketls`]: how such a stream passes for TLS on its way to a proxy;
//! - [`packet`]: how a message is put into an envelope and taken out;
//! - [`client`] and [`server`]: the two ends of a session.

pub mod client;
pub mod faketls;
pub mod framing;
#[doc(hidden)]
pub mod fuzzing;
pub mod handshake;
mod ids;
mod message;
mod pack;
pub mod packet;
mod replay;
mod salts;
pub mod server;
mod service;
mod time;

pub use message::{GZIP_PACKED, MAX_CONTAINER, MAX_MESSAGE, MSG_CONTAINER, Message, Messages, gunzip, gzip};
pub use salts::Salt;
pub use service::{RPC_ERROR, RPC_RESULT, Service};
pub use time::{Now, unix_of};

/// What the other side did that the protocol forbids. The packet is discarded; a client closes the connection and connects
/// again, since a message merely dropped would be lost for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Violation {
    /// The packet names another authorization key.
    AuthKeyId,
    /// The packet is too short to hold a message.
    TooShort,
    /// `msg_key` is not that of the content: the packet was changed on its way.
    MsgKey,
    /// The message's length does not fit the packet, or is not a multiple of four.
    Length,
    /// Less than 12 or more than 1,024 bytes of padding.
    Padding,
    /// The message belongs to another session.
    SessionId,
    /// The id's lowest bits are those of the wrong sender.
    MsgIdParity,
    /// The id is older than 300 s or more than 30 s in the future.
    MsgIdTime,
    /// A message in a container whose id is not below the container's.
    MsgIdOrder,
    /// More messages in a container, or more ids in a service message, than a server takes.
    TooMany,
    /// A body that cannot be read.
    Body(quadruplex_tl::Error),
}

impl Violation {
    /// The transport error with which a server answers before it closes the connection.
    pub const fn transport_error(&self) -> i32 {
        match self {
            Self::TooMany => -429,
            _ => -404,
        }
    }
}

impl From<quadruplex_tl::Error> for Violation {
    fn from(error: quadruplex_tl::Error) -> Self {
        Self::Body(error)
    }
}
