//! Tests of the sandbox.

#[cfg(feature = "admin")]
mod admin;
mod sockets;
mod waiting;
mod world;
