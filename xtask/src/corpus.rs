//! Precision and recall of awaitlint, by command.

use std::process::Command;

use crate::{Result, root};

/// Fetches the pinned corpus into `target/awaitlint-corpus`, checks the half that the rules have not been tuned on, and prints the table of
/// precision by the labels in `crates/awaitlint/corpus`; then the recall on mutants of `crates/awaitlint/correct`. `words` are passed on to
/// `cargo awaitlint corpus` instead of that: a step (`fix` and `speed` among them) and its options.
pub(crate) fn run(words: &[&str]) -> Result {
    if !words.is_empty() {
        return awaitlint(&[&["corpus"], words].concat(), true);
    }
    awaitlint(&["corpus", "fetch"], true)?;
    awaitlint(&["corpus", "score"], true)?;
    awaitlint(&["mutants", "crates/awaitlint/correct"], false)
}

fn awaitlint(words: &[&str], corpus: bool) -> Result {
    let mut command = Command::new("cargo");
    command.args(["run", "--quiet", "--release", "-p", "awaitlint", "--"]).args(words).current_dir(root());
    if corpus {
        command.args(["--work", "target/awaitlint-corpus"]);
    }
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo awaitlint {}: {status}", words.join(" "))),
        Err(error) => Err(format!("cargo cannot be run: {error}")),
    }
}
