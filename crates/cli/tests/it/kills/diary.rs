//! What the lives of the program have done, line by line, in a file for each life. Only whole lines count: the last one may be on its way, and
//! a kill can cut it where it crosses a page. Then the kill came before what it was to say.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

const NAME: &str = "diary-";

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

/// What all lives have written, one life after the other.
pub(super) fn read(place: &Path) -> Vec<Line> {
    let files = fs::read_dir(place).expect("the directory is there").map(|file| file.expect("it can be listed").file_name());
    let mut lives: Vec<u64> = files.filter_map(|name| name.to_str()?.strip_prefix(NAME)?.parse().ok()).collect();
    lives.sort_unstable();
    let texts = lives.into_iter().map(|life| fs::read_to_string(path(place, life)).expect("a diary can be read"));
    texts.flat_map(|text| whole_lines(&text)).collect()
}

fn path(place: &Path, life: u64) -> PathBuf {
    place.join(format!("{NAME}{life}"))
}

fn whole_lines(text: &str) -> Vec<Line> {
    let whole = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    whole.map(|line| parse(line).unwrap_or_else(|| panic!("{line:?} is no line of a diary"))).collect()
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
        let file = OpenOptions::new().append(true).create(true).open(path(place, life)).expect("the diary can be written");
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

#[test]
fn a_line_that_was_cut_does_not_count() {
    let text = "2 begun 7000012 4\n2 ended 7000012 4\n";
    for cut in 0..=text.len() {
        let read = whole_lines(&text[..cut]).len();
        assert_eq!(read, text[..cut].matches('\n').count(), "{cut} bytes");
    }
}
