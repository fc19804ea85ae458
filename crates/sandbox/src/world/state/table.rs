//! Tables of rows that remember what changed since the last commit.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeBounds;

use serde::{Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

/// A kind of row: one fact of the state that is written as a whole.
pub(crate) trait Row: Serialize + DeserializeOwned {
    /// What identifies the row in its table.
    type Key: Ord + Clone + Serialize + DeserializeOwned;
    /// The name of the table in the state file.
    const TABLE: &'static str;
}

/// All rows of one kind.
pub(crate) struct Table<R: Row> {
    rows: BTreeMap<R::Key, R>,
    dirty: BTreeSet<R::Key>,
}

impl<R: Row> Default for Table<R> {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), dirty: BTreeSet::new() }
    }
}

impl<R: Row> Table<R> {
    pub(crate) fn get(&self, key: &R::Key) -> Option<&R> {
        self.rows.get(key)
    }

    /// The row, to be changed: it will be written with the next commit.
    pub(crate) fn get_mut(&mut self, key: &R::Key) -> Option<&mut R> {
        let row = self.rows.get_mut(key)?;
        self.dirty.insert(key.clone());
        Some(row)
    }

    /// The row, made first if it is not there, to be changed.
    pub(crate) fn entry(&mut self, key: &R::Key) -> &mut R
    where
        R: Default,
    {
        self.dirty.insert(key.clone());
        self.rows.entry(key.clone()).or_default()
    }

    /// Changes a row if it is there.
    pub(crate) fn entry_of(&mut self, key: &R::Key, change: impl FnOnce(&mut R)) {
        if let Some(row) = self.get_mut(key) {
            change(row);
        }
    }

    pub(crate) fn insert(&mut self, key: R::Key, row: R) {
        self.dirty.insert(key.clone());
        self.rows.insert(key, row);
    }

    pub(crate) fn remove(&mut self, key: &R::Key) -> Option<R> {
        let row = self.rows.remove(key)?;
        self.dirty.insert(key.clone());
        Some(row)
    }

    pub(crate) fn contains(&self, key: &R::Key) -> bool {
        self.rows.contains_key(key)
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = (&R::Key, &R)> {
        self.rows.iter()
    }

    pub(crate) fn range(&self, range: impl RangeBounds<R::Key>) -> impl DoubleEndedIterator<Item = (&R::Key, &R)> {
        self.rows.range(range)
    }

    /// Appends what changed since the last time as records, each followed by a comma, and forgets that it changed.
    pub(crate) fn drain(&mut self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        while let Some(key) = self.dirty.pop_first() {
            record::<R>(&key, self.rows.get(&key), out)?;
        }
        Ok(())
    }

    /// Forgets what changed: nothing is written.
    pub(crate) fn forget(&mut self) {
        self.dirty.clear();
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Appends every row as a record, as [`drain`](Self::drain).
    pub(crate) fn dump(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
        self.rows.iter().try_for_each(|(key, row)| record::<R>(key, Some(row), out))
    }

    /// Applies a record that was read from the state file.
    pub(crate) fn load(&mut self, key: &RawValue, row: &RawValue) -> serde_json::Result<()> {
        let key = serde_json::from_str(key.get())?;
        match serde_json::from_str::<Option<R>>(row.get())? {
            Some(row) => self.rows.insert(key, row),
            None => self.rows.remove(&key),
        };
        Ok(())
    }
}

/// `[table, key, row]`, where the row is null once it is gone.
fn record<R: Row>(key: &R::Key, row: Option<&R>, out: &mut Vec<u8>) -> serde_json::Result<()> {
    serde_json::to_writer(&mut *out, &(R::TABLE, key, row))?;
    out.push(b',');
    Ok(())
}
