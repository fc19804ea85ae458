use crate::{Marked, Span, Style, units};

/// The text as it grows, and the spans that have ended.
#[derive(Default)]
pub(crate) struct Output {
    pub(crate) text: String,
    pub(crate) units: usize,
    pub(crate) spans: Vec<Span>,
}

impl Output {
    pub(crate) fn push(&mut self, char: char) {
        self.text.push(char);
        self.units += char.len_utf16();
    }

    pub(crate) fn push_str(&mut self, text: &str) {
        self.text.push_str(text);
        self.units += units(text);
    }

    /// Says something of everything since `offset`.
    pub(crate) fn say(&mut self, offset: usize, style: Style) {
        if self.units > offset {
            self.spans.push(Span { offset, length: self.units - offset, style });
        }
    }

    pub(crate) fn finish(self) -> Marked {
        Marked { text: self.text, spans: self.spans }.normal()
    }
}
