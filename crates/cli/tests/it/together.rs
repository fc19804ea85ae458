//! Commands that run at the same time, and those that listen.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::command::{Ended, Place};
use crate::running::Running;

#[test]
fn messages_come_as_they_are_sent_and_those_that_were_missed_once() {
    let place = Place::new("listen");
    let _running = Running::start_with(&place, &["--state", "sandbox.state"]);
    let send = |text| drop(place.run(["send", "@bobby", text, "--as", "alice", "--sandbox"]).done());
    let text = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["text"].as_str().map(str::to_owned);
    let listen = |count: &str| {
        let arguments = ["listen", "--as", "bobby", "--sandbox", "--json", "--timeout", "10s", "--count", count];
        let mut child = place.command().args(arguments).stdout(Stdio::piped()).spawn().expect("it can be started");
        let mut out = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        assert_eq!(out.next().expect("a line").expect("text"), r#"{"event":"listening"}"#);
        (child, out)
    };
    let end = |(mut child, out): (Child, std::io::Lines<BufReader<std::process::ChildStdout>>)| {
        let texts: Vec<_> = out.map(|line| text(&line.expect("text")).expect("a message")).collect();
        assert!(child.wait().expect("it ends").success());
        texts
    };

    let first = listen("1");
    send("one");
    assert_eq!(end(first), ["one"]);
    send("two");
    send("three");
    assert_eq!(end(listen("2")), ["two", "three"], "what was shown does not come again, what was missed does");
}

#[cfg(unix)]
#[test]
fn who_listens_is_told_that_the_server_is_gone_and_when_it_is_back() {
    let place = Place::new("listen-gone");
    let mut running = Running::start_with(&place, &["--state", "world"]);
    let options = |running: &Running| running.server().map(str::to_owned);
    let server = options(&running);
    let command = |arguments: &[&str]| {
        let mut command = place.command();
        command.args(arguments).args(&server).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    };
    Ended::of(command(&["login", "--bot-token", "0:helper_bot"]).output().expect("it can be started")).done();
    let listen = |options: &[&str]| {
        let mut child = command(&[&["listen", "--timeout", "500ms"], options].concat()).spawn().expect("it can be started");
        let out = BufReader::new(child.stdout.take().expect("it is piped")).lines();
        let err = BufReader::new(child.stderr.take().expect("it is piped")).lines();
        (child, out.map(|line| line.expect("text")), err.map(|line| line.expect("text")))
    };
    let again = || Running::start_with(&place, &["--state", "world", "--listen", &server[1]]);
    let end = |mut child: Child| {
        let told = place.shell(&format!("kill -INT {}", child.id())).status().expect("there is a shell");
        assert!(told.success() && child.wait().expect("it ends").success());
    };

    let (child, mut out, _err) = listen(&["--json"]);
    assert_eq!(out.next().expect("it listens"), r#"{"event":"listening"}"#);
    drop(running);
    let away: Value = serde_json::from_str(&out.next().expect("it says so")).expect("JSON");
    assert_eq!(away["event"], "away");
    let reason = away["reason"].as_str().expect("it says what is known");
    assert!(reason.starts_with("the connection was lost and has not come back for 500ms; the last attempt"), "{reason}");
    running = again();
    assert_eq!(out.next().expect("it says so"), r#"{"event":"back"}"#);
    end(child);

    let (child, mut out, mut err) = listen(&[]);
    place.run(["send", "@helper_bot", "hi", "--sandbox"]).done();
    assert!(out.next().expect("it listens").ends_with("Me: hi"));
    drop(running);
    let away = [err.next().expect("it says so"), err.next().expect("it says what is known"), err.next().expect("and what to do")];
    assert_eq!(away[0], "warning: the connection was lost and has not come back for 500ms");
    let _running = again();
    assert_eq!(err.next().expect("it says so"), "the connection is back", "{away:#?}");
    end(child);
}

#[test]
fn commands_that_need_a_sandbox_at_once_share_one() {
    let place = Place::new("at-once");
    let send = |number: usize| {
        let text = format!("p{number}");
        let mut command = place.command();
        command.args(["send", "@bobby", &text, "--sandbox"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it can be started")
    };
    let sent: Vec<Child> = (0..8).map(send).collect();
    for child in sent {
        let ended = Ended::of(child.wait_with_output().expect("it ends"));
        assert_eq!(ended.code, Some(0), "{}", ended.err);
    }
    let history = place.run(["history", "@bobby", "--sandbox"]).done();
    assert_eq!(history.lines().count(), 8, "{history}");
    let left = std::fs::read_dir(place.path().join("state")).expect("it is there").map(|entry| entry.expect("it is there").file_name());
    let left: Vec<_> = left.filter(|name| name.to_string_lossy().starts_with("sandbox.guests")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_command_keeps_its_sandbox_for_those_who_are_in_it_and_lets_others_in() {
    let place = Place::new("guests");
    let piped = |arguments: &[&str]| {
        let mut command = place.command();
        command.args(arguments).args(["--sandbox", "--json"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("it can be started")
    };
    let mut host = piped(&["listen", "--as", "alice", "--count", "1"]);
    let mut out = BufReader::new(host.stdout.take().expect("it is piped")).lines();
    assert_eq!(out.next().expect("a line").expect("text"), r#"{"event":"listening"}"#);
    let mut guest = piped(&["listen", "--as", "bobby", "--count", "2"]);
    let mut heard = BufReader::new(guest.stdout.take().expect("it is piped")).lines();
    assert_eq!(heard.next().expect("a line").expect("text"), r#"{"event":"listening"}"#);
    // The work of the host is done then.
    place.run(["send", "@alice", "hi", "--as", "carol", "--sandbox"]).done();
    assert!(out.next().expect("a line").expect("text").contains("hi"));

    for text in ["one", "two"] {
        place.run(["send", "@bobby", text, "--as", "alice", "--sandbox"]).done();
        let line = heard.next().expect("a line").expect("text");
        assert!(line.contains(text), "{line}");
    }
    assert!(guest.wait().expect("it ends").success());
    assert!(host.wait().expect("it ends").success());
}

#[test]
fn who_listens_is_told_when_another_takes_the_session() {
    let place = Place::new("taken");
    let running = Running::start(&place);
    let login = [&["login", "--bot-token", "0:helper_bot"][..], &running.server()].concat();
    place.run(&login).done();
    let listen = [&["listen", "--json"][..], &running.server()].concat();
    let mut listening = place.command().args(&listen).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it can be started");
    let mut out = BufReader::new(listening.stdout.take().expect("it is piped"));
    out.read_line(&mut String::new()).expect("it listens");
    let call = [&["call", "help.getNearestDc", "--wait", "60s"][..], &running.server()].concat();
    place.run(&call).done();
    let ended = Ended::of(listening.wait_with_output().expect("it ends"));
    assert!(ended.code == Some(3) && ended.err.contains("error: another process has taken this session over\n"), "{ended:?}");
    assert!(!ended.err.contains('\u{1b}'), "a file gets no colours: {}", ended.err);
}
