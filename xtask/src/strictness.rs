//! Whether `docs/strictness.md` says of every line of the protocol which test holds it at each end, or why there is none; and whether the tests
//! name no line that is not there.

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::{Result, read, root};

/// How many lines each section has; line 3.9 is none.
const SECTIONS: [(u32, u32); 4] = [(1, 11), (2, 4), (3, 52), (4, 11)];
const NO_LINE: (u32, u32) = (3, 9);
/// The fewest words of a reason.
const WORDS: usize = 3;

pub(crate) fn run() -> Result {
    let docs = root().join("docs");
    let page = read(&docs.join("strictness.md"))?;
    let mut wrong = problems(&page, &|path| read(&docs.join(path)).ok());
    let lines = lines();
    for path in rust_files(&root().join("crates"))? {
        let text = read(&path)?;
        let strange = named(&text).into_iter().filter(|line| !is_known(*line, &lines));
        wrong.extend(strange.map(|(section, line)| format!("{} names §{section}.{line}, which the page does not have", path.display())));
    }
    if wrong.is_empty() {
        println!("{} lines of the protocol, each with its tests or the reason why there is none", lines.len());
        return Ok(());
    }
    Err(format!("docs/strictness.md is not the table that it says it is\n  {}", wrong.join("\n  ")))
}

/// The numbers that the page must have.
fn lines() -> BTreeSet<(u32, u32)> {
    let all = SECTIONS.into_iter().flat_map(|(section, last)| (1..=last).map(move |line| (section, line)));
    all.filter(|line| *line != NO_LINE).collect()
}

/// §3.17, or §1 for a section as a whole.
fn is_known((section, line): (u32, u32), lines: &BTreeSet<(u32, u32)>) -> bool {
    lines.contains(&(section, line)) || line == 0 && lines.contains(&(section, 1))
}

/// What the page does not say, or says wrongly; `read` gives the text of a file that is named.
fn problems(page: &str, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut problems = Vec::new();
    let files: HashMap<&str, &str> = page.lines().filter_map(reference).collect();
    let mut found = BTreeSet::new();
    for row in page.lines().filter_map(Row::parse) {
        let Row { line: (section, line), ends } = row;
        if !found.insert((section, line)) {
            problems.push(format!("{section}.{line} is there twice"));
        }
        for end in ends {
            let said = check(end, &files, read);
            problems.extend(said.into_iter().map(|problem| format!("{section}.{line}: {problem}")));
        }
    }
    let wanted = lines();
    problems.extend(wanted.difference(&found).map(|(section, line)| format!("{section}.{line} is missing")));
    problems.extend(found.difference(&wanted).map(|(section, line)| format!("{section}.{line} is no line of the protocol")));
    problems
}

struct Row<'a> {
    line: (u32, u32),
    /// What is said of a client and of a server that break the rule.
    ends: [&'a str; 2],
}

impl<'a> Row<'a> {
    fn parse(text: &'a str) -> Option<Self> {
        let mut cells = text.strip_prefix("| ")?.strip_suffix(" |")?.split(" | ");
        let (section, line) = cells.next()?.split_once('.')?;
        let (Ok(section), Ok(line), Some(_), Some(client), Some(server), None) =
            (section.parse(), line.parse(), cells.next(), cells.next(), cells.next(), cells.next())
        else {
            return None;
        };
        Some(Self { line: (section, line), ends: [client, server] })
    }
}

/// `[name]: path`.
fn reference(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix('[')?.split_once("]: ")
}

/// A cell names tests that are there, or begins with a dash and gives a reason.
fn check(cell: &str, files: &HashMap<&str, &str>, read: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let tests: Vec<(&str, &str)> = cell
        .split('[')
        .filter_map(|part| part.strip_suffix(']').or(part.split_once(']').map(|(name, _)| name)))
        .collect::<Vec<_>>()
        .chunks_exact(2)
        .map(|pair| (pair[0], pair[1]))
        .collect();
    let is_reason = cell.starts_with("– ");
    let mut problems = Vec::new();
    if is_reason && cell.split_whitespace().skip(1).count() < WORDS {
        problems.push(format!("`{cell}` is no reason"));
    }
    if !is_reason && tests.is_empty() {
        problems.push(format!("`{cell}` names no test and gives no reason"));
    }
    for (test, file) in tests {
        match files.get(file).and_then(|path| read(path)) {
            Some(text) if text.contains(&format!("fn {test}(")) => {}
            Some(_) => problems.push(format!("there is no test {test} in {file}")),
            None => problems.push(format!("there is no file {file}")),
        }
    }
    problems
}

/// The lines that a text names: `§3.17`; the line is 0 if it names the section alone.
fn named(text: &str) -> BTreeSet<(u32, u32)> {
    let number = |text: &str| text.split(|char: char| !char.is_ascii_digit()).next().and_then(|digits| digits.parse().ok());
    let line = |after: &str| {
        let section = number(after)?;
        let rest = after.trim_start_matches(|char: char| char.is_ascii_digit());
        Some((section, rest.strip_prefix('.').and_then(number).unwrap_or(0)))
    };
    text.split('§').skip(1).filter_map(line).collect()
}

fn rust_files(directory: &Path) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut directories = vec![directory.to_owned()];
    while let Some(directory) = directories.pop() {
        let entries = fs::read_dir(&directory).map_err(|error| format!("{}: {error}", directory.display()))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path.is_dir() {
                directories.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_complete() {
        assert_eq!(run(), Ok(()));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let told = |row: &str| {
            let page = format!("{row}\n[server]: ../server.rs\n");
            let all = problems(&page, &|path| (path == "../server.rs").then(|| "fn envelopes() {}".to_owned()));
            all.into_iter().filter(|problem| !problem.ends_with("is missing")).collect::<Vec<_>>()
        };
        assert_eq!(lines().len(), 11 + 4 + 51 + 11);
        assert_eq!(told("| 1.1 | keys | [envelopes][server], and so on | – only a client does so at all |"), [""; 0]);
        assert_eq!(
            told("| 1.1 | keys | [letters][server] | [envelopes][other] |"),
            ["1.1: there is no test letters in server", "1.1: there is no file other"]
        );
        assert_eq!(
            told("| 1.1 | keys | – no | nothing |"),
            ["1.1: `– no` is no reason", "1.1: `nothing` names no test and gives no reason"]
        );
        assert_eq!(told("| 3.9 | none | [envelopes][server] | [envelopes][server] |"), ["3.9 is no line of the protocol"]);
        assert!(problems("", &|_| None).contains(&"3.52 is missing".to_owned()));
        assert_eq!(named("§3.17, §1 and §4.2: §x").into_iter().collect::<Vec<_>>(), [(1, 0), (3, 17), (4, 2)]);
        assert!(is_known((1, 0), &lines()) && !is_known((3, 9), &lines()) && !is_known((5, 0), &lines()));
    }
}
