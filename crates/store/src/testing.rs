//! For tests: stores before which something happens.

use std::ops::Deref;
use std::sync::Arc;

use crate::{Commit, DeadLetter, Memory, Peer, PeerId, PeerKey, Row, Snapshot, Store, Task, Value, ValueKey};

/// What stands before a store and changes what it names; the rest passes as it is. [`Wrapped`] makes a [`Store`] of it.
pub trait Wrapper: Send + Sync + 'static {
    /// The store behind it.
    fn inner(&self) -> &dyn Store;

    /// [`Store::commit`].
    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        self.inner().commit(commit)
    }

    /// [`Store::rows`].
    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        self.inner().rows(from, limit)
    }

    /// [`Store::place`].
    fn place(&self) -> String {
        self.inner().place()
    }

    /// [`Store::is_shared`].
    fn is_shared(&self) -> bool {
        self.inner().is_shared()
    }

    /// [`Store::is_wanted`].
    fn is_wanted(&self) -> bool {
        self.inner().is_wanted()
    }

    /// [`Store::is_lost`].
    fn is_lost(&self) -> bool {
        self.inner().is_lost()
    }

    /// [`Store::rest`].
    fn rest(&self) -> Task<'_, ()> {
        self.inner().rest()
    }

    /// [`Store::close`].
    fn close(&self) -> Task<'_, ()> {
        self.inner().close()
    }
}

/// A store with a [`Wrapper`] before it.
#[derive(Clone, Debug, Default)]
pub struct Wrapped<W>(pub W);

impl<W> Deref for Wrapped<W> {
    type Target = W;

    fn deref(&self) -> &W {
        &self.0
    }
}

impl<W: Wrapper> Store for Wrapped<W> {
    fn load(&self) -> Task<'_, Snapshot> {
        self.inner().load()
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        self.0.commit(commit)
    }

    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        self.0.rows(from, limit)
    }

    fn dead_letters(&self, from: u64, limit: usize) -> Task<'_, Vec<DeadLetter>> {
        self.inner().dead_letters(from, limit)
    }

    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>> {
        self.inner().peers(keys)
    }

    fn value(&self, key: ValueKey) -> Task<'_, Option<Value>> {
        self.inner().value(key)
    }

    fn values(&self, from: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>> {
        self.inner().values(from, limit)
    }

    fn all_peers(&self, after: Option<PeerId>, limit: usize) -> Task<'_, Vec<Peer>> {
        self.inner().all_peers(after, limit)
    }

    fn all_values(&self, after: Option<ValueKey>, limit: usize) -> Task<'_, Vec<(ValueKey, Value)>> {
        self.inner().all_values(after, limit)
    }

    fn place(&self) -> String {
        self.0.place()
    }

    fn is_shared(&self) -> bool {
        self.0.is_shared()
    }

    fn is_wanted(&self) -> bool {
        self.0.is_wanted()
    }

    fn is_lost(&self) -> bool {
        self.0.is_lost()
    }

    fn rest(&self) -> Task<'_, ()> {
        self.0.rest()
    }

    fn close(&self) -> Task<'_, ()> {
        self.0.close()
    }
}

/// A gate before a memory, which every commit has to pass: it can let them wait, for ever too, or refuse them.
#[derive(Clone, Debug)]
pub struct Gate<G> {
    memory: Memory,
    passes: G,
}

/// This memory behind this gate.
pub fn gated<G>(memory: Memory, gate: G) -> Wrapped<Gate<G>>
where
    G: Fn(Arc<Commit>) -> Task<'static, ()> + Send + Sync + 'static,
{
    Wrapped(Gate { memory, passes: gate })
}

impl<G> Wrapper for Gate<G>
where
    G: Fn(Arc<Commit>) -> Task<'static, ()> + Send + Sync + 'static,
{
    fn inner(&self) -> &dyn Store {
        &self.memory
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(async move {
            (self.passes)(Arc::clone(&commit)).await?;
            self.memory.commit(commit).await
        })
    }
}
