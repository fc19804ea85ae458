//! Markdown as the Bot API understands it: its `MarkdownV2`.

mod address;
mod parse;
mod write;

pub(crate) use parse::parse;
pub(crate) use write::write;

/// What means something, unless a backslash stands before it.
const RESERVED: [char; 19] = ['_', '*', '[', ']', '(', ')', '~', '`', '>', '#', '+', '-', '=', '|', '{', '}', '.', '!', '\\'];
