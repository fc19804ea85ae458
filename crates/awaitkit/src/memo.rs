mod builder;
mod handle;
mod run;
mod stats;
mod store;

use std::collections::HashMap;
use std::convert::Infallible;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::shared::{SharedError, end};
use crate::sync::lock;
use crate::trace::Span;
use run::{Begun, Outcome, Run, Worker};
use stats::Counters;

pub use builder::MemoBuilder;
pub use handle::MemoHandle;
pub use stats::MemoStats;
pub(crate) use store::Store;

/// Remembers the results of async work by key, and does the work for a key once however many ask at the same time.
///
/// What is remembered is the work, not only its value: a value that is checked, awaited and set is computed twice when two
/// callers come at the same time. Here the first caller starts the work in a task of its own and everybody waits for that task.
///
/// - A caller that goes away, also the first one, changes nothing for the others.
/// - Errors go to all who wait and are then forgotten, unless [`keep_errors`](MemoBuilder::keep_errors) says otherwise.
/// - A panic becomes an error; a key whose work waits for the same key, also through other memos, gets
///   [`SharedError::Cycle`]. (Tasks which the work spawns are not followed.)
/// - At most [`max_entries`](MemoBuilder::max_entries) values are kept, 10,000 unless told otherwise.
///
/// A `Memo` is a cheap handle; clones share everything. It may be a `static` and outlive a runtime: work that ends with its
/// runtime is begun again by whoever still waits for it in another.
///
/// Dropping the last handle lets work that has begun run to its end; [`shutdown`](Self::shutdown) waits for it or stops it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use awaitkit::{Memo, join};
///
/// async fn load(id: u32) -> Result<String, std::io::Error> {
///     Ok(format!("user {id}"))
/// }
///
/// let users = Memo::new();
/// let (a, b) = join!(users.get(7, load(7)), users.get(7, load(7)));
/// assert_eq!(a?, b?);
/// assert_eq!(users.stats().runs, 1);
/// # Ok(()) }
/// ```
pub struct Memo<K, V, E = Infallible> {
    inner: Arc<Inner<K, V, E>>,
}

struct Inner<K, V, E> {
    name: Arc<str>,
    store: Store<K, Outcome<V, E>>,
    running: Mutex<HashMap<K, Arc<Run<V, E>>>>,
    ttl: Option<Duration>,
    keep_errors: Option<Duration>,
    tasks: TaskTracker,
    stop: CancellationToken,
    counters: Counters,
}

