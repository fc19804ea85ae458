use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep, sleep_until};

use crate::{Commit, Error, Peer, PeerId, PeerKey, Store, Value, ValueKey};

/// How long a change waits for others to be written with.
const WINDOW: Duration = Duration::from_millis(10);
/// How often the store is told that nothing is written.
const REST: Duration = Duration::from_secs(30);
/// So many rows are not waited with.
const ROWS: usize = 256;
/// Peers kept for a later write while the store cannot be written; they come again with the next answer that names them.
const PEERS: usize = 16_384;
/// The pause after a failed write; doubled up to [`LAST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LAST_PAUSE: Duration = Duration::from_secs(10);

/// Gathers the changes of many tasks into few commits.
///
/// A change is made at once to the commit that is open; the commit is written 10 ms after its first change, or when it has
/// 256 rows, whichever is sooner. What is undone before it is written costs nothing: a row that is done in time is never
/// written. Peers are visible to [`peers`](Self::peers), and values to [`value`](Self::value), from the moment they are queued.
///
/// When the store fails (a full disk), nothing queued is lost: the same changes are written again, with those that came
/// since, until it succeeds; [`failure`](Self::failure) tells. What must succeed or fail at once (a new key, a sign-in)
/// goes to [`Store::commit`] directly.
///
/// Clones share one writer. Its task ends when the last is dropped, after one more attempt to write what is open; and when the store
/// [is lost](Store::is_lost) to another process, for which nothing may be changed any more.
#[derive(Clone)]
pub struct Writer {
    shared: Arc<Shared>,
    durable: watch::Receiver<u64>,
    _alive: Arc<Alive>,
}

struct Shared {
    store: Arc<dyn Store>,
    groups: Mutex<Groups>,
    changed: Notify,
    /// What the last attempt to write said, while it has not succeeded since.
    failure: watch::Sender<Option<String>>,
}

#[derive(Default)]
struct Groups {
    open: Commit,
    /// The number of the open group: a ticket names the group its change is in.
    number: u64,
    writing: Option<Arc<Commit>>,
    hurry: bool,
    closed: bool,
}

/// Dropped with the last handle.
struct Alive(Arc<Shared>);

impl Drop for Alive {
    fn drop(&mut self) {
        self.0.groups().closed = true;
        self.0.changed.notify_one();
    }
}

impl Writer {
    /// Starts the writer of a store as a task of the current Tokio runtime.
    #[must_use]
    pub fn spawn(store: Arc<dyn Store>) -> Self {
        let groups = Mutex::new(Groups { number: 1, ..Groups::default() });
        let shared = Arc::new(Shared { store, groups, changed: Notify::new(), failure: watch::Sender::new(None) });
        let (written, durable) = watch::channel(0);
        tokio::spawn(Arc::clone(&shared).run(written));
        Self { _alive: Arc::new(Alive(Arc::clone(&shared))), shared, durable }
    }

    /// The store underneath.
    #[must_use]
    pub fn store(&self) -> &Arc<dyn Store> {
        &self.shared.store
    }

    /// Makes changes to the open commit. Returns at once; the ticket tells when they are durable.
    pub fn queue(&self, change: impl FnOnce(&mut Commit)) -> Ticket {
        let mut groups = self.shared.groups();
        change(&mut groups.open);
        // A change that changes nothing is durable with what came before it.
        let group = groups.number - u64::from(groups.open.is_empty());
        drop(groups);
        self.shared.changed.notify_one();
        Ticket { group, durable: self.durable.clone() }
    }

    /// Writes what is open now, without waiting for more, and returns when everything queued before is durable.
    ///
    /// # Cancel safety
    /// Dropping it changes nothing: what is queued is written.
    pub async fn flush(&self) {
        {
            let mut groups = self.shared.groups();
            groups.hurry = !groups.open.is_empty();
        }
        self.queue(|_| {}).durable().await;
    }

    /// One answer for each key, in their order; what is queued counts as stored.
    ///
    /// # Errors
    /// Those of the store.
    ///
    /// # Cancel safety
    /// A read: dropping it is harmless.
    pub async fn peers(&self, keys: Vec<PeerKey>) -> Result<Vec<Option<Peer>>, Error> {
        let queued = self.shared.groups().queued_peers(&keys);
        // A name may have moved to a peer that is queued, or away from it: the queued form decides.
        let stored = self.shared.store.peers(keys.clone()).await?;
        let answers = keys.iter().zip(stored).map(|(key, stored)| {
            let named = queued.values().find(|peer| peer.is(key)).cloned();
            let stored = stored.filter(|stored| named.as_ref().is_none_or(|named| named.id == stored.id));
            match (named, stored) {
                (Some(named), stored) => Some(named.onto(stored.as_ref())),
                (None, Some(stored)) => {
                    let newest = match queued.get(&stored.id) {
                        Some(queued) => queued.clone().onto(Some(&stored)),
                        None => stored,
                    };
                    newest.is(key).then_some(newest)
                }
                (None, None) => None,
            }
        });
        Ok(answers.collect())
    }

    /// A value; what is queued counts as stored.
    ///
    /// # Errors
    /// Those of the store.
    ///
    /// # Cancel safety
    /// A read: dropping it is harmless.
    pub async fn value(&self, key: ValueKey) -> Result<Option<Value>, Error> {
        if let Some(queued) = self.shared.groups().queued_value(&key) {
            return Ok(queued);
        }
        self.shared.store.value(key).await
    }

