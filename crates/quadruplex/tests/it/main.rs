//! The client against the sandbox, in memory.

mod accounts;
mod answers;
mod bad_input;
mod batching;
mod calls;
mod cluster;
mod common;
mod conversation;
mod diagnostics;
mod endings;
mod files;
mod fleet;
mod full;
mod hundred;
mod kept;
mod layers;
mod lives;
mod lost;
mod many;
mod messages;
mod metrics;
mod open_chat;
mod peers;
#[cfg(feature = "postgres")]
mod postgres;
mod proxies;
mod redis;
mod reports;
mod router;
mod schedule;
mod sign_in;
mod signals;
mod simulation;
mod testing;
mod text;
mod updates;
mod web;

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

/// Counts, for the tests of what something costs.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;
