//! Every example runs in the sandbox, and does over a pipe what it does on a terminal.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

/// The program that Cargo has built beside this test.
fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    let target = own.parent().and_then(|deps| deps.parent()).expect("tests are built two directories down");
    target.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// What the example prints when it is told these lines.
fn talk(name: &str, said: &str) -> String {
    let mut child = Command::new(program(name))
        .arg("--sandbox")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    child.stdin.take().expect("it was piped").write_all(said.as_bytes()).expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    let printed = String::from_utf8(output.stdout).expect("it prints text");
    assert!(output.status.success(), "{name}: {printed}");
    printed
}

#[test]
fn echo() {
    assert_eq!(talk("echo", "hello\n<b>\n"), "< hello\n< <b>\n");
}

#[test]
fn roll() {
    let printed = talk("roll", "/roll 1000\n/roll 6 2\n/help\n");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "< usage: /roll [sides=6] [dice=1] — sides must be 2..=120, got \"1000\"");
    assert!(lines[1].starts_with("< 🎲 ["), "{printed}");
    assert_eq!(lines[2..], ["< /roll [sides=6] [dice=1] — Roll dice", "/help [command] — What this bot understands"]);
}

#[test]
fn register() {
    let printed = talk("register", "/register\n<b>\nold\n30\nYes\n");
    let said = ["What is your name?", "How old are you?", "A number, please.", "<b>, 30. Right?", "Welcome, <b>!"];
    let places: Vec<_> = said.iter().map(|text| printed.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{printed}");
}

#[test]
fn vote() {
    let printed = talk("vote", "anything\n");
    assert_eq!(printed, "< Good?\n  [1] 👍\n  [2] 👎\n");
}

#[test]
fn moderate() {
    assert_eq!(talk("moderate", "/quiet\n/quiet\nhttp://x\n"), "< I am quiet.\n< I greet.\n");
}

#[test]
fn log() {
    let ids: Vec<i32> = talk("log", "").lines().map(|id| id.parse().expect("an id")).collect();
    assert!(ids.len() == 100 && ids.is_sorted(), "{ids:?}");
}

#[test]
fn notify() {
    let output = Command::new(program("notify")).arg("--sandbox").output().expect("it starts");
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!((out.as_ref(), output.status.success()), ("sent\n", false));
    assert!(err.starts_with("Error: @jonh_doe was not found\n  tried: "), "{err}");
}

#[test]
fn without_an_account_and_without_the_sandbox_it_says_what_is_missing() {
    let output = Command::new(program("echo")).env_remove("API_ID").current_dir(std::env::temp_dir()).output().expect("it starts");
    let printed = String::from_utf8(output.stderr).expect("it prints text");
    assert!(!output.status.success());
    assert!(printed.starts_with("Error: missing API_ID\n  MTProto needs an application id."), "{printed}");
    assert!(printed.contains("add --sandbox"), "{printed}");
}
