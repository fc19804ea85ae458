//! Writing fixes to files, and taking them back where the project no longer compiles.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use similar::TextDiff;

use crate::check::Report;
use crate::finding::{Edit, Grade};

/// What became of the fixes.
#[derive(Clone, Default, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Findings that are mended.
    pub fixed: usize,
    /// Files that were changed and stay so.
    pub changed: Vec<PathBuf>,
    /// Files that no longer compiled and have their old text again.
    pub restored: Vec<PathBuf>,
    /// The project does not compile without any fix either, so nothing was changed.
    pub broken_before: bool,
}

/// A file with its fixes applied.
pub(crate) struct Change {
    pub(crate) path: PathBuf,
    pub(crate) before: String,
    pub(crate) after: String,
    pub(crate) fixed: usize,
}

/// The changes that the fixes of a report make; of fixes that overlap the first is taken.
pub(crate) fn changes(report: &Report, unsafe_too: bool) -> Result<Vec<Change>, String> {
    let mut by_file: BTreeMap<&Path, Vec<&[Edit]>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(fix) = finding.fix.as_ref().filter(|fix| unsafe_too || fix.grade == Grade::MachineApplicable) {
            by_file.entry(&finding.path).or_default().push(&fix.edits);
        }
    }
    let mut changes = Vec::new();
    for (path, fixes) in by_file {
        let path = report.root().join(path);
        let before = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let (after, fixed) = edited(&before, &fixes);
        changes.push(Change { path, before, after, fixed });
    }
    Ok(changes)
}

/// Every file that has fixes, before and after all of them.
pub(crate) fn texts(report: &Report) -> Vec<(&str, String)> {
    let mut by_file: BTreeMap<usize, Vec<&[Edit]>> = BTreeMap::new();
    for finding in &report.findings {
        if let Some(fix) = &finding.fix {
            by_file.entry(finding.file).or_default().push(&fix.edits);
        }
    }
    let text = |file: usize| report.session.workspace.text(file).as_str();
    by_file.into_iter().map(|(file, fixes)| (text(file), edited(text(file), &fixes).0)).collect()
}

/// The text with every fix that touches nothing an earlier one has touched.
fn edited(text: &str, fixes: &[&[Edit]]) -> (String, usize) {
    let mut taken: Vec<&Edit> = Vec::new();
    let mut fixed = 0;
    for fix in fixes {
        let apart = |edit: &Edit| {
            let beside = |other: &Edit| edit.span.hi <= other.span.lo || other.span.hi <= edit.span.lo;
            taken.iter().all(|other| beside(other) && edit.span != other.span)
        };
        let valid = |edit: &Edit| text.get(edit.span.range()).is_some();
        if fix.iter().all(|edit| apart(edit) && valid(edit)) {
            taken.extend(fix.iter());
            fixed += 1;
        }
    }
    taken.sort_by_key(|edit| edit.span);
    let mut after = String::with_capacity(text.len());
    let mut at = 0;
    for edit in taken {
        after.push_str(&text[at..edit.span.lo as usize]);
        after.push_str(&edit.text);
        at = edit.span.hi as usize;
    }
    after.push_str(&text[at..]);
    (after, fixed)
}

/// The changes as a unified diff, paths relative to `root`.
pub(crate) fn diff(changes: &[Change], root: &Path) -> String {
    let mut all = String::new();
    for change in changes {
        let name = change.path.strip_prefix(root).unwrap_or(&change.path).display().to_string();
        let diff = TextDiff::from_lines(&change.before, &change.after);
        all.push_str(&diff.unified_diff().context_radius(3).header(&format!("a/{name}"), &format!("b/{name}")).to_string());
    }
    all
}

/// Writes the fixes of a report, then lets `cargo check` judge: files with errors get their old text back. All features are on if the project
/// compiles with them, and what is built for tests does not stand in for what is built for use.
///
/// # Errors
///
/// A file cannot be read or written, or Cargo cannot be run.
pub fn apply(report: &Report, unsafe_too: bool) -> Result<Outcome, String> {
    let mut changes = changes(report, unsafe_too)?;
    let mut outcome = Outcome::default();
    if changes.is_empty() {
        return Ok(outcome);
    }
    let root = report.root();
    let features: &[&str] = if compile_errors(root, &["--all-features"])?.is_none() {
        &["--all-features"]
    } else if compile_errors(root, &[])?.is_none() {
        &[]
    } else {
        return Ok(Outcome { broken_before: true, ..outcome });
    };
    changes.iter().try_for_each(|change| write(&change.path, &change.after))?;
    while let Some(failing) = compile_errors(root, features)? {
        if changes.is_empty() {
            return Err(format!("{}: cargo check failed with every fix taken back, though it passed before", root.display()));
        }
        // Errors may lie in a file that uses a changed one: then nothing changed is above suspicion.
        let named = |change: &Change| failing.contains(&change.path);
        let all = !changes.iter().any(named);
        let (bad, good): (Vec<Change>, Vec<Change>) = changes.into_iter().partition(|change| all || named(change));
        for change in bad {
            write(&change.path, &change.before)?;
            outcome.restored.push(change.path);
        }
        changes = good;
    }
    outcome.fixed = changes.iter().map(|change| change.fixed).sum();
    outcome.changed = changes.into_iter().map(|change| change.path).collect();
    Ok(outcome)
}

/// Replaces a file in one step.
fn write(path: &Path, text: &str) -> Result<(), String> {
    let partial = path.with_extension("rs.awaitlint");
    let written = fs::write(&partial, text)
        .and_then(|()| fs::set_permissions(&partial, fs::metadata(path)?.permissions()))
        .and_then(|()| fs::rename(&partial, path));
    written.map_err(|error| {
        let _ = fs::remove_file(&partial); // it may not exist
        format!("{}: {error}", path.display())
    })
}

/// The files in which `cargo check` finds errors, in what is built for use or else in what is built for tests; nothing if it finds none.
fn compile_errors(root: &Path, features: &[&str]) -> Result<Option<BTreeSet<PathBuf>>, String> {
    match check(root, features)? {
        None => check(root, &[features, &["--all-targets"]].concat()),
        failing => Ok(failing),
    }
}

fn check(root: &Path, options: &[&str]) -> Result<Option<BTreeSet<PathBuf>>, String> {
    let output = Command::new("cargo")
        .args(["check", "--workspace", "--quiet", "--offline", "--message-format=json"])
        .args(options)
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo check cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(None);
    }
    let mut files = BTreeSet::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<Value>(line) else { continue };
        if message["message"]["level"] == "error" {
            let spans = message["message"]["spans"].as_array().into_iter().flatten();
            files.extend(spans.filter_map(|span| span["file_name"].as_str()).map(|name| root.join(name)));
        }
    }
    Ok(Some(files))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn edit(lo: usize, hi: usize, text: &str) -> Edit {
        Edit { span: Span::new(lo, hi), text: text.to_owned() }
    }

    #[test]
    fn fixes_that_overlap_wait_for_the_next_run() {
        let first = [edit(0, 3, "one")];
        let over = [edit(2, 4, "x"), edit(8, 8, "!")];
        let last = [edit(4, 7, "TWO"), edit(7, 7, ".await")];
        assert_eq!(edited("aaa bbb", &[&first, &over, &last]), ("one TWO.await".to_owned(), 2));
    }

    #[test]
    fn a_range_outside_the_text_changes_nothing() {
        assert_eq!(edited("é", &[&[edit(1, 2, "x")], &[edit(0, 9, "x")]]), ("é".to_owned(), 0));
    }
}
