//! MTProto over HTTP: each packet is a request, and ends with one packet of the server
//! (<https://core.telegram.org/mtproto/transports#http>). Here is what both ends read and write.

mod client;
mod message;

pub(crate) use client::{Open, carry};
pub use message::{Asked, HttpError, Told, read_answer, read_request, write_answer, write_request};

/// Where packets are sent.
pub const PATH: &str = "/api";
