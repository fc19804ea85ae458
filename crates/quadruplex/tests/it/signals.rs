//! How a program ends that is told to: real processes, real signals.
#![cfg(unix)]

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use quadruplex::prelude::*;

use crate::router::support::world;

/// Says to the test below that it is the program.
const PROGRAM: &str = "QUADRUPLEX_TEST_PROGRAM";

/// A bot that is written to once. In the environment: what its handler does.
#[test]
fn program() {
    let Ok(does) = std::env::var(PROGRAM) else { return };
    let works = does == "finish";
    let handler = move |_: Text| async move {
        println!("begun");
        match works {
            true => sleep(Duration::from_millis(200)).await,
            false => std::future::pending().await,
        }
        println!("completed");
    };
    let drain = Duration::from_millis(if does == "hang" { 300 } else { 60_000 });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let world = world().await;
        let app = App::new(Router::new().on_message(handler)).client(world.bot().await).drain_within(drain);
        let person = world.person("Alice").await;
        let (ended, _) = tokio::join!(app.run(), person.say("hello"));
        println!("ended: {ended:?}");
    });
}

struct Program {
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Program {
    /// A program that has begun to handle an update.
    fn start(does: &str) -> Self {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "signals::program", "--nocapture"])
            .env(PROGRAM, does)
            .env("RUST_LOG", "quadruplex=info")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.ends_with("begun\n") {
            line.clear();
            assert_ne!(output.read_line(&mut line).unwrap(), 0, "the program ended early");
        }
        Self { process, output }
    }

    fn terminate(&self) {
        let sent = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status().unwrap();
        assert!(sent.success());
    }

    /// Waits until the log says this.
    fn logs(&mut self, wanted: &str) -> BufReader<std::process::ChildStderr> {
        let mut log = BufReader::new(self.process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(wanted) {
            line.clear();
            assert_ne!(log.read_line(&mut line).unwrap(), 0, "the program ended without having said so");
        }
        log
    }

    /// How it exits, and what it has still said.
    fn end(mut self) -> (Option<i32>, String) {
        let mut said = String::new();
        self.output.read_to_string(&mut said).unwrap();
        (self.process.wait().unwrap().code(), said)
    }
}

#[test]
fn handlers_that_run_are_waited_for() {
    let program = Program::start("finish");
    program.terminate();
    let (code, said) = program.end();
    assert_eq!(code, Some(0));
    assert!(said.contains("completed\nended: Ok(())"), "{said}");
}

#[test]
fn but_not_for_ever() {
    let mut program = Program::start("hang");
    program.terminate();
    program.logs("handlers did not end in time");
    let (code, said) = program.end();
    assert_eq!(code, Some(0));
    assert!(said.contains("ended: Ok(())") && !said.contains("completed"), "{said}");
}

#[test]
fn a_second_signal_ends_it_at_once_whatever_it_does() {
    let mut program = Program::start("stay");
    program.terminate();
    let _log = program.logs("told to end");
    program.terminate();
    let (code, said) = program.end();
    assert_eq!((code, said.contains("ended")), (Some(143), false), "{said}");
}
