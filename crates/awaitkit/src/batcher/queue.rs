use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::Hash;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::SetOnce;

use super::load::Batch;
use super::{Answer, Inner};
use crate::shared::SharedError;
use crate::sync::lock;
use crate::waits::{RunId, Waiting};

/// The keys that somebody waits for. Everything here is changed under one lock, which is held for a few map operations.
pub(super) struct Queue<K, V, E> {
    entries: HashMap<K, Entry<V, E>>,
    /// The keys that have not left, oldest first.
    waiting: BTreeMap<u64, K>,
    /// Numbers of keys in the order in which they came.
    next: u64,
    lookups: u64,
    /// Whether a task is on its way that will take keys.
    pub(super) window_open: bool,
    /// The batches that have left and are not answered.
    pub(super) in_flight: HashSet<RunId>,
}

struct Entry<V, E> {
    slot: Arc<Slot<V, E>>,
    callers: usize,
    place: Place,
    /// Whether other shared work is among the callers.
    nested: bool,
}

#[derive(Clone, Copy)]
enum Place {
    Waiting(u64),
    InFlight(RunId),
}

/// The keys of a batch. Who waits for one of them waits for the batch: that is what the edges say, for as long as they live.
pub(super) struct Leaving<K, V, E> {
    pub(super) slots: HashMap<K, Arc<Slot<V, E>>>,
    edges: Vec<Waiting>,
}

impl<K, V, E> Leaving<K, V, E> {
    pub(super) fn nobody() -> Self {
        Self { slots: HashMap::new(), edges: Vec::new() }
    }
}

/// Where the answer to one key appears.
pub(super) struct Slot<V, E> {
    /// `None`: the batch was given up, because its runtime ended.
    answer: SetOnce<Option<Answer<V, E>>>,
    /// Stands for the key among who waits for whom, until its batch is known.
    pub(super) id: RunId,
}

impl<V, E> Slot<V, E> {
    pub(super) fn fill(&self, answer: Option<Answer<V, E>>) {
        let _already_filled = self.answer.set(answer);
    }
}

impl<K, V, E> Queue<K, V, E> {
    /// Lookups so far, and keys that wait to leave.
    pub(super) fn growth(&self) -> (u64, usize) {
        (self.lookups, self.waiting.len())
    }

    /// Keys that wait to leave, and batches that have left.
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.waiting.len(), self.in_flight.len())
    }
}

impl<K: Clone + Eq + Hash, V, E> Queue<K, V, E> {
    pub(super) fn new() -> Self {
        Self { entries: HashMap::new(), waiting: BTreeMap::new(), next: 0, lookups: 0, window_open: false, in_flight: HashSet::new() }
    }

    /// Takes the oldest keys as a batch.
    pub(super) fn leave(&mut self, batch: RunId, max_size: usize) -> Leaving<K, V, E> {
        let mut leaving = Leaving { slots: HashMap::with_capacity(max_size.min(self.waiting.len())), edges: Vec::new() };
        while leaving.slots.len() < max_size
            && let Some((_, key)) = self.waiting.pop_first()
        {
            let Some(entry) = self.entries.get_mut(&key) else { continue };
            entry.place = Place::InFlight(batch);
            if entry.nested {
                leaving.edges.push(batch.wait_of(entry.slot.id));
            }
            leaving.slots.insert(key, Arc::clone(&entry.slot));
        }
        if !leaving.slots.is_empty() {
            self.in_flight.insert(batch);
        }
        leaving
    }

    /// Removes the entry of a key whose answer has come; false if it was detached meanwhile.
    pub(super) fn arrive(&mut self, key: &K, slot: &Arc<Slot<V, E>>) -> bool {
        let current = self.entries.get(key).is_some_and(|entry| Arc::ptr_eq(&entry.slot, slot));
        if current {
            self.entries.remove(key);
        }
        current
    }

