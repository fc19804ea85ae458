//! The values: JSON for what people may want to read in ten years, plain bytes for keys, rows and values.

use quadruplex_store::{AuthKey, DeadLetter, Row, StoredKey, Value};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::keys::{lane_from, lane_parts};
use crate::kv::Bytes;

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<Bytes, String> {
    serde_json::to_vec(value).map_err(|error| error.to_string())
}

pub(crate) fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    serde_json::from_slice(bytes).map_err(|error| error.to_string())
}

pub(crate) fn key(stored: &StoredKey) -> Bytes {
    let mut out = Vec::with_capacity(9 + 256);
    out.push(u8::from(stored.authorized) | u8::from(stored.expires.is_some()) << 1);
    out.extend(stored.expires.unwrap_or(0).to_le_bytes());
    out.extend(stored.key.as_bytes());
    out
}

pub(crate) fn key_from(bytes: &[u8]) -> Result<StoredKey, String> {
    let mut rest = bytes;
    let parts = (|| Some((take::<1>(&mut rest)?, take::<8>(&mut rest)?, take::<256>(&mut rest)?)))();
    match parts {
        Some(([flags], expires, key)) if rest.is_empty() => Ok(StoredKey {
            key: AuthKey::from_bytes(key),
            expires: (flags & 2 != 0).then_some(i64::from_le_bytes(expires)),
            authorized: flags & 1 != 0,
        }),
        _ => Err(format!("an authorization key in {} bytes", bytes.len())),
    }
}

pub(crate) fn row(row: &Row) -> Bytes {
    let (kind, id) = lane_parts(row.lane);
    let mut out = Vec::with_capacity(13 + row.bytes.len());
    out.push(kind);
    out.extend(id.to_le_bytes());
    out.extend(row.attempts.to_le_bytes());
    out.extend(&row.bytes);
    out
}

pub(crate) fn row_from(number: u64, mut bytes: &[u8]) -> Result<Row, String> {
    let head = (|| Some((take::<1>(&mut bytes)?, take::<8>(&mut bytes)?, take::<4>(&mut bytes)?)))();
    let ([kind], id, attempts) = head.ok_or_else(|| format!("row {number} is cut"))?;
    Ok(Row { number, lane: lane_from(kind, i64::from_le_bytes(id))?, attempts: u32::from_le_bytes(attempts), bytes: bytes.to_vec() })
}

pub(crate) fn letter(letter: &DeadLetter) -> Bytes {
    let length = u32::try_from(letter.error.len()).unwrap_or(u32::MAX);
    [letter.since.to_le_bytes().as_slice(), &length.to_le_bytes(), letter.error.as_bytes(), &row(&letter.row)].concat()
}

pub(crate) fn letter_from(number: u64, mut bytes: &[u8]) -> Result<DeadLetter, String> {
    let cut = || format!("dead letter {number} is cut");
    let (since, length) = (|| Some((take::<8>(&mut bytes)?, take::<4>(&mut bytes)?)))().ok_or_else(cut)?;
    let (error, row) = bytes.split_at_checked(u32::from_le_bytes(length) as usize).ok_or_else(cut)?;
    Ok(DeadLetter { row: row_from(number, row)?, error: String::from_utf8_lossy(error).into_owned(), since: i64::from_le_bytes(since) })
}

pub(crate) fn value(value: &Value) -> Bytes {
    let mut out = Vec::with_capacity(9 + value.bytes.len());
    out.push(u8::from(value.expires.is_some()));
    out.extend(value.expires.unwrap_or(0).to_le_bytes());
    out.extend(&value.bytes);
    out
}

pub(crate) fn value_from(mut bytes: &[u8]) -> Result<Value, String> {
    let ([ends], end) = (|| Some((take::<1>(&mut bytes)?, take::<8>(&mut bytes)?)))().ok_or("a value is cut")?;
    Ok(Value { bytes: bytes.to_vec(), expires: (ends != 0).then_some(i64::from_le_bytes(end)) })
}

/// Takes the first bytes off.
pub(crate) fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (head, tail) = rest.split_first_chunk()?;
    *rest = tail;
    Some(*head)
}
