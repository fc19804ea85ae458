//! What a rule reports.

use std::path::PathBuf;

use serde::Serialize;

use crate::rules::Rule;
use crate::source::Span;

/// How sure the checker is that a finding is a mistake.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Everything that matters was seen and speaks for it.
    Certain,
    /// Nothing that was seen speaks against it.
    Likely,
    /// Right as the rule goes, but there is often a reason to write it so.
    Pedantic,
}

impl Level {
    /// All levels, the surest first.
    pub const ALL: [Level; 3] = [Level::Certain, Level::Likely, Level::Pedantic];

    /// The name in options, configuration and output.
    pub fn name(self) -> &'static str {
        match self {
            Level::Certain => "certain",
            Level::Likely => "likely",
            Level::Pedantic => "pedantic",
        }
    }
}

/// One mistake in one place.
#[derive(Clone, Debug)]
pub struct Finding {
    /// The rule that found it.
    pub rule: Rule,
    /// How sure the rule is.
    pub level: Level,
    /// The file, relative to the root of the project.
    pub path: PathBuf,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Line and column just behind the end.
    pub end: (usize, usize),
    /// What is wrong, in one line.
    pub message: String,
    /// Why it matters here.
    pub why: String,
    /// What to do about it.
    pub help: String,
    /// A change that mends it, if there is one.
    pub fix: Option<Fix>,
    pub(crate) file: usize,
    pub(crate) span: Span,
    pub(crate) labels: Vec<(Span, String)>,
}

/// How much a fix may be trusted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// The meaning stays the same.
    MachineApplicable,
    /// Somebody should look at it: applied with `--unsafe-fixes` only.
    Unsafe,
}

/// Replacements of byte ranges of one file.
#[derive(Clone, Debug)]
pub struct Fix {
    /// How much it may be trusted.
    pub grade: Grade,
    /// What it does, in a few words.
    pub title: String,
    pub(crate) edits: Vec<Edit>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Edit {
    pub(crate) span: Span,
    pub(crate) text: String,
}
