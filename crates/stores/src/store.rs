use std::fmt;
use std::sync::Arc;

use quadruplex_store::{Commit, DeadLetter, Error as StoreError, Peer, PeerId, PeerKey, Row, Snapshot, Store, Task, Value, ValueKey};
use tokio::sync::Mutex;

use crate::bytes::{self, from_json};
use crate::cipher::SecretKey;
use crate::keys::{self, Table};
use crate::kv::{Bytes, Kv};
use crate::sealed::{Sealed, next};
use crate::{Error, commit};

/// A store over one of the databases, made by [`open`](crate::open).
pub struct KvStore {
    sealed: Sealed,
    /// A commit reads what it changes, so one at a time; other processes are kept out by the lock of the backend.
    committing: Mutex<()>,
}

impl KvStore {
    pub(crate) async fn new(kv: Box<dyn Kv>, key: Option<&SecretKey>, create: bool) -> Result<Self, Error> {
        Ok(Self { sealed: Sealed::open(kv, key, create).await?, committing: Mutex::new(()) })
    }

    async fn snapshot(&self) -> Result<Snapshot, StoreError> {
        let small: Vec<(Bytes, Bytes)> = self.sealed.table(Table::Small).await?;
        let at = |name: &str| small.iter().find(|(key, _)| *key == keys::small(name)).map(|(_, value)| value.as_slice());
        let corrupt = |reason| self.sealed.corrupt(reason);
        let mut snapshot = Snapshot {
            identity: at(keys::IDENTITY).map(from_json).transpose().map_err(corrupt)?,
            time_offset: at(keys::TIME_OFFSET).map(from_json).transpose().map_err(corrupt)?,
            config: at(keys::CONFIG).map(<[u8]>::to_vec),
            login_tokens: at(keys::LOGIN_TOKENS).map(from_json).transpose().map_err(corrupt)?.unwrap_or_default(),
            common: at(keys::COMMON).map(from_json).transpose().map_err(corrupt)?,
            next_row: at(keys::NEXT_ROW).map(from_json).transpose().map_err(corrupt)?.unwrap_or_default(),
            ..Snapshot::default()
        };
        for (key, value) in self.sealed.table(Table::Keys).await? {
            snapshot.keys.insert(keys::slot_from(&key).map_err(corrupt)?, bytes::key_from(&value).map_err(corrupt)?);
        }
        for (key, value) in self.sealed.table(Table::Salts).await? {
            snapshot.salts.insert(keys::slot_from(&key).map_err(corrupt)?, from_json(&value).map_err(corrupt)?);
        }
        for (key, value) in self.sealed.table(Table::Channels).await? {
            snapshot.channels.insert(keys::channel_from(&key).map_err(corrupt)?, from_json(&value).map_err(corrupt)?);
        }
        Ok(snapshot)
    }

    async fn numbered<T>(
        &self,
        table: Table,
        from: u64,
        limit: usize,
        read: fn(u64, &[u8]) -> Result<T, String>,
    ) -> Result<Vec<T>, StoreError> {
        let found = self.sealed.scan(keys::number(table, from), table.range().1, limit).await?;
        let read = |(key, value): (Bytes, Bytes)| read(keys::number_from(&key)?, &value);
        found.into_iter().map(read).collect::<Result<_, _>>().map_err(|reason| self.sealed.corrupt(reason))
    }

    async fn find_peers(&self, asked: Vec<PeerKey>) -> Result<Vec<Option<Peer>>, StoreError> {
        let names: Vec<Option<Bytes>> = asked.iter().map(|key| keys::name(key, |name| self.sealed.hide(name))).collect();
        let mut named = self.sealed.get(names.iter().flatten().cloned().collect()).await?.into_iter();
        let prefix = Table::Peers.range().0;
        let ids: Vec<Option<Bytes>> = asked
            .iter()
            .map(|key| match key {
                PeerKey::Id(id) => Some(keys::peer(*id)),
                _ => named.next().flatten().map(|id| [prefix.as_slice(), &id].concat()),
            })
            .collect();
        let mut found = self.sealed.get(ids.iter().flatten().cloned().collect()).await?.into_iter();
        let peers = ids.iter().map(|id| id.as_ref().and_then(|_| found.next().flatten()).map(|peer| from_json(&peer)).transpose());
        peers.collect::<Result<_, _>>().map_err(|reason| self.sealed.corrupt(reason))
    }

    async fn find_values(&self, from: Bytes, to: Bytes, limit: usize) -> Result<Vec<(ValueKey, Value)>, StoreError> {
        let found = self.sealed.scan(from, to, limit).await?;
        let read = |(key, value): (Bytes, Bytes)| Ok((keys::value_from(&key)?, bytes::value_from(&value)?));
        found.into_iter().map(read).collect::<Result<_, String>>().map_err(|reason| self.sealed.corrupt(reason))
    }
}

impl Store for KvStore {
    fn load(&self) -> Task<'_, Snapshot> {
        Box::pin(self.snapshot())
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(async move {
            let _turn = self.committing.lock().await;
            let changes = commit::changes(&self.sealed, &commit).await?;
            self.sealed.write(changes).await
        })
    }

    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        Box::pin(self.numbered(Table::Rows, from, limit, bytes::row_from))
    }

    fn dead_letters(&self, from: u64, limit: usize) -> Task<'_, Vec<DeadLetter>> {
        Box::pin(self.numbered(Table::Dead, from, limit, bytes::letter_from))
    }

    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>> {
        Box::pin(self.find_peers(keys))
    }

    fn value(&self, key: ValueKey) -> Task<'_, Option<Value>> {
        Box::pin(async move {
            let found = self.sealed.get(vec![keys::value(&key)]).await?.into_iter().flatten().next();
            found.map(|value| bytes::value_from(&value)).transpose().map_err(|reason| self.sealed.corrupt(reason))
        })
    }

    fn values(&self, from: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>> {
        Box::pin(async move {
            let found = self.find_values(keys::value(&from), keys::end_of_space(&from.space), limit).await?;
            Ok(found.into_iter().map(|(key, value)| (key.key, value)).collect())
        })
    }

    fn all_peers(&self, after: Option<PeerId>, limit: usize) -> Task<'_, Vec<Peer>> {
        Box::pin(async move {
            let (first, end) = Table::Peers.range();
            let from = after.map_or(first, |id| next(&keys::peer(id)));
            let found = self.sealed.scan(from, end, limit).await?;
            found.iter().map(|(_, peer)| from_json(peer)).collect::<Result<_, _>>().map_err(|reason| self.sealed.corrupt(reason))
        })
    }

    fn all_values(&self, after: Option<ValueKey>, limit: usize) -> Task<'_, Vec<(ValueKey, Value)>> {
        let (first, end) = Table::Values.range();
        let from = after.map_or(first, |key| next(&keys::value(&key)));
        Box::pin(self.find_values(from, end, limit))
    }

    fn place(&self) -> String {
        self.sealed.place()
    }

    fn is_wanted(&self) -> bool {
        self.sealed.is_wanted()
    }

    fn is_lost(&self) -> bool {
        self.sealed.is_lost()
    }

    fn rest(&self) -> Task<'_, ()> {
        Box::pin(self.sealed.rest())
    }

    fn close(&self) -> Task<'_, ()> {
        Box::pin(self.sealed.close())
    }
}

impl fmt::Debug for KvStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KvStore").field("place", &self.sealed.place()).finish_non_exhaustive()
    }
}
