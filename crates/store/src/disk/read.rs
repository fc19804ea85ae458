use std::ops::Bound;

use redb::{Database, ReadTransaction, ReadableDatabase, ReadableTable};

use super::Failure;
use super::tables::{
    CHANNELS, COMMON, CONFIG, DEAD, FORMAT_KEY, IDENTITY, KEYS, LOGIN_TOKENS, NAMES, NEXT_ROW, PEERS, ROWS, SALTS, SMALL, TIME_OFFSET,
    VALUES, from_json, key_from_bytes, lane, name_key, peer_key, slot,
};
use crate::{DeadLetter, Peer, PeerId, PeerKey, Row, Snapshot, Value, ValueKey};

/// The format of the file; none when nothing was ever written to it.
/// What an encrypted store has in the place of its format.
const ENCRYPTED: &[u8] = b"\"encrypted\"";

pub(super) fn format(database: &Database) -> Result<Option<u32>, Failure> {
    match database.begin_read()?.open_table(SMALL) {
        Ok(small) if small.get(FORMAT_KEY)?.is_some_and(|mark| mark.value() == ENCRYPTED) => {
            Err(Failure::Data("it is encrypted, and no key was given; open it with the key with which it was written".to_owned()))
        }
        Ok(small) => Ok(Some(json_at(&small, FORMAT_KEY)?.ok_or_else(|| "the mark of the format is missing".to_owned())?)),
        Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

pub(super) fn snapshot(database: &Database) -> Result<Snapshot, Failure> {
    let read = database.begin_read()?;
    let small = read.open_table(SMALL)?;
    let mut snapshot = Snapshot {
        identity: json_at(&small, IDENTITY)?,
        time_offset: json_at(&small, TIME_OFFSET)?,
        config: small.get(CONFIG)?.map(|config| config.value().to_vec()),
        login_tokens: json_at(&small, LOGIN_TOKENS)?.unwrap_or_default(),
        common: json_at(&small, COMMON)?,
        next_row: next_row(&small)?,
        ..Snapshot::default()
    };
    for entry in read.open_table(KEYS)?.iter()? {
        let (key, stored) = entry?;
        snapshot.keys.insert(slot(key.value())?, key_from_bytes(stored.value())?);
    }
    for entry in read.open_table(SALTS)?.iter()? {
        let (key, stored) = entry?;
        snapshot.salts.insert(slot(key.value())?, from_json(stored.value())?);
    }
    for entry in read.open_table(CHANNELS)?.iter()? {
        let (id, stored) = entry?;
        snapshot.channels.insert(id.value(), from_json(stored.value())?);
    }
    Ok(snapshot)
}

pub(super) fn next_row(small: &impl ReadableTable<&'static str, &'static [u8]>) -> Result<u64, Failure> {
    Ok(json_at(small, NEXT_ROW)?.unwrap_or(0))
}

pub(super) fn rows(database: &Database, from: u64, limit: usize) -> Result<Vec<Row>, Failure> {
    let table = database.begin_read()?.open_table(ROWS)?;
    let mut rows = Vec::new();
    for entry in table.range(from..)?.take(limit) {
        let (number, stored) = entry?;
        let (tag, id, attempts, bytes) = stored.value();
        rows.push(Row { number: number.value(), lane: lane(tag, id)?, attempts, bytes: bytes.to_vec() });
    }
    Ok(rows)
}

pub(super) fn dead_letters(database: &Database, from: u64, limit: usize) -> Result<Vec<DeadLetter>, Failure> {
    let table = database.begin_read()?.open_table(DEAD)?;
    let mut letters = Vec::new();
    for entry in table.range(from..)?.take(limit) {
        let (number, stored) = entry?;
        let (tag, id, attempts, bytes, error, since) = stored.value();
        let row = Row { number: number.value(), lane: lane(tag, id)?, attempts, bytes: bytes.to_vec() };
        letters.push(DeadLetter { row, error: error.to_owned(), since });
    }
    Ok(letters)
}

pub(super) fn peers(database: &Database, keys: &[PeerKey]) -> Result<Vec<Option<Peer>>, Failure> {
    let read = database.begin_read()?;
    keys.iter().map(|key| peer(&read, key)).collect()
}

fn peer(read: &ReadTransaction, key: &PeerKey) -> Result<Option<Peer>, Failure> {
    let id = match (key, name_key(key)) {
        (PeerKey::Id(id), _) => peer_key(*id),
        (_, Some(name)) => match read.open_table(NAMES)?.get(name)? {
            Some(id) => id.value(),
            None => return Ok(None),
        },
        (_, None) => return Ok(None),
    };
    match read.open_table(PEERS)?.get(id)? {
        Some(stored) => Ok(Some(from_json(stored.value())?)),
        None => Ok(None),
    }
}

pub(super) fn value(database: &Database, key: &ValueKey) -> Result<Option<Value>, Failure> {
    let stored = database.begin_read()?.open_table(VALUES)?.get((key.space.as_str(), key.key.as_slice()))?;
    Ok(stored.map(|stored| {
        let (expires, bytes) = stored.value();
        Value { bytes: bytes.to_vec(), expires }
    }))
}

pub(super) fn values(database: &Database, from: &ValueKey, limit: usize) -> Result<Vec<(Vec<u8>, Value)>, Failure> {
    let table = database.begin_read()?.open_table(VALUES)?;
    let mut found = Vec::new();
    for entry in table.range((from.space.as_str(), from.key.as_slice())..)?.take(limit) {
        let (key, stored) = entry?;
        let (space, key) = key.value();
        if space != from.space {
            break;
        }
        let (expires, bytes) = stored.value();
        found.push((key.to_vec(), Value { bytes: bytes.to_vec(), expires }));
    }
    Ok(found)
}

pub(super) fn all_peers(database: &Database, after: Option<PeerId>, limit: usize) -> Result<Vec<Peer>, Failure> {
    let table = database.begin_read()?.open_table(PEERS)?;
    let after = after.map_or(Bound::Unbounded, |id| Bound::Excluded(peer_key(id)));
    let peers = table.range::<(u8, i64)>((after, Bound::Unbounded))?.take(limit);
    peers.map(|entry| Ok(from_json(entry?.1.value())?)).collect()
}

pub(super) fn all_values(database: &Database, after: Option<&ValueKey>, limit: usize) -> Result<Vec<(ValueKey, Value)>, Failure> {
    let table = database.begin_read()?.open_table(VALUES)?;
    let after = after.map_or(Bound::Unbounded, |key| Bound::Excluded((key.space.as_str(), key.key.as_slice())));
    let mut values = Vec::new();
    for entry in table.range::<(&str, &[u8])>((after, Bound::Unbounded))?.take(limit) {
        let (key, stored) = entry?;
        let ((space, key), (expires, bytes)) = (key.value(), stored.value());
        values.push((ValueKey::new(space, key), Value { bytes: bytes.to_vec(), expires }));
    }
    Ok(values)
}

fn json_at<T: serde::de::DeserializeOwned>(
    small: &impl ReadableTable<&'static str, &'static [u8]>,
    key: &'static str,
) -> Result<Option<T>, Failure> {
    match small.get(key)? {
        Some(stored) => Ok(Some(from_json(stored.value())?)),
        None => Ok(None),
    }
}
