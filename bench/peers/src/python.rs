//! Where Telethon is.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/requirements.txt");
const OWN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/venv");

/// A Python with Telethon: the one that was named, or a virtual environment that is made here.
pub fn find(named: Option<&str>) -> Result<PathBuf> {
    let python = match named {
        Some(path) => PathBuf::from(path),
        None => make()?,
    };
    version(&python).map(|_| python)
}

/// The version of Telethon there.
pub fn version(python: &Path) -> Result<String> {
    let script = "import cryptg, platform, telethon; print(telethon.__version__, 'on Python', platform.python_version())";
    run(Command::new(python).args(["-c", script]))
}

fn make() -> Result<PathBuf> {
    let python = Path::new(OWN).join("bin/python");
    if version(&python).is_err() {
        run(Command::new("python3").args(["-m", "venv", OWN]))?;
        run(Command::new(&python).args(["-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS]))?;
    }
    Ok(python)
}

fn run(command: &mut Command) -> Result<String> {
    let output = command.output().map_err(|error| format!("{}: {error}", command.get_program().to_string_lossy()))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(format!("{}: {}", command.get_program().to_string_lossy(), said.lines().last().unwrap_or("failed")).into())
}
