use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use quadruplex::PublicKey;
use serde_json::Value;

use crate::command::{Ended, Place};
use crate::running::{Running, lines, typed};

#[test]
fn what_is_sent_stands_in_the_history_of_the_next_command() {
    let place = Place::new("history");
    assert_eq!(place.run(["send", "@bobby", "hello", "--sandbox"]).done(), "sent, message 1\n");
    assert_eq!(place.run(["send", "@bobby", "again", "--sandbox"]).done(), "sent, message 2\n");
    let history = lines(&place.run(["history", "@bobby", "--sandbox", "--json"]).done());
    let texts: Vec<_> = history.iter().map(|message| (message["text"].as_str(), message["out"].as_bool())).collect();
    assert_eq!(texts, [(Some("hello"), Some(true)), (Some("again"), Some(true))]);
}

#[test]
fn a_file_comes_back_as_it_went() {
    let place = Place::new("files");
    let content: Vec<u8> = (0..700_001_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    std::fs::write(place.path().join("up.bin"), &content).expect("it can be written");
    assert_eq!(place.run(["upload", "me", "up.bin", "--sandbox"]).done(), "up.bin: 700001 bytes sent to me\n");
    place.run(["download", "me", "1", "--to", "down", "--sandbox"]).done();
    assert!(std::fs::read(place.path().join("down/up.bin")).expect("it was downloaded") == content);
}

#[test]
fn every_transport_reaches_a_sandbox_that_runs() {
    let place = Place::new("transports");
    let running = Running::start(&place);
    assert_eq!(running.1["event"], "ready");
    for transport in ["abridged", "intermediate", "padded", "full"] {
        place.run(["send", "me", transport, "--sandbox", "--transport", transport]).done();
    }
    place.run(["send", "me", "obfuscated", "--sandbox", "--transport", "padded", "--obfuscated"]).done();
    assert!(!place.path().join("state/sandbox.state").exists(), "the running one was used");
}

#[test]
fn a_second_sandbox_says_that_the_first_is_meant() {
    let place = Place::new("second");
    let first = Running::start(&place);
    assert_eq!(first.1["found"], true);
    let second = place.run(["sandbox", "--until-stdin-ends"]);
    assert_eq!((second.code, &lines(&second.out)[0]["found"]), (Some(0), &false.into()));
    assert!(second.err.starts_with("warning: another sandbox has this state directory"), "{}", second.err);
    let place = Place::new("second-elsewhere");
    assert_eq!(lines(&place.run(["sandbox", "--until-stdin-ends"]).done())[0]["found"], true);
}

#[test]
fn the_key_of_another_server_is_not_trusted() {
    let place = Place::new("other-key");
    let running = Running::start(&place);
    std::fs::write(place.path().join("other.pem"), PublicKey::telegram_test().to_pem()).expect("it can be written");
    let [server, address, option, _, ..] = running.server();
    let ended = place.run(["send", "me", "hi", server, address, option, "other.pem"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(5), ""), "{}", ended.err);
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines[0], format!("error: no connection to {address} (data centre 1)"));
    assert!(lines[1].starts_with("  the key exchange failed: "), "{}", ended.err);
    assert_eq!(lines[2..], ["  help: is the server running, at this address and with this key?"]);
}

