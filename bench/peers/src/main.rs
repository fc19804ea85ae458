//! Our client, grammers and Telethon do the same work on the same sandbox, each in a process of its own.
//!
//! `cargo run --release` measures everything and writes `RESULTS.md`; it fails if an expectation that can be counted is missed.
//! `-- --smoke` runs small numbers of the Rust clients and writes nothing. `-- --python PATH` takes Telethon from that Python.
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
use tokio::runtime::Builder;

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    exit_code(match args[..] {
        [] => measure(None, false),
        ["--smoke"] => measure(None, true),
        ["--python", path] => measure(Some(path), false),
        _ => Err("usage: bench-peers [--smoke | --python PATH]".into()),
    })
}

/// Runs everything; false if an expectation was missed.
fn measure(python: Option<&str>, smoke: bool) -> Result<bool> {
    programs::build()?;
    Builder::new_multi_thread().enable_all().build()?.block_on(suite::run(python, smoke))
}
