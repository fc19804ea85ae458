//! What [`html!`](crate::html) and [`md!`](crate::md) become.

use std::fmt::Display;

use quadruplex_api::enums;
use quadruplex_markup::{Insertion, Insertions, Marked, Style, placeholder_of, units};

use super::FormattedText;
use super::entities::{of_span, range};

/// A template of HTML, which the macro has checked, filled with `values`.
pub fn html(template: &str, values: &[FormattedText]) -> FormattedText {
    fill(Marked::from_html_lenient(template), values)
}

/// A template of Markdown, which the macro has checked, filled with `values`.
pub fn markdown(template: &str, values: &[FormattedText]) -> FormattedText {
    fill(Marked::from_markdown_lenient(template), values)
}

/// A value of a template. One that is a [`FormattedText`] keeps its formatting, whatever else can be shown is plain text: of two methods
/// of one name the compiler takes the one that is not of a trait.
#[derive(Debug)]
pub struct Value<'a, T: ?Sized>(pub &'a T);

impl Value<'_, FormattedText> {
    /// The text with its formatting.
    pub fn formatted(&self) -> FormattedText {
        self.0.clone()
    }
}

impl Value<'_, &FormattedText> {
    /// The text with its formatting.
    pub fn formatted(&self) -> FormattedText {
        (*self.0).clone()
    }
}

/// A value that is plain text.
pub trait Plain {
    /// The text, as it is displayed.
    fn formatted(&self) -> FormattedText;
}

impl<T: Display + ?Sized> Plain for Value<'_, T> {
    fn formatted(&self) -> FormattedText {
        self.0.to_string().into()
    }
}

/// Puts values where their placeholders are. Nothing of them is read as markup.
fn fill(template: Marked, values: &[FormattedText]) -> FormattedText {
    let value = |char| values.get(usize::try_from(placeholder_of(char)?).ok()?);
    let mut filled = FormattedText::default();
    let (mut insertions, mut offset) = (Vec::new(), 0);
    for char in template.text.chars() {
        let removed = char.len_utf16();
        match value(char) {
            Some(value) => {
                insertions.push(Insertion { offset, removed, added: units(&value.text) });
                filled.push(value);
            }
            None => filled.text.push(char),
        }
        offset += removed;
    }
    let insertions = Insertions::new(insertions);
    let named = |text: &str| text.chars().map(|char| value(char).map_or_else(|| char.to_string(), |value| value.text.clone())).collect();
    let mut entities: Vec<enums::MessageEntity> = Vec::new();
    for mut span in template.spans {
        let (start, end) = (insertions.start(span.offset), insertions.end(span.end()));
        (span.offset, span.length) = (start, end - start);
        for text in texts_in(&mut span.style) {
            *text = named(text);
        }
        entities.extend(of_span(span).filter(|_| start < end));
    }
    entities.append(&mut filled.entities);
    entities.sort_by_key(|entity| {
        let (start, end) = range(entity);
        (start, std::cmp::Reverse(end))
    });
    filled.entities = entities;
    filled
}

fn texts_in(style: &mut Style) -> Vec<&mut String> {
    match style {
        Style::Pre { language } => vec![language],
        Style::Link { url } => vec![url],
        Style::Emoji { id } => vec![id],
        Style::Time { unix, format } => vec![unix, format],
        _ => Vec::new(),
    }
}
