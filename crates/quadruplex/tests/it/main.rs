//! The client against the sandbox, in memory.

mod common;
mod sign_in;
