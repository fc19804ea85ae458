//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::config::{Overrides, suggest};
use crate::corpus::{Half, Step};
use crate::finding::Level;
use crate::output::Format;
use crate::rules::Rule;

/// Finds the mistakes in async Rust about which rustc and clippy are silent.
///
/// Exit status: 0 nothing found, 1 findings, 2 the check could not run.
#[derive(Debug, Parser)]
#[command(name = "cargo awaitlint", bin_name = "cargo awaitlint", version, args_conflicts_with_subcommands = true)]
pub(super) struct Args {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// A project, or a file or directory in one
    #[arg(default_value = ".")]
    pub(super) path: PathBuf,
    /// How findings are written
    #[arg(long, value_enum, default_value = "human")]
    pub(super) format: Format,
    /// Show findings down to this level: certain, likely or pedantic [default: likely]
    #[arg(long)]
    pub(super) level: Option<String>,
    /// Check only this rule; may be repeated
    #[arg(long = "rule", value_name = "RULE")]
    pub(super) rules: Vec<String>,
    /// The limit that fixes write where one is needed
    #[arg(long, value_name = "N")]
    pub(super) limit: Option<usize>,
    /// Check tests and benches too
    #[arg(long)]
    pub(super) tests: bool,
    /// Write the fixes that keep the meaning, then run `cargo check` and take back what fails
    #[arg(long)]
    pub(super) fix: bool,
    /// With --fix or --dry-run, also the fixes that somebody should look at
    #[arg(long)]
    pub(super) unsafe_fixes: bool,
    /// Print what --fix would change, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// What a rule finds, why, and when to ignore it; without a name, all rules
    Explain {
        /// The rule
        rule: Option<String>,
    },
    /// What a function waits for one after the other, and the rounds that would do: FILE::FUNCTION
    Plan {
        /// The function: src/page.rs::render
        target: String,
    },
    /// Recall on mechanical mutants of a correct project
    #[command(hide = true)]
    Mutants {
        /// The project
        path: PathBuf,
        /// Count only what clippy accepts silently
        #[arg(long)]
        compile: bool,
    },
    /// Precision on a pinned corpus of published code
    #[command(hide = true)]
    Corpus {
        /// What to do
        step: Step,
        /// Where the lists and labels are
        #[arg(long, default_value = "crates/awaitlint/corpus")]
        data: PathBuf,
        /// Where scratch projects may be made
        #[arg(long)]
        work: PathBuf,
        /// Which half
        #[arg(long, value_enum, default_value = "report")]
        half: Half,
        /// Findings per rule and level on a sheet
        #[arg(long, default_value_t = 60)]
        sample: usize,
    },
}

impl Args {
    pub(super) fn overrides(&self) -> Result<Overrides, String> {
        let level = self.level.as_deref().map(|name| {
            let found = Level::ALL.into_iter().find(|level| level.name() == name);
            found.ok_or_else(|| format!("there is no level `{name}`; {}", suggest(name, Level::ALL.iter().map(|level| level.name()))))
        });
        let rules = self.rules.iter().map(|name| {
            Rule::named(name).ok_or_else(|| format!("there is no rule `{name}`; {}", suggest(name, Rule::all().map(Rule::name))))
        });
        Ok(Overrides {
            level: level.transpose()?,
            rules: rules.collect::<Result<_, _>>()?,
            limit: self.limit,
            tests: self.tests.then_some(true),
        })
    }
}
