//! Precision on real code: a pinned corpus from crates.io, labels made by reading, and the table that follows from both.
//!
//! `cargo awaitlint corpus fetch|find|sheet|score|fix|speed`; the data lies in `corpus/`. The work directory holds one scratch project per group of
//! packages, whose sources Cargo's own cache keeps.

mod data;
mod fixed;
mod run;
mod score;
mod speed;

use std::path::{Path, PathBuf};

pub use score::Score;

/// What to do with the corpus.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Step {
    /// Download the packages through Cargo.
    Fetch,
    /// Write all findings of a half as JSON lines.
    Find,
    /// Write findings without a label for somebody to read, the level left out.
    Sheet,
    /// Write the table of precision.
    Score,
    /// Fix projects, and run their tests before and after.
    Fix,
    /// Check one group as if it were one workspace, with a cold index and with a warm one.
    Speed,
}

/// Half of the corpus: rules are tuned on one, precision is reported on the other.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Half {
    /// For looking at while rules change.
    Tune,
    /// For reporting.
    Report,
}

impl Half {
    fn name(self) -> &'static str {
        match self {
            Half::Tune => "tune",
            Half::Report => "report",
        }
    }
}

/// One run of the corpus command.
#[derive(Clone, Debug)]
pub struct Request {
    /// The step.
    pub step: Step,
    /// Where `packages.tsv`, `roots.tsv` and `labels.tsv` lie.
    pub data: PathBuf,
    /// A directory for scratch projects and indexes; it may be deleted at any time.
    pub work: PathBuf,
    /// The half.
    pub half: Half,
    /// Findings per rule and level on a sheet.
    pub sample: usize,
}

/// Runs one step and writes its result to `to`.
///
/// # Errors
///
/// Data that cannot be read, or Cargo's failure, with what was tried.
pub fn run(request: &Request, to: &mut dyn std::io::Write) -> Result<(), String> {
    let data = data::Data::read(&request.data)?;
    match request.step {
        Step::Fetch => run::fetch(&data, &request.work),
        Step::Speed => speed::run(&data, &request.work, to),
        Step::Fix => fixed::run(&data, &request.work, to),
        Step::Find => {
            let found = run::find(&data, &request.work, request.half)?;
            found.iter().try_for_each(|hit| writeln!(to, "{}", hit.json())).map_err(|error| error.to_string())
        }
        Step::Sheet => {
            let found = run::find(&data, &request.work, request.half)?;
            score::sheet(&data, &found, request.sample, to).map_err(|error| error.to_string())
        }
        Step::Score => {
            let found = run::find(&data, &request.work, request.half)?;
            let score = Score::new(&data, &found);
            write!(to, "{score}").map_err(|error| error.to_string())
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))
}
