use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::Value;

use crate::command::{Ended, Place};

const STEPS: [&str; 10] = ["key_exchange", "sign_in", "greetings", "bot", "one_by_one", "all_at_once", "file", "group", "crash", "lookups"];

#[test]
fn every_step_succeeds_and_says_what_it_measured() {
    let report: Value = serde_json::from_str(&Place::new("demo").run(["demo", "--json"]).done()).expect("one object");
    assert_eq!(report["ok"], true, "{report}");
    for step in STEPS {
        assert_eq!(report[step]["ok"], true, "{step}: {report}");
    }
    assert_eq!(report["one_by_one"]["frames"], 100);
    assert_eq!(report["one_by_one"]["round_trips"], 100);
    assert!(report["all_at_once"]["frames"].as_u64().is_some_and(|frames| (1..100).contains(&frames)), "{report}");
    assert_eq!(report["file"]["bytes"], 32 << 20);
    assert_ne!(report["file"]["file_dc"], report["file"]["receiver_dc"]);
    assert_eq!(report["group"]["received"], serde_json::json!([50, 50, 50]));
    assert_eq!((&report["crash"]["lost"], &report["crash"]["doubled"]), (&0.into(), &0.into()));
    assert!(report["crash"]["answered_before"].as_u64().is_some_and(|answered| answered < 200), "{report}");
    assert_eq!(report["lookups"]["requests_by_name"], report["lookups"]["people"]);
}

/// The directory of the demo is known before it is made: a shell has the number of the process that takes its place. What another demo of that
/// number has left is passed over.
#[cfg(unix)]
#[test]
fn a_step_that_fails_is_named() {
    let place = Place::new("demo-fails");
    let script = r#"
        mkdir "$TMPDIR/quadruplex-demo-$$-0" && touch "$TMPDIR/quadruplex-demo-$$-0/sandbox.state"
        (until mkdir "$TMPDIR/quadruplex-demo-$$-1/up.bin" 2>/dev/null; do :; done) &
        exec "$0" demo --json
    "#;
    let mut command = place.shell(script);
    command.env("TMPDIR", place.path());
    let ended = Ended::of(command.output().expect("it can be started"));
    assert_eq!((ended.code, ended.err.as_str()), (Some(1), "error: these steps of the demo failed: file\n"), "{}", ended.out);
    let report: Value = serde_json::from_str(&ended.out).expect("one object");
    assert_eq!(report["ok"], false, "{report}");
    for step in STEPS {
        assert_eq!(report[step]["ok"], step != "file", "{step}: {report}");
    }
    let error = report["file"]["error"].as_str().expect("it says why");
    assert!(error.starts_with("cannot write ") && error.ends_with("up.bin: Is a directory (os error 21)"), "{error}");
    let left: Vec<_> = std::fs::read_dir(place.path()).expect("it is there").map(|entry| entry.expect("it is there").file_name()).collect();
    assert!(matches!(&left[..], [name] if name.to_str().is_some_and(|name| name.ends_with("-0"))), "{left:?}");
}

#[cfg(unix)]
#[test]
fn whoever_ends_it_finds_nothing_left() {
    for signal in ["INT", "TERM"] {
        let place = Place::new("demo-ended");
        let mut command = place.command();
        command.args(["demo", "--delay", "100"]).env("TMPDIR", place.path());
        let mut demo = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
        let mut out = BufReader::new(demo.stdout.take().expect("it is piped")).lines();
        out.next().expect("a line").expect("text");
        assert!(place.shell(&format!("kill -{signal} {}", demo.id())).status().expect("there is a shell").success());
        let ended = Ended::of(demo.wait_with_output().expect("it ends"));
        assert_eq!((ended.code, ended.err.as_str()), (Some(1), "error: the demo: ended before it was done\n"), "{signal}");
        let left: Vec<_> = std::fs::read_dir(place.path()).expect("it is there").collect();
        assert!(left.is_empty(), "{signal}: {left:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_printed_is_a_failure() {
    let place = Place::new("demo-full");
    let full = std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    let output = place.command().args(["demo", "--json"]).stdout(full).stderr(Stdio::piped()).output().expect("it can be started");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(1) && err.starts_with("error: cannot write to the standard output: No space left"), "{err}");
}

/// Nothing is waited for that cannot come any more. Long before the end: with this delay the steps take a minute.
#[cfg(target_os = "linux")]
#[test]
fn a_sandbox_that_ends_too_early_ends_the_steps() {
    let place = Place::new("demo-killed");
    let mut command = place.command();
    let mut demo =
        command.args(["demo", "--delay", "200"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
    let mut out = BufReader::new(demo.stdout.take().expect("it is piped")).lines();
    let first = out.next().expect("a line").expect("text");
    assert!(first.starts_with("key exchange  "), "{first}");
    let sandbox = child_of(demo.id()).expect("the sandbox is a process");
    assert!(place.shell(&format!("kill -9 {sandbox}")).status().expect("there is a shell").success());
    let said: Vec<String> = out.map(|line| line.expect("text")).collect();
    let ended = Ended::of(demo.wait_with_output().expect("it ends"));
    for step in ["file", "crash", "lookups"] {
        assert!(said.contains(&format!("{step:<14} FAILED: the sandbox has ended")), "{step}: {said:#?}");
    }
    assert_eq!(ended.code, Some(1), "{}", ended.err);
    assert!(ended.err.ends_with(", file, group, crash, lookups\n"), "{}", ended.err);
}

/// The process that this one has started.
#[cfg(target_os = "linux")]
fn child_of(parent: u32) -> Option<u32> {
    let processes = std::fs::read_dir("/proc").expect("Linux has it").filter_map(Result::ok);
    let mut ids = processes.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.find(|id| {
        // The second field is a name in brackets, in which anything may stand.
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        stat.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(1)) == Some(parent.to_string().as_str())
    })
}

#[test]
fn a_demo_that_cannot_start_says_so() {
    let place = Place::new("demo-nowhere");
    std::fs::write(place.path().join("notes"), "mine").expect("it can be written");
    let mut command = place.command();
    let ended = Ended::of(command.args(["demo", "--json"]).env("TMPDIR", "notes").output().expect("it can be started"));
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{}", ended.err);
    assert!(ended.err.starts_with("error: the demo cannot start: cannot make the directory notes/quadruplex-demo-"), "{}", ended.err);
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let place = Place::new("pipe");
    let mut child = place
        .command()
        .args(["schema", "Update"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be started");
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it prints a line");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!((output.status.code(), String::from_utf8_lossy(&output.stderr).as_ref()), (Some(0), ""));
}
