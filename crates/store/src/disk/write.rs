use redb::{Database, ReadableTable, Table, WriteTransaction};

use super::tables::{
    CHANNELS, COMMON, CONFIG, DEAD, ENDS, FORMAT, FORMAT_KEY, IDENTITY, KEYS, LOGIN_TOKENS, NAMES, NEXT_ROW, PEERS, ROWS, SALTS, SMALL,
    TIME_OFFSET, VALUES, from_json, key_bytes, key_from_bytes, lane_key, name_key, peer_key, slot_key, to_json,
};
use super::{Failure, read};
use crate::commit::keep_newest;
use crate::memory::check_keys;
use crate::{ChannelState, Commit, DeadLetter, KeyChange, KeySlot, Peer, Row, Salt, Value, ValueKey};

/// Writes the whole commit and makes it durable.
pub(super) fn apply(database: &Database, commit: &Commit) -> Result<(), Failure> {
    let write = database.begin_write()?;
    {
        let keys = write.open_table(KEYS)?;
        check_keys(commit, |slot| match keys.get(slot_key(slot)) {
            Ok(stored) => Ok(stored.and_then(|bytes| key_from_bytes(bytes.value()).ok())),
            Err(error) => Err(Failure::from(error)),
        })?;
    }
    let Commit {
        identity,
        time_offset,
        config,
        login_tokens,
        keys,
        salts,
        common,
        channels,
        peers,
        rows,
        done,
        attempts,
        next_row,
        buried,
        unburied,
        values,
        expired_at,
    } = commit;

    let mut small = write.open_table(SMALL)?;
    if let Some(identity) = identity {
        small.insert(IDENTITY, to_json(identity)?.as_slice())?;
    }
    if let Some(offset) = time_offset {
        small.insert(TIME_OFFSET, to_json(offset)?.as_slice())?;
    }
    if let Some(config) = config {
        small.insert(CONFIG, config.as_slice())?;
    }
    if let Some(common) = common {
        small.insert(COMMON, to_json(common)?.as_slice())?;
    }
    if let Some(next_row) = next_row {
        let stored = read::next_row(&small)?;
        small.insert(NEXT_ROW, to_json(&stored.max(*next_row))?.as_slice())?;
    }
    add_tokens(&mut small, login_tokens)?;
    drop(small);

    change_keys(&write, keys.iter(), salts.iter())?;
    change_channels(&write, channels.iter())?;
    if !peers.is_empty() {
        let (mut table, mut names) = (write.open_table(PEERS)?, write.open_table(NAMES)?);
        for peer in peers.values() {
            put_peer(&mut table, &mut names, peer.clone())?;
        }
    }
    change_rows(&write, rows.values(), done.iter(), attempts.iter())?;
    change_dead(&write, buried.values(), unburied.iter())?;
    if let Some(now) = expired_at {
        purge(&write, *now)?;
    }
    change_values(&write, values.iter())?;
    write.commit()?;
    Ok(())
}

/// Makes all tables and the mark of the format, in a new file.
pub(super) fn initialise(database: &Database) -> Result<(), Failure> {
    let write = database.begin_write()?;
    write.open_table(SMALL)?.insert(FORMAT_KEY, to_json(&FORMAT)?.as_slice())?;
    write.open_table(KEYS)?;
    write.open_table(SALTS)?;
    write.open_table(CHANNELS)?;
    write.open_table(ROWS)?;
    write.open_table(DEAD)?;
    write.open_table(PEERS)?;
    write.open_table(NAMES)?;
    write.open_table(VALUES)?;
    write.open_table(ENDS)?;
    write.commit()?;
    Ok(())
}

fn add_tokens(small: &mut Table<'_, &str, &[u8]>, added: &[Vec<u8>]) -> Result<(), Failure> {
    if added.is_empty() {
        return Ok(());
    }
    let mut tokens: Vec<Vec<u8>> = match small.get(LOGIN_TOKENS)? {
        Some(stored) => from_json(stored.value())?,
        None => Vec::new(),
    };
    tokens.retain(|known| !added.contains(known));
    tokens.extend_from_slice(added);
    keep_newest(&mut tokens);
    small.insert(LOGIN_TOKENS, to_json(&tokens)?.as_slice())?;
    Ok(())
}

fn change_keys<'a>(
    write: &WriteTransaction,
    changes: impl ExactSizeIterator<Item = (&'a KeySlot, &'a KeyChange)>,
    salts: impl ExactSizeIterator<Item = (&'a KeySlot, &'a Vec<Salt>)>,
) -> Result<(), Failure> {
    if changes.len() + salts.len() == 0 {
        return Ok(());
    }
    let (mut key_table, mut salt_table) = (write.open_table(KEYS)?, write.open_table(SALTS)?);
    for (&slot, change) in changes {
        match change {
            KeyChange::Add(key) => drop(key_table.insert(slot_key(slot), key_bytes(key).as_slice())?),
            KeyChange::Remove => {
                key_table.remove(slot_key(slot))?;
                salt_table.remove(slot_key(slot))?;
            }
        }
    }
    for (&slot, salts) in salts {
        salt_table.insert(slot_key(slot), to_json(salts)?.as_slice())?;
    }
    Ok(())
}

