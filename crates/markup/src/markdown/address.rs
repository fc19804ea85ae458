//! What stands in parentheses behind a link or a picture.

use crate::Style;
use crate::html::{is_number, is_time_format};

pub(super) enum Address {
    /// There are no parentheses.
    Absent,
    There {
        url: String,
        /// The place behind it.
        end: usize,
    },
    /// There is no `)`, or none so near.
    Endless,
}

/// Reads the address at `start`, and looks at no more than `most` bytes.
pub(super) fn read(source: &str, start: usize, most: usize) -> Address {
    let Some(inside) = source.get(start..).and_then(|rest| rest.strip_prefix('(')) else { return Address::Absent };
    let mut url = String::new();
    let mut chars = inside.char_indices();
    while let Some((at, char)) = chars.next() {
        if at > most {
            break;
        }
        match char {
            ')' => return Address::There { url, end: start + 1 + at + 1 },
            '\\' => match inside[at + 1..].chars().next() {
                Some(next) if next.is_ascii() => {
                    url.push(next);
                    chars.next();
                }
                _ => url.push('\\'),
            },
            _ => url.push(char),
        }
    }
    Address::Endless
}

/// What the address of a picture says.
pub(super) fn picture(url: &str) -> Result<Style, String> {
    let (kind, query) = url.strip_prefix("tg://").and_then(|rest| rest.split_once('?')).unwrap_or_default();
    let parameter = |name: &str| query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default();
    match kind {
        "emoji" if is_number(parameter("id")) => Ok(Style::Emoji { id: parameter("id").to_owned() }),
        "time" if is_number(parameter("unix")) && is_time_format(parameter("format")) => {
            Ok(Style::Time { unix: parameter("unix").to_owned(), format: parameter("format").to_owned() })
        }
        _ => Err(format!("{url:?} is no picture: tg://emoji?id=… or tg://time?unix=…&format=…")),
    }
}
