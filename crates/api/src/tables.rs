use crate::generated::tables::{AFFECTED, IDS, NAMES, RANDOM_ID, READ_ONLY, UPDATES};

/// The name of a constructor or function of this layer.
///
/// ```
/// assert_eq!(quadruplex_api::name_for_id(0xfef4_8f62), Some("messages.sendMessage"));
/// assert_eq!(quadruplex_api::name_for_id(1), None);
/// ```
pub fn name_for_id(id: u32) -> Option<&'static str> {
    let at = IDS.binary_search_by_key(&id, |(id, _)| *id).ok()?;
    let start = at.checked_sub(1).map_or(0, |before| IDS[before].1);
    NAMES.get(start as usize..IDS[at].1 as usize)
}

/// Whether this function only reads, so that it may be sent again when it is not known whether it was executed. Decided by its name;
/// what presses buttons, costs Stars or uses up a proof does not count.
#[inline]
pub fn is_read_only(function: u32) -> bool {
    READ_ONLY.binary_search(&function).is_ok()
}

/// Whether this function carries a random id, by which Telegram knows a request that it has executed already.
#[inline]
pub fn has_random_id(function: u32) -> bool {
    RANDOM_ID.binary_search(&function).is_ok()
}

/// Whether an answer that starts with this id is an `Updates`.
pub fn is_updates(constructor: u32) -> bool {
    UPDATES.binary_search(&constructor).is_ok()
}

/// Whether an answer that starts with this id moves a pts: `messages.affectedMessages` and its like.
#[inline]
pub fn is_affected(constructor: u32) -> bool {
    AFFECTED.binary_search(&constructor).is_ok()
}
