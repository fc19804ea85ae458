//! Recall: correct code, changed mechanically into the mistakes that the rules are for.
//!
//! `cargo awaitlint mutants PATH` makes every such change one at a time and counts those that are found at *likely* or above. With
//! `--compile` a mutant counts only if `cargo clippy` accepts it without a word: what the compiler finds needs no other tool. That is asked in
//! a copy, so the project is never written to.

mod make;

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::check::{check_session, session};
use crate::config::{Config, Overrides};
use crate::finding::Level;
use crate::project::{Copy, Project};
use crate::rules::Rule;

/// One mechanical change.
#[derive(Clone, Debug)]
pub(crate) struct Mutant {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
    /// The lines it covers in the changed text.
    pub(crate) lines: std::ops::RangeInclusive<usize>,
    pub(crate) rule: Rule,
}

/// How many mutants were found, by rule.
#[derive(Clone, Default, Debug)]
pub struct Recall {
    rows: BTreeMap<Rule, Row>,
    missed: Vec<(Rule, PathBuf, usize)>,
}

#[derive(Clone, Copy, Default, Debug)]
struct Row {
    made: usize,
    /// Refused or remarked on by the compiler, so not counted.
    noticed: usize,
    found: usize,
}

impl Recall {
    /// For each rule, the mutants that count and those of them that were found.
    pub fn by_rule(&self) -> impl Iterator<Item = (Rule, usize, usize)> {
        self.rows.iter().map(|(&rule, row)| (rule, row.made - row.noticed, row.found))
    }

    /// Mutants that count, and those of them that were found.
    pub fn totals(&self) -> (usize, usize) {
        self.by_rule().fold((0, 0), |all, (_, made, found)| (all.0 + made, all.1 + found))
    }
}

/// Makes and checks all mutants of the project around `path`; with `compile` of a copy, in which each is written to disk.
///
/// # Errors
///
/// The project cannot be read, or, with `compile`, it cannot be copied, or Cargo cannot be run or refuses the unchanged project.
pub fn recall(path: &Path, compile: bool) -> Result<Recall, String> {
    if compile {
        let copy = Copy::of(&Project::load(path)?.root)?;
        return measure(copy.path(), true);
    }
    measure(path, false)
}

fn measure(path: &Path, compile: bool) -> Result<Recall, String> {
    let mut config = Config::default();
    config.apply(&Overrides { level: Some(Level::Likely), ..Overrides::default() })?;
    let project = Project::load(path)?;
    let root = project.root.clone();
    let mutants = make::all(&session(project.clone(), &config));
    if compile && clippy(&root)?.is_none() {
        return Err("the unchanged project does not compile by itself (cargo clippy fails)".to_owned());
    }
    let mut recall = Recall::default();
    for mutant in &mutants {
        let row = recall.rows.entry(mutant.rule).or_default();
        row.made += 1;
        if compile && !compiles_silently(&root, mutant)? {
            row.noticed += 1;
            continue;
        }
        let changed = crate::index::load_with(project.clone(), crate::check::scope(&config), &mutant.path, &mutant.text);
        let report = check_session(crate::check::session_of(changed, &config), &config, None);
        let hit = |finding: &&crate::finding::Finding| {
            let place = mutant.lines.contains(&finding.line)
                || finding.labels.iter().any(|(span, _)| mutant.lines.contains(&report.text(finding).line(span.lo)));
            finding.rule == mutant.rule && root.join(&finding.path) == mutant.path && place
        };
        if report.findings.iter().any(|finding| hit(&finding)) {
            row.found += 1;
        } else {
            let inside = mutant.path.strip_prefix(&root).unwrap_or(&mutant.path);
            recall.missed.push((mutant.rule, inside.to_owned(), *mutant.lines.start()));
        }
    }
    Ok(recall)
}

/// What clippy says of the project with this change: it compiles, and no message is about the changed lines. The file has its old text
/// again afterwards.
fn compiles_silently(root: &Path, mutant: &Mutant) -> Result<bool, String> {
    let error = |error: std::io::Error| format!("{}: {error}", mutant.path.display());
    let before = fs::read(&mutant.path).map_err(error)?;
    fs::write(&mutant.path, &mutant.text).map_err(error)?;
    let messages = clippy(root);
    fs::write(&mutant.path, before).map_err(error)?;
    let about = |(path, line): &(PathBuf, usize)| *path == mutant.path && mutant.lines.contains(line);
    Ok(messages?.is_some_and(|messages| !messages.iter().any(about)))
}

/// The places of all messages of `cargo clippy`; nothing if it fails.
fn clippy(root: &Path) -> Result<Option<Vec<(PathBuf, usize)>>, String> {
    let mut command = Command::new("cargo");
    command.args(["clippy", "--quiet", "--offline", "--message-format=json", "--target-dir", "target"]).current_dir(root);
    let output = command.output();
    let output = output.map_err(|error| format!("cargo clippy cannot be run: {error}"))?;
    let mut places = Vec::new();
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let Ok(message) = serde_json::from_str::<serde_json::Value>(line) else { continue };
        for span in message["message"]["spans"].as_array().into_iter().flatten() {
            if let (Some(file), Some(line)) = (span["file_name"].as_str(), span["line_start"].as_u64()) {
                places.push((root.join(file), line as usize));
            }
        }
    }
    Ok(output.status.success().then_some(places))
}

impl fmt::Display for Recall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| rule | mutants | noticed by the compiler | found | recall |")?;
        writeln!(f, "|---|---|---|---|---|")?;
        for (rule, row) in &self.rows {
            let counted = row.made - row.noticed;
            let share = if counted == 0 { "–".to_owned() } else { format!("{:.0} %", 100.0 * row.found as f64 / counted as f64) };
            writeln!(f, "| {} | {} | {} | {} | {share} |", rule.name(), row.made, row.noticed, row.found)?;
        }
        let (counted, found) = self.totals();
        writeln!(f, "\n{found} of {counted} found")?;
        for (rule, path, line) in &self.missed {
            writeln!(f, "  missed: {} {}:{line}", rule.name(), path.display())?;
        }
        Ok(())
    }
}
