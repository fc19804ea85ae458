//! The tables of the file and the form of their values. What people may want to read with other tools in ten years is
//! JSON; keys, rows and values are plain bytes.

use redb::TableDefinition;
use serde::Serialize;
use serde::de::DeserializeOwned;
use zeroize::Zeroizing;

use crate::{AuthKey, KeyKind, KeySlot, Lane, PeerId, PeerKey, StoredKey};

/// The format this release writes, under [`FORMAT_KEY`]. A change that an older release would misread raises it.
pub(crate) const FORMAT: u32 = 1;

pub(super) const SMALL: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("small");
pub(super) const KEYS: TableDefinition<'_, SlotKey, &[u8]> = TableDefinition::new("keys");
pub(super) const SALTS: TableDefinition<'_, SlotKey, &[u8]> = TableDefinition::new("salts");
pub(super) const CHANNELS: TableDefinition<'_, i64, &[u8]> = TableDefinition::new("channels");
pub(super) const ROWS: TableDefinition<'_, u64, LaneRow<'_>> = TableDefinition::new("rows");
pub(super) const DEAD: TableDefinition<'_, u64, DeadRow<'_>> = TableDefinition::new("dead_letters");
pub(super) const PEERS: TableDefinition<'_, (u8, i64), &[u8]> = TableDefinition::new("peers");
pub(super) const NAMES: TableDefinition<'_, (u8, &str), (u8, i64)> = TableDefinition::new("names");
pub(super) const VALUES: TableDefinition<'_, (&str, &[u8]), EndingValue<'_>> = TableDefinition::new("values");
pub(super) const ENDS: TableDefinition<'_, (i64, &str, &[u8]), ()> = TableDefinition::new("ends");

pub(super) const FORMAT_KEY: &str = "format";
pub(super) const IDENTITY: &str = "identity";
pub(super) const TIME_OFFSET: &str = "time_offset";
pub(super) const CONFIG: &str = "config";
pub(super) const LOGIN_TOKENS: &str = "login_tokens";
pub(super) const COMMON: &str = "common";
pub(super) const NEXT_ROW: &str = "next_row";

type SlotKey = (i32, u8);
/// Lane (two parts), attempts, bytes.
type LaneRow<'a> = (u8, i64, u32, &'a [u8]);
/// As [`LaneRow`], then the error and the time.
type DeadRow<'a> = (u8, i64, u32, &'a [u8], &'a str, i64);
type EndingValue<'a> = (Option<i64>, &'a [u8]);

pub(super) fn slot_key(slot: KeySlot) -> SlotKey {
    let kind = match slot.kind {
        KeyKind::Permanent => 0,
        KeyKind::Temporary => 1,
    };
    (slot.dc, kind)
}

pub(super) fn slot((dc, kind): SlotKey) -> Result<KeySlot, String> {
    match kind {
        0 => Ok(KeySlot::permanent(dc)),
        1 => Ok(KeySlot::temporary(dc)),
        other => Err(format!("key of unknown kind {other}")),
    }
}

pub(super) fn peer_key(id: PeerId) -> (u8, i64) {
    match id {
        PeerId::User(id) => (0, id),
        PeerId::Chat(id) => (1, id),
        PeerId::Channel(id) => (2, id),
    }
}

pub(super) fn lane_key(lane: Lane) -> (u8, i64) {
    match lane {
        Lane::Account => (u8::MAX, 0),
        Lane::Peer(id) => peer_key(id),
    }
}

pub(super) fn lane(tag: u8, id: i64) -> Result<Lane, String> {
    match tag {
        0 => Ok(Lane::Peer(PeerId::User(id))),
        1 => Ok(Lane::Peer(PeerId::Chat(id))),
        2 => Ok(Lane::Peer(PeerId::Channel(id))),
        u8::MAX => Ok(Lane::Account),
        other => Err(format!("row in unknown lane {other}")),
    }
}

/// The key in the table of names; none for an id, which has a table of its own.
pub(super) fn name_key(key: &PeerKey) -> Option<(u8, &str)> {
    match key {
        PeerKey::Id(_) => None,
        PeerKey::Username(name) => Some((0, name)),
        PeerKey::Phone(number) => Some((1, number)),
    }
}

/// A key as bytes: flag byte, end of validity, the key.
pub(super) fn key_bytes(stored: &StoredKey) -> Zeroizing<Vec<u8>> {
    let mut out = Zeroizing::new(Vec::with_capacity(9 + 256));
    out.push(u8::from(stored.authorized) | u8::from(stored.expires.is_some()) << 1);
    out.extend_from_slice(&stored.expires.unwrap_or(0).to_le_bytes());
    out.extend_from_slice(stored.key.as_bytes());
    out
}

pub(super) fn key_from_bytes(bytes: &[u8]) -> Result<StoredKey, String> {
    let parts = bytes.split_first().and_then(|(flags, rest)| Some((flags, rest.split_first_chunk::<8>()?)));
    let Some((flags, (expires, key))) = parts else { return Err(format!("key of {} bytes", bytes.len())) };
    let key: &[u8; 256] = key.try_into().map_err(|_| format!("key of {} bytes", bytes.len()))?;
    Ok(StoredKey {
        key: AuthKey::from_bytes(*key),
        expires: (flags & 2 != 0).then_some(i64::from_le_bytes(*expires)),
        authorized: flags & 1 != 0,
    })
}

pub(super) fn to_json<T: Serialize>(value: &T) -> Result<Vec<u8>, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

pub(super) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}
