use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Wake, Waker};

use crate::sync::{Mutex, lock};

/// Which of the futures in flight have been woken. One short lock; `tests/loom.rs` runs it through every interleaving.
#[derive(Default)]
pub(crate) struct Ready {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    woken: VecDeque<usize>,
    /// Whether a slot is among them: it is noted once, however often it is woken.
    noted: Vec<bool>,
    /// Who waits for one of them; taken by the first that is woken.
    waiter: Option<Waker>,
}

impl Ready {
    /// A waker that notes `slot`.
    pub(crate) fn waker(self: &Arc<Self>, slot: usize) -> Waker {
        Waker::from(Arc::new(SlotWaker { ready: Arc::clone(self), slot }))
    }

    /// Makes room for the slots below `count`.
    pub(crate) fn reserve(&self, count: usize) {
        let mut state = lock(&self.state);
        let State { woken, noted, .. } = &mut *state;
        woken.reserve(count.saturating_sub(woken.len()));
        noted.reserve(count.saturating_sub(noted.len()));
    }

    /// Moves those that have been woken to `into`. From now on the next one to be woken wakes `waiter`.
    pub(crate) fn take(&self, into: &mut VecDeque<usize>, waiter: &Waker) {
        let mut state = lock(&self.state);
        let State { woken, noted, .. } = &mut *state;
        woken.iter().for_each(|slot| noted[*slot] = false);
        into.append(woken);
        match &mut state.waiter {
            Some(known) => known.clone_from(waiter),
            none => *none = Some(waiter.clone()),
        }
    }

    fn wake(&self, slot: usize) {
        let waiter = {
            let mut state = lock(&self.state);
            if state.noted.len() <= slot {
                state.noted.resize(slot + 1, false);
            }
            if std::mem::replace(&mut state.noted[slot], true) {
                return;
            }
            state.woken.push_back(slot);
            state.waiter.take()
        };
        // Without the lock: it may poll at once.
        if let Some(waiter) = waiter {
            waiter.wake();
        }
    }
}

struct SlotWaker {
    ready: Arc<Ready>,
    slot: usize,
}

impl Wake for SlotWaker {
    fn wake(self: Arc<Self>) {
        self.ready.wake(self.slot);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.ready.wake(self.slot);
    }
}
