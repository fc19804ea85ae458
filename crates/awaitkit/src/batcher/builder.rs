use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Answers, Batcher, Counters, Inner, Loader, Queue, Window};
use crate::Limit;

pub(super) use cache::Cache;

/// The settings of a [`Batcher`].
#[must_use]
pub struct BatcherBuilder<K, V, E> {
    name: Arc<str>,
    loader: Loader<K, V, E>,
    window: Window,
    max_size: Limit,
    max_in_flight: Option<Limit>,
    cache: Cache<K, V, E>,
}

impl<K, V, E> BatcherBuilder<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) fn new<F, Fut>(loader: F) -> Self
    where
        F: Fn(Vec<K>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Answers<K, V, E>> + Send + 'static,
    {
        Self {
            name: "batcher".into(),
            loader: Box::new(move |keys| loader(keys).boxed()),
            window: Window::default(),
            max_size: MAX_SIZE,
            max_in_flight: None,
            cache: Cache::none(),
        }
    }

    /// A name for the log.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// How long to wait for more keys. Default: [`Window::Quiet`].
    pub fn window(mut self, window: Window) -> Self {
        self.window = window;
        self
    }

    /// The most keys in a batch; it leaves as soon as it has so many. Default: 1,000.
    pub fn max_size(mut self, keys: impl Into<Limit>) -> Self {
        self.max_size = keys.into();
        self
    }

    /// How many batches may be on their way; further keys wait and are grouped. Default: 8, and 1 for [`Window::Immediate`].
    ///
    /// It also bounds the batches, whatever threads do and whenever they ask: as long as none returns there are at most so many
    /// and one more, which is collecting. With 2, any number of lookups is at most three batches if they are made before the
    /// first answer and their keys fit into one. (A key asked again after its answer is a new question, except with a
    /// cache.)
    pub fn max_in_flight(mut self, batches: impl Into<Limit>) -> Self {
        self.max_in_flight = Some(batches.into());
        self
    }

    /// Keeps answers in a memo: values, and that there is none ([`None`]), for as long as the memo says; errors of single keys or
    /// batches only if it keeps errors. The memo may be shared, to look into it or to invalidate.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use std::{convert::Infallible, time::Duration};
    /// use awaitkit::{Batcher, Memo};
    ///
    /// let lengths = Batcher::builder(async |words: Vec<&'static str>| Ok::<_, Infallible>(words.into_iter().map(|w| (w, w.len()))))
    ///     .cache(Memo::builder().ttl(Duration::from_secs(60)).build())
    ///     .build();
    /// assert_eq!(lengths.load("four").await.unwrap(), Some(4));
    /// assert_eq!(lengths.load("four").await.unwrap(), Some(4));
    /// assert_eq!(lengths.stats().batches, 1);
    /// # }
    /// ```
    #[cfg(feature = "memo")]
    pub fn cache(mut self, memo: crate::Memo<K, Option<V>, E>) -> Self {
        self.cache = Cache::new(memo);
        self
    }

    /// The batcher.
    pub fn build(self) -> Batcher<K, V, E> {
        let in_flight = self.max_in_flight.unwrap_or(if self.window == Window::Immediate { ONE } else { MAX_IN_FLIGHT });
        Batcher {
            inner: Arc::new(Inner {
                name: self.name,
                loader: self.loader,
                window: self.window,
                max_size: self.max_size.count(),
                queue: Mutex::new(Queue::new()),
                changed: Notify::new(),
                room: Semaphore::new(in_flight.count().min(Semaphore::MAX_PERMITS)),
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
                counters: Counters::default(),
                cache: self.cache,
            }),
        }
    }
}

impl<K, V, E> fmt::Debug for BatcherBuilder<K, V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BatcherBuilder")
            .field("window", &self.window)
            .field("max_size", &self.max_size)
            .field("max_in_flight", &self.max_in_flight)
            .finish_non_exhaustive()
    }
}

#[cfg(feature = "memo")]
mod cache {
    use std::hash::Hash;

    use super::super::Answer;
    use crate::Memo;

    pub(in super::super) struct Cache<K, V, E>(Option<Memo<K, Option<V>, E>>);

    impl<K, V, E> Cache<K, V, E>
    where
        K: Clone + Eq + Hash + Send + Sync + 'static,
        V: Clone + Send + Sync + 'static,
        E: Send + Sync + 'static,
    {
        pub(in super::super) fn none() -> Self {
            Self(None)
        }

        pub(in super::super) fn new(memo: Memo<K, Option<V>, E>) -> Self {
            Self(Some(memo))
        }

        pub(in super::super) fn look_up(&self, key: &K) -> Option<Answer<V, E>> {
            self.0.as_ref()?.look_up(key)
        }

        pub(in super::super) fn keep(&self, key: &K, answer: &Answer<V, E>) {
            self.0.iter().for_each(|memo| memo.keep(key, answer));
        }

        pub(in super::super) fn put(&self, key: K, value: Option<V>) {
            if let Some(memo) = &self.0 {
                memo.insert(key, value);
            }
        }

        pub(in super::super) fn remove(&self, key: &K) {
            self.0.iter().for_each(|memo| memo.invalidate(key));
        }
    }
}

#[cfg(not(feature = "memo"))]
mod cache {
    use std::marker::PhantomData;

    use super::super::Answer;

    /// Without the feature `memo` there is none.
    pub(in super::super) struct Cache<K, V, E>(PhantomData<(K, V, E)>);

    impl<K, V, E> Cache<K, V, E> {
        pub(in super::super) fn none() -> Self {
            Self(PhantomData)
        }

        pub(in super::super) fn look_up(&self, _: &K) -> Option<Answer<V, E>> {
            None
        }

        pub(in super::super) fn keep(&self, _: &K, _: &Answer<V, E>) {}

        pub(in super::super) fn put(&self, _: K, _: Option<V>) {}

        pub(in super::super) fn remove(&self, _: &K) {}
    }
}

const ONE: Limit = Limit::checked(1);
const MAX_SIZE: Limit = Limit::checked(1_000);
const MAX_IN_FLIGHT: Limit = Limit::checked(8);
