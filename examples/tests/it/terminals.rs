//! What is started in several terminals, each a process: `quadruplex sandbox`, a program with `--sandbox`, and people who talk with it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::shell::{Place, built};

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A sandbox that says where it is.
fn sandbox(place: &Place) -> Running {
    let mut child = quadruplex(place).arg("sandbox").stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it was piped")).read_line(&mut line).expect("it says when it is ready");
    assert!(line.contains("\"event\":\"ready\""), "{line}");
    Running(child)
}

fn quadruplex(place: &Place) -> std::process::Command {
    let examples = built("quadruplex");
    let program =
        examples.parent().and_then(|dir| dir.parent()).expect("it is two directories down").join(examples.file_name().expect("a name"));
    assert!(program.exists(), "{} is not there: cargo build -p quadruplex-cli", program.display());
    place.command(&program)
}

/// A program whose accounts are there.
fn program(place: &Place, name: &str, accounts: &[&str]) -> Running {
    let running = Running(place.command(&built(name)).arg("--sandbox").spawn().expect("it starts"));
    let begin = Instant::now();
    for account in accounts {
        let mut look = quadruplex(place);
        look.args(["history", account, "--sandbox"]).stderr(Stdio::null());
        while !look.status().expect("it starts").success() {
            assert!(begin.elapsed() < Duration::from_secs(120), "{name} has not signed in as {account}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }
    running
}

/// What is answered to a line.
fn chat(place: &Place, arguments: &[&str], said: &str) -> String {
    let mut chat = quadruplex(place).arg("chat").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut typed = chat.stdin.take().expect("it was piped");
    typed.write_all(said.as_bytes()).expect("it listens");
    let mut line = String::new();
    BufReader::new(chat.stdout.take().expect("it was piped")).read_line(&mut line).expect("it prints the answer");
    drop(typed);
    assert!(chat.wait().expect("it ends with its input").success(), "{line}");
    line
}

#[test]
fn a_bot_is_talked_to_from_another_terminal() {
    let place = Place::new("terminals");
    let _sandbox = sandbox(&place);
    let _echo = program(&place, "echo", &["@echo_bot"]);
    for (person, said) in [("alice", "hello\n"), ("bobby", "is anybody there?\n")] {
        let answer = chat(&place, &["--as", person, "--json"], said);
        assert!(answer.contains(&format!("\"text\":\"{}\"", said.trim())) && answer.contains("\"sender\":\"Echo\""), "{answer}");
    }
}

/// What programs look for is there, whoever started the sandbox: a channel with files, a group.
#[test]
fn a_running_sandbox_is_furnished() {
    let place = Place::new("furnished");
    let _sandbox = sandbox(&place);
    let download = place.command(&built("download")).arg("--sandbox").output().expect("it starts");
    let printed = String::from_utf8_lossy(&download.stdout);
    assert!(download.status.success() && printed.contains("ferris.svg"), "{printed}{}", String::from_utf8_lossy(&download.stderr));

    let _mirror = program(&place, "mirror", &["@mirror_bot", "@mirror"]);
    let mut said = quadruplex(&place);
    said.args(["send", "@mirror_bot", "look at this", "--sandbox"]).stdout(Stdio::null());
    assert!(said.status().expect("it starts").success());
    let begin = Instant::now();
    loop {
        let seen = quadruplex(&place).args(["history", "@mirror", "--sandbox"]).output().expect("it starts");
        if String::from_utf8_lossy(&seen.stdout).contains("look at this") {
            return;
        }
        assert!(begin.elapsed() < Duration::from_secs(120), "nothing was copied into @mirror");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn many_accounts_in_one_sandbox() {
    let place = Place::new("many");
    let _sandbox = sandbox(&place);
    let _many = program(&place, "many", &["@shop_bot", "@news_bot"]);
    for name in ["shop", "news"] {
        let answer = chat(&place, &[&format!("@{name}_bot"), "--sandbox", "--json"], "who are you?\n");
        assert!(answer.contains(&format!("\"text\":\"this is {name}\"")), "{answer}");
    }
}