#[test]
fn what_goes_wrong_is_in_a_file() {
    let place = Place::new("faults");
    let write = |script: &str| std::fs::write(place.path().join("faults.json"), script).expect("it can be written");
    let refused = |script: &str, says: &str| {
        write(script);
        let ended = place.run(["sandbox", "--faults", "faults.json"]);
        let told = ["the faults in faults.json cannot be used", says];
        assert!(ended.code == Some(2) && told.iter().all(|told| ended.err.contains(told)), "{ended:?}");
    };
    refused(r#"{ "errors": "#, "EOF while parsing");
    refused(r#"{ "error": [] }"#, "unknown field `error`");
    let rates = r#"{ "rates": [{ "method": "messages.sendMesage", "calls": 1, "per_ms": 9 }] }"#;
    refused(rates, "did you mean \"messages.sendMessage\"?");
    let errors = r#"[{ "method": "messages.sendMessage", "code": 400, "error": "MESSAGE_EMPTY" }]"#;
    write(&format!(r#"{{ "errors": {errors}, "link": {{ "split": true }}, "seed": 7 }}"#));
    let _running = Running::start_with(&place, &["--faults", "faults.json"]);
    let ended = place.run(["send", "me", "hi", "--sandbox"]);
    assert!(ended.code == Some(4) && ended.err.contains("MESSAGE_EMPTY"), "{ended:?}");
    place.run(["send", "me", "hi", "--sandbox"]).done();
}

/// Who writes to somebody does not write on their terminal.
#[test]
fn what_others_write_steers_no_terminal() {
    let place = Place::new("steers");
    place.run(["send", "me", "a\x1b[2Jb\r\n     7  12:00:00  me: not said", "--sandbox"]).done();
    let shown = place.run(["history", "me", "--sandbox"]).done();
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), 2, "{shown}");
    assert!(lines[0].ends_with("me: a␛[2Jb␍"), "{shown}");
    assert_eq!(lines[1], "                       7  12:00:00  me: not said");
    let shown = place.run(["history", "me", "--sandbox", "--json"]).done();
    let message: Value = serde_json::from_str(&shown).expect("JSON");
    assert!(message["text"].as_str().is_some_and(|text| text.starts_with("a\x1b[2Jb\r\n")), "programs get it as it is: {shown}");
}

#[test]
fn whoever_waits_for_a_server_in_trouble_is_told() {
    let place = Place::new("trouble");
    let errors = r#"{ "errors": [{ "method": "messages.sendMessage", "code": 500, "error": "RPC_CALL_FAIL", "times": 3 }] }"#;
    std::fs::write(place.path().join("faults.json"), errors).expect("it can be written");
    let _running = Running::start_with(&place, &["--faults", "faults.json"]);
    let ended = place.run(["send", "me", "hi", "--sandbox"]);
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let told: Vec<&str> = ended.err.lines().filter(|line| line.contains("the server is in trouble")).collect();
    assert_eq!(told.len(), 1, "{}", ended.err);
    assert!(told[0].contains("messages.sendMessage") && told[0].contains("RPC_CALL_FAIL") && told[0].contains("attempts=3"), "{}", told[0]);
}

#[test]
fn the_bot_of_the_sandbox_answers() {
    let place = Place::new("chat");
    let mut child = place
        .command()
        .args(["chat", "@echo_bot", "--sandbox", "--json"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let mut input = child.stdin.take().expect("it is piped");
    input.write_all(b"is anybody there?\n").expect("it reads");
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it prints the answer");
    let answer: Value = serde_json::from_str(&line).expect("one line of JSON");
    assert_eq!((&answer["sender"], &answer["text"]), (&"Echo".into(), &"is anybody there?".into()));
    drop(input);
    assert!(child.wait().expect("it ends with its input").success());
}

/// Which has no bots but those of programs.
#[test]
fn somebody_answers_in_a_sandbox_that_runs_unless_a_program_does() {
    let place = Place::new("chat-running");
    let _running = Running::start_with(&place, &["--state", "world"]);
    for (arguments, said) in [(&["@echo_bot"][..], "one"), (&[], "two"), (&["echo_bot", "--as", "bobby"], "three")] {
        let chat = [&["chat", "--sandbox", "--json"], arguments].concat();
        let answers = lines(&typed(&place, &chat, said).done());
        let answers = answers.iter().filter(|message| message["text"] == said && message["out"] == false);
        assert_eq!(answers.count(), 1, "{said}");
    }
    // A program of that name says so.
    std::fs::write(place.path().join("state/sandbox.partner"), "@echo_bot").expect("it can be written");
    let answers = lines(&typed(&place, &["chat", "--sandbox", "--json"], "four").done());
    assert!(!answers.iter().any(|message| message["text"] == "four"), "{answers:#?}");
}

#[test]
fn what_is_answered_to_the_last_line_of_a_pipe_is_shown() {
    let place = Place::new("piped-chat");
    let talk = |input: &str| {
        let said = lines(&typed(&place, &["chat", "@echo_bot", "--sandbox", "--json"], input).done());
        said.iter().map(|message| message["text"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(talk("one\ntwo"), [text("one"), text("two")]);
    assert_eq!(talk("").len(), 4, "what was said, and nobody is waited for");

    let script = "printf 'fine\\n\\377\\nnever sent\\n' | \"$0\" chat @echo_bot --sandbox";
    let ended = Ended::of(place.shell(script).output().expect("it can be started"));
    assert!(ended.code == Some(1) && ended.err.starts_with("error: cannot read the standard input: "), "{ended:?}");
}

#[test]
fn any_function_can_be_called_in_any_layer() {
    let place = Place::new("call");
    let of_file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../schema/api-228.tl");
    let by_layer = ["230", "229", "228", "227"].map(|layer| ["--layer", layer]);
    for schema in by_layer.into_iter().chain([["--schema", of_file]]) {
        let users = place.run(["call", "users.getUsers", r#"id=["me"]"#, "--sandbox", "--json"].iter().chain(&schema)).done();
        let users: Value = serde_json::from_str(&users).expect("JSON");
        assert_eq!((&users[0]["_"], &users[0]["self"]), (&"user".into(), &true.into()), "{schema:?}: {users}");
    }
}

#[test]
fn a_server_that_goes_away_is_not_waited_for_for_ever() {
    let place = Place::new("gone");
    let running = Running::start(&place);
    // More than the sandbox takes in before it is killed: the command is in the middle of it.
    let big = std::fs::File::create(place.path().join("big.bin")).and_then(|file| file.set_len(200 << 20));
    big.expect("a file of nothing but a hole");
    let mut child = place
        .command()
        .args(["upload", "me", "big.bin", "--sandbox", "--json", "--timeout", "500ms"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    out.read_line(&mut String::new()).expect("it tells of its progress");
    drop(running);
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{err}");
    assert!(err.starts_with("error: the connection was lost and has not come back for 500ms\n"), "{err}");
}

#[test]
fn a_chat_whose_server_goes_away_says_so() {
    let place = Place::new("chat-gone");
    let running = Running::start(&place);
    place.run(["login", "--as", "alice", "--sandbox"]).done();
    place.run(["send", "@alice", "hello", "--as", "bobby", "--sandbox"]).done();
    let mut child = place
        .command()
        .args(["chat", "@bobby", "--as", "alice", "--sandbox", "--json", "--timeout", "500ms"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it can be started");
    let mut typed = child.stdin.take().expect("it is piped");
    let mut out = BufReader::new(child.stdout.take().expect("it is piped"));
    let mut said = String::new();
    out.read_line(&mut said).expect("it shows what was said");
    assert!(said.contains("hello"), "{said}");
    drop(running);
    writeln!(typed, "are you there?").expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(5), "{err}");
    assert!(err.starts_with("error: the connection was lost and has not come back for 500ms\n"), "{err}");
    drop(typed);
}
