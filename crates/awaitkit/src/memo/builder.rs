use std::collections::HashMap;
use std::hash::Hash;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::{Counters, Inner, Memo, Store};

/// The settings of a [`Memo`].
#[derive(Debug)]
#[must_use]
pub struct MemoBuilder<K, V, E> {
    name: Arc<str>,
    ttl: Option<Duration>,
    keep_errors: Option<Duration>,
    max_entries: u64,
    memo: PhantomData<(K, V, E)>,
}

impl<K, V, E> MemoBuilder<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) fn new() -> Self {
        Self { name: "memo".into(), ttl: None, keep_errors: None, max_entries: MAX_ENTRIES, memo: PhantomData }
    }

    /// A name for the log.
    pub fn name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// A value is forgotten so long after it was made. Default: never.
    pub fn ttl(mut self, life: Duration) -> Self {
        self.ttl = Some(life);
        self
    }

    /// An error is kept too, for so long; it never replaces a value. Default: only those who wait at that moment get it.
    pub fn keep_errors(mut self, life: Duration) -> Self {
        self.keep_errors = Some(life);
        self
    }

    /// How many values (and kept errors) are remembered; the least used are forgotten first. Default: 10,000.
    ///
    /// The bound is kept with a short delay, so a few more may be held for a moment.
    pub fn max_entries(mut self, entries: u64) -> Self {
        self.max_entries = entries;
        self
    }

    /// The memo.
    pub fn build(self) -> Memo<K, V, E> {
        let expiring = self.ttl.is_some() || self.keep_errors.is_some();
        Memo {
            inner: Arc::new(Inner {
                name: self.name,
                store: Store::new(self.max_entries, expiring),
                running: Mutex::new(HashMap::new()),
                ttl: self.ttl,
                keep_errors: self.keep_errors,
                tasks: TaskTracker::new(),
                stop: CancellationToken::new(),
                counters: Counters::default(),
            }),
        }
    }
}

const MAX_ENTRIES: u64 = 10_000;
