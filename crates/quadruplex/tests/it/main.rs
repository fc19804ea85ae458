//! The client against the sandbox, in memory.

mod batching;
mod common;
mod files;
mod sign_in;
