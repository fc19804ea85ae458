//! What the program that measures and the programs that are measured have in common.

pub mod child;
pub mod job;
pub mod ours;

use std::alloc::System;
use std::env;
use std::error::Error;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::Builder;

use job::Job;

/// Counts what is asked of the system's allocator.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What comes of a step.
pub type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A measured program: its only argument is a job in JSON. Every Rust client gets the same runtime: one thread, as Telethon has.
pub fn run_job(run: impl AsyncFnOnce(&Job) -> Result) -> ExitCode {
    let job = env::args().nth(1).ok_or_else(|| "a measured program is started by bench-peers, with a job".into());
    let ended = job.and_then(|job| Ok(serde_json::from_str(&job)?)).and_then(|job| {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(run(&job))
    });
    exit_code(ended.map(|()| true))
}

/// The end of a program: whether everything was as expected, or what went wrong.
pub fn exit_code(ended: Result<bool>) -> ExitCode {
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
