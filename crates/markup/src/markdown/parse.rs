use super::RESERVED;
use super::address::{self, Address};
use crate::output::Output;
use crate::{Insertion, Insertions, Marked, MarkupError, Span, Style, units};

/// Looking for ends that are not there costs at most so many bytes, and some for each byte of the source.
const LENIENT_BUDGET: usize = 64 * 1024;

pub(crate) fn parse(source: &str, lenient: bool) -> Result<Marked, MarkupError> {
    let budget = LENIENT_BUDGET + 4 * source.len();
    let out = Output::default();
    let mut parser =
        Parser { source, at: 0, lenient, out, open: Vec::new(), in_quote: false, line_start: true, literal: Vec::new(), budget };
    parser.run().map_err(|(at, what)| MarkupError::new(source, at, what))?;
    Ok(with_literals(parser.out, parser.literal).finish())
}

type Fault = (usize, String);

struct Parser<'a> {
    source: &'a str,
    at: usize,
    lenient: bool,
    out: Output,
    /// What is open, the innermost last. In lenient mode there is at most one of a kind.
    open: Vec<Open>,
    in_quote: bool,
    /// A `>` here begins a quote.
    line_start: bool,
    /// Marks that turned out to be text.
    literal: Vec<Literal>,
    budget: usize,
}

struct Open {
    mark: Mark,
    /// Where its mark is in the source, and where that ends.
    at: usize,
    end: usize,
    /// Where its text begins, in bytes and in units.
    start: usize,
    offset: usize,
}

struct Literal {
    /// Where in the text it belongs, in bytes and in units.
    start: usize,
    offset: usize,
    text: String,
}

#[derive(Clone, Debug, PartialEq)]
enum Mark {
    Toggle(Style),
    Quote {
        collapsed: bool,
    },
    Code,
    Pre {
        language: String,
    },
    /// `[`, or `![` if it is a picture.
    Link {
        picture: bool,
    },
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Fault> {
        while let Some(char) = self.rest().chars().next() {
            let next = self.source.as_bytes().get(self.at + 1).copied().map(char::from);
            let in_code = matches!(self.open.last(), Some(Open { mark: Mark::Code | Mark::Pre { .. }, .. }));
            match char {
                '\\' if next.is_some_and(|next| next.is_ascii() && next != '\0') => {
                    self.at += 1;
                    self.text(next.unwrap_or('\\'));
                }
                '`' => self.backtick(in_code)?,
                _ if in_code => self.text(char),
                '\n' => self.newline(next)?,
                '>' if self.line_start => self.quote(),
                '*' => self.toggle(Style::Bold, 1),
                '_' if next == Some('_') => self.toggle(Style::Underline, 2),
                '_' => self.toggle(Style::Italic, 1),
                '~' => self.toggle(Style::Strike, 1),
                '|' if next == Some('|') && self.folds_quote() => self.fold(),
                '|' if next == Some('|') => self.toggle(Style::Spoiler, 2),
                '[' => self.link(false),
                '!' if next == Some('[') => self.link(true),
                ']' => self.end_link()?,
                '\\' => self.text(char),
                _ if RESERVED.contains(&char) => self.meaningless(char)?,
                _ => self.text(char),
            }
        }
        self.end_quote()?;
        match self.open.last() {
            Some(open) if !self.lenient => Err(unclosed(open)),
            _ => {
                while let Some(open) = self.open.pop() {
                    self.make_literal(open);
                }
                Ok(())
            }
        }
    }

    fn rest(&self) -> &str {
        &self.source[self.at..]
    }

    fn text(&mut self, char: char) {
        self.out.push(char);
        self.at += char.len_utf8();
        self.line_start = false;
    }

    fn meaningless(&mut self, char: char) -> Result<(), Fault> {
        if !self.lenient {
            return Err((self.at, format!("'{char}' means something here; as a character it is written \\{char}")));
        }
        self.text(char);
        Ok(())
    }

    fn begin(&mut self, mark: Mark, length: usize) {
        let (start, offset) = (self.out.text.len(), self.out.units);
        self.open.push(Open { mark, at: self.at, end: self.at + length, start, offset });
        self.at += length;
    }