impl<K, V, E> Memo<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Keeps at most 10,000 values, without an end of their life, and no errors.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// With other settings.
    pub fn builder() -> MemoBuilder<K, V, E> {
        MemoBuilder::new()
    }

    /// The value of `key`; if it is not there, `init` is run for it, unless it is being run already.
    ///
    /// `init` is a future: nothing of it happens while the value is there.
    ///
    /// # Errors
    ///
    /// What the work failed with, see [`SharedError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the work goes on in its own task and its value is kept.
    pub async fn get<Fut>(&self, key: K, init: Fut) -> Result<V, SharedError<E>>
    where
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(found) = self.inner.look_up(&key) {
            return found;
        }
        let mut init = Some(init);
        loop {
            let run = match self.claim(&key, &mut init)? {
                Claim::Found(found) => return found,
                Claim::Running(run) => run,
            };
            match run.wait().await {
                Some(outcome) => return outcome,
                None if init.is_some() => continue, // another runtime ended under it: ours does the work
                None => return Err(SharedError::Stopped),
            }
        }
    }

    /// Starts the work for `key` now, unless its value is there or it is running, and gives a handle that any number can await.
    ///
    /// # Errors
    ///
    /// [`SharedError::NoRuntime`] and [`SharedError::Stopped`] at once; what the work fails with, when the handle is awaited.
    pub fn start<Fut>(&self, key: K, init: Fut) -> Result<MemoHandle<V, E>, SharedError<E>>
    where
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        if let Some(found) = self.inner.look_up(&key) {
            return Ok(MemoHandle::ready(found));
        }
        Ok(match self.claim(&key, &mut Some(init))? {
            Claim::Found(found) => MemoHandle::ready(found),
            Claim::Running(run) => MemoHandle::running(run),
        })
    }

    /// Runs `init` even if there is a value, which others keep getting until the new one replaces it.
    ///
    /// If the work fails the old value stays.
    ///
    /// # Errors
    ///
    /// What the work failed with, see [`SharedError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe, as [`get`](Self::get). The work starts when this is first polled.
    pub async fn refresh<Fut>(&self, key: K, init: Fut) -> Result<V, SharedError<E>>
    where
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        let begun = self.begin(&mut lock(&self.inner.running), &key)?;
        begun.spawn(init).wait().await.unwrap_or(Err(SharedError::Stopped))
    }

    /// Puts a value that came from somewhere else. Work under way for this key is not waited for and will not replace it.
    pub fn insert(&self, key: K, value: V) {
        let mut running = lock(&self.inner.running);
        running.remove(&key);
        self.inner.store.put(key, Ok(value), self.inner.ttl);
    }

    /// The value of `key` if it is there.
    pub fn peek(&self, key: &K) -> Option<V> {
        self.inner.store.get(key)?.ok()
    }

    /// Forgets `key`. Work under way for it still serves those who wait for it now; whoever asks from now on gets new work.
    pub fn invalidate(&self, key: &K) {
        let mut running = lock(&self.inner.running);
        running.remove(key);
        self.inner.store.remove(key);
    }

    /// Forgets every key, as [`invalidate`](Self::invalidate).
    pub fn invalidate_all(&self) {
        let mut running = lock(&self.inner.running);
        running.clear();
        self.inner.store.clear();
    }

    /// What has happened so far.
    pub fn stats(&self) -> MemoStats {
        self.inner.counters.read(self.inner.store.len())
    }

    /// Starts no more work and waits for the work under way; after `deadline` it is stopped and its callers get
    /// [`SharedError::Stopped`]. Says whether everything ended by itself.
    ///
    /// # Cancel safety
    ///
    /// When dropped, no work is started any more and the work under way goes on; call it again to wait again.
    pub async fn shutdown(&self, deadline: Duration) -> bool {
        end(&self.inner.tasks, &self.inner.stop, deadline).await
    }

    pub(crate) fn look_up(&self, key: &K) -> Option<Result<V, SharedError<E>>> {
        self.inner.look_up(key)
    }

    pub(crate) fn keep(&self, key: &K, outcome: &Result<V, SharedError<E>>) {
        self.inner.keep(key, outcome);
    }

    fn claim<Fut>(&self, key: &K, init: &mut Option<Fut>) -> Result<Claim<V, E>, SharedError<E>>
    where
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        let mut running = lock(&self.inner.running);
        if let Some(run) = running.get(key) {
            self.inner.counters.joined();
            return Ok(Claim::Running(Arc::clone(run)));
        }
        // The work may have ended since the first look.
        if let Some(found) = self.inner.look_up(key) {
            return Ok(Claim::Found(found));
        }
        let init = init.take().ok_or(SharedError::Stopped)?;
        let begun = self.begin(&mut running, key)?;
        drop(running); // a runtime that has ended drops the task at once, and the task takes this lock then
        Ok(Claim::Running(begun.spawn(init)))
    }

    fn begin(&self, running: &mut HashMap<K, Arc<Run<V, E>>>, key: &K) -> Result<Begun<K, V, E>, SharedError<E>> {
        let runtime = Handle::try_current().map_err(|_| SharedError::NoRuntime)?;
        if self.inner.tasks.is_closed() {
            return Err(SharedError::Stopped);
        }
        self.inner.counters.run();
        let run = Arc::new(Run::new());
        running.insert(key.clone(), Arc::clone(&run));
        Ok(Begun { runtime, worker: Worker { memo: Arc::clone(&self.inner), key: key.clone(), run, span: Span::miss(&self.inner.name) } })
    }
}

impl<V, E> Memo<(), V, E>
where
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// [`get`](Self::get) for a memo of one value, without a key.
    ///
    /// # Errors
    ///
    /// What the work failed with, see [`SharedError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: the work goes on in its own task and its value is kept.
    pub async fn once<Fut>(&self, init: Fut) -> Result<V, SharedError<E>>
    where
        Fut: Future<Output = Result<V, E>> + Send + 'static,
    {
        self.get((), init).await
    }
}

enum Claim<V, E> {
    Found(Outcome<V, E>),
    Running(Arc<Run<V, E>>),
}

impl<K, V, E> Inner<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn look_up(&self, key: &K) -> Option<Outcome<V, E>> {
        let found = self.store.get(key)?;
        self.counters.hit();
        Some(found)
    }

    fn keep(&self, key: &K, outcome: &Outcome<V, E>) {
        match (outcome, self.keep_errors) {
            (Ok(_), _) => self.store.put(key.clone(), outcome.clone(), self.ttl),
            // A kept error must not push out the value that a refresh wanted to replace.
            (Err(SharedError::Failed(_)), Some(life)) if !matches!(self.store.get(key), Some(Ok(_))) => {
                self.store.put(key.clone(), outcome.clone(), Some(life));
            }
            (Err(_), _) => {}
        }
    }
}

impl<K, V, E> Clone for Memo<K, V, E> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<K, V, E> Default for Memo<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn default() -> Self {
        Self::new()
    }
}

impl<K, V, E> std::fmt::Debug for Memo<K, V, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Memo").field("name", &self.inner.name).finish_non_exhaustive()
    }
}
