//! For tests: a memory before whose commits something happens.

use std::sync::Arc;

use crate::{Commit, DeadLetter, Memory, Peer, PeerId, PeerKey, Row, Snapshot, Store, Task, Value, ValueKey};

/// A [`Memory`] whose commits have to pass a gate: it can let them wait, for ever too, or refuse them.
#[derive(Clone, Debug)]
pub struct Gated<G> {
    /// What passes is there.
    pub memory: Memory,
    gate: G,
}

impl<G> Gated<G>
where
    G: Fn(Arc<Commit>) -> Task<'static, ()> + Send + Sync + 'static,
{
    /// This memory behind this gate.
    pub fn new(memory: Memory, gate: G) -> Self {
        Self { memory, gate }
    }
}

impl<G> Store for Gated<G>
where
    G: Fn(Arc<Commit>) -> Task<'static, ()> + Send + Sync + 'static,
{
    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(async move {
            (self.gate)(Arc::clone(&commit)).await?;
            self.memory.commit(commit).await
        })
    }

    fn load(&self) -> Task<'_, Snapshot> {
        self.memory.load()
    }

    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        self.memory.rows(from, limit)
    }

    fn dead_letters(&self, from: u64, limit: usize) -> Task<'_, Vec<DeadLetter>> {
        self.memory.dead_letters(from, limit)
    }

    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>> {
        self.memory.peers(keys)
    }

    fn value(&self, key: ValueKey) -> Task<'_, Option<Value>> {
        self.memory.value(key)
    }

    fn values(&self, from: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>> {
        self.memory.values(from, limit)
    }

    fn all_peers(&self, after: Option<PeerId>, limit: usize) -> Task<'_, Vec<Peer>> {
        self.memory.all_peers(after, limit)
    }

    fn all_values(&self, after: Option<ValueKey>, limit: usize) -> Task<'_, Vec<(ValueKey, Value)>> {
        self.memory.all_values(after, limit)
    }

    fn place(&self) -> String {
        self.memory.place()
    }
}
