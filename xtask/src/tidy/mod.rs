//! `tidy`: the rules of the house that no compiler checks.

mod crates;
mod files;

use crate::{Result, root};

/// Checks everything and names all that is wrong.
pub(crate) fn run() -> Result {
    let mut findings = Vec::new();
    crates::check(&root(), &mut findings)?;
    files::check(&root(), &mut findings)?;
    match findings.len() {
        0 => Ok(()),
        count => Err(format!("{}\n{count} things to tidy", findings.join("\n"))),
    }
}
