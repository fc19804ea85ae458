//! Findings for people and for programs.

mod human;
mod json;
mod sarif;

use std::io::{self, Write};

use crate::check::Report;

/// How findings are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug, clap::ValueEnum)]
pub enum Format {
    /// Source with carets, as rustc writes it.
    Human,
    /// One JSON object per line and finding.
    Json,
    /// One SARIF 2.1.0 document, for code-scanning services.
    Sarif,
}

/// Writes a report.
///
/// # Errors
///
/// Those of `to`.
pub fn write(report: &Report, format: Format, colour: bool, to: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Human => human::write(report, colour, to),
        Format::Json => json::write(report, to),
        Format::Sarif => sarif::write(report, to),
    }
}
