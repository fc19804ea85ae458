//! Which problems are told when. No clock: the time is an argument.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use tokio::time::Instant;

use super::Problem;

/// Between two reports.
const GAP: Duration = Duration::from_secs(60);
/// A problem that was told is told again after so long, if it has come again.
const QUIET: Duration = Duration::from_secs(3600);
/// So many kinds of problems are told apart.
const KINDS: usize = 256;
/// So much of an error is kept, in characters.
const LONGEST: usize = 2000;

/// Problems, those of one kind together.
#[derive(Default)]
pub(super) struct Digest {
    kinds: BTreeMap<String, Kind>,
    /// Problems of kinds for which there was no room.
    others: u64,
    sent: Option<Instant>,
    /// Reports in a row that reached nobody.
    failed: u32,
    /// What the report on its way has told, and of how many of each kind.
    on_its_way: Vec<(String, u64)>,
}

struct Kind {
    last: Problem,
    /// How often it has come since it was told.
    count: u64,
    told: Option<Instant>,
    seen: Instant,
}

/// What is told at once.
pub(super) struct Report {
    problems: Vec<(Problem, u64)>,
    others: u64,
}

impl Digest {
    pub(super) fn add(&mut self, mut problem: Problem, now: Instant) {
        if let Some((at, _)) = problem.error.char_indices().nth(LONGEST) {
            problem.error.truncate(at);
        }
        let key = kind_of(&problem);
        if let Some(kind) = self.kinds.get_mut(&key) {
            kind.count += 1;
            (kind.last, kind.seen) = (problem, now);
            return;
        }
        if self.kinds.len() >= KINDS {
            self.kinds.retain(|_, kind| kind.count > 0 || kind.seen + QUIET > now);
        }
        match self.kinds.len() < KINDS {
            true => drop(self.kinds.insert(key, Kind { last: problem, count: 1, told: None, seen: now })),
            false => self.others += 1,
        }
    }

    /// When there is something to tell; `None` as long as there is nothing.
    pub(super) fn due(&self, now: Instant) -> Option<Instant> {
        let first = self.kinds.values().filter(|kind| kind.count > 0).map(|kind| kind.told.map_or(now, |told| told + QUIET)).min();
        let gap = GAP.saturating_mul(1 << self.failed.min(6));
        Some(first?.max(self.sent.map_or(now, |sent| sent + gap)))
    }

    /// What is to be told now.
    pub(super) fn take(&mut self, now: Instant) -> Option<Report> {
        let due = self.kinds.iter().filter(|(_, kind)| kind.count > 0 && kind.told.is_none_or(|told| told + QUIET <= now));
        self.on_its_way = due.map(|(key, kind)| (key.clone(), kind.count)).collect();
        let mut problems: Vec<_> = self.on_its_way.iter().map(|(key, count)| (self.kinds[key].last.clone(), *count)).collect();
        problems.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        (!problems.is_empty()).then_some(Report { problems, others: self.others })
    }

    /// The report has reached somebody, or nobody: then its problems are in the next.
    pub(super) fn sent(&mut self, reached: bool, now: Instant) {
        self.sent = Some(now);
        self.failed = if reached { 0 } else { self.failed.saturating_add(1) };
        let on_its_way = std::mem::take(&mut self.on_its_way);
        if !reached {
            return;
        }
        self.others = 0;
        for (key, count) in on_its_way {
            if let Some(kind) = self.kinds.get_mut(&key) {
                kind.count -= count;
                kind.told = Some(now);
            }
        }
    }
}

impl Report {
    /// A summary of at most `limit` UTF-16 code units.
    pub(super) fn text(&self, limit: usize) -> String {
        let mut text = String::new();
        for (at, (problem, count)) in self.problems.iter().enumerate() {
            let line = line(problem, *count);
            let rest = format!("\n…and {} more kinds", self.problems.len() - at);
            let length = |text: &str| text.encode_utf16().count();
            if length(&text) + length(&line) + length(&rest) + 1 > limit {
                match at {
                    // Even the first is too long.
                    0 => text.extend(line.chars().take(limit / 2)),
                    _ => text.push_str(&rest),
                }
                break;
            }
            if at > 0 {
                text.push('\n');
            }
            text.push_str(&line);
        }
        text
    }

