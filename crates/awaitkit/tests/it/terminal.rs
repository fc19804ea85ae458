//! Lines from a pipe and from a terminal.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use awaitkit::*;

use crate::support::{SECOND, paused};

/// Not a test: the program at the other end of the pipe or terminal.
#[test]
fn program() {
    let Ok(which) = std::env::var("AWAITKIT_TERMINAL") else { return };
    println!();
    match &*which {
        "lines" => block_on(lines()).unwrap(),
        "patient" => paused().block_on(patient()),
        _ => block_on(prompt()).unwrap(),
    }
}

/// Two callers at once, then until the end.
async fn lines() {
    let ask = async |prompt: &str| format!("[{}]\n", read_line(prompt).await.unwrap());
    let (first, second) = join!(ask("1> "), ask("2> "));
    echo(first + &second).await.unwrap();
    loop {
        match read_line("").await {
            Ok(line) => echo(format!("[{line}]\n")).await.unwrap(),
            Err(ReadLineError::Io(e)) => echo(format!("({:?})\n", e.kind())).await.unwrap(),
            Err(e) => return echo(format!("{e}\n")).await.unwrap(),
        }
    }
}

/// A caller that goes away before the line comes, and one that takes over. Under virtual time, which goes on when nothing else does.
async fn patient() {
    assert!(timeout(SECOND, read_line("")).await.is_err());
    echo("ready\n").await.unwrap();
    let line = read_line("").await.unwrap();
    echo(format!("[{line}]\n")).await.unwrap();
}

/// Output while the prompt is there, as soon as the other side unlocks the file.
async fn prompt() {
    let ask = async |prompt: &str| {
        let answer = match read_line(prompt).await {
            Ok(line) => format!("answer [{line}]"),
            Err(e) => format!("answer {e}"),
        };
        echo(answer + "\n").await.unwrap();
    };
    let meanwhile = async {
        let _unlocked = flock(go(), Lock::Exclusive).poll(Duration::from_millis(1)).await.unwrap();
        echo("meanwhile").await.unwrap();
    };
    join!(ask("name> "), meanwhile);
    ask("end> ").await;
    ask("stop> ").await;
}

fn start(which: &str, set: impl FnOnce(&mut Command)) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.args(["--exact", "terminal::program", "--nocapture"]).env("AWAITKIT_TERMINAL", which);
    set(&mut command);
    command.spawn().unwrap()
}

/// The lock that holds up the output of the program.
fn go() -> PathBuf {
    PathBuf::from(std::env::var_os("AWAITKIT_TERMINAL_GO").unwrap())
}

fn piped(command: &mut Command) {
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
}

#[test]
fn from_a_pipe() {
    let mut child = start("lines", piped);
    child.stdin.take().unwrap().write_all(b"one\ntwo\r\n\n\xff\nlast").unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    let expected = "\n1> 2> [one]\n[two]\n[]\n(InvalidData)\n[last]\nstandard input has ended\n";
    assert!(output.contains(expected), "{output}");
}

#[test]
fn a_line_is_not_lost_with_its_caller() {
    let mut child = start("patient", piped);
    let (mut stdin, mut stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut output = String::new();
    let mut byte = [0];
    while !output.ends_with("ready\n") {
        assert_eq!(stdout.read(&mut byte).unwrap(), 1, "{output}");
        output.push(byte[0].into());
    }
    stdin.write_all(b"late\n").unwrap();
    stdout.read_to_string(&mut output).unwrap();
    assert!(output.contains("[late]"), "{output}");
    child.wait().unwrap();
}

/// A test that fails does not leave it behind.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        let _ended = self.0.kill();
    }
}

/// The far end of a terminal: what the program shows, and the keyboard.
struct Screen {
    keyboard: File,
    shown: mpsc::Receiver<Vec<u8>>,
    all: String,
}

impl Screen {
    fn new(which: &str, go: &Path) -> (Self, Program) {
        use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
        use rustix::termios::{Winsize, tcsetwinsize};

        let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&far).unwrap();
        unlockpt(&far).unwrap();
        tcsetwinsize(&far, Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let name = ptsname(&far, Vec::new()).unwrap();
        let near = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap();
        let child = start(which, |command| {
            command.stdin(near.try_clone().unwrap()).stdout(near).env("AWAITKIT_TERMINAL_GO", go);
        });

        let keyboard = File::from(far);
        let mut screen = keyboard.try_clone().unwrap();
        let (show, shown) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 1024];
            while let Ok(n @ 1..) = screen.read(&mut buffer) {
                if show.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        (Self { keyboard, shown, all: String::new() }, Program(child))
    }

    fn wait_for(&mut self, text: &str) {
        while !self.all.contains(text) {
            let more = self.shown.recv_timeout(Duration::from_secs(120));
            let more = more.unwrap_or_else(|_| panic!("{text:?} does not appear in {:?}", self.all));
            self.all.push_str(&String::from_utf8_lossy(&more));
        }
    }

    fn type_in(&mut self, keys: &[u8]) {
        self.keyboard.write_all(keys).unwrap();
    }
}

#[test]
fn on_a_terminal() {
    let go = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("terminal-{}.lock", std::process::id()));
    let held = block_on(flock(&go, Lock::Exclusive)).unwrap().unwrap();
    let (mut screen, mut child) = Screen::new("prompt", &go);
    screen.wait_for("name> ");
    screen.type_in(b"Ad");
    screen.wait_for("Ad");
    drop(held);
    screen.wait_for("meanwhile\n"); // a whole line, although it was written without its end
    let line = screen.all.split_once("meanwhile\n").map(|(_, rest)| rest.to_owned()).unwrap();
    screen.all = line;
    screen.wait_for("name> Ad"); // the prompt is back below it, with what had been typed
    screen.type_in(b"a\x7fa"); // a, backspace, a
    screen.type_in(b"\r");
    screen.wait_for("answer [Ada]");
    screen.wait_for("end> ");
    screen.type_in(b"\x04"); // Ctrl-D
    screen.wait_for("answer standard input has ended");
    screen.wait_for("stop> ");
    screen.type_in(b"\x03"); // Ctrl-C
    screen.wait_for("answer interrupted at the prompt");
    assert!(child.0.wait().unwrap().success());
}