    /// Which of the open ones this mark ends: the innermost if it is of its kind; when lenient, whichever is.
    fn ended_by(&self, of_its_kind: impl Fn(&Mark) -> bool) -> Option<usize> {
        let reach = if self.lenient { self.open.len() } else { 1 };
        let above = self.open.iter().rev().take(reach).position(|open| of_its_kind(&open.mark))?;
        Some(self.open.len() - 1 - above)
    }

    fn toggle(&mut self, style: Style, length: usize) {
        match self.ended_by(|mark| matches!(mark, Mark::Toggle(open) if *open == style)) {
            Some(open) => {
                let open = self.open.remove(open);
                self.out.say(open.offset, style);
                self.at += length;
            }
            None => self.begin(Mark::Toggle(style), length),
        }
    }

    fn backtick(&mut self, in_code: bool) -> Result<(), Fault> {
        let is_block = self.rest().starts_with("```");
        match self.open.last().filter(|_| in_code).map(|open| (&open.mark, open.offset)) {
            Some((Mark::Pre { language }, offset)) if is_block => {
                let style = Style::Pre { language: language.clone() };
                self.open.pop();
                self.out.say(offset, style);
                self.at += 3;
            }
            Some((Mark::Pre { .. }, _)) => return self.meaningless('`'),
            Some((_, offset)) => {
                self.open.pop();
                self.out.say(offset, Style::Code);
                self.at += 1;
            }
            None => {
                let mark = if is_block { "```" } else { "`" };
                if self.lenient && !self.rest()[mark.len()..].contains(mark) {
                    mark.chars().for_each(|char| self.text(char));
                } else if is_block {
                    self.begin_block();
                } else {
                    self.begin(Mark::Code, 1);
                }
            }
        }
        Ok(())
    }

    /// A block of code: what follows up to the end of the line is its language, if it is one word.
    fn begin_block(&mut self) {
        let inside = &self.rest()[3..];
        let word = &inside[..inside.find(|char: char| char.is_whitespace() || char == '`').unwrap_or(inside.len())];
        let newline = inside[word.len()..].strip_prefix('\r').unwrap_or(&inside[word.len()..]).strip_prefix('\n');
        let (language, skipped) = match newline {
            Some(code) => (word.to_owned(), inside.len() - code.len()),
            None => (String::new(), 0),
        };
        self.begin(Mark::Pre { language }, 3 + skipped);
    }

    fn newline(&mut self, next: Option<char>) -> Result<(), Fault> {
        if next != Some('>') {
            self.end_quote()?;
        }
        self.text('\n');
        self.line_start = true;
        Ok(())
    }

    fn quote(&mut self) {
        if self.in_quote {
            self.at += 1;
        } else {
            self.begin(Mark::Quote { collapsed: false }, 1);
            self.in_quote = true;
        }
        self.line_start = false;
    }

    /// Whether `||` is the end of a quote that is shown folded.
    fn folds_quote(&self) -> bool {
        let rest = &self.rest()[2..];
        let is_last = rest.is_empty() || rest.starts_with('\n') && !rest.starts_with("\n>");
        is_last && self.ended_by(|mark| matches!(mark, Mark::Toggle(Style::Spoiler))).is_none() && self.quote_at().is_some()
    }

    fn quote_at(&self) -> Option<usize> {
        self.ended_by(|mark| matches!(mark, Mark::Quote { .. }))
    }

    fn fold(&mut self) {
        if let Some(quote) = self.quote_at() {
            self.open[quote].mark = Mark::Quote { collapsed: true };
        }
        self.at += 2;
    }

    fn end_quote(&mut self) -> Result<(), Fault> {
        if !std::mem::take(&mut self.in_quote) {
            return Ok(());
        }
        match (self.quote_at(), self.open.last()) {
            (Some(quote), _) => {
                let Open { mark, offset, .. } = self.open.remove(quote);
                self.out.say(offset, Style::Quote { collapsed: mark == Mark::Quote { collapsed: true } });
                Ok(())
            }
            (None, Some(open)) => Err(unclosed(open)),
            (None, None) => Ok(()),
        }
    }

