mod builder;
mod load;
mod queue;
mod stats;
mod window;

use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::BoxFuture;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::shared::{SharedError, end};
use crate::sync::lock;
use crate::{Unlimited, join_all};
use builder::Cache;
use queue::{Queue, Ticket};
use stats::Counters;

pub use builder::BatcherBuilder;
pub use stats::BatcherStats;
pub use window::Window;

/// Turns lookups of single keys, made at about the same time, into lookups of many keys.
///
/// The first key opens a [`Window`]; what is asked until it closes travels together. Equal keys are asked once, whether they
/// are still waiting or on their way. The loader runs in a task of its own, so a caller that goes away disturbs nobody; a key that
/// nobody wants any more before its batch leaves is not asked at all.
///
/// Each key has its own answer: a value, [`None`] if the loader did not mention it, or an error. A loader that panics fails its
/// own batch and nothing else. A loader that asks its own batcher, also through memos and other batchers, gets
/// [`SharedError::Cycle`].
///
/// # Two objections to batching, answered
///
/// *It adds a point of synchronisation that costs latency.* [`Window::Quiet`] sets no timer: it closes as soon as no task that
/// could run has asked for more, which takes microseconds on an idle runtime. [`Window::Immediate`] does not wait at all: the
/// first key leaves at once, and what comes while it is on its way is grouped by that alone.
///
/// *One failure fails the batch.* With [`Batcher::with_key_errors`] a key fails alone; see also
/// [`max_size`](BatcherBuilder::max_size) and [`max_in_flight`](BatcherBuilder::max_in_flight), which keep one slow batch from
/// holding up the next.
///
/// # Lifetime
///
/// A `Batcher` is a cheap handle; clones share everything. It may be a `static` and outlive a runtime: whoever still waits for keys
/// of a runtime that ended asks again in his own. Dropping the last handle lets batches under way run to their end;
/// [`shutdown`](Self::shutdown) waits for them or stops them.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use std::{collections::HashMap, io};
/// use awaitkit::{Batcher, join};
///
/// async fn names(ids: Vec<u32>) -> Result<HashMap<u32, String>, io::Error> {
///     Ok(ids.into_iter().filter(|id| *id < 100).map(|id| (id, format!("user {id}"))).collect())
/// }
///
/// let users = Batcher::builder(names).build();
/// let (one, two, nobody) = join!(users.load(1), users.load(2), users.load(1000));
/// assert_eq!(one?.as_deref(), Some("user 1"));
/// assert_eq!(two?.as_deref(), Some("user 2"));
/// assert_eq!(nobody?, None);
/// assert_eq!(users.stats().batches, 1);
/// # Ok(()) }
/// ```
#[doc(alias = "DataLoader")]
pub struct Batcher<K, V, E> {
    inner: Arc<Inner<K, V, E>>,
}

/// What is known about a key once it has been asked.
type Answer<V, E> = Result<Option<V>, SharedError<E>>;

/// What a loader gives: a pair for each key that it has something to say about.
type Answers<K, V, E> = Result<Vec<(K, Result<V, E>)>, E>;

type Loader<K, V, E> = Box<dyn Fn(Vec<K>) -> BoxFuture<'static, Answers<K, V, E>> + Send + Sync>;

struct Inner<K, V, E> {
    name: Arc<str>,
    loader: Loader<K, V, E>,
    window: Window,
    max_size: usize,
    queue: Mutex<Queue<K, V, E>>,
    /// Wakes a window that waits, when its batch is full or another has returned.
    changed: Notify,
    room: Semaphore,
    tasks: TaskTracker,
    stop: CancellationToken,
    counters: Counters,
    cache: Cache<K, V, E>,
}

