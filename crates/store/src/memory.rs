use std::collections::BTreeMap;
use std::future::ready;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::commit::keep_newest;
use crate::{
    Commit, DeadLetter, Error, KeyChange, KeyKind, KeySlot, Peer, PeerId, PeerKey, Row, Snapshot, Store, StoredKey, Task, Value, ValueKey,
};

/// A store that lives as long as the process. Clones share the content, so a test can "restart" on it.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// use std::sync::Arc;
/// use quadruplex_store::{Commit, CommonState, Memory, Store};
///
/// let store = Memory::new();
/// let mut commit = Commit::default();
/// commit.common(CommonState { pts: 5, ..CommonState::default() });
/// store.commit(Arc::new(commit)).await?;
/// assert_eq!(store.load().await?.common.map(|state| state.pts), Some(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct Memory {
    content: Arc<Mutex<Content>>,
}

#[derive(Default)]
struct Content {
    small: Snapshot,
    rows: BTreeMap<u64, Row>,
    dead: BTreeMap<u64, DeadLetter>,
    peers: BTreeMap<PeerId, Peer>,
    index: BTreeMap<PeerKey, PeerId>,
    values: BTreeMap<ValueKey, Value>,
}

impl Memory {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn content(&self) -> MutexGuard<'_, Content> {
        // Every change is complete before the lock is let go, so the content of a poisoned lock is sound.
        self.content.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Memory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Memory")
    }
}

impl Store for Memory {
    fn load(&self) -> Task<'_, Snapshot> {
        Box::pin(ready(Ok(self.content().small.clone())))
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(async move { self.content().apply(Arc::unwrap_or_clone(commit)) })
    }

    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        Box::pin(ready(Ok(self.content().rows.range(from..).take(limit).map(|(_, row)| row.clone()).collect())))
    }

    fn dead_letters(&self, from: u64, limit: usize) -> Task<'_, Vec<DeadLetter>> {
        Box::pin(ready(Ok(self.content().dead.range(from..).take(limit).map(|(_, letter)| letter.clone()).collect())))
    }

    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>> {
        let content = self.content();
        Box::pin(ready(Ok(keys.iter().map(|key| content.find(key).cloned()).collect())))
    }

    fn value(&self, key: ValueKey) -> Task<'_, Option<Value>> {
        Box::pin(ready(Ok(self.content().values.get(&key).cloned())))
    }

    fn values(&self, from: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>> {
        let space = from.space.clone();
        let content = self.content();
        let found = content.values.range(from..).take_while(|(key, _)| key.space == space).take(limit);
        Box::pin(ready(Ok(found.map(|(key, value)| (key.key.clone(), value.clone())).collect())))
    }

    fn all_peers(&self, after: Option<PeerId>, limit: usize) -> Task<'_, Vec<Peer>> {
        let peers = self.content().peers.range((beyond(after), Bound::Unbounded)).take(limit).map(|(_, peer)| peer.clone()).collect();
        Box::pin(ready(Ok(peers)))
    }

    fn all_values(&self, after: Option<ValueKey>, limit: usize) -> Task<'_, Vec<(ValueKey, Value)>> {
        let content = self.content();
        let values = content.values.range((beyond(after), Bound::Unbounded)).take(limit);
        Box::pin(ready(Ok(values.map(|(key, value)| (key.clone(), value.clone())).collect())))
    }

    fn place(&self) -> String {
        "memory".to_owned()
    }

    fn is_shared(&self) -> bool {
        false
    }
}

impl Content {
    fn apply(&mut self, commit: Commit) -> Result<(), Error> {
        check_keys(&commit, |slot| Ok::<_, Error>(self.small.keys.get(&slot).cloned()))?;
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
        let small = &mut self.small;
        small.identity = identity.or(small.identity.take());
        small.time_offset = time_offset.or(small.time_offset);
        small.config = config.or(small.config.take());
        small.login_tokens.retain(|known| !login_tokens.contains(known));
        small.login_tokens.extend(login_tokens);
        keep_newest(&mut small.login_tokens);
        for (slot, change) in keys {
            match change {
                KeyChange::Add(key) => drop(small.keys.insert(slot, key)),
                KeyChange::Remove => {
                    small.keys.remove(&slot);
                    small.salts.remove(&slot);
                }
            }
        }
        small.salts.extend(salts);
        small.common = common.or(small.common);
        for (id, state) in channels {
            match state {
                Some(state) => drop(small.channels.insert(id, state)),
                None => drop(small.channels.remove(&id)),
            }
        }
        small.next_row = small.next_row.max(next_row.unwrap_or(0));
        peers.into_values().for_each(|peer| self.put(peer));
        self.rows.extend(rows);
        for (number, attempts) in attempts {
            if let Some(row) = self.rows.get_mut(&number) {
                row.attempts = attempts;
            }
        }
        done.iter().for_each(|number| drop(self.rows.remove(number)));
        self.dead.extend(buried);
        unburied.iter().for_each(|number| drop(self.dead.remove(number)));
        if let Some(now) = expired_at {
            self.values.retain(|_, value| value.is_live(now));
        }
        for (key, value) in values {
            match value {
                Some(value) => drop(self.values.insert(key, value)),
                None => drop(self.values.remove(&key)),
            }
        }
        Ok(())
    }

    fn put(&mut self, peer: Peer) {
        let known = self.peers.get(&peer.id);
        if known.is_some_and(|known| peer.adds_nothing_to(known)) {
            return;
        }
        let peer = peer.onto(known);
        for key in known.into_iter().flat_map(Peer::index_keys) {
            if self.index.get(&key) == Some(&peer.id) {
                self.index.remove(&key);
            }
        }
        self.index.extend(peer.index_keys().map(|key| (key, peer.id)));
        self.peers.insert(peer.id, peer);
    }

    fn find(&self, key: &PeerKey) -> Option<&Peer> {
        match key {
            PeerKey::Id(id) => self.peers.get(id),
            _ => self.peers.get(self.index.get(key)?),
        }
    }
}

fn beyond<K>(after: Option<K>) -> Bound<K> {
    after.map_or(Bound::Unbounded, Bound::Excluded)
}

/// Refuses a commit that would replace a permanent key by another one.
pub(crate) fn check_keys<E: From<Error>>(commit: &Commit, stored: impl Fn(KeySlot) -> Result<Option<StoredKey>, E>) -> Result<(), E> {
    for (&slot, change) in &commit.keys {
        if let KeyChange::Add(new) = change
            && slot.kind == KeyKind::Permanent
            && stored(slot)?.is_some_and(|old| old.key != new.key)
        {
            return Err(Error::KeyExists { slot }.into());
        }
    }
    Ok(())
}
