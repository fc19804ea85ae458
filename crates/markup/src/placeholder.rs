/// So many placeholders fit into one template.
pub const MAX_PLACEHOLDERS: u32 = 256;

/// Where they begin: the second plane for private use, whose characters mean nothing anywhere.
const FIRST: u32 = 0x0010_0000;

/// The character that stands for an argument while its template is parsed; `None` beyond [`MAX_PLACEHOLDERS`].
///
/// ```
/// use quadruplex_markup::{placeholder, placeholder_of};
///
/// let name = placeholder(7).unwrap();
/// assert_eq!(placeholder_of(name), Some(7));
/// assert_eq!((placeholder_of('a'), placeholder(1_000)), (None, None));
/// ```
pub fn placeholder(at: u32) -> Option<char> {
    if at < MAX_PLACEHOLDERS { char::from_u32(FIRST + at) } else { None }
}

/// The argument for which a character stands.
pub fn placeholder_of(char: char) -> Option<u32> {
    u32::from(char).checked_sub(FIRST).filter(|at| *at < MAX_PLACEHOLDERS)
}

pub(crate) fn has_placeholder(text: &str) -> bool {
    text.chars().any(|char| placeholder_of(char).is_some())
}
