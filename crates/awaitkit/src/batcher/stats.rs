use std::sync::atomic::{AtomicU64, Ordering};

/// What a [`Batcher`](crate::Batcher) has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BatcherStats {
    /// Batches that have left.
    pub batches: u64,
    /// Lookups answered from the cache.
    pub cached: u64,
    /// Keys that were not asked because all who wanted them went away in time.
    pub dropped: u64,
    /// Batches that failed as a whole.
    pub failed: u64,
    /// Batches on their way now.
    pub in_flight: usize,
    /// Lookups that joined one for the same key.
    pub joined: u64,
    /// Keys in all batches together.
    pub keys: u64,
    /// Lookups that were not cached.
    pub lookups: u64,
    /// Keys that wait to leave now.
    pub queued: usize,
}

#[derive(Default)]
pub(super) struct Counters {
    batches: AtomicU64,
    cached: AtomicU64,
    dropped: AtomicU64,
    failed: AtomicU64,
    joined: AtomicU64,
    keys: AtomicU64,
    lookups: AtomicU64,
}

impl Counters {
    pub(super) fn batch(&self, keys: usize) {
        self.batches.fetch_add(1, Ordering::Relaxed);
        self.keys.fetch_add(keys as u64, Ordering::Relaxed);
    }

    pub(super) fn cached(&self) {
        self.cached.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn dropped(&self) {
        self.dropped.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn joined(&self) {
        self.joined.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lookup(&self) {
        self.lookups.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, queued: usize, in_flight: usize) -> BatcherStats {
        BatcherStats {
            batches: self.batches.load(Ordering::Relaxed),
            cached: self.cached.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            failed: self.failed.load(Ordering::Relaxed),
            in_flight,
            joined: self.joined.load(Ordering::Relaxed),
            keys: self.keys.load(Ordering::Relaxed),
            lookups: self.lookups.load(Ordering::Relaxed),
            queued,
        }
    }
}
