//! The client against the sandbox, in memory.

mod bad_input;
mod batching;
mod common;
mod files;
mod sign_in;
