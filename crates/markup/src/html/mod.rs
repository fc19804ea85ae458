//! HTML as the Bot API understands it.

mod parse;
mod tag;
mod write;

pub(crate) use parse::{is_number, is_time_format, parse};
pub(crate) use write::write;
