//! The programs that are measured.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::job::{Who, Work};

/// Builds them as this one was built: `cargo run` does not.
pub fn build() -> Result {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--bins", "--manifest-path", concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml")]);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.status()?;
    if status.success() { Ok(()) } else { Err(format!("the clients could not be built: cargo ended with {status}").into()) }
}

/// Where the program of a Rust client is: beside this one.
pub fn path(who: Who, work: Work) -> Result<PathBuf> {
    let name = match (who, work) {
        // It writes files of sessions, which the others have no code for.
        (Who::Ours, Work::Idle { .. }) => "idle",
        (Who::Ours, _) => "ours",
        (Who::Grammers, _) => "grammers",
        (Who::Telethon, _) => return Err("Telethon runs in Python".into()),
    };
    Ok(env::current_exe()?.with_file_name(name).with_extension(env::consts::EXE_EXTENSION))
}
