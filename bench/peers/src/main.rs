//! Our client, grammers and Telethon do the same work on the same sandbox, each in a process of its own.
//!
//! `cargo run --release` measures everything and writes `RESULTS.md`; it fails if an expectation that can be counted is missed.
//! `-- --smoke` runs small numbers of the Rust clients and writes nothing. `-- --python PATH` takes Telethon from that Python.
//! `-- --only calls`, `files` or `idle` measures that part of the Rust clients and writes nothing either.
//!
//! Each client is a program of its own, so that it has nothing in memory of another or of the sandbox; see `src/bin`.

mod host;
mod programs;
mod proxy;
mod python;
mod report;
mod suite;

use std::env;
use std::process::ExitCode;

use bench_peers::{Result, exit_code, job};
use suite::{Part, Plan};
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    exit_code(match args[..] {
        [] => measure(&Plan::Full { python: None }),
        ["--smoke"] => measure(&Plan::Smoke),
        ["--python", path] => measure(&Plan::Full { python: Some(path) }),
        ["--only", "calls"] => measure(&Plan::Only(Part::Calls)),
        ["--only", "files"] => measure(&Plan::Only(Part::Files)),
        ["--only", "idle"] => measure(&Plan::Only(Part::Idle)),
        _ => Err("usage: bench-peers [--smoke | --only calls|files|idle | --python PATH]".into()),
    })
}

/// Runs it; false if an expectation was missed.
fn measure(plan: &Plan<'_>) -> Result<bool> {
    programs::build()?;
    Builder::new_multi_thread().enable_all().build()?.block_on(suite::run(plan))
}
