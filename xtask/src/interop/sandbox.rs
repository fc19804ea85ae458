//! A sandbox in a process of its own.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;

/// Ends when it is dropped.
pub(super) struct Sandbox {
    process: Child,
    /// The line of JSON that says where everything is.
    pub(super) ready: String,
}

impl Sandbox {
    pub(super) fn start(command: &Path, place: &Path) -> Result<Self> {
        let cannot = |error: std::io::Error| format!("the sandbox does not start: {error}");
        let mut process = Command::new(command)
            .arg("--state-dir")
            .arg(place.join("state"))
            .args(["sandbox", "--listen", "127.0.0.1:0", "--admin", "127.0.0.1:0", "--dcs", "3", "--until-stdin-ends"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let mut ready = String::new();
        if let Some(out) = process.stdout.take() {
            let mut out = BufReader::new(out);
            out.read_line(&mut ready).map_err(cannot)?;
            // A login code is a line too, and somebody has to read it.
            std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        }
        let sandbox = Self { process, ready: ready.trim().to_owned() };
        if sandbox.ready.is_empty() { Err("the sandbox ended before it was ready".to_owned()) } else { Ok(sandbox) }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
