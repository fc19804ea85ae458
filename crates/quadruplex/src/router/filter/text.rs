use std::fmt;

use regex::{Regex, RegexBuilder};

use super::Filter;
use crate::router::Update;

/// A filter on the words of a message: its text or caption, or the data of a button.
#[derive(Clone)]
pub struct Words {
    words: String,
    how: How,
    ignore_case: bool,
}

#[derive(Clone)]
enum How {
    Equal,
    Contains,
    Starts,
    Ends,
    Regex(Regex),
}

impl Words {
    fn new(words: impl Into<String>, how: How) -> Self {
        Self { words: words.into(), how, ignore_case: false }
    }

    /// Capital and small letters are the same.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_message((async || "hello!").when(filter::starts_with("hello").ignore_case()));
    /// # let _ = router;
    /// ```
    #[must_use]
    pub fn ignore_case(mut self) -> Self {
        self.how = match self.how {
            // What was a pattern is one in small letters too.
            How::Regex(regex) => How::Regex(RegexBuilder::new(regex.as_str()).case_insensitive(true).build().unwrap_or(regex)),
            how => how,
        };
        Self { words: self.words.to_lowercase(), ignore_case: true, ..self }
    }

    fn fit(&self, text: &str) -> bool {
        let words = self.words.as_str();
        match &self.how {
            How::Equal => text == words,
            How::Contains => text.contains(words),
            How::Starts => text.starts_with(words),
            How::Ends => text.ends_with(words),
            How::Regex(regex) => regex.is_match(text),
        }
    }
}

/// The whole text is this.
pub fn text(words: impl Into<String>) -> Words {
    Words::new(words, How::Equal)
}

/// This is in the text.
pub fn contains(words: impl Into<String>) -> Words {
    Words::new(words, How::Contains)
}

/// The text begins with this.
pub fn starts_with(words: impl Into<String>) -> Words {
    Words::new(words, How::Starts)
}

/// The text ends with this.
pub fn ends_with(words: impl Into<String>) -> Words {
    Words::new(words, How::Ends)
}

/// The text has something that fits a pattern, in the syntax of the `regex` crate; `^` and `$` make it the whole text.
///
/// ```
/// use quadruplex::prelude::*;
///
/// let router = Router::new().on_message((async || "a number!").when(filter::regex(r"^\d+$")));
/// # let _ = router;
/// ```
///
/// # Panics
/// The pattern is malformed. It is part of the program: every start finds it.
pub fn regex(pattern: &str) -> Words {
    match Regex::new(pattern) {
        Ok(regex) => Words::new("", How::Regex(regex)),
        Err(error) => panic!("a filter has a malformed pattern: {error}"),
    }
}

impl Filter for Words {
    fn passes(&self, update: &Update) -> bool {
        let Some(text) = update.words() else { return false };
        match (self.ignore_case, &self.how) {
            (false, _) | (true, How::Regex(_)) => self.fit(text),
            (true, _) => self.fit(&text.to_lowercase()),
        }
    }
}

impl fmt::Debug for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, words) = match &self.how {
            How::Equal => ("text", self.words.as_str()),
            How::Contains => ("contains", self.words.as_str()),
            How::Starts => ("starts_with", self.words.as_str()),
            How::Ends => ("ends_with", self.words.as_str()),
            How::Regex(regex) => ("regex", regex.as_str()),
        };
        write!(f, "{how}({words:?})")
    }
}
