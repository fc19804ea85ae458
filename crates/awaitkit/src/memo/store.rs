use std::hash::Hash;
use std::sync::OnceLock;
use std::time::Duration;

use moka::Expiry;
use moka::sync::Cache;
use tokio::time::Instant;

/// Values by key, at most so many, each for as long as it says. The room for them is taken with the first: thousands of memos may wait in a
/// process for somebody to ask.
pub(crate) struct Store<K, V> {
    cache: OnceLock<Cache<K, Stored<V>>>,
    max_entries: u64,
    expiring: bool,
}

#[derive(Clone)]
struct Stored<V> {
    value: V,
    life: Option<Life>,
}

/// Moka frees memory by the wall clock; what a caller may see is decided by Tokio's, which a test can pause.
#[derive(Clone, Copy)]
struct Life {
    span: Duration,
    ends: Instant,
}

impl<K, V> Store<K, V>
where
    K: Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// `expiring`: whether any value will be put with an end of its life.
    pub(crate) fn new(max_entries: u64, expiring: bool) -> Self {
        Self { cache: OnceLock::new(), max_entries, expiring }
    }

    fn make(&self) -> Cache<K, Stored<V>> {
        let cache = Cache::builder().max_capacity(self.max_entries);
        if self.expiring { cache.expire_after(ByLife).build() } else { cache.build() }
    }

    pub(crate) fn get(&self, key: &K) -> Option<V> {
        let stored = self.cache.get()?.get(key)?;
        stored.life.is_none_or(|life| Instant::now() < life.ends).then_some(stored.value)
    }

    pub(crate) fn put(&self, key: K, value: V, life: Option<Duration>) {
        // A life too long for the clock is a life without end.
        let life = life.and_then(|span| Some(Life { span, ends: Instant::now().checked_add(span)? }));
        self.cache.get_or_init(|| self.make()).insert(key, Stored { value, life });
    }

    pub(crate) fn remove(&self, key: &K) {
        if let Some(cache) = self.cache.get() {
            cache.invalidate(key);
        }
    }

    pub(crate) fn clear(&self) {
        if let Some(cache) = self.cache.get() {
            cache.invalidate_all();
        }
    }

    pub(crate) fn len(&self) -> u64 {
        self.cache.get().map_or(0, |cache| {
            cache.run_pending_tasks();
            cache.entry_count()
        })
    }
}

struct ByLife;

impl<K, V> Expiry<K, Stored<V>> for ByLife {
    fn expire_after_create(&self, _: &K, stored: &Stored<V>, _: std::time::Instant) -> Option<Duration> {
        stored.life.map(|life| life.span)
    }

    fn expire_after_update(&self, _: &K, stored: &Stored<V>, _: std::time::Instant, _: Option<Duration>) -> Option<Duration> {
        stored.life.map(|life| life.span)
    }
}
