use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use super::chunks::Chunks;
use super::ready::Ready;

/// The futures that have been started and have not finished, each with its place in the input and its tag.
///
/// They live in slots that are used again, so a bounded map allocates for as many futures as run at once, not for each. A future is
/// polled when it is new and when it was woken.
pub(crate) struct InFlight<Fut, Tag> {
    futures: Chunks<Fut>,
    slots: Vec<Slot<Tag>>,
    free: Vec<usize>,
    /// Slots to poll next, oldest first.
    due: VecDeque<usize>,
    ready: Arc<Ready>,
}

struct Slot<Tag> {
    index: usize,
    tag: Option<Tag>,
    waker: Waker,
}

impl<Fut: Future, Tag> InFlight<Fut, Tag> {
    pub(crate) fn new() -> Self {
        Self { futures: Chunks::new(), slots: Vec::new(), free: Vec::new(), due: VecDeque::new(), ready: Arc::default() }
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }

    /// Makes room for so many at once.
    pub(crate) fn reserve(&mut self, count: usize) {
        self.futures.reserve(count);
        self.slots.reserve(count.saturating_sub(self.slots.len()));
        self.free.reserve(count.saturating_sub(self.free.len()));
        self.due.reserve(count.saturating_sub(self.due.len()));
        self.ready.reserve(count);
    }

    pub(crate) fn push(&mut self, index: usize, tag: Tag, future: Fut) {
        let number = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(number) {
            Some(slot) => (slot.index, slot.tag) = (index, Some(tag)),
            None => self.slots.push(Slot { index, tag: Some(tag), waker: self.ready.waker(number) }),
        }
        self.futures.put(number, future);
        self.due.push_back(number);
    }

    /// Drops all of them.
    pub(crate) fn clear(&mut self) {
        self.futures.clear();
        self.due.clear();
        self.free.clear();
        self.slots.clear();
    }

    /// The next one that is done. It asks only once who has been woken, so a future that wakes itself cannot hold the thread.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, Tag, Fut::Output)>> {
        if self.len() == 0 {
            return Poll::Ready(None);
        }
        let mut asked = false;
        loop {
            while let Some(number) = self.due.pop_front() {
                // It may have been woken after its end, or after all were dropped.
                let (Some(slot), Some(mut place)) = (self.slots.get_mut(number), self.futures.get(number)) else { continue };
                let Some(future) = place.as_mut().as_pin_mut() else { continue };
                if let Poll::Ready(output) = future.poll(&mut Context::from_waker(&slot.waker)) {
                    place.set(None);
                    self.free.push(number);
                    if let Some(tag) = slot.tag.take() {
                        return Poll::Ready(Some((slot.index, tag, output)));
                    }
                }
            }
            if asked {
                return Poll::Pending;
            }
            self.ready.take(&mut self.due, cx.waker());
            asked = true;
        }
    }
}
