//! The programs as they are started from a shell, with `--sandbox`: over a pipe they do what they do on a terminal.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// The program that Cargo has built beside this test.
pub(crate) fn built(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test has a path");
    let target = own.parent().and_then(|deps| deps.parent()).expect("tests are built two directories down");
    target.join("examples").join(format!("{name}{}", std::env::consts::EXE_SUFFIX))
}

/// A directory of its own for a test, in which nothing of the machine's is found.
pub(crate) struct Place(pub(crate) PathBuf);

impl Place {
    pub(crate) fn new(test: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(test);
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the directory of the tests can be written");
        Self(path)
    }

    pub(crate) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.0).env("QUADRUPLEX_STATE_DIR", self.0.join("state")).stdin(Stdio::null());
        for name in ["API_ID", "API_HASH", "BOT_TOKEN", "SESSION"] {
            command.env_remove(name);
        }
        command
    }

    fn run(&self, example: &str) -> Output {
        self.command(&built(example)).arg("--sandbox").output().unwrap_or_else(|error| panic!("{example}: {error}"))
    }
}

fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("it prints text")
}

/// What an example prints that does one thing and ends.
fn run(name: &str) -> String {
    let output = Place::new(name).run(name);
    assert!(output.status.success(), "{name}: {}", text(output.stderr));
    text(output.stdout)
}

/// What an example prints that is told these lines.
fn talk(name: &str, said: &str) -> String {
    let mut child = Place::new(name)
        .command(&built(name))
        .arg("--sandbox")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{name}: {error}"));
    child.stdin.take().expect("it was piped").write_all(said.as_bytes()).expect("it listens");
    let output = child.wait_with_output().expect("it ends");
    let printed = text(output.stdout);
    assert!(output.status.success(), "{name}: {printed}");
    printed
}

fn check(name: &str, said: &str, expect: &str) {
    assert_eq!(talk(name, said), expect, "{name}");
}

#[test]
fn bots() {
    let talks = [
        ("away", "are you there?\nhello?\n", "< I am away, and read this tonight.\n"),
        ("cart", "/add bread\n/add red wine\n/cart\n", "< 1 in your cart\n< 2 in your cart\n< bread, red wine\n"),
        ("cluster", "hello\n", "< hello\n"),
        ("daily", "/when\n", "< every morning at nine, UTC\n"),
        ("echo", "hello\n<b>\n", "< hello\n< <b>\n"),
        ("fleet", "hello\n", "< hello\n"),
        ("knobs", "hello\n", "< hello\n"),
        ("mirror", "hello\n", "< hello\n"),
        ("moderate", "/help\nhttp://x\n", "< /quiet — Switch the greetings on or off\n/help [command] — What this bot understands\n"),
        ("vote", "anything\n", "< Good?\n  [1] 👍\n  [2] 👎\n"),
    ];
    std::thread::scope(|scope| {
        for (name, said, expect) in talks {
            scope.spawn(move || check(name, said, expect));
        }
    });
}

#[test]
fn roll() {
    let printed = talk("roll", "/roll 1000\n/roll 6 2\n/help\n");
    let lines: Vec<&str> = printed.lines().collect();
    assert_eq!(lines[0], "< usage: /roll [sides=6] [dice=1] — sides must be 2..=120, got \"1000\"");
    assert!(lines[1].starts_with("< 🎲 ["), "{printed}");
    assert_eq!(lines[2..], ["< /roll [sides=6] [dice=1] — Roll dice", "/help [command] — What this bot understands"]);
}

/// Whom a line names is talked with from there on.
#[test]
fn many() {
    let printed = talk("many", "hello\n@shop_bot hello\nagain\n");
    let mut lines: Vec<&str> = printed.lines().collect();
    // Neither bot waits for the other.
    lines.sort_unstable();
    assert_eq!(lines, ["< @news_bot: this is news", "< @shop_bot: this is shop", "< @shop_bot: this is shop"]);
}

#[test]
fn register() {
    let printed = talk("register", "/register\n<b>\nold\n30\nYes\n");
    let said = ["What is your name?", "How old are you?", "A number, please.", "<b>, 30. Right?", "Welcome, <b>!"];
    let places: Vec<_> = said.iter().map(|text| printed.find(text)).collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{printed}");
}

#[test]
fn what_comes_late_is_waited_for() {
    let printed = talk("keep", "hello\n");
    assert!(printed.contains("Asynchronously, after 3 seconds"), "{printed}");
}

#[test]
fn log() {
    let ids: Vec<i32> = run("log").lines().map(|id| id.parse().expect("an id")).collect();
    assert!(ids.len() == 100 && ids.is_sorted(), "{ids:?}");
}

#[test]
fn chats() {
    assert_eq!(run("chats"), "Alice (1 unread)\n  Hello, and welcome.\n");
}

#[test]
fn download() {
    let place = Place::new("download");
    let first = text(place.run("download").stdout);
    assert_eq!(first.matches(r#""event":"text""#).count(), 6, "{first}");
    let files = || std::fs::read_dir(place.0.join("rustlang")).expect("the directory is there").count();
    assert_eq!(files(), 6);
    // What is there is not fetched again: one line of progress for each, at its end.
    let second = text(place.run("download").stdout);
    assert_eq!((second.matches(r#""event":"progress""#).count(), files()), (6, 6), "{second}");
}

#[test]
fn page() {
    let printed = talk("page", "four messages\n");
    let lines: Vec<&str> = printed.lines().collect();
    assert!(lines[0].starts_with("downloads") && lines[0].ends_with(" bytes"), "{printed}");
    let rest = [
        "all and all",
        "fast was first",
        "nothing within 10 ms",
        "500000500000",
        "Optional prompt you said four messages",
        "test",
        "1 users",
    ];
    assert_eq!(lines[1..], rest);
}

#[test]
fn notify() {
    let output = Place::new("notify").run("notify");
    assert_eq!((text(output.stdout).as_str(), output.status.success()), ("sent\n", false));
    let err = text(output.stderr);
    assert!(err.starts_with("Error: @jonh_doe was not found\n  tried: "), "{err}");
}

#[test]
fn without_an_account_and_without_the_sandbox_it_says_what_is_missing() {
    let output = Place::new("missing").command(&built("echo")).output().expect("it starts");
    let printed = text(output.stderr);
    assert!(!output.status.success());
    assert!(printed.starts_with("Error: missing API_ID\n  MTProto needs an application id."), "{printed}");
    assert!(printed.contains("add --sandbox"), "{printed}");
}

#[test]
fn what_is_at_a_url_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let url = format!("http://{}/hello.txt", listener.local_addr().expect("it listens"));
    // Once for the page, once for the upload.
    let server = std::thread::spawn(move || {
        for stream in listener.incoming().take(2) {
            let mut stream = stream.expect("somebody comes");
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut byte = [0];
                stream.read_exact(&mut byte).expect("a request ends");
                request.extend(byte);
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 6\r\nconnection: close\r\n\r\nhello\n").expect("it waits for the answer");
        }
    });
    let output = Place::new("fetch").command(&built("fetch")).args(["--sandbox", &url]).output().expect("the program is there");
    let (printed, errors) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success() && printed.starts_with("6 bytes, message "), "{printed}{errors}");
    server.join().expect("it was asked twice");
}
