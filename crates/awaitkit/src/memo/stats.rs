use std::sync::atomic::{AtomicU64, Ordering};

/// What a [`Memo`](crate::Memo) has done so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MemoStats {
    /// Values kept now.
    pub entries: u64,
    /// Runs that ended with an error or a panic.
    pub failed: u64,
    /// Calls that were answered from what is kept.
    pub hits: u64,
    /// Calls that waited for a run which another call had started.
    pub joined: u64,
    /// Times that work was started.
    pub runs: u64,
}

#[derive(Default)]
pub(super) struct Counters {
    failed: AtomicU64,
    hits: AtomicU64,
    joined: AtomicU64,
    runs: AtomicU64,
}

impl Counters {
    pub(super) fn failed(&self) {
        self.failed.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn hit(&self) {
        self.hits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn joined(&self) {
        self.joined.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn run(&self) {
        self.runs.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self, entries: u64) -> MemoStats {
        MemoStats {
            entries,
            failed: self.failed.load(Ordering::Relaxed),
            hits: self.hits.load(Ordering::Relaxed),
            joined: self.joined.load(Ordering::Relaxed),
            runs: self.runs.load(Ordering::Relaxed),
        }
    }
}
