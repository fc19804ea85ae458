use std::hash::Hash;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::sync::SetOnce;

use super::Inner;
use crate::shared::{SharedError, panic_text};
use crate::sync::lock;
use crate::trace::Span;
use crate::waits::RunId;

/// The work for one key while it is under way, and its outcome for whoever waits for it.
pub(super) struct Run<V, E> {
    pub(super) id: RunId,
    /// `None`: given up, because its runtime ended.
    outcome: SetOnce<Option<Outcome<V, E>>>,
}

pub(super) type Outcome<V, E> = Result<V, SharedError<E>>;

impl<V: Clone, E> Run<V, E> {
    pub(super) fn new() -> Self {
        Self { id: RunId::new(), outcome: SetOnce::new() }
    }

    /// `None` when the run was given up.
    pub(super) async fn wait(&self) -> Option<Outcome<V, E>> {
        let Ok(_waiting) = self.id.wait() else { return Some(Err(SharedError::Cycle)) };
        self.outcome.wait().await.clone()
    }
}

/// Work that has its place in the table and needs its task.
pub(super) struct Begun<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) runtime: Handle,
    pub(super) worker: Worker<K, V, E>,
}

impl<K, V, E> Begun<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) fn spawn(self, init: impl Future<Output = Result<V, E>> + Send + 'static) -> Arc<Run<V, E>> {
        let run = Arc::clone(&self.worker.run);
        let tasks = self.worker.memo.tasks.clone();
        tasks.spawn_on(self.worker.work(init), &self.runtime);
        run
    }
}

/// The task that does the work: it belongs to no caller, so none can stop it by going away.
pub(super) struct Worker<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) memo: Arc<Inner<K, V, E>>,
    pub(super) key: K,
    pub(super) run: Arc<Run<V, E>>,
    pub(super) span: Span,
}

impl<K, V, E> Worker<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    pub(super) async fn work(self, init: impl Future<Output = Result<V, E>>) {
        let work = AssertUnwindSafe(self.run.id.scope(self.span.clone().inside(init))).catch_unwind();
        let outcome = match self.memo.stop.run_until_cancelled(work).await {
            Some(Ok(result)) => result.map_err(|e| SharedError::Failed(Arc::new(e))),
            Some(Err(panic)) => Err(SharedError::Panicked(panic_text(&*panic).into())),
            None => Err(SharedError::Stopped),
        };
        if outcome.is_err() {
            self.memo.counters.failed();
        }
        self.finish(Some(outcome));
    }

    /// Keeps the outcome, unless the key was invalidated or begun anew meanwhile, and gives it to those who wait.
    fn finish(&self, outcome: Option<Outcome<V, E>>) {
        let mut running = lock(&self.memo.running);
        if running.get(&self.key).is_some_and(|run| Arc::ptr_eq(run, &self.run)) {
            if let Some(outcome) = &outcome {
                self.memo.keep(&self.key, outcome);
            }
            running.remove(&self.key);
        }
        drop(running);
        let _already_set = self.run.outcome.set(outcome);
    }
}

impl<K, V, E> Drop for Worker<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn drop(&mut self) {
        if !self.run.outcome.initialized() {
            self.finish(None);
        }
    }
}
