//! A sandbox that runs beside the commands, and commands that are typed at.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::command::{Ended, Place};

/// A sandbox that is killed when the test is over.
pub(crate) struct Running(Child, pub(crate) Value);

impl Running {
    pub(crate) fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    pub(crate) fn start_with(place: &Place, arguments: &[&str]) -> Self {
        let mut child =
            place.command().args(["sandbox", "--dcs", "1"]).args(arguments).stdout(Stdio::piped()).spawn().expect("it can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it says when it is ready");
        let ready = serde_json::from_str(&line).expect("one line of JSON");
        Self(child, ready)
    }

    /// What leads to it as to a server that is no sandbox.
    pub(crate) fn server(&self) -> [&str; 8] {
        let address = self.1["dcs"][0]["address"].as_str().expect("an address");
        let key = self.1["rsa_key"].as_str().expect("a path");
        ["--server", address, "--rsa-key", key, "--api-id", "1", "--api-hash", "hash"]
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

/// A command that is told this by whoever types.
pub(crate) fn typed(place: &Place, arguments: &[&str], input: &str) -> Ended {
    let mut command = place.command();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it can be started");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    Ended::of(child.wait_with_output().expect("it ends"))
}