    fn link(&mut self, picture: bool) {
        // When lenient, there is one at most, since links are not nested.
        if self.lenient
            && let Some(other) = self.ended_by(|mark| matches!(mark, Mark::Link { .. }))
        {
            let other = self.open.remove(other);
            self.make_literal(other);
        }
        self.begin(Mark::Link { picture }, if picture { 2 } else { 1 });
    }

    fn end_link(&mut self) -> Result<(), Fault> {
        let Some(open) = self.ended_by(|mark| matches!(mark, Mark::Link { .. })) else { return self.meaningless(']') };
        let Open { start, offset, at, end, mark } = self.open.remove(open);
        let picture = mark == Mark::Link { picture: true };
        let budget = if self.lenient { self.budget } else { usize::MAX };
        match address::read(self.source, self.at + 1, budget) {
            Address::Absent if !self.lenient && picture => {
                return Err((at, "a picture needs an address: ![👍](tg://emoji?id=…) or ![…](tg://time?unix=…)".to_owned()));
            }
            Address::Absent if !self.lenient => {
                self.at += 1;
                let url = self.out.text[start..].to_owned();
                self.out.say(offset, Style::Link { url });
            }
            Address::Endless if !self.lenient => return Err((self.at + 1, "the address of a link has no ')'".to_owned())),
            Address::There { url, end } => {
                let style = if picture { address::picture(&url) } else { Ok(Style::Link { url: url.clone() }) };
                match style {
                    _ if url.is_empty() => {}
                    Ok(style) => self.out.say(offset, style),
                    Err(_) if self.lenient => self.out.say(offset, Style::Link { url }),
                    Err(what) => return Err((self.at + 2, what)),
                }
                self.at = end;
            }
            Address::Absent | Address::Endless => {
                self.budget = self.budget.saturating_sub(self.source.len() - self.at);
                self.make_literal(Open { start, offset, at, end, mark });
                self.text(']');
            }
        }
        Ok(())
    }

    fn make_literal(&mut self, open: Open) {
        self.literal.push(Literal { start: open.start, offset: open.offset, text: self.source[open.at..open.end].to_owned() });
    }
}

fn unclosed(open: &Open) -> Fault {
    let mark = match &open.mark {
        Mark::Toggle(Style::Bold) => "'*'",
        Mark::Toggle(Style::Italic) => "'_'",
        Mark::Toggle(Style::Underline) => "'__'",
        Mark::Toggle(Style::Strike) => "'~'",
        Mark::Toggle(_) => "'||'",
        Mark::Quote { .. } => "the quote",
        Mark::Code => "'`'",
        Mark::Pre { .. } => "'```'",
        Mark::Link { picture: false } => "'['",
        Mark::Link { picture: true } => "'!['",
    };
    (open.at, format!("{mark} is never closed"))
}

/// Puts marks back that mean nothing.
fn with_literals(out: Output, mut literals: Vec<Literal>) -> Output {
    if literals.is_empty() {
        return out;
    }
    // Those at one place were found in any order: what comes later in the source is longer gone, or found earlier.
    literals.sort_by_key(|literal| literal.start);
    let mut text = String::with_capacity(out.text.len() + literals.len());
    let mut copied = 0;
    for literal in &literals {
        text.push_str(&out.text[copied..literal.start]);
        text.push_str(&literal.text);
        copied = literal.start;
    }
    text.push_str(&out.text[copied..]);
    let insertion = |literal: &Literal| Insertion { offset: literal.offset, removed: 0, added: units(&literal.text) };
    let insertions = Insertions::new(literals.iter().map(insertion));
    let spans = out.spans.into_iter().map(|span| {
        // What stands before a quote would begin its line.
        let start = if span.style.is_quote() { insertions.end(span.offset) } else { insertions.start(span.offset) };
        let end = insertions.end(span.end());
        Span { offset: start, length: end - start, style: span.style }
    });
    Output { units: units(&text), text, spans: spans.collect() }
}
