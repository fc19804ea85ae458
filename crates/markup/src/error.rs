use std::error::Error;
use std::fmt;

/// Markup that the Bot API would refuse, with the place of the fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MarkupError {
    /// What is wrong.
    pub what: String,
    /// Where, in bytes of the markup.
    pub at: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column, in characters from 1.
    pub column: usize,
}

impl MarkupError {
    pub(crate) fn new(source: &str, at: usize, what: impl Into<String>) -> Self {
        let before = &source[..at];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        Self { what: what.into(), at, line, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for MarkupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (line {}, column {})", self.what, self.line, self.column)
    }
}

impl Error for MarkupError {}
