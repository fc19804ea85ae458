//! The text of a file, byte ranges in it, and their lines.

use std::ops::Range;

/// A range of bytes of one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Span {
    pub(crate) lo: u32,
    pub(crate) hi: u32,
}

impl Span {
    pub(crate) fn new(lo: usize, hi: usize) -> Span {
        Span { lo: lo as u32, hi: hi.max(lo) as u32 }
    }

    pub(crate) fn range(self) -> Range<usize> {
        self.lo as usize..self.hi as usize
    }

    /// The part of `text`, which must be the text this span was made for.
    pub(crate) fn of(self, text: &str) -> &str {
        text.get(self.range()).unwrap_or("")
    }

    pub(crate) fn contains(self, other: Span) -> bool {
        self.lo <= other.lo && other.hi <= self.hi
    }

    pub(crate) fn to(self, other: Span) -> Span {
        Span { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// The empty range where this one begins.
    pub(crate) fn start(self) -> Span {
        Span { lo: self.lo, hi: self.lo }
    }

    /// The empty range where this one ends.
    pub(crate) fn end(self) -> Span {
        Span { lo: self.hi, hi: self.hi }
    }
}

/// The text of a file with the starts of its lines.
#[derive(Debug)]
pub(crate) struct Text {
    source: String,
    lines: Vec<u32>,
}

impl Default for Text {
    fn default() -> Self {
        Text::new(String::new())
    }
}

impl Text {
    pub(crate) fn new(source: String) -> Text {
        let lines = std::iter::once(0).chain(source.bytes().enumerate().filter(|&(_, b)| b == b'\n').map(|(i, _)| i as u32 + 1)).collect();
        Text { source, lines }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.source
    }

    /// Line and column of a byte, both from 1; the column counts characters.
    pub(crate) fn position(&self, at: u32) -> (usize, usize) {
        let line = self.lines.partition_point(|&start| start <= at).max(1);
        let start = self.lines[line - 1];
        (line, Span { lo: start, hi: at }.of(&self.source).chars().count() + 1)
    }

    /// The line (from 1) that holds a byte.
    pub(crate) fn line(&self, at: u32) -> usize {
        self.lines.partition_point(|&start| start <= at).max(1)
    }

    /// The byte of a line (from 1) and a column in characters (from 0), as `proc_macro2` counts them.
    pub(crate) fn offset(&self, line: usize, column: usize) -> u32 {
        let Some(&start) = self.lines.get(line.saturating_sub(1)) else { return self.source.len() as u32 };
        let rest = &self.source[start as usize..];
        let bytes = rest.as_bytes();
        let skip = if bytes.len() >= column && bytes[..column].is_ascii() {
            column
        } else {
            rest.char_indices().nth(column).map_or(rest.len(), |(i, _)| i)
        };
        start + skip as u32
    }

    /// The whitespace before the first character of the line that holds a byte.
    pub(crate) fn indent(&self, at: u32) -> &str {
        let rest = &self.source[self.lines[self.line(at) - 1] as usize..];
        &rest[..rest.len() - rest.trim_start_matches([' ', '\t']).len()]
    }

    /// The range of the line (from 1) without its end.
    pub(crate) fn line_span(&self, line: usize) -> Span {
        let lo = self.lines.get(line.saturating_sub(1)).copied().unwrap_or(self.source.len() as u32);
        let hi = self.lines.get(line).map_or(self.source.len() as u32, |next| next - 1);
        Span { lo, hi: hi.max(lo) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_characters_and_offsets_invert_them() {
        let text = Text::new("a\n  é = 1;\nz".to_owned());
        let at = text.as_str().find('=').expect("it is there") as u32;
        assert_eq!(text.position(at), (2, 5));
        assert_eq!(text.offset(2, 4), at);
        assert_eq!(text.offset(9, 0), text.as_str().len() as u32);
        assert_eq!(text.indent(at), "  ");
        assert_eq!(text.line_span(2).of(text.as_str()), "  é = 1;");
    }
}
