use std::borrow::Cow;
use std::fmt::Display;
use std::io::{self, Write};

use crate::failure::Failure;

/// What others have written, for a terminal: what would steer it is shown as a picture of the control character.
pub(crate) fn plain(text: &str) -> Cow<'_, str> {
    pictured(text, |c| c.is_control() && !matches!(c, '\n' | '\t'))
}

/// The same for names, which have one line.
pub(crate) fn one_line(text: &str) -> Cow<'_, str> {
    pictured(text, char::is_control)
}

fn pictured(text: &str, steers: impl Fn(char) -> bool) -> Cow<'_, str> {
    if text.contains(&steers) { text.chars().map(|c| if steers(c) { picture(c) } else { c }).collect() } else { text.into() }
}

fn picture(control: char) -> char {
    match control {
        '\0'..='\x1f' => char::from_u32(0x2400 + control as u32),
        '\x7f' => Some('\u{2421}'),
        _ => None,
    }
    .unwrap_or(char::REPLACEMENT_CHARACTER)
}

/// Prints a line. `println!` would panic when the reader is gone (`| head`): that ends the command instead, as it ends others.
pub(crate) fn say(line: impl Display) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    match writeln!(out, "{line}").and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(Failure::unread()),
        Err(error) => Err(Failure::io("cannot write to the standard output", &error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_shown() {
        let check = |text: &str, expect: &str, in_one_line: &str| assert_eq!((&*plain(text), &*one_line(text)), (expect, in_one_line));
        check("Grüße 🦀", "Grüße 🦀", "Grüße 🦀");
        check("a\tb\nc", "a\tb\nc", "a␉b␊c");
        check("\x1b]0;owned\x07\r\x7f\u{9b}2J", "␛]0;owned␇␍␡\u{fffd}2J", "␛]0;owned␇␍␡\u{fffd}2J");
    }
}
