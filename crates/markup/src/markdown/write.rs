use super::RESERVED;
use crate::normal::without;
use crate::write::{self, Marks};
use crate::{Marked, Span, Style, units};

pub(crate) fn write(marked: &Marked) -> String {
    let marked = quote_whole_lines(marked.clone()).normal();
    let out = String::with_capacity(marked.text.len() + marked.text.len() / 8 + 4 * marked.spans.len());
    let mut markdown = Markdown { out, in_quote: false, after_quote: false, in_code: false, after_underscore: false };
    write::write(&marked, &mut markdown);
    markdown.out
}

struct Markdown {
    out: String,
    in_quote: bool,
    /// A quote has ended, and its line has not.
    after_quote: bool,
    in_code: bool,
    /// The last mark ends with `_`, and nothing came after it.
    after_underscore: bool,
}

impl Markdown {
    fn mark(&mut self, mark: &str) {
        if mark.starts_with('_') && std::mem::take(&mut self.after_underscore) {
            // `___` would be read as `__` and `_`. Nothing, in bold, keeps them apart.
            self.out.push_str("**");
        }
        self.out.push_str(mark);
        self.after_underscore = mark.ends_with('_');
    }

    /// In an address a parenthesis ends it and a backslash escapes.
    fn address(&mut self, parts: &[&str]) {
        self.mark("](");
        for char in parts.iter().flat_map(|part| part.chars()) {
            if matches!(char, ')' | '\\') {
                self.out.push('\\');
            }
            self.out.push(char);
        }
        self.out.push(')');
    }
}

impl Marks for Markdown {
    fn open(&mut self, style: &Style) {
        match style {
            Style::Bold => self.mark("*"),
            Style::Italic => self.mark("_"),
            Style::Underline => self.mark("__"),
            Style::Strike => self.mark("~"),
            Style::Spoiler => self.mark("||"),
            Style::Code => self.mark("`"),
            Style::Pre { language } => {
                let plain = |char: char| !char.is_whitespace() && !matches!(char, '`' | '\\');
                self.mark("```");
                self.out.push_str(if language.chars().all(plain) { language } else { "" });
                self.out.push('\n');
            }
            Style::Link { .. } => self.mark("["),
            Style::Emoji { .. } | Style::Time { .. } => self.mark("!["),
            Style::Quote { .. } => {
                // Right behind another quote this would be one more line of it.
                self.mark(if self.after_quote { "**>" } else { ">" });
                (self.in_quote, self.after_quote) = (true, false);
            }
        }
        self.in_code = style.is_code();
    }

    fn close(&mut self, style: &Style) {
        match style {
            Style::Bold => self.mark("*"),
            Style::Italic => self.mark("_"),
            Style::Underline => self.mark("__"),
            Style::Strike => self.mark("~"),
            Style::Spoiler => self.mark("||"),
            Style::Code => self.mark("`"),
            Style::Pre { .. } => self.mark("```"),
            Style::Link { url } => self.address(&[url]),
            Style::Emoji { id } => self.address(&["tg://emoji?id=", id]),
            Style::Time { unix, format } if format.is_empty() => self.address(&["tg://time?unix=", unix]),
            Style::Time { unix, format } => self.address(&["tg://time?unix=", unix, "&format=", format]),
            Style::Quote { collapsed } => {
                if *collapsed {
                    self.mark("||");
                }
                (self.in_quote, self.after_quote) = (false, true);
            }
        }
        self.in_code = false;
    }

    fn char(&mut self, char: char) {
        self.after_underscore = false;
        let escaped = if self.in_code { matches!(char, '`' | '\\') } else { RESERVED.contains(&char) };
        if escaped {
            self.out.push('\\');
        }
        self.out.push(char);
        if char == '\n' && !self.in_code {
            if self.in_quote {
                self.out.push('>');
            }
        } else {
            self.after_quote = false;
        }
    }
}

/// A quote is written line by line, so it covers whole lines. The newline behind it ends it, and nothing is said of that one.
fn quote_whole_lines(marked: Marked) -> Marked {
    if !marked.spans.iter().any(|span| span.style.is_quote()) {
        return marked;
    }
    let Marked { text, spans } = marked.normal();
    let newlines = newlines(&text);
    let (quotes, rest): (Vec<Span>, Vec<Span>) = spans.into_iter().partition(|span| span.style.is_quote());
    let mut lines: Vec<Span> = Vec::new();
    for quote in quotes {
        let mut end = quote.end();
        while end > quote.offset && newlines.binary_search(&(end - 1)).is_ok() {
            end -= 1;
        }
        let line_start = newlines.partition_point(|newline| *newline < quote.offset).checked_sub(1).map_or(0, |at| newlines[at] + 1);
        let line_end = newlines.get(newlines.partition_point(|newline| *newline < end)).copied().unwrap_or_else(|| units(&text));
        // Of two on one line the first has it.
        let is_free = lines.last().is_none_or(|last| last.end() < line_start);
        if end > quote.offset && is_free {
            lines.push(Span { offset: line_start, length: line_end - line_start, style: quote.style });
        }
    }
    let ends: Vec<(usize, usize)> = lines.iter().map(|quote| (quote.end(), quote.end() + 1)).collect();
    // Behind the newline of a code no quote begins.
    let borders: Vec<(usize, usize)> =
        lines.iter().flat_map(|quote| [(quote.offset.saturating_sub(1), quote.offset), (quote.end(), quote.end() + 1)]).collect();
    for span in rest {
        let holes = if span.style.is_code() { &borders } else { &ends };
        for (offset, end) in without(&[(span.offset, span.end())], holes) {
            lines.push(Span { offset, length: end - offset, style: span.style.clone() });
        }
    }
    Marked { text, spans: lines }
}

fn newlines(text: &str) -> Vec<usize> {
    let mut at = 0;
    let place = |char: char| {
        at += char.len_utf16();
        (char == '\n').then_some(at - 1)
    };
    text.chars().filter_map(place).collect()
}
