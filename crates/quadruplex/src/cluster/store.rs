//! The store of an account as a guest has it: what the holder keeps is read from there and changed there.

use std::sync::{Arc, Weak};

use quadruplex_store::{Commit, DeadLetter, Error, Peer, PeerId, PeerKey, Row, Snapshot, Store, Task, Value, ValueKey};

use super::Link;
use super::changes::Changes;
use super::frame::{Asked, Kept};

/// Does not keep the line.
pub(crate) struct FarStore(pub(crate) Weak<Link>);

impl FarStore {
    fn link(&self) -> Result<Arc<Link>, Error> {
        self.0.upgrade().ok_or_else(|| failed("reach", crate::Error::NotSignedIn))
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, doing: &'static str, asked: impl FnOnce(u64) -> Asked) -> Result<T, Error> {
        self.link()?.ask_for(asked).await.map_err(|error| failed(doing, error))
    }
}

impl Store for FarStore {
    fn load(&self) -> Task<'_, Snapshot> {
        Box::pin(std::future::ready(Ok(Snapshot::default())))
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(async move {
            let changes = Box::new(Changes::of(&commit));
            match changes.is_empty() {
                true => Ok(()),
                false => self.ask("write to", |id| Asked::Commit { id, commit: changes }).await,
            }
        })
    }

    /// Rows are handed out.
    fn rows(&self, _: u64, _: usize) -> Task<'_, Vec<Row>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn dead_letters(&self, _: u64, _: usize) -> Task<'_, Vec<DeadLetter>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>> {
        Box::pin(async move {
            let keys = keys.into_iter().map(Into::into).collect();
            self.ask("read", |id| Asked::Peers { id, keys }).await
        })
    }

    fn value(&self, ValueKey { space, key }: ValueKey) -> Task<'_, Option<Value>> {
        Box::pin(async move {
            let value: Option<Kept> = self.ask("read", |id| Asked::Value { id, space, key }).await?;
            Ok(value.map(of))
        })
    }

    fn values(&self, ValueKey { space, key }: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>> {
        Box::pin(async move {
            let values: Vec<(Vec<u8>, Kept)> = self.ask("read", |id| Asked::Values { id, space, key, limit }).await?;
            Ok(values.into_iter().map(|(key, value)| (key, of(value))).collect())
        })
    }

    /// Copies are made where the store is.
    fn all_peers(&self, _: Option<PeerId>, _: usize) -> Task<'_, Vec<Peer>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn all_values(&self, _: Option<ValueKey>, _: usize) -> Task<'_, Vec<(ValueKey, Value)>> {
        Box::pin(std::future::ready(Ok(Vec::new())))
    }

    fn place(&self) -> String {
        "where the account is held".to_owned()
    }

    fn is_shared(&self) -> bool {
        false
    }

    /// The holder may have given this end up: others do what it did.
    fn is_lost(&self) -> bool {
        self.0.upgrade().is_none_or(|link| link.over().is_cancelled())
    }
}

fn of((bytes, expires): Kept) -> Value {
    Value { bytes, expires }
}

fn failed(doing: &'static str, error: crate::Error) -> Error {
    Error::Backend { doing, place: "the store, where the account is held".to_owned(), source: Box::new(error) }
}
