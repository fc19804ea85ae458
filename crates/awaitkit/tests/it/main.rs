//! Integration tests; one module for each part of the crate.

mod batcher;
mod combinators;
mod cron;
mod examples;
mod flock;
mod loops;
mod memo;
mod memoize;
mod properties;
mod race;
#[cfg(unix)]
mod readiness;
mod runtimes;
mod serial_queue;
mod set;
mod shapes;
mod spans;
mod supervisor;
mod support;
mod task;
#[cfg(unix)]
mod terminal;
