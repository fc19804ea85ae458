//! `interop`: clients that nobody here wrote against the sandbox, and our client against a server that nobody here wrote.
//!
//! What each has to do is in `interop/`; which steps there are, and which may fail and why, in `interop/expected.json`.

mod expected;
mod sandbox;
mod setup;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::{Result, read, root};
use expected::{Expected, Step};
use sandbox::Sandbox;
use setup::Tools;

/// How long one client may take for all its steps.
const PATIENCE: Duration = Duration::from_secs(420);
/// How often one looks whether it has ended.
const GLANCE: Duration = Duration::from_millis(50);

/// Runs everything and compares it with what is expected.
pub(crate) fn run() -> Result {
    let expected = Expected::read(&root().join("interop/expected.json"))?;
    let command = build()?;
    let place = target_directory(&command)?.join("interop");
    let tools = Tools::install(&place)?;

    let mut steps = Vec::new();
    {
        let sandbox = Sandbox::start(&command, &place)?;
        steps.extend(client(tools.python("telethon_client.py", &sandbox.ready), "telethon", &place)?);
    }
    {
        let sandbox = Sandbox::start(&command, &place)?;
        steps.extend(client(tools.node("mtcute_client.mjs", &sandbox.ready), "mtcute", &place)?);
    }
    let command = command.display().to_string();
    steps.extend(client(tools.python("mtproto_server.py", &command), "mtproto_server", &place)?);

    steps.extend(client(tools.python("mtproxy.py", &command), "mtproxy", &place)?);
    steps.extend(client(tools.node("mtcute_mtproxy.mjs", &command), "mtcute_mtproxy", &place)?);

    let verdicts = expected.judge(&steps);
    for verdict in &verdicts {
        println!("{verdict}");
    }
    let failed = verdicts.iter().filter(|verdict| !verdict.passed).count();
    println!("{} passed, {failed} failed", verdicts.len() - failed);
    if failed == 0 { Ok(()) } else { Err(format!("see what they wrote in {}", place.display())) }
}

/// Builds the command and says where it is.
fn build() -> Result<PathBuf> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = Command::new(cargo)
        .args(["build", "--quiet", "--package", "quadruplex-cli", "--message-format", "json"])
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo build: {error}"))?;
    if !output.status.success() {
        return Err("the command does not build".to_owned());
    }
    let lines = String::from_utf8_lossy(&output.stdout);
    let artifacts = lines.lines().rev().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut executables = artifacts.filter_map(|artifact| artifact["executable"].as_str().map(PathBuf::from));
    executables.next().ok_or_else(|| "cargo named no executable".to_owned())
}

/// The directory in which cargo puts everything: that of the command's profile is in it.
fn target_directory(command: &Path) -> Result<PathBuf> {
    let target = command.parent().and_then(Path::parent);
    target.map(Path::to_owned).ok_or_else(|| format!("{} is in no target directory", command.display()))
}

/// Runs a script to its end and returns the steps that it printed. What it printed stays in the directory.
fn client(mut command: Command, name: &str, place: &Path) -> Result<Vec<Step>> {
    let create = |extension: &str| {
        let path = place.join(format!("{name}.{extension}"));
        File::create(&path).map(|file| (path.clone(), file)).map_err(|error| format!("{}: {error}", path.display()))
    };
    let ((out_path, out), (_, err)) = (create("out")?, create("err")?);
    let cannot = |error| format!("{name}: {error}");
    let started = Instant::now();
    let mut child = command.stdin(Stdio::null()).stdout(out).stderr(err).spawn().map_err(cannot)?;
    while child.try_wait().map_err(cannot)?.is_none() {
        if started.elapsed() > PATIENCE {
            child.kill().and_then(|()| child.wait()).map_err(cannot)?;
            eprintln!("{name}: not done after {} s", PATIENCE.as_secs());
            break;
        }
        sleep(GLANCE);
    }
    Ok(read(&out_path)?.lines().filter_map(Step::parse).collect())
}
