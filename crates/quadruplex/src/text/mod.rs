//! Text with its formatting: markup, templates, lengths.

mod entities;
mod formatted;
mod limits;
mod mentions;
mod split;
#[doc(hidden)]
pub mod template;

pub use formatted::{CAPTION_LENGTH, FormattedText, MESSAGE_LENGTH};
pub(crate) use limits::TextLimits;
pub(crate) use mentions::{Mentions, complete as complete_mentions, mentions_in};
pub use quadruplex_markup::MarkupError;
