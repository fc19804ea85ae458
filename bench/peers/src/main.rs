//! Our client, grammers and Telethon do the same work on the same sandbox, each in a process of its own.
//!
//! `cargo run --release` measures everything and writes `RESULTS.md`; it fails if an expectation that can be counted is missed.
//! `-- --smoke` runs small numbers of the Rust clients and writes nothing. `-- --python PATH` takes Telethon from that Python.
//!
//! The same program is the measured process of a Rust client: it is started again with a job in JSON as its argument.

mod child;
mod grammers;
mod host;
mod idle;
mod job;
mod ours;
mod proxy;
mod python;
mod report;
mod suite;

use std::alloc::System;
use std::env;
use std::error::Error;
use std::process::ExitCode;

use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};
use tokio::runtime::Builder;

use job::{Job, Who};

/// Counts what is asked of the system's allocator.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

type Result<T = ()> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let ended = match args[..] {
        [] => measure(None, false),
        ["--smoke"] => measure(None, true),
        ["--python", path] => measure(Some(path), false),
        ["--job", job] => serde_json::from_str(job).map_err(Into::into).and_then(|job| run_job(&job).map(|()| true)),
        _ => Err("usage: bench-peers [--smoke | --python PATH]".into()),
    };
    match ended {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Runs everything; false if an expectation was missed.
fn measure(python: Option<&str>, smoke: bool) -> Result<bool> {
    Builder::new_multi_thread().enable_all().build()?.block_on(suite::run(python, smoke))
}

/// The measured process. Every Rust client gets the same runtime: one thread, as Telethon has.
fn run_job(job: &Job) -> Result {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    match job.who {
        Who::Ours => runtime.block_on(ours::run(job)),
        Who::Grammers => runtime.block_on(grammers::run(job)),
        Who::Telethon => Err("Telethon runs in Python".into()),
    }
}
