use std::fmt;

/// Bytes that are not the TL form of what was expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What was being read: a type of the schema or a primitive.
    pub what: &'static str,
    /// Where in the input the offending item starts, in bytes.
    pub offset: usize,
    /// What is wrong with it.
    pub kind: ErrorKind,
}

/// What is wrong with the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The input ended; this many bytes were needed and this many were left.
    UnexpectedEnd {
        /// Bytes the item needs.
        needed: usize,
        /// Bytes that were left.
        left: usize,
    },
    /// No constructor of the expected type has this id.
    UnknownConstructor(u32),
    /// A vector announces more items than the bytes left could hold.
    VectorTooLong(u32),
    /// A string is not UTF-8.
    InvalidUtf8,
    /// The value ended and this many bytes followed.
    TrailingBytes(usize),
    /// Objects are nested deeper than [`MAX_DEPTH`](crate::MAX_DEPTH).
    TooDeep,
}

impl Error {
    /// Names the type that was being read, keeping the place.
    #[must_use]
    pub fn of(self, what: &'static str) -> Self {
        Self { what, ..self }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}: {}", self.what, self.offset, self.kind)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnexpectedEnd { needed, left } => write!(f, "needs {needed} bytes, {left} left"),
            Self::UnknownConstructor(id) => write!(f, "unknown constructor {id:#010x}"),
            Self::VectorTooLong(len) => write!(f, "a vector of {len} items cannot fit in what is left"),
            Self::InvalidUtf8 => f.write_str("a string that is not UTF-8"),
            Self::TrailingBytes(count) => write!(f, "{count} bytes too many"),
            Self::TooDeep => f.write_str("nested too deeply"),
        }
    }
}

impl std::error::Error for Error {}