fn change_channels<'a>(
    write: &WriteTransaction,
    changes: impl ExactSizeIterator<Item = (&'a i64, &'a Option<ChannelState>)>,
) -> Result<(), Failure> {
    if changes.len() == 0 {
        return Ok(());
    }
    let mut table = write.open_table(CHANNELS)?;
    for (id, state) in changes {
        match state {
            Some(state) => drop(table.insert(id, to_json(state)?.as_slice())?),
            None => drop(table.remove(id)?),
        }
    }
    Ok(())
}

fn put_peer(peers: &mut Table<'_, (u8, i64), &[u8]>, names: &mut Table<'_, (u8, &str), (u8, i64)>, peer: Peer) -> Result<(), Failure> {
    let id = peer_key(peer.id);
    let known: Option<Peer> = match peers.get(id)? {
        Some(stored) => Some(from_json(stored.value())?),
        None => None,
    };
    if known.as_ref().is_some_and(|known| peer.adds_nothing_to(known)) {
        return Ok(());
    }
    let peer = peer.onto(known.as_ref());
    for key in known.iter().flat_map(Peer::index_keys) {
        let Some(name) = name_key(&key) else { continue };
        if !peer.is(&key) && names.get(name)?.is_some_and(|holder| holder.value() == id) {
            names.remove(name)?;
        }
    }
    for key in peer.index_keys() {
        let Some(name) = name_key(&key) else { continue };
        if names.get(name)?.is_none_or(|holder| holder.value() != id) {
            names.insert(name, id)?;
        }
    }
    if known.as_ref() != Some(&peer) {
        peers.insert(id, to_json(&peer)?.as_slice())?;
    }
    Ok(())
}

fn change_rows<'a>(
    write: &WriteTransaction,
    added: impl ExactSizeIterator<Item = &'a Row>,
    done: impl ExactSizeIterator<Item = &'a u64>,
    attempts: impl ExactSizeIterator<Item = (&'a u64, &'a u32)>,
) -> Result<(), Failure> {
    if added.len() + done.len() + attempts.len() == 0 {
        return Ok(());
    }
    let mut table = write.open_table(ROWS)?;
    for row in added {
        let (tag, id) = lane_key(row.lane);
        table.insert(row.number, (tag, id, row.attempts, row.bytes.as_slice()))?;
    }
    for (number, &attempts) in attempts {
        let stored = table.get(number)?.map(|row| {
            let (tag, id, _, bytes) = row.value();
            (tag, id, bytes.to_vec())
        });
        if let Some((tag, id, bytes)) = stored {
            table.insert(number, (tag, id, attempts, bytes.as_slice()))?;
        }
    }
    for number in done {
        table.remove(number)?;
    }
    Ok(())
}

fn change_dead<'a>(
    write: &WriteTransaction,
    buried: impl ExactSizeIterator<Item = &'a DeadLetter>,
    unburied: impl ExactSizeIterator<Item = &'a u64>,
) -> Result<(), Failure> {
    if buried.len() + unburied.len() == 0 {
        return Ok(());
    }
    let mut table = write.open_table(DEAD)?;
    for DeadLetter { row, error, since } in buried {
        let (tag, id) = lane_key(row.lane);
        table.insert(row.number, (tag, id, row.attempts, row.bytes.as_slice(), error.as_str(), *since))?;
    }
    for number in unburied {
        table.remove(number)?;
    }
    Ok(())
}

fn purge(write: &WriteTransaction, now: i64) -> Result<(), Failure> {
    let (mut ends, mut values) = (write.open_table(ENDS)?, write.open_table(VALUES)?);
    let after = (now.saturating_add(1), "", [].as_slice());
    for ended in ends.extract_from_if(..after, |_, ()| true)? {
        let (key, _) = ended?;
        let (_, space, key) = key.value();
        values.remove((space, key))?;
    }
    Ok(())
}

fn change_values<'a>(
    write: &WriteTransaction,
    changes: impl ExactSizeIterator<Item = (&'a ValueKey, &'a Option<Value>)>,
) -> Result<(), Failure> {
    if changes.len() == 0 {
        return Ok(());
    }
    let (mut ends, mut values) = (write.open_table(ENDS)?, write.open_table(VALUES)?);
    for (ValueKey { space, key }, value) in changes {
        let name = (space.as_str(), key.as_slice());
        let old_end = match value {
            Some(Value { bytes, expires }) => values.insert(name, (*expires, bytes.as_slice()))?.and_then(|old| old.value().0),
            None => values.remove(name)?.and_then(|old| old.value().0),
        };
        if let Some(end) = old_end {
            ends.remove((end, name.0, name.1))?;
        }
        if let Some(end) = value.as_ref().and_then(|value| value.expires) {
            ends.insert((end, name.0, name.1), ())?;
        }
    }
    Ok(())
}
