//! Files that cannot be read, places that cannot be written.

use std::fs;

use crate::command::{Ended, Place};

/// A place with a message to oneself that has the file `up.bin`.
fn with_a_file(test: &str) -> Place {
    let place = Place::new(test);
    fs::write(place.path().join("up.bin"), "four messages on one wire").expect("it can be written");
    place.run(["upload", "me", "up.bin", "--sandbox"]).done();
    place
}

#[test]
fn what_cannot_be_read_is_not_sent() {
    let place = Place::new("unreadable");
    fs::create_dir(place.path().join("directory")).expect("it can be made");
    fs::write(place.path().join("empty"), "").expect("it can be written");
    fs::write(place.path().join("good.txt"), "hello").expect("it can be written");
    for (file, err) in [
        ("none.bin", "error: cannot read none.bin: No such file or directory (os error 2)\n"),
        ("good.txt/none", "error: cannot read good.txt/none: Not a directory (os error 20)\n"),
        ("directory", "error: cannot send directory: it is a directory\n  help: name the files in it\n"),
        ("empty", "error: cannot send empty: it is empty, which Telegram does not take\n"),
        ("/dev/null", "error: cannot send /dev/null: its size is not known\n  help: write what comes from it to a file first\n"),
    ] {
        let ended = place.run(["upload", "me", "good.txt", file, "--sandbox"]);
        assert_eq!((ended.code, ended.out.as_str(), ended.err.as_str()), (Some(1), "", err), "{file}");
    }
    assert_eq!(place.run(["history", "me", "--sandbox"]).done(), "", "nothing was sent, not even what stood before it");
}

#[test]
fn a_directory_that_is_not_there_is_made() {
    let place = with_a_file("new-directory");
    let said = place.run(["download", "me", "1", "--to", "one/two", "--sandbox"]).done();
    assert_eq!(said, "one/two/up.bin: 25 bytes\n");
    assert_eq!(fs::read_to_string(place.path().join("one/two/up.bin")).expect("it was downloaded"), "four messages on one wire");
}

#[test]
fn what_is_no_directory_is_left_as_it_is() {
    let place = with_a_file("no-directory");
    fs::write(place.path().join("notes"), "mine").expect("it can be written");
    for to in ["notes", "notes/below", "up.bin/"] {
        let ended = place.run(["download", "me", "1", "--to", to, "--sandbox"]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{to}: {}", ended.err);
        assert!(ended.err.starts_with("error: ") && ended.err.contains(to.trim_end_matches('/')), "{to}: {}", ended.err);
    }
    assert_eq!(fs::read_to_string(place.path().join("notes")).expect("it is there"), "mine");
    assert_eq!(fs::read_to_string(place.path().join("up.bin")).expect("it is there"), "four messages on one wire");
}

/// A file of that name is somebody's: both are there afterwards.
#[test]
fn a_file_that_is_there_is_not_written_over() {
    let place = with_a_file("there-already");
    fs::write(place.path().join("up.bin"), "something else").expect("it can be written");
    let said = place.run(["download", "me", "1", "--sandbox"]).done();
    assert_eq!(fs::read_to_string(place.path().join("up.bin")).expect("it is there"), "something else");
    let (path, _) = said.split_once(": 25 bytes\n").expect(&said);
    assert_eq!(fs::read_to_string(place.path().join(path)).expect("it was downloaded"), "four messages on one wire");
}

#[test]
fn a_state_directory_that_cannot_be_made() {
    let place = Place::new("no-state");
    fs::write(place.path().join("notes"), "mine").expect("it can be written");
    let ended = place.run(["send", "me", "hi", "--sandbox", "--state-dir", "notes/state"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""));
    let text = "error: cannot make the directory notes/state: Not a directory (os error 20)\n  \
        help: --state-dir DIR, or QUADRUPLEX_STATE_DIR, keeps it in another place\n";
    assert_eq!(ended.err, text);
}

#[test]
fn a_session_that_cannot_be_locked() {
    let place = Place::new("no-lock");
    fs::create_dir_all(place.path().join("state/sandbox.state.sessions/me.redb.lock")).expect("it can be made");
    fs::write(place.path().join("state/sandbox.state"), "").expect("it can be written");
    let ended = place.run(["send", "me", "hi", "--sandbox"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(3), ""), "{}", ended.err);
    let lines: Vec<&str> = ended.err.lines().collect();
    assert!(lines[0].starts_with("error: could not lock ") && lines[0].contains("me.redb.lock: Is a directory"), "{}", ended.err);
    assert_eq!(lines[1..], ["  help: --state-dir DIR, or QUADRUPLEX_STATE_DIR, keeps it in another place"]);
}

/// `/dev/full` takes nothing, also from who may do everything.
#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_loses_nothing() {
    let place = Place::new("full-disk");
    place.run(["send", "me", "before", "--sandbox"]).done();
    let full = place.path().join("state/sandbox.new");
    std::os::unix::fs::symlink("/dev/full", &full).expect("it can be made");
    for command in [&["send", "me", "lost"][..], &["login", "--as", "carol"], &["history", "me"]] {
        let ended = place.run(command.iter().chain(&["--sandbox"]));
        assert_eq!((ended.code, ended.out.as_str()), (Some(1), ""), "{command:?}");
        let lines: Vec<&str> = ended.err.lines().collect();
        assert!(
            lines[0].starts_with("error: cannot write ") && lines[0].ends_with("No space left on device (os error 28)"),
            "{}",
            ended.err
        );
        assert_eq!(lines[1..], ["  help: free some space and run it again"]);
    }
    fs::remove_file(full).expect("it is there");
    place.run(["send", "me", "after", "--sandbox"]).done();
    let history = place.run(["history", "me", "--sandbox"]).done();
    assert!(history.contains("before") && history.contains("after") && !history.contains("lost"), "{history}");
}

#[test]
fn a_file_goes_through_pipes() {
    let place = Place::new("pipes");
    let content: String = (0..60_000).map(|number| format!("{number}\n")).collect();
    fs::write(place.path().join("numbers"), &content).expect("it can be written");
    let from = |file: &str, arguments: &[&str]| {
        let input = fs::File::open(place.path().join(file)).expect("it is there");
        Ended::of(place.command().args(arguments).arg("--sandbox").stdin(input).output().expect("the command can be started"))
    };
    let size = content.len();
    assert_eq!(from("numbers", &["upload", "me", "-", "--name", "n.txt"]).done(), format!("n.txt: {size} bytes sent to me\n"));
    assert!(place.run(["download", "me", "1", "--to", "-", "--sandbox"]).done() == content);
    place.run(["download", "me", "1", "--sandbox"]).done();
    assert!(fs::read_to_string(place.path().join("n.txt")).expect("it has that name") == content);

    fs::write(place.path().join("nothing"), "").expect("it can be written");
    let ended = from("nothing", &["upload", "me", "-"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert!(ended.err.contains("stdin is empty, and Telegram takes no empty files"), "{}", ended.err);
    let ended = from("numbers", &["upload", "me", "-", "-"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    assert_eq!(ended.err, "error: the standard input can be sent once\n  help: a file of that name is ./-\n");
    let ended = place.run(["download", "me", "1", "--to", "-", "--json", "--sandbox"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "the file is not mixed with lines");
}