impl<K, V, E> Batcher<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// A batcher over `loader`, which gets different keys and gives a value for each that exists, in any order: a map, a vector
    /// of pairs, anything to iterate over. An error is one for all of its keys.
    pub fn builder<F, Fut, L>(loader: F) -> BatcherBuilder<K, V, E>
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<L, E>> + Send + 'static,
        L: IntoIterator<Item = (K, V)>,
    {
        BatcherBuilder::new(move |keys| {
            let answers = loader(keys);
            async move { Ok(answers.await?.into_iter().map(|(key, value)| (key, Ok(value))).collect()) }
        })
    }

    /// Like [`builder`](Self::builder), for a loader that can fail key by key.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use awaitkit::{Batcher, join};
    ///
    /// async fn parse(texts: Vec<&'static str>) -> Result<Vec<(&'static str, Result<u8, String>)>, String> {
    ///     Ok(texts.into_iter().map(|text| (text, text.parse().map_err(|_| format!("{text} is no number")))).collect())
    /// }
    ///
    /// let numbers = Batcher::with_key_errors(parse).build();
    /// let (good, bad) = join!(numbers.load("7"), numbers.load("x"));
    /// assert_eq!(good.unwrap(), Some(7));
    /// assert_eq!(bad.unwrap_err().to_string(), "x is no number");
    /// # }
    /// ```
    pub fn with_key_errors<F, Fut, L>(loader: F) -> BatcherBuilder<K, V, E>
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<L, E>> + Send + 'static,
        L: IntoIterator<Item = (K, Result<V, E>)>,
    {
        BatcherBuilder::new(move |keys| {
            let answers = loader(keys);
            async move { Ok(answers.await?.into_iter().collect()) }
        })
    }

    /// What the loader says about `key`, asked together with others; [`None`] if it says nothing.
    ///
    /// # Errors
    ///
    /// The error of the key or of its batch, see [`SharedError`].
    ///
    /// # Cancel safety
    ///
    /// Cancel safe. If this was the only caller for the key and its batch has not left, the key is not asked.
    pub async fn load(&self, key: K) -> Result<Option<V>, SharedError<E>> {
        if let Some(cached) = self.inner.cache.look_up(&key) {
            self.inner.counters.cached();
            return cached;
        }
        // Another runtime can end under a batch; asking again is for that, and bounded because ours may be ending too.
        for _ in 0..ATTEMPTS {
            let ticket = Ticket::take(&self.inner, &key)?;
            if let Some(answer) = ticket.answer().await {
                return answer;
            }
        }
        Err(SharedError::Stopped)
    }

    /// [`load`](Self::load) of many keys at once, answers in the order of the keys.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe, as [`load`](Self::load).
    pub async fn load_many(&self, keys: impl IntoIterator<Item = K>) -> Vec<Result<Option<V>, SharedError<E>>> {
        join_all(keys.into_iter().map(|key| self.load(key)), Unlimited).await
    }

    /// Makes `value` known: it goes to those who wait for the key and whose batch has not left, and into the cache, if there is one.
    pub fn prime(&self, key: K, value: V) {
        let waiting = {
            let mut queue = lock(&self.inner.queue);
            self.inner.cache.put(key.clone(), Some(value.clone()));
            queue.forget(&key)
        };
        if let Some(slot) = waiting {
            slot.fill(Some(Ok(Some(value))));
        }
    }

    /// Forgets what is cached for `key`. A batch that has left still answers those who wait for it, but what it says is not
    /// cached, and whoever asks from now on asks anew.
    pub fn clear(&self, key: &K) {
        let mut queue = lock(&self.inner.queue);
        self.inner.cache.remove(key);
        queue.detach(key);
    }

    /// What has happened so far.
    pub fn stats(&self) -> BatcherStats {
        let (queued, in_flight) = lock(&self.inner.queue).sizes();
        self.inner.counters.read(queued, in_flight)
    }

    /// Takes no more keys and waits for the answers still due; after `deadline` the rest is stopped and its callers get
    /// [`SharedError::Stopped`]. Says whether everything ended by itself.
    ///
    /// # Cancel safety
    ///
    /// When dropped, no keys are taken any more and batches under way go on; call it again to wait again.
    pub async fn shutdown(&self, deadline: Duration) -> bool {
        end(&self.inner.tasks, &self.inner.stop, deadline).await
    }
}

impl<K, V, E> Clone for Batcher<K, V, E> {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner) }
    }
}

impl<K, V, E> fmt::Debug for Batcher<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batcher").field("name", &self.inner.name).field("window", &self.inner.window).finish_non_exhaustive()
    }
}

const ATTEMPTS: usize = 3;
