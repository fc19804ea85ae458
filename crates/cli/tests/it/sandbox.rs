use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Stdio};

use quadruplex::PublicKey;
use serde_json::{Value, json};

use crate::command::{Ended, Place};
use crate::kills::admin::Admin;

/// A sandbox that is killed when the test is over.
pub(crate) struct Running(Child, Value);

impl Running {
    pub(crate) fn start(place: &Place) -> Self {
        Self::start_with(place, &[])
    }

    fn start_with(place: &Place, arguments: &[&str]) -> Self {
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

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("every line is JSON")).collect()
}

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
        let mut child = place
            .command()
            .args(["chat", "@echo_bot", "--sandbox", "--json"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("it can be started");
        child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success());
        let lines = String::from_utf8(output.stdout).expect("text");
        lines.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["text"].as_str().map(str::to_owned)).collect::<Vec<_>>()
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

/// A command that is told this by whoever types.
fn typed(place: &Place, arguments: &[&str], input: &str) -> Ended {
    let mut command = place.command();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it can be started");
    child.stdin.take().expect("it is piped").write_all(input.as_bytes()).expect("it reads");
    Ended::of(child.wait_with_output().expect("it ends"))
}

#[test]
fn a_person_signs_in_by_what_is_typed() {
    let place = Place::new("login");
    let running = Running::start(&place);
    let login = [&["login", "--phone", "9996611234"][..], &running.server()].concat();
    let Ended { code, out, err } = typed(&place, &login, "00000\n11111\nLena\n");
    assert_eq!((code, out.as_str()), (Some(0), "signed in as Lena on data centre 1\n"), "{err}");
    assert!(err.contains("The code that came") && err.contains("That is not the code.") && err.contains("Nobody has this number"), "{err}");
    let me = [&["call", "users.getUsers", r#"{"id":[{"_":"inputUserSelf"}]}"#][..], &running.server()].concat();
    assert!(place.run(me).done().contains("Lena"), "the login is kept");
}

#[test]
fn who_has_a_password_is_asked_for_it_and_signs_out_once() {
    let place = Place::new("password");
    let running = Running::start_with(&place, &["--admin", "127.0.0.1:0"]);
    let mut admin = Admin::connect(running.1["admin"].as_str().expect("an address"));
    admin.post("/users", &json!({ "first_name": "Lena", "phone": "9996611234", "password": "hunter2" }));
    let login = [&["login", "--phone", "9996611234"][..], &running.server()].concat();
    let Ended { code, out, err } = typed(&place, &login, "11111\nhunter1\nhunter2\n");
    assert_eq!((code, out.as_str()), (Some(0), "signed in as Lena on data centre 1\n"), "{err}");
    assert!(err.contains("Password") && err.contains("That is not the password."), "{err}");

    let out = [&["login", "--out"][..], &running.server()].concat();
    assert_eq!(place.run(&out).done(), "signed out\n");
    let again = place.run(&out);
    assert!(again.code == Some(3) && again.err.starts_with("error: not signed in\n"), "{again:?}");
}

#[test]
fn a_login_that_stopped_at_the_password_goes_on_begins_again_or_is_thrown_away() {
    let place = Place::new("half-login");
    let running = Running::start_with(&place, &["--admin", "127.0.0.1:0"]);
    let mut admin = Admin::connect(running.1["admin"].as_str().expect("an address"));
    admin.post("/users", &json!({ "first_name": "Lena", "phone": "9996611234", "password": "hunter2" }));
    let login = |options: &[&str], input: &str| typed(&place, &[&["login"], options, &running.server()].concat(), input);
    let (begin, signed_in) = (["--phone", "9996611234"], "signed in as Lena on data centre 1\n");
    let stop = || {
        let stopped = login(&begin, "11111\n");
        assert!(stopped.code == Some(1) && stopped.err.contains("Password"), "{stopped:?}");
    };

    stop();
    let me = place.run([&["send", "me", "hi"][..], &running.server()].concat());
    assert!(me.code == Some(3) && me.err.starts_with("error: not signed in\n"), "{me:?}");
    let goes_on = login(&[], "hunter2\n");
    assert_eq!((goes_on.code, goes_on.out.as_str()), (Some(0), signed_in), "{}", goes_on.err);
    assert_eq!(login(&["--out"], "").done(), "signed out\n");

    stop();
    let again = login(&begin, "11111\nhunter2\n");
    assert_eq!((again.code, again.out.as_str()), (Some(0), signed_in), "{}", again.err);

    // In the place of a login that was ended elsewhere.
    place.run([&["call", "auth.logOut"][..], &running.server()].concat()).done();
    stop();
    let goes_on = login(&[], "hunter2\n");
    assert_eq!((goes_on.code, goes_on.out.as_str()), (Some(0), signed_in), "{}", goes_on.err);
    assert_eq!(login(&["--out"], "").done(), "signed out\n");

    stop();
    assert_eq!(login(&["--out"], "").done(), "signed out\n");
    let nothing = login(&["--out"], "");
    assert!(nothing.code == Some(3) && nothing.err.starts_with("error: not signed in\n"), "{nothing:?}");
}

/// What commands tell to do then has to work, too.
#[test]
fn a_name_that_somebody_with_another_number_has_is_said() {
    let place = Place::new("another-number");
    let running = Running::start_with(&place, &["--admin", "127.0.0.1:0", "--state", "sandbox.state"]);
    let mut admin = Admin::connect(running.1["admin"].as_str().expect("an address"));
    admin.post("/users", &json!({ "first_name": "Anna", "username": "annie", "phone": "9996612345" }));
    for _ in 0..3 {
        let ended = place.run(["send", "me", "hey", "--sandbox", "--as", "annie"]);
        let help = "quadruplex login --sandbox --as annie --phone NUMBER asks for the code";
        assert_eq!((ended.code, ended.err), (Some(2), format!("error: annie has another number\n  help: {help}\n")));
    }
    let login = typed(&place, &["login", "--sandbox", "--as", "annie", "--phone", "9996612345"], "22222\n11111\n");
    assert_eq!((login.code, login.out.as_str()), (Some(0), "signed in as Anna (@annie) on data centre 1\n"), "{}", login.err);
    place.run(["send", "me", "hey", "--sandbox", "--as", "annie"]).done();
}

/// What commands tell to do then has to work.
#[test]
fn who_was_signed_out_elsewhere_signs_in_again() {
    let place = Place::new("signed-out");
    let _running = Running::start_with(&place, &["--state", "sandbox.state"]);
    place.run(["send", "me", "hi", "--sandbox"]).done();
    place.run(["call", "auth.logOut", "--sandbox"]).done();
    let refused = place.run(["send", "me", "hi", "--sandbox"]);
    assert!(refused.code == Some(3) && refused.err.ends_with(": quadruplex login --sandbox\n"), "{refused:?}");
    let login = place.run(["login", "--sandbox"]);
    assert_eq!((login.code, login.out.as_str()), (Some(0), "signed in as Me on data centre 1\n"), "{}", login.err);
    place.run(["send", "me", "hi", "--sandbox"]).done();
}

/// For whom there is no history to look into.
#[test]
fn a_bot_downloads_what_it_was_sent() {
    let place = Place::new("bot");
    let running = Running::start(&place);
    place.run([&["login", "--bot-token", "0:helper_bot"][..], &running.server()].concat()).done();
    std::fs::write(place.path().join("up.txt"), "hello").expect("it can be written");
    place.run(["upload", "@helper_bot", "up.txt", "--sandbox", "--as", "alice"]).done();
    place.run([&["download", "@alice", "1", "--to", "down"][..], &running.server()].concat()).done();
    assert_eq!(std::fs::read_to_string(place.path().join("down/up.txt")).expect("it was downloaded"), "hello");
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

/// Its people are gone with its state, and so are their logins.
#[test]
fn who_was_in_a_sandbox_whose_state_was_removed_begins_anew() {
    let place = Place::new("state-removed");
    let (running, send) = (|| Running::start_with(&place, &["--state", "world"]), || place.run(["send", "me", "hi", "--sandbox"]).done());
    let first = running();
    assert_eq!((send(), send()), ("sent, message 1\n".to_owned(), "sent, message 2\n".to_owned()));
    drop(first);
    let second = running();
    assert_eq!(send(), "sent, message 3\n", "the state is there");
    drop(second);
    std::fs::remove_file(place.path().join("world")).expect("it is there");
    let _third = running();
    assert_eq!(send(), "sent, message 1\n");
}

#[test]
fn a_server_that_has_forgotten_a_login_leaves_it_where_it_is() {
    let place = Place::new("forgotten");
    let sessions = |running: &Running| {
        let address = running.1["dcs"][0]["address"].as_str().expect("an address").replace(':', "-");
        place.path().join(format!("state/server-{address}"))
    };
    let first = Running::start(&place);
    let said = place.run(["login", "--bot-token", "0:some_bot"].iter().chain(&first.server())).done();
    let second = Running::start(&place);
    let [_, address, _, key, ..] = second.server();
    let login = format!("quadruplex login --server {address} --dc 1 --rsa-key {key} --as NAME begins another one");
    let (kept, moved) = (sessions(&first), sessions(&second));
    std::fs::rename(&kept, &moved).expect("the login is there");
    for command in [&["send", "@some_bot", "hi"][..], &["login", "--bot-token", "0:some_bot"]] {
        let ended = place.run(command.iter().chain(&second.server()));
        assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
        let lines: Vec<&str> = ended.err.lines().collect();
        assert!(lines[0].contains("transport error -404") && lines[0].contains("the key is kept"), "{}", ended.err);
        assert_eq!(lines.last(), Some(&&*format!("  help: its server has forgotten this login: {login}")));
    }
    place.run(["login", "--bot-token", "0:some_bot", "--as", "other"].iter().chain(&second.server())).done();
    std::fs::rename(&moved, &kept).expect("it is there");
    assert_eq!(place.run(["login"].iter().chain(&first.server())).done(), said, "it is good where it belongs");
}
