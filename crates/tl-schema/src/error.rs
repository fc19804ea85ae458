use std::fmt;

use quadruplex_tl::ErrorKind;

use crate::value::Name;

/// Bytes that are not what the schema says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DecodeError {
    /// Where in the value: `messages.sendMessage.peer`.
    pub path: Path,
    /// Where in the input, in bytes.
    pub offset: usize,
    /// What is wrong.
    pub kind: ErrorKind,
}

/// A value that the schema cannot carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EncodeError {
    /// Where in the value: `messages.sendMessage.peer`.
    pub path: Path,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// JSON that is not the form of a value of this schema.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Where in the value: `messages.sendMessage.peer`.
    pub path: Path,
    /// What is wrong, and what would be right.
    pub reason: String,
}

/// The way to a value: names of fields and places in vectors, joined by dots. Built from the inside out while an error leaves.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Path(Vec<Step>);

#[derive(Clone, PartialEq, Eq)]
enum Step {
    Name(Name),
    At(usize),
}

/// Errors that grow a path while they leave.
pub(crate) trait At: Sized {
    fn path(&mut self) -> &mut Path;

    #[cold]
    fn within(mut self, name: &Name) -> Self {
        self.path().0.push(Step::Name(name.clone()));
        self
    }

    #[cold]
    fn item(mut self, index: usize) -> Self {
        self.path().0.push(Step::At(index));
        self
    }
}

macro_rules! at {
    ($($error:ty),+) => {$(
        impl At for $error {
            fn path(&mut self) -> &mut Path {
                &mut self.path
            }
        }

        impl std::error::Error for $error {}
    )+};
}
at!(DecodeError, EncodeError, JsonError);

impl EncodeError {
    #[cold]
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { path: Path::default(), reason: reason.into() }
    }
}

impl JsonError {
    #[cold]
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self { path: Path::default(), reason: reason.into() }
    }
}

impl From<quadruplex_tl::Error> for DecodeError {
    #[cold]
    fn from(error: quadruplex_tl::Error) -> Self {
        Self { path: Path::default(), offset: error.offset, kind: error.kind }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().rev().enumerate() {
            match step {
                Step::Name(name) if at == 0 => write!(f, "{name}")?,
                Step::Name(name) => write!(f, ".{name}")?,
                Step::At(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{self}`")
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, offset, kind } = self;
        match path.0.is_empty() {
            true => write!(f, "at byte {offset}: {kind}"),
            false => write!(f, "{path} at byte {offset}: {kind}"),
        }
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        reason(&self.path, &self.reason, f)
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        reason(&self.path, &self.reason, f)
    }
}

fn reason(path: &Path, reason: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    match path.0.is_empty() {
        true => f.write_str(reason),
        false => write!(f, "{path}: {reason}"),
    }
}