    /// Removes a key that has not left, and gives the slot of those who wait; one that has left is detached.
    pub(super) fn forget(&mut self, key: &K) -> Option<Arc<Slot<V, E>>> {
        let entry = self.entries.remove(key)?;
        match entry.place {
            Place::Waiting(number) => {
                self.waiting.remove(&number);
                Some(entry.slot)
            }
            Place::InFlight(_) => None,
        }
    }

    /// Makes the next lookup of a key that has left ask anew.
    pub(super) fn detach(&mut self, key: &K) {
        if self.entries.get(key).is_some_and(|entry| matches!(entry.place, Place::InFlight(_))) {
            self.entries.remove(key);
        }
    }

    /// Removes everything that has not left, and gives the slots of those who wait.
    pub(super) fn abandon(&mut self) -> Vec<Arc<Slot<V, E>>> {
        self.window_open = false;
        let waiting = std::mem::take(&mut self.waiting);
        waiting.into_values().filter_map(|key| self.entries.remove(&key)).map(|entry| entry.slot).collect()
    }
}

/// One caller's claim to the answer of a key.
pub(super) struct Ticket<'a, K: Clone + Eq + Hash, V, E> {
    inner: &'a Inner<K, V, E>,
    key: &'a K,
    slot: Arc<Slot<V, E>>,
    _waiting: Option<Waiting>,
}

impl<'a, K, V, E> Ticket<'a, K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Joins those who wait for the key, or queues it and sees to it that a batch will leave.
    pub(super) fn take(inner: &'a Arc<Inner<K, V, E>>, key: &'a K) -> Result<Self, SharedError<E>> {
        let mut queue = lock(&inner.queue);
        if RunId::current().is_some_and(|run| queue.in_flight.iter().any(|batch| batch.waits_for(run))) {
            return Err(SharedError::Cycle);
        }
        inner.counters.lookup();
        queue.lookups += 1;
        if let Some(entry) = queue.entries.get_mut(key) {
            let awaited = match entry.place {
                Place::Waiting(_) => entry.slot.id,
                Place::InFlight(batch) => batch,
            };
            let waiting = awaited.wait().map_err(|_| SharedError::Cycle)?;
            inner.counters.joined();
            entry.callers += 1;
            entry.nested |= waiting.is_some();
            return Ok(Self { inner, key, slot: Arc::clone(&entry.slot), _waiting: waiting });
        }

        let runtime = Handle::try_current().map_err(|_| SharedError::NoRuntime)?;
        if inner.tasks.is_closed() {
            return Err(SharedError::Stopped);
        }
        let slot = Arc::new(Slot { answer: SetOnce::new(), id: RunId::new() });
        let waiting = slot.id.wait().map_err(|_| SharedError::Cycle)?;
        let number = queue.next;
        queue.next += 1;
        queue.waiting.insert(number, key.clone());
        let place = Place::Waiting(number);
        queue.entries.insert(key.clone(), Entry { slot: Arc::clone(&slot), callers: 1, place, nested: waiting.is_some() });
        let is_full = queue.waiting.len() == inner.max_size;
        let opens = !std::mem::replace(&mut queue.window_open, true);
        drop(queue); // a runtime that has ended drops the task at once, and the task takes this lock then

        let ticket = Self { inner, key, slot, _waiting: waiting };
        if is_full {
            inner.changed.notify_waiters();
        }
        if opens {
            Batch::open(inner, &runtime);
        }
        Ok(ticket)
    }

    /// `None` when the batch was given up.
    pub(super) async fn answer(&self) -> Option<Answer<V, E>> {
        self.slot.answer.wait().await.clone()
    }
}

impl<K: Clone + Eq + Hash, V, E> Drop for Ticket<'_, K, V, E> {
    fn drop(&mut self) {
        if self.slot.answer.initialized() {
            return;
        }
        let mut queue = lock(&self.inner.queue);
        let Some(entry) = queue.entries.get_mut(self.key).filter(|entry| Arc::ptr_eq(&entry.slot, &self.slot)) else { return };
        entry.callers -= 1;
        if let (0, Place::Waiting(_)) = (entry.callers, entry.place) {
            queue.forget(self.key);
            self.inner.counters.dropped();
        }
    }
}
