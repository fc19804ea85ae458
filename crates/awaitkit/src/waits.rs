//! Who waits for whom among pieces of shared work, so that a piece that would wait for itself gets an error instead.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{LazyLock, Mutex};

use crate::sync::lock;

/// One run of shared work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct RunId(u64);

impl RunId {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs `work` as this run: what it waits for is known to hold up this run.
    pub(crate) fn scope<Fut: Future>(self, work: Fut) -> impl Future<Output = Fut::Output> {
        CURRENT.scope(self, work)
    }

    /// The run whose work this task is doing.
    pub(crate) fn current() -> Option<Self> {
        CURRENT.try_with(|run| *run).ok()
    }

    /// Notes that the current run, if there is one, waits for this one until the guard is dropped; refused if this one waits for
    /// the current one already.
    pub(crate) fn wait(self) -> Result<Option<Waiting>, Cycle> {
        let Some(waiter) = Self::current() else { return Ok(None) };
        if self.waits_for(waiter) {
            return Err(Cycle);
        }
        Ok(Some(self.wait_of(waiter)))
    }

    /// Notes that `waiter` waits for this one.
    pub(crate) fn wait_of(self, waiter: Self) -> Waiting {
        lock(&WAITS).entry(waiter).or_default().push(self);
        Waiting { waiter, awaited: self }
    }

    /// Whether this one is `other`, or waits for it, perhaps through others.
    pub(crate) fn waits_for(self, other: Self) -> bool {
        leads_to(&lock(&WAITS), self, other)
    }
}

/// The current run would wait for itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cycle;

/// An edge of the graph, for as long as it lives.
pub(crate) struct Waiting {
    waiter: RunId,
    awaited: RunId,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut waits = lock(&WAITS);
        let Some(awaited) = waits.get_mut(&self.waiter) else { return };
        if let Some(at) = awaited.iter().position(|run| *run == self.awaited) {
            awaited.swap_remove(at);
        }
        if awaited.is_empty() {
            waits.remove(&self.waiter);
        }
    }
}

fn leads_to(waits: &HashMap<RunId, Vec<RunId>>, from: RunId, to: RunId) -> bool {
    let mut seen = vec![from];
    let mut next = 0;
    while let Some(&run) = seen.get(next) {
        if run == to {
            return true;
        }
        let new: Vec<RunId> = waits.get(&run).into_iter().flatten().filter(|run| !seen.contains(run)).copied().collect();
        seen.extend(new);
        next += 1;
    }
    false
}

tokio::task_local! {
    static CURRENT: RunId;
}

/// Only waits inside shared work are here: what callers outside wait for cannot close a circle.
static WAITS: LazyLock<Mutex<HashMap<RunId, Vec<RunId>>>> = LazyLock::new(Mutex::default);
