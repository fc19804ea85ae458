//! The keys under which everything lies. The first byte names the table; inside a table the order of the bytes is the order of what they mean.

use quadruplex_store::{KeyKind, KeySlot, Lane, PeerId, PeerKey, ValueKey};

use crate::kv::Bytes;

pub(crate) const FORMAT: &str = "format";
pub(crate) const CHECK: &str = "check";
pub(crate) const IDENTITY: &str = "identity";
pub(crate) const TIME_OFFSET: &str = "time_offset";
pub(crate) const CONFIG: &str = "config";
pub(crate) const LOGIN_TOKENS: &str = "login_tokens";
pub(crate) const COMMON: &str = "common";
pub(crate) const NEXT_ROW: &str = "next_row";

/// A kind of entry.
#[derive(Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Table {
    Small = b's',
    Keys = b'k',
    Salts = b'a',
    Channels = b'c',
    Rows = b'r',
    Dead = b'd',
    Peers = b'p',
    Names = b'n',
    Values = b'v',
    Ends = b'e',
}

impl Table {
    /// Its first possible key, and the first that is behind it.
    pub(crate) fn range(self) -> (Bytes, Bytes) {
        (vec![self as u8], vec![self as u8 + 1])
    }
}

pub(crate) fn small(name: &str) -> Bytes {
    [&[Table::Small as u8], name.as_bytes()].concat()
}

pub(crate) fn slot(table: Table, slot: KeySlot) -> Bytes {
    let kind = match slot.kind {
        KeyKind::Temporary => 1,
        _ => 0,
    };
    [&[table as u8], slot.dc.to_be_bytes().as_slice(), &[kind]].concat()
}

pub(crate) fn slot_from(key: &[u8]) -> Result<KeySlot, String> {
    let broken = || format!("a key of {} bytes where one of an authorization key belongs", key.len());
    let (dc, kind) = key.get(1..).and_then(<[u8]>::split_first_chunk::<4>).ok_or_else(broken)?;
    let dc = i32::from_be_bytes(*dc);
    match kind {
        [0] => Ok(KeySlot::permanent(dc)),
        [1] => Ok(KeySlot::temporary(dc)),
        _ => Err(broken()),
    }
}

pub(crate) fn channel(id: i64) -> Bytes {
    [&[Table::Channels as u8], ordered(id).as_slice()].concat()
}

pub(crate) fn channel_from(key: &[u8]) -> Result<i64, String> {
    key.get(1..).and_then(|id| id.try_into().ok()).map(unordered).ok_or_else(|| format!("a channel's key of {} bytes", key.len()))
}

pub(crate) fn number(table: Table, number: u64) -> Bytes {
    [&[table as u8], number.to_be_bytes().as_slice()].concat()
}

pub(crate) fn number_from(key: &[u8]) -> Result<u64, String> {
    key.get(1..)
        .and_then(|number| number.try_into().ok())
        .map(u64::from_be_bytes)
        .ok_or_else(|| format!("a row's key of {} bytes", key.len()))
}

pub(crate) fn peer(id: PeerId) -> Bytes {
    [&[Table::Peers as u8], peer_bytes(id).as_slice()].concat()
}

/// Kind and id, in nine bytes.
pub(crate) fn peer_bytes(id: PeerId) -> Bytes {
    let (kind, id) = peer_parts(id);
    [&[kind], ordered(id).as_slice()].concat()
}

pub(crate) fn peer_parts(id: PeerId) -> (u8, i64) {
    match id {
        PeerId::User(id) => (0, id),
        PeerId::Chat(id) => (1, id),
        PeerId::Channel(id) => (2, id),
    }
}

pub(crate) fn lane_parts(lane: Lane) -> (u8, i64) {
    match lane {
        Lane::Account => (u8::MAX, 0),
        Lane::Peer(id) => peer_parts(id),
    }
}

pub(crate) fn lane_from(kind: u8, id: i64) -> Result<Lane, String> {
    match kind {
        0 => Ok(Lane::Peer(PeerId::User(id))),
        1 => Ok(Lane::Peer(PeerId::Chat(id))),
        2 => Ok(Lane::Peer(PeerId::Channel(id))),
        u8::MAX => Ok(Lane::Account),
        other => Err(format!("a row in the unknown lane {other}")),
    }
}

/// The key of a name or number, given as what `hidden` makes of it; none for an id, which is a key of its own.
pub(crate) fn name(key: &PeerKey, hidden: impl FnOnce(&[u8]) -> Bytes) -> Option<Bytes> {
    let (kind, name) = match key {
        PeerKey::Id(_) => return None,
        PeerKey::Username(name) => (0, name),
        PeerKey::Phone(number) => (1, number),
    };
    Some([&[Table::Names as u8, kind], hidden(name.as_bytes()).as_slice()].concat())
}

pub(crate) fn value(key: &ValueKey) -> Bytes {
    let length = u32::try_from(key.space.len()).unwrap_or(u32::MAX);
    [&[Table::Values as u8], length.to_be_bytes().as_slice(), key.space.as_bytes(), &key.key].concat()
}

/// The first key that lies behind the space of a value.
pub(crate) fn end_of_space(space: &str) -> Bytes {
    let mut key = value(&ValueKey::new(space, ""));
    // Counts up the last byte that can be: there is one, the name of the table.
    while let Some(byte) = key.pop() {
        if let Some(next) = byte.checked_add(1) {
            key.push(next);
            break;
        }
    }
    key
}

pub(crate) fn value_from(key: &[u8]) -> Result<ValueKey, String> {
    let parts = key.get(1..).and_then(<[u8]>::split_first_chunk::<4>);
    let parts = parts.and_then(|(length, rest)| rest.split_at_checked(u32::from_be_bytes(*length) as usize));
    let (space, key) = parts.ok_or("a value without a space")?;
    Ok(ValueKey::new(std::str::from_utf8(space).map_err(|_| "a space that is no text")?, key))
}

/// The entry by which a value is found when its end has come.
pub(crate) fn end(expires: i64, value_key: &[u8]) -> Bytes {
    [&[Table::Ends as u8], ordered(expires).as_slice(), value_key].concat()
}

/// The key of the value that an entry of [`end`] names.
pub(crate) fn ended(key: &[u8]) -> Bytes {
    key.get(9..).unwrap_or_default().to_vec()
}

/// Bytes in the order of the numbers.
fn ordered(id: i64) -> [u8; 8] {
    (id ^ i64::MIN).to_be_bytes()
}

fn unordered(bytes: [u8; 8]) -> i64 {
    i64::from_be_bytes(bytes) ^ i64::MIN
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn keys_are_in_order_and_come_back(a in any::<i64>(), b in any::<i64>(), space in "\\PC{0,9}", one in any::<Vec<u8>>(), two in any::<Vec<u8>>()) {
            prop_assert_eq!(a.cmp(&b), channel(a).cmp(&channel(b)));
            prop_assert_eq!(a.cmp(&b), end(a, b"").cmp(&end(b, b"")));
            prop_assert_eq!(channel_from(&channel(a)), Ok(a));
            let (one, two) = (ValueKey::new(&*space, one), ValueKey::new(&*space, two));
            prop_assert_eq!(one.cmp(&two), value(&one).cmp(&value(&two)));
            prop_assert_eq!(ended(&end(a, &value(&one))), value(&one));
            prop_assert!(value(&one) < end_of_space(&space) && value(&ValueKey::new(&*space, "")) <= value(&one));
            prop_assert_eq!(value_from(&value(&one)), Ok(one));
        }
    }
}
