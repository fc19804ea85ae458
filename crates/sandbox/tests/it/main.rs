//! Tests of the sandbox.

#[cfg(feature = "admin")]
mod admin;
mod http;
mod person;
mod senders;
mod sockets;
mod waiting;
mod world;
