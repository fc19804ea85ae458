use std::borrow::Cow;
use std::fmt::{self, Write as _};
use std::str::FromStr;

/// An argument of a command.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub description: &'static str,
    /// Whether it may be left out.
    pub is_optional: bool,
    /// What it is then, as it would be typed.
    pub default: Option<&'static str>,
    /// Whether it takes all the words that are left.
    pub takes_rest: bool,
}

impl fmt::Display for Parameter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, default, is_optional, takes_rest, .. } = *self;
        let more = if takes_rest { "…" } else { "" };
        match (is_optional, default) {
            (_, Some(default)) => write!(f, "[{name}{more}={default}]"),
            (true, None) => write!(f, "[{name}{more}]"),
            (false, None) => write!(f, "<{name}{more}>"),
        }
    }
}

/// How a command is used, in one line.
pub(super) fn usage(name: &str, parameters: &[Parameter]) -> String {
    let mut usage = format!("/{name}");
    for parameter in parameters {
        // Writing to a string does not fail.
        let _ = write!(usage, " {parameter}");
    }
    usage
}

/// The words after a command.
#[derive(Debug)]
pub struct Words<'a> {
    rest: &'a str,
}

/// What is wrong with the arguments of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong(String);

/// So much of a wrong word is told back.
const SHOWN: usize = 64;

impl<'a> Words<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        Self { rest: text.trim() }
    }

    /// The next argument; `None` if there are no more words.
    ///
    /// # Errors
    /// The word is not what it has to be.
    pub fn next<T: FromStr>(&mut self, parameter: &Parameter, expected: &str, check: impl FnOnce(&T) -> bool) -> Result<Option<T>, Wrong> {
        let word = if parameter.takes_rest { self.take_rest() } else { self.take_word() };
        let Some(word) = word else { return Ok(None) };
        match word.parse().ok().filter(check) {
            Some(value) => Ok(Some(value)),
            None => Err(Wrong(format!("{} must be {expected}, got {}", parameter.name, quoted(&word)))),
        }
    }

    /// # Errors
    /// There are more words than arguments.
    pub(crate) fn finish(&mut self) -> Result<(), Wrong> {
        match self.take_word() {
            Some(word) => Err(Wrong(format!("{} is too much", quoted(&word)))),
            None => Ok(()),
        }
    }

    fn take_rest(&mut self) -> Option<Cow<'a, str>> {
        let rest = std::mem::take(&mut self.rest);
        (!rest.is_empty()).then_some(Cow::Borrowed(rest))
    }

    /// Up to the next space, or what stands in quotation marks, where `\"` is one and `\\` a backslash.
    fn take_word(&mut self) -> Option<Cow<'a, str>> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(inside) = self.rest.strip_prefix('"') else {
            let (word, rest) = self.rest.split_once(char::is_whitespace).unwrap_or((self.rest, ""));
            self.rest = rest.trim_start();
            return Some(Cow::Borrowed(word));
        };
        let mut word = String::new();
        let mut chars = inside.char_indices();
        while let Some((at, char)) = chars.next() {
            match char {
                '"' => {
                    self.rest = inside[at + 1..].trim_start();
                    return Some(Cow::Owned(word));
                }
                '\\' => word.extend(chars.next().map(|(_, char)| char)),
                char => word.push(char),
            }
        }
        // The mark that would close it is missing: it was meant for itself, perhaps.
        self.take_rest()
    }
}

impl Wrong {
    /// An argument that has to be there is not.
    pub fn missing(parameter: &Parameter) -> Self {
        Self(format!("{} is missing", parameter.name))
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn quoted(word: &str) -> String {
    match word.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("\"{}…\"", &word[..end]),
        None => format!("\"{word}\""),
    }
}

/// A word as [`Words`] reads it back.
pub(super) fn written(word: &str) -> Cow<'_, str> {
    if !word.is_empty() && !word.starts_with('"') && !word.contains(char::is_whitespace) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("\"{}\"", word.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Words::new(text);
        std::iter::from_fn(|| words.take_word().map(Cow::into_owned)).collect()
    }

    #[test]
    fn words_end_at_spaces_or_at_quotation_marks() {
        let check = |text: &str, expect: &[&str]| assert_eq!(words(text), expect, "{text}");
        check("", &[]);
        check("  a  b\n c ", &["a", "b", "c"]);
        check(r#"a "b c" d"#, &["a", "b c", "d"]);
        check(r#""" x"#, &["", "x"]);
        check(r#""a\"b\\c"d"#, &[r#"a"b\c"#, "d"]);
        check(r#"a "b c"#, &["a", r#""b c"#]);
        check(r#"a"b c"#, &[r#"a"b"#, "c"]);
    }

    #[test]
    fn what_is_written_is_read_back() {
        for word in ["a", "", "a b", "\"", "a\"b c\\", "é\u{a0}è"] {
            assert_eq!(words(&written(word)), [word], "{word:?}");
        }
    }

    #[test]
    fn a_long_word_is_told_in_part() {
        assert_eq!(quoted(&"é".repeat(65)), format!("\"{}…\"", "é".repeat(64)));
    }
}
