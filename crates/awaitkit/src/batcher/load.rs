use std::hash::Hash;
use std::mem;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;
use tokio::runtime::Handle;

use super::queue::Leaving;
use super::{Answer, Inner};
use crate::shared::{SharedError, panic_text};
use crate::sync::lock;
use crate::trace::Span;
use crate::waits::RunId;

/// The task behind one batch: waits for the window to close and for room, takes the keys, loads, and hands out the answers.
///
/// It belongs to no caller. If it is dropped before its end, because its runtime ended, everybody who counts on it is told.
pub(super) struct Batch<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    inner: Arc<Inner<K, V, E>>,
    id: RunId,
    /// That of the caller who began the batch.
    span: Span,
    stage: Stage<K, V, E>,
    /// Whether one of the permits is ours. One that was given up while it collected keys has none.
    has_room: bool,
}

enum Stage<K, V, E> {
    Waiting,
    Left(Leaving<K, V, E>),
}

impl<K, V, E> Batch<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    /// Starts the task of the next batch. The caller has set `window_open`.
    pub(super) fn open(inner: &Arc<Inner<K, V, E>>, runtime: &Handle) {
        Self::spawn(inner, runtime, true);
    }

    fn spawn(inner: &Arc<Inner<K, V, E>>, runtime: &Handle, window: bool) {
        let batch = Self { inner: Arc::clone(inner), id: RunId::new(), span: Span::current(), stage: Stage::Waiting, has_room: false };
        inner.tasks.spawn_on(batch.run(window), runtime);
    }

    async fn run(mut self, window: bool) {
        let inner = Arc::clone(&self.inner);
        if inner.stop.run_until_cancelled(self.collect(window)).await.is_none() {
            return self.give_up(Some(Err(SharedError::Stopped)));
        }
        let Stage::Left(left) = &self.stage else { return };
        if left.slots.is_empty() {
            return;
        }
        let keys: Vec<K> = left.slots.keys().cloned().collect();
        inner.counters.batch(keys.len());
        let span = self.span.batch(&inner.name, keys.len());
        let load = span.inside(async { (inner.loader)(keys).await });
        let load = AssertUnwindSafe(self.id.scope(load)).catch_unwind();
        let failed = match inner.stop.run_until_cancelled(load).await {
            Some(Ok(Ok(answers))) => return self.hand_out(answers),
            Some(Ok(Err(e))) => SharedError::Failed(Arc::new(e)),
            Some(Err(panic)) => SharedError::Panicked(panic_text(&*panic).into()),
            None => SharedError::Stopped,
        };
        inner.counters.failed();
        self.give_up(Some(Err(failed)));
    }

    /// Waits for the end of the window and for room, then takes the keys. More keys than fit get the next task.
    async fn collect(&mut self, window: bool) {
        if window {
            self.inner.wait_for_window().await;
        }
        // The semaphore is never closed; an error would only mean that there is no limit.
        if let Ok(room) = self.inner.room.acquire().await {
            room.forget();
            self.has_room = true;
        }
        let more = {
            let mut queue = lock(&self.inner.queue);
            self.stage = Stage::Left(queue.leave(self.id, self.inner.max_size));
            queue.window_open = queue.growth().1 > 0;
            queue.window_open
        };
        if more {
            Self::spawn(&self.inner, &Handle::current(), false);
        }
    }

    fn hand_out(mut self, answers: Vec<(K, Result<V, E>)>) {
        let Stage::Left(left) = &mut self.stage else { return };
        let mut slots = mem::take(&mut left.slots);
        let mut due = Vec::with_capacity(slots.len());
        for (key, answer) in answers {
            if let Some(slot) = slots.remove(&key) {
                due.push((key, slot, answer.map(Some).map_err(|e| SharedError::Failed(Arc::new(e)))));
            }
        }
        due.extend(slots.into_iter().map(|(key, slot)| (key, slot, Ok(None))));

        let mut queue = lock(&self.inner.queue);
        queue.in_flight.remove(&self.id);
        for (key, slot, answer) in &due {
            if queue.arrive(key, slot) {
                self.inner.cache.keep(key, answer);
            }
        }
        drop(queue);
        due.into_iter().for_each(|(_, slot, answer)| slot.fill(Some(answer)));
    }

    /// The same answer for every key; `None` makes those who wait ask again.
    fn give_up(&mut self, answer: Option<Answer<V, E>>) {
        match mem::replace(&mut self.stage, Stage::Left(Leaving::nobody())) {
            Stage::Waiting => {
                let abandoned = lock(&self.inner.queue).abandon();
                abandoned.into_iter().for_each(|slot| slot.fill(answer.clone()));
            }
            Stage::Left(Leaving { slots, .. }) => {
                let mut queue = lock(&self.inner.queue);
                queue.in_flight.remove(&self.id);
                slots.iter().for_each(|(key, slot)| {
                    queue.arrive(key, slot);
                });
                drop(queue);
                slots.into_values().for_each(|slot| slot.fill(answer.clone()));
            }
        }
    }
}

impl<K, V, E> Drop for Batch<K, V, E>
where
    K: Clone + Eq + Hash + Send + Sync + 'static,
    V: Clone + Send + Sync + 'static,
    E: Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.give_up(None);
        if self.has_room {
            self.inner.room.add_permits(1);
            self.inner.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::sync::Semaphore;
    use tokio::task::yield_now;

    use crate::{Batcher, Limit, Unlimited, Window, join, limit};

    /// What was not taken is not given back: a semaphore that is full already would panic.
    #[tokio::test(start_paused = true)]
    async fn a_batch_that_is_stopped_while_it_collects_gives_back_no_room() {
        let check = async |in_flight: Limit, permits: usize| {
            let loader = async |keys: Vec<u64>| Ok::<_, String>(keys.into_iter().map(|key| (key, key)));
            let batcher = Batcher::builder(loader).window(Window::Delay(Duration::from_secs(10))).max_in_flight(in_flight).build();
            let (answer, clean) = join!(batcher.load(1), async {
                yield_now().await;
                batcher.shutdown(Duration::from_millis(1)).await
            });
            assert!(answer.is_err() && !clean);
            assert_eq!((batcher.inner.room.available_permits(), batcher.stats().queued), (permits, 0));
        };
        check(limit!(2), 2).await;
        check(Unlimited.into(), Semaphore::MAX_PERMITS).await;
    }
}
