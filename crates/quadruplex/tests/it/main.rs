//! The client against the sandbox, in memory.

mod bad_input;
mod batching;
mod calls;
mod common;
mod conversation;
mod diagnostics;
mod endings;
mod files;
mod kept;
mod messages;
mod peers;
mod router;
mod sign_in;
mod simulation;
mod testing;
mod text;
mod updates;
