use super::tag::{self, Fault, Tag};
use crate::output::Output;
use crate::placeholder::has_placeholder;
use crate::{Marked, MarkupError, Style};

/// Looking at tags that turn out not to be any costs at most so many bytes, and some for each byte of the source.
const LENIENT_BUDGET: usize = 64 * 1024;

pub(crate) fn parse(source: &str, lenient: bool) -> Result<Marked, MarkupError> {
    let budget = LENIENT_BUDGET + 4 * source.len();
    let mut parser = Parser { source, at: 0, lenient, out: Output::default(), open: Vec::new(), budget };
    parser.run().map_err(|fault| MarkupError::new(source, fault.at, fault.what))?;
    Ok(parser.out.finish())
}

struct Parser<'a> {
    source: &'a str,
    at: usize,
    lenient: bool,
    out: Output,
    open: Vec<Open>,
    budget: usize,
}

/// A tag that has begun.
struct Open {
    name: String,
    meaning: Meaning,
    /// Where its tag is in the source.
    at: usize,
    /// Where its text begins, in units.
    offset: usize,
}

enum Meaning {
    Style(Style),
    /// A link to what it shows, which begins here.
    LinkToText(usize),
    /// The language that a `<code>` in it has told, and where that ended.
    Pre(Option<(String, usize)>),
    Code {
        language: Option<String>,
    },
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Fault> {
        while let Some(found) = self.source[self.at..].find(['<', '&']) {
            self.out.push_str(&self.source[self.at..self.at + found]);
            self.at += found;
            let rest = &self.source[self.at..];
            if rest.starts_with('<') {
                self.tag()?;
            } else {
                let (char, length) = tag::reference(rest).unwrap_or(('&', 1));
                self.out.push(char);
                self.at += length;
            }
        }
        self.out.push_str(&self.source[self.at..]);
        if let Some(open) = self.open.last().filter(|_| !self.lenient) {
            return Err(Fault { at: open.at, what: format!("<{}> is never closed", open.name), seen: open.at });
        }
        self.close_down_to(0);
        Ok(())
    }

    fn tag(&mut self) -> Result<(), Fault> {
        let start = self.at;
        if self.lenient {
            self.tag_if_it_is_one();
            return Ok(());
        }
        let (tag, end) = tag::read(self.source, start)?;
        self.at = end;
        self.take(&tag, start)
    }

    fn tag_if_it_is_one(&mut self) {
        let start = self.at;
        let looks_like_one = self.source[start + 1..].starts_with(|next: char| next == '/' || next.is_ascii_alphabetic());
        if looks_like_one && self.budget > 0 {
            match tag::read(self.source, start) {
                Ok((tag, end)) => {
                    self.at = end;
                    // What cannot be made sense of vanishes.
                    let _ = self.take(&tag, start);
                    return;
                }
                Err(fault) => self.budget = self.budget.saturating_sub(fault.seen - start),
            }
        }
        self.out.push('<');
        self.at += 1;
    }

    fn take(&mut self, tag: &Tag, at: usize) -> Result<(), Fault> {
        if tag.is_end {
            return self.end(tag, at);
        }
        if self.lenient && matches!(tag.name.as_str(), "br" | "br/") {
            self.out.push('\n');
            return Ok(());
        }
        let meaning = meaning(tag, self.out.text.len()).map_err(|what| Fault { at, what, seen: at })?;
        self.open.push(Open { name: tag.name.clone(), meaning, at, offset: self.out.units });
        Ok(())
    }

