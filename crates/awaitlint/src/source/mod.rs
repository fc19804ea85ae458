//! Files: finding them, refusing what cannot be parsed safely, and places in them.

mod lexer;
mod scan;
mod text;
mod walk;

pub(crate) use lexer::{Lexer, TokenKind};
pub(crate) use scan::{MAX_BYTES, too_deep};
pub(crate) use text::{Span, Text};
pub(crate) use walk::rust_files;