    /// All of it.
    pub(super) fn whole(&self) -> String {
        let mut text = String::new();
        for (problem, count) in &self.problems {
            // Writing into a string does not fail.
            let _ = writeln!(text, "{}", line(problem, *count));
        }
        if self.others > 0 {
            let _ = writeln!(text, "…and {} errors of other kinds", self.others);
        }
        text
    }
}

fn line(problem: &Problem, count: u64) -> String {
    let times = if count > 1 { format!("{count}× ") } else { String::new() };
    format!("{times}{}: {}", problem.what, problem.error)
}

/// Problems are of one kind if they differ only in numbers.
fn kind_of(problem: &Problem) -> String {
    let mut key = format!("{}: ", problem.what);
    let mut in_number = false;
    for char in problem.error.chars().take(256) {
        if !char.is_ascii_digit() {
            key.push(char);
        } else if !in_number {
            key.push('#');
        }
        in_number = char.is_ascii_digit();
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(error: impl Into<String>) -> Problem {
        Problem { what: "handler shop::checkout".to_owned(), error: error.into() }
    }

    /// The report that is due at a time, after which it has been sent.
    fn report(digest: &mut Digest, now: Instant) -> Option<String> {
        digest.due(now).filter(|due| *due <= now)?;
        let text = digest.take(now)?.text(1000);
        digest.sent(true, now);
        Some(text)
    }

    #[test]
    fn one_kind_is_told_once_an_hour() {
        let (mut digest, start) = (Digest::default(), Instant::now());
        digest.add(problem("no room for order 7"), start);
        assert_eq!(report(&mut digest, start).as_deref(), Some("handler shop::checkout: no room for order 7"));
        for order in 8..20 {
            digest.add(problem(format!("no room for order {order}")), start + GAP);
        }
        assert_eq!(report(&mut digest, start + 2 * GAP), None);
        assert_eq!(digest.due(start + 2 * GAP), Some(start + QUIET));
        assert_eq!(report(&mut digest, start + QUIET).as_deref(), Some("12× handler shop::checkout: no room for order 19"));
        assert_eq!(digest.due(start + 3 * QUIET), None);
    }

    #[test]
    fn reports_keep_their_distance() {
        let (mut digest, start) = (Digest::default(), Instant::now());
        digest.add(problem("a"), start);
        assert!(report(&mut digest, start).is_some());
        digest.add(problem("b"), start);
        digest.add(problem("c"), start);
        assert_eq!(report(&mut digest, start + GAP / 2), None);
        assert_eq!(digest.due(start + GAP / 2), Some(start + GAP));
        assert_eq!(report(&mut digest, start + GAP).unwrap().lines().count(), 2);
    }

    #[test]
    fn what_reached_nobody_is_told_later_and_later() {
        let (mut digest, mut now) = (Digest::default(), Instant::now());
        digest.add(problem("a"), now);
        for gap in [2, 4, 8, 16, 32, 64, 64] {
            assert!(digest.take(now).is_some());
            digest.sent(false, now);
            assert_eq!(digest.due(now), Some(now + gap * GAP));
            now += gap * GAP;
        }
        assert!(report(&mut digest, now).is_some());
        assert_eq!(digest.due(now), None);
    }

    #[test]
    fn memory_and_texts_are_bounded() {
        let (mut digest, now) = (Digest::default(), Instant::now());
        for number in 0..1000_u32 {
            let word: String = number.to_string().bytes().map(|byte| char::from(byte - b'0' + b'a')).collect();
            digest.add(problem(word + &"…".repeat(5000)), now);
        }
        assert_eq!((digest.kinds.len(), digest.others), (KINDS, 744));
        let report = digest.take(now).unwrap();
        assert!(report.text(1024).encode_utf16().count() <= 1024);
        assert!(report.whole().contains("744 errors of other kinds"));
    }
}
