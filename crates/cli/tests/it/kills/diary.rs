//! What the lives of the program have done, a line each, in one file: a kill does not cut a line, since each is one write.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// A chat and the number of the message in it.
pub(super) type Name = (i64, u32);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It is signed in.
    Ready,
    /// A handler has begun.
    Begun,
    /// It has answered, and has nothing more to do.
    Ended,
    /// A commit begins to be written.
    Commit(u64),
    /// It is durable.
    Durable(u64),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    pub(super) life: u64,
    pub(super) kind: Kind,
    pub(super) name: Option<Name>,
}

pub(super) fn path(place: &Path) -> PathBuf {
    place.join("diary")
}

pub(super) fn read(path: &Path) -> Vec<Line> {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    text.lines().map(|line| parse(line).unwrap_or_else(|| panic!("{line:?} is no line of a diary"))).collect()
}

fn parse(line: &str) -> Option<Line> {
    let mut words = line.split(' ');
    let life = words.next()?.parse().ok()?;
    let kind = words.next()?;
    let mut number = || words.next()?.parse::<i64>().ok();
    let (kind, name) = match kind {
        "ready" => (Kind::Ready, None),
        "begun" => (Kind::Begun, Some((number()?, number()?.try_into().ok()?))),
        "ended" => (Kind::Ended, Some((number()?, number()?.try_into().ok()?))),
        "commit" => (Kind::Commit(number()?.try_into().ok()?), None),
        "durable" => (Kind::Durable(number()?.try_into().ok()?), None),
        _ => return None,
    };
    Some(Line { life, kind, name })
}

/// Writes the diary of one life.
#[derive(Debug)]
pub(super) struct Diary {
    file: File,
    life: u64,
}

impl Diary {
    pub(super) fn open(place: &Path, life: u64) -> Self {
        let file = OpenOptions::new().append(true).create(true).open(path(place)).expect("the diary can be written");
        Self { file, life }
    }

    pub(super) fn write(&self, kind: Kind, name: Option<Name>) {
        let life = self.life;
        let line = match (kind, name.unwrap_or_default()) {
            (Kind::Ready, _) => format!("{life} ready\n"),
            (Kind::Begun, (chat, number)) => format!("{life} begun {chat} {number}\n"),
            (Kind::Ended, (chat, number)) => format!("{life} ended {chat} {number}\n"),
            (Kind::Commit(number), _) => format!("{life} commit {number}\n"),
            (Kind::Durable(number), _) => format!("{life} durable {number}\n"),
        };
        (&self.file).write_all(line.as_bytes()).expect("the diary can be written");
    }
}
