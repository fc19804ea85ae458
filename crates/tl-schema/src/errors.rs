use std::collections::HashMap;

use crate::parse::{ParseError, ParseErrors};

/// The errors that Telegram answers, as far as they are known.
#[derive(Clone, Debug, Default)]
pub struct ErrorTable {
    all: Vec<RpcErrorKind>,
    by_function: HashMap<String, Vec<usize>>,
}

/// One error: code, name, and who answers it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcErrorKind {
    /// The code: 400, 420, 303, …
    pub code: i32,
    /// The name, with `X` for a number: `FLOOD_WAIT_X`.
    pub name: String,
    /// The functions known to answer it; none for errors that any function may.
    pub functions: Vec<String>,
}

impl ErrorTable {
    /// Reads lines of code, name and functions, separated by tabs; the functions by spaces.
    ///
    /// # Errors
    /// All lines that are not of this form.
    pub fn parse(text: &str) -> Result<Self, ParseErrors> {
        let mut table = Self::default();
        let mut errors = Vec::new();
        for (line, text) in (1..).zip(text.lines()).filter(|(_, text)| !text.is_empty() && !text.starts_with('#')) {
            match row(text) {
                Ok(error) => table.insert(error),
                Err(reason) => errors.push(ParseError { line, reason }),
            }
        }
        if errors.is_empty() { Ok(table) } else { Err(ParseErrors(errors)) }
    }

    /// All errors, sorted by name.
    pub fn all(&self) -> &[RpcErrorKind] {
        &self.all
    }

    /// The errors with this name, a number in it given or as `X`; one name may have several codes.
    pub fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a RpcErrorKind> {
        self.all.iter().filter(move |error| error.matches(name))
    }

    /// The errors that this function is known to answer.
    pub fn of_function(&self, function: &str) -> impl Iterator<Item = &RpcErrorKind> {
        self.by_function.get(function).into_iter().flatten().map(|&at| &self.all[at])
    }

    fn insert(&mut self, error: RpcErrorKind) {
        for function in &error.functions {
            self.by_function.entry(function.clone()).or_default().push(self.all.len());
        }
        self.all.push(error);
    }
}

impl RpcErrorKind {
    /// Whether this is the error of that name: `FLOOD_WAIT_X` is that of `FLOOD_WAIT_37`.
    pub fn matches(&self, name: &str) -> bool {
        self.name == name || self.number_in(name).is_some()
    }

    /// The number in a name of this error: `37` in `FLOOD_WAIT_37`, and `X` where it is left open. It may be larger than any integer.
    /// `None` if this error has no number, or the name is another's.
    pub fn number_in<'a>(&self, name: &'a str) -> Option<&'a str> {
        let (before, after) = self.name.split_once("_X")?;
        let number = name.strip_prefix(before)?.strip_prefix('_')?.strip_suffix(after)?;
        (number == "X" || !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())).then_some(number)
    }
}

fn row(text: &str) -> Result<RpcErrorKind, String> {
    let mut columns = text.split('\t');
    let (Some(code), Some(name), Some(functions), None) = (columns.next(), columns.next(), columns.next(), columns.next()) else {
        return Err("is not three columns separated by tabs".to_owned());
    };
    let code = code.parse().map_err(|_| format!("`{code}` is not a code"))?;
    if name.is_empty() {
        return Err("has no name".to_owned());
    }
    Ok(RpcErrorKind { code, name: name.to_owned(), functions: functions.split_whitespace().map(str::to_owned).collect() })
}