    fn end(&mut self, tag: &Tag, at: usize) -> Result<(), Fault> {
        let Some(innermost) = self.open.last() else {
            return Err(Fault { at, what: format!("</{}> ends nothing", tag.name), seen: at });
        };
        if tag.name.is_empty() || innermost.name == tag.name {
            self.close_down_to(self.open.len() - 1);
            return Ok(());
        }
        if self.lenient {
            // Tags that the end of an outer one has cut off end with it.
            let outer = self.open.iter().rev().take(self.budget).position(|open| open.name == tag.name);
            match outer {
                Some(above) => self.close_down_to(self.open.len() - 1 - above),
                None => self.budget = self.budget.saturating_sub(self.open.len()),
            }
            return Ok(());
        }
        Err(Fault { at, what: format!("</{}> is expected here, not </{}>", innermost.name, tag.name), seen: at })
    }

    fn close_down_to(&mut self, left: usize) {
        while self.open.len() > left {
            let Some(Open { meaning, offset, .. }) = self.open.pop() else { return };
            let style = match meaning {
                Meaning::Style(style) => style,
                Meaning::LinkToText(start) => Style::Link { url: self.out.text[start..].to_owned() },
                Meaning::Pre(told) => {
                    let language = told.filter(|(_, end)| *end == self.out.units).map(|(language, _)| language);
                    Style::Pre { language: language.unwrap_or_default() }
                }
                Meaning::Code { language } => {
                    if let (Some(language), Some(Open { meaning: Meaning::Pre(told), offset: outer, .. })) =
                        (language, self.open.last_mut())
                        && *outer == offset
                    {
                        *told = Some((language, self.out.units));
                    }
                    Style::Code
                }
            };
            self.out.say(offset, style);
        }
    }
}

/// What a start tag means; `text` is how many bytes of text there are before it.
fn meaning(tag: &Tag, text: usize) -> Result<Meaning, String> {
    let style = match tag.name.as_str() {
        "b" | "strong" => Style::Bold,
        "i" | "em" => Style::Italic,
        "u" | "ins" => Style::Underline,
        "s" | "strike" | "del" => Style::Strike,
        "tg-spoiler" => Style::Spoiler,
        "span" => match tag.attribute("class") {
            Some("tg-spoiler") => Style::Spoiler,
            _ => return Err("<span> means something only as <span class=\"tg-spoiler\">".to_owned()),
        },
        "blockquote" => Style::Quote { collapsed: tag.attribute("expandable").is_some() },
        "pre" => return Ok(Meaning::Pre(None)),
        "code" => {
            let language = tag.attribute("class").and_then(|class| class.strip_prefix("language-")).map(str::to_owned);
            return Ok(Meaning::Code { language });
        }
        "a" => match tag.attribute("href") {
            Some(url) if !url.is_empty() => Style::Link { url: url.to_owned() },
            _ => return Ok(Meaning::LinkToText(text)),
        },
        "tg-emoji" => Style::Emoji { id: number(tag, "emoji-id")? },
        "tg-time" => {
            let format = tag.attribute("format").unwrap_or_default().to_owned();
            if !is_time_format(&format) {
                return Err(format!("{format:?} is no format of a time: 'r', or some of 'w', 'd' or 'D', 't' or 'T'"));
            }
            Style::Time { unix: number(tag, "unix")?, format }
        }
        other => return Err(format!("Telegram knows no tag <{other}>")),
    };
    Ok(Meaning::Style(style))
}

fn number(tag: &Tag, name: &str) -> Result<String, String> {
    match tag.attribute(name) {
        Some(value) if is_number(value) => Ok(value.to_owned()),
        Some(value) => Err(format!("{name} of <{}> is a number, not {value:?}", tag.name)),
        None => Err(format!("<{}> needs {name}", tag.name)),
    }
}

/// A number, or a placeholder for one.
pub(crate) fn is_number(value: &str) -> bool {
    value.parse::<i64>().is_ok() || has_placeholder(value)
}

pub(crate) fn is_time_format(format: &str) -> bool {
    let rest = format.strip_prefix('w').unwrap_or(format);
    let rest = rest.strip_prefix(['d', 'D']).unwrap_or(rest);
    let rest = rest.strip_prefix(['t', 'T']).unwrap_or(rest);
    rest.is_empty() || format == "r" || has_placeholder(format)
}