    /// What the last attempt to write said, while it has not succeeded since.
    #[must_use]
    pub fn failure(&self) -> Option<String> {
        self.shared.failure.borrow().clone()
    }

    /// Tells when that changes. It does not keep the writer alive.
    #[must_use]
    pub fn failures(&self) -> watch::Receiver<Option<String>> {
        self.shared.failure.subscribe()
    }
}

impl std::fmt::Debug for Writer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Writer").field("store", &self.shared.store.place()).finish_non_exhaustive()
    }
}

/// Tells when a change is durable.
#[derive(Clone, Debug)]
pub struct Ticket {
    group: u64,
    durable: watch::Receiver<u64>,
}

impl Ticket {
    /// Returns when the change is durable, or when the writer has ended without being able to write it
    /// ([`is_durable`](Self::is_durable) tells which).
    ///
    /// # Cancel safety
    /// Dropping it changes nothing.
    pub async fn durable(mut self) {
        let group = self.group;
        // An error says that the writer has ended, which the documentation of this function names.
        let _ = self.durable.wait_for(|written| *written >= group).await;
    }

    /// Whether the change is durable now.
    #[must_use]
    pub fn is_durable(&self) -> bool {
        *self.durable.borrow() >= self.group
    }
}

impl Shared {
    fn groups(&self) -> MutexGuard<'_, Groups> {
        // A change that panicked half-way is at worst incomplete in what that caller wanted; the others' changes are sound.
        self.groups.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(self: Arc<Self>, written: watch::Sender<u64>) {
        let mut pause = FIRST_PAUSE;
        loop {
            let is_last = self.gather().await;
            let Some((group, commit)) = self.groups().close() else {
                if is_last {
                    return;
                }
                continue;
            };
            let result = self.store.commit(Arc::clone(&commit)).await;
            let failure = result.err().map(|error| error.to_string());
            let failed = failure.is_some();
            self.groups().settle(commit, failed);
            self.failure.send_if_modified(|last| {
                let is_other = *last != failure;
                *last = failure;
                is_other
            });
            match failed {
                false => {
                    pause = FIRST_PAUSE;
                    written.send_replace(group);
                }
                true if is_last || self.store.is_lost() => return,
                true => {
                    self.pause(pause).await;
                    pause = (2 * pause).min(LAST_PAUSE);
                }
            }
        }
    }

    /// Waits before what has failed is tried again, unless somebody is in a hurry or has gone.
    async fn pause(&self, pause: Duration) {
        let wanted = async {
            let is_wanted = || {
                let groups = self.groups();
                groups.hurry || groups.closed
            };
            while !is_wanted() {
                self.changed.notified().await;
            }
        };
        tokio::select! {
            () = sleep(pause) => {}
            () = wanted => {}
        }
    }

    /// Returns when the open group is to be written, and whether it is the last one.
    async fn gather(&self) -> bool {
        let mut deadline = None;
        loop {
            {
                let groups = self.groups();
                if groups.closed {
                    return true;
                }
                if groups.hurry || groups.open.rows.len() >= ROWS {
                    return false;
                }
                if deadline.is_none() && !groups.open.is_empty() {
                    deadline = Some(Instant::now() + WINDOW);
                }
            }
            match deadline {
                None => tokio::select! {
                    () = self.changed.notified() => {}
                    // It tells of what is wrong when it is used again.
                    () = sleep(REST) => drop(self.store.rest().await),
                },
                Some(deadline) => tokio::select! {
                    () = sleep_until(deadline) => return false,
                    () = self.changed.notified() => {}
                },
            }
        }
    }
}

impl Groups {
    /// Takes the open group for writing; none when there is nothing to do.
    fn close(&mut self) -> Option<(u64, Arc<Commit>)> {
        self.hurry = false;
        if self.open.is_empty() {
            return None;
        }
        let group = self.number;
        self.number += 1;
        let commit = Arc::new(std::mem::take(&mut self.open));
        self.writing = Some(Arc::clone(&commit));
        Some((group, commit))
    }

    fn settle(&mut self, commit: Arc<Commit>, failed: bool) {
        self.writing = None;
        if !failed {
            return;
        }
        let later = std::mem::replace(&mut self.open, Arc::unwrap_or_clone(commit));
        self.open.append(later);
        while self.open.peers.len() > PEERS {
            self.open.peers.pop_first();
        }
    }

    /// What is queued for a value: its new content, or that it is removed.
    fn queued_value(&self, key: &ValueKey) -> Option<Option<Value>> {
        let commits = [Some(&self.open), self.writing.as_deref()];
        commits.into_iter().flatten().find_map(|commit| commit.values.get(key).cloned())
    }

    /// The queued peers that `keys` name or that are named by what is stored under `keys`.
    fn queued_peers(&self, keys: &[PeerKey]) -> BTreeMap<PeerId, Peer> {
        let mut found: BTreeMap<PeerId, Peer> = BTreeMap::new();
        let by_id_only = keys.iter().all(|key| matches!(key, PeerKey::Id(_)));
        for commit in self.writing.as_deref().into_iter().chain([&self.open]) {
            let mut add = |peer: &Peer| {
                let merged = peer.clone().onto(found.get(&peer.id));
                found.insert(peer.id, merged);
            };
            if by_id_only {
                keys.iter().filter_map(|key| if let PeerKey::Id(id) = key { commit.peers.get(id) } else { None }).for_each(&mut add);
            } else {
                commit.peers.values().for_each(&mut add);
            }
        }
        found
    }
}
