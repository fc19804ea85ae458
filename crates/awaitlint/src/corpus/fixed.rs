//! Published projects with every fix applied: they compile, and their tests still pass.

use std::fs;
use std::io::Write;
use std::path::Path;

use super::data::Data;
use super::run::{application, cargo};
use crate::check::check;
use crate::config::Overrides;
use crate::finding::Level;
use crate::fix;

/// The limit that fixes write.
const LIMIT: usize = 8;

/// Copies each project, tests it, fixes it, tests it again, and writes what became of it.
pub(super) fn run(data: &Data, work: &Path, to: &mut dyn Write) -> Result<(), String> {
    let write = |to: &mut dyn Write, line: String| writeln!(to, "{line}").map_err(|error| error.to_string());
    write(
        to,
        "| project | `cargo test` | fixed | files | restored | tests before | tests after |\n|---|---|---|---|---|---|---|".to_owned(),
    )?;
    for (name, version, options) in &data.fixes {
        let dir = work.join(format!("fix-{name}"));
        let _ = fs::remove_dir_all(dir.join("src")); // an earlier run's
        application(&dir, name, version)?;
        let test: Vec<&str> = std::iter::once("test").chain(options.split_whitespace()).collect();
        cargo(&["fetch"], &dir)?;
        cargo(&test, &dir)?;
        // What few would be shown must keep the tests passing, too.
        let overrides = Overrides { level: Some(Level::Pedantic), limit: Some(LIMIT), ..Overrides::default() };
        let outcome = fix::apply(&check(&dir, &overrides)?, true)?;
        if outcome.changed.is_empty() {
            return Err(format!("{name} {version}: nothing was fixed"));
        }
        cargo(&test, &dir)?;
        let (fixed, files, restored) = (outcome.fixed, outcome.changed.len(), outcome.restored.len());
        write(to, format!("| {name} {version} | {options} | {fixed} | {files} | {restored} | pass | pass |"))?;
    }
    Ok(())
}
