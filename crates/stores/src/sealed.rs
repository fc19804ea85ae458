//! Pairs of bytes, sealed if there is a key, and what is known of the whole: its format, and whether the key is the right one.

use std::time::Duration;

use quadruplex_store::{Error as StoreError, Task};
use serde::{Deserialize, Serialize};
use tokio::time::timeout;

use crate::cipher::{Cipher, SecretKey};
use crate::error::backend;
use crate::keys::{CHECK, FORMAT, Table, small};
use crate::kv::{Bytes, Changes, Kv};
use crate::{Error, bytes};

pub(crate) struct Sealed {
    kv: Box<dyn Kv>,
    cipher: Option<Cipher>,
}

#[derive(Serialize, Deserialize)]
struct Format {
    format: u32,
    #[serde(default)]
    encrypted: bool,
}

impl Sealed {
    /// Checks the mark of the format and the key, or makes the mark in a store that has none, if it may.
    pub(crate) async fn open(kv: Box<dyn Kv>, key: Option<&SecretKey>, create: bool) -> Result<Self, Error> {
        let sealed = Self { kv, cipher: key.map(Cipher::new) };
        match sealed.check(create).await {
            Ok(()) => Ok(sealed),
            Err(error) => {
                // What cannot be used is let go of as it should be; if that fails, too, the first error says more.
                let _ = sealed.close().await;
                Err(error)
            }
        }
    }

    async fn check(&self, create: bool) -> Result<(), Error> {
        let place = self.place();
        let Some(mark) = self.get(vec![small(FORMAT)]).await?.into_iter().flatten().next() else {
            return if create { self.begin().await } else { Err(Error::Missing(place)) };
        };
        let mark: Format = bytes::from_json(&mark).map_err(|reason| self.corrupt(reason))?;
        match (mark.encrypted, self.cipher.is_some()) {
            _ if mark.format > NEWEST => Err(StoreError::Newer { place, found: mark.format, supported: NEWEST }.into()),
            (true, false) => Err(Error::Key("is missing, and the store is encrypted")),
            (false, true) => Err(Error::Key("is not needed: this store is not encrypted; copy it into a new one that is")),
            (true, true) if self.get(vec![small(CHECK)]).await.is_err() => Err(Error::Key("is not the one this store was made with")),
            _ => Ok(()),
        }
    }

    async fn begin(&self) -> Result<(), Error> {
        let mark = Format { format: NEWEST, encrypted: self.cipher.is_some() };
        let mut changes = Changes::from([(small(CHECK), Some(b"ok".to_vec()))]);
        changes.insert(small(FORMAT), Some(bytes::to_json(&mark).map_err(|reason| self.corrupt(reason))?));
        Ok(self.write(changes).await?)
    }

    pub(crate) async fn get(&self, keys: Vec<Bytes>) -> Result<Vec<Option<Bytes>>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let values = self.answer("read", self.kv.get(keys.clone())).await?;
        keys.iter().zip(values).map(|(key, value)| value.map(|value| self.opened(key, value)).transpose()).collect()
    }

    pub(crate) async fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        if from >= to || limit == 0 {
            return Ok(Vec::new());
        }
        let found = self.answer("read", self.kv.scan(from, to, limit)).await?;
        found.into_iter().map(|(key, value)| self.opened(&key, value).map(|value| (key, value))).collect()
    }

    /// The whole of a table.
    pub(crate) async fn table(&self, table: Table) -> Result<Vec<(Bytes, Bytes)>, StoreError> {
        let (mut from, to) = table.range();
        let mut all = Vec::new();
        loop {
            let page = self.scan(from, to.clone(), PAGE).await?;
            let is_last = page.len() < PAGE;
            all.extend(page);
            match all.last() {
                Some((last, _)) if !is_last => from = next(last),
                _ => return Ok(all),
            }
        }
    }

    pub(crate) async fn write(&self, mut changes: Changes) -> Result<(), StoreError> {
        if let Some(key) = changes.keys().find(|key| key.len() > LONGEST_KEY) {
            let reason = format!("a key of {} bytes; {LONGEST_KEY} is the most that every database takes", key.len());
            return Err(backend("write", &self.place(), reason));
        }
        if let Some(cipher) = &self.cipher {
            for (key, value) in &mut changes {
                if let Some(value) = value.as_mut().filter(|_| is_sealed(key)) {
                    *value = cipher.seal(key, value).map_err(|reason| backend("seal for", &self.kv.place(), reason))?;
                }
            }
        }
        if changes.is_empty() { Ok(()) } else { self.answer("write", self.kv.write(changes)).await }
    }

    /// What a database answers, unless it takes too long.
    async fn answer<T>(&self, doing: &'static str, asked: Task<'_, T>) -> Result<T, StoreError> {
        timeout(PATIENCE, asked).await.unwrap_or_else(|_| Err(backend(doing, &self.place(), format!("no answer within {PATIENCE:?}"))))
    }

    /// What stands for a name in a key.
    pub(crate) fn hide(&self, name: &[u8]) -> Bytes {
        self.cipher.as_ref().map_or_else(|| name.to_vec(), |cipher| cipher.hide(name))
    }

    pub(crate) fn place(&self) -> String {
        self.kv.place()
    }

    pub(crate) fn is_wanted(&self) -> bool {
        self.kv.is_wanted()
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.kv.is_lost()
    }

    pub(crate) async fn rest(&self) -> Result<(), StoreError> {
        self.answer("rest", self.kv.rest()).await
    }

    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        self.answer("close", self.kv.close()).await
    }

    pub(crate) fn corrupt(&self, reason: impl Into<String>) -> StoreError {
        StoreError::Corrupt { place: self.kv.place(), reason: reason.into() }
    }

    fn opened(&self, key: &[u8], value: Bytes) -> Result<Bytes, StoreError> {
        match &self.cipher {
            Some(cipher) if is_sealed(key) => cipher.open(key, &value).map_err(|reason| self.corrupt(reason)),
            _ => Ok(value),
        }
    }
}

/// All but the mark by which it is known that the rest is, and entries that are nothing but a key.
fn is_sealed(key: &[u8]) -> bool {
    key != small(FORMAT) && key.first() != Some(&(Table::Ends as u8))
}

/// The first key behind this one.
pub(crate) fn next(key: &[u8]) -> Bytes {
    [key, &[0]].concat()
}

const NEWEST: u32 = 1;
/// After this the connection is given up; longer than a disk takes that has much to do.
const PATIENCE: Duration = Duration::from_secs(60);
const PAGE: usize = 1_000;
/// Below what an index of MySQL and one of PostgreSQL takes.
const LONGEST_KEY: usize = 2_000;
