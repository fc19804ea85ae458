use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::sync::oneshot;

use super::OnFailure;
use crate::sync::lock;

/// The lane of each key. One lock for all of them, held for a few map operations.
pub(super) struct Lanes<K> {
    on_failure: OnFailure,
    state: Mutex<State<K>>,
}

struct State<K> {
    /// Counts over all lanes: a lane goes when nobody is left in it, and one who was sent away from it may still give up his place later,
    /// when the key has a lane again.
    next: u64,
    lanes: HashMap<K, Lane>,
}

#[derive(Default)]
struct Lane {
    /// The number of the call whose turn it is.
    current: Option<u64>,
    waiting: BTreeMap<u64, oneshot::Sender<Signal>>,
    stopped: bool,
}

/// `Err`: the turn does not come, for this reason.
type Signal = Result<(), OnFailure>;

impl<K: Eq + Hash> Lanes<K> {
    pub(super) fn new(on_failure: OnFailure) -> Self {
        Self { on_failure, state: Mutex::new(State { next: 0, lanes: HashMap::new() }) }
    }

    pub(super) fn join(this: &Arc<Self>, key: K) -> (Place<K>, Turn)
    where
        K: Clone,
    {
        let mut state = lock(&this.state);
        let number = state.next;
        state.next += 1;
        let lane = state.lanes.entry(key.clone()).or_default();
        let turn = if lane.stopped {
            Turn::Come(Err(OnFailure::Stop))
        } else if lane.current.is_none() {
            lane.current = Some(number);
            Turn::Come(Ok(()))
        } else {
            let (tell, told) = oneshot::channel();
            lane.waiting.insert(number, tell);
            Turn::Waits(told)
        };
        (Place { lanes: Arc::clone(this), key, number, begun: false }, turn)
    }

    pub(super) fn resume(&self, key: &K) -> bool {
        let mut state = lock(&self.state);
        let lanes = &mut state.lanes;
        let Some(lane) = lanes.get_mut(key) else { return false };
        let was_stopped = std::mem::replace(&mut lane.stopped, false);
        if lane.is_idle() {
            lanes.remove(key);
        }
        was_stopped
    }

    pub(super) fn len(&self, key: &K) -> usize {
        lock(&self.state).lanes.get(key).map_or(0, |lane| lane.waiting.len() + usize::from(lane.current.is_some()))
    }

    pub(super) fn keys(&self) -> usize {
        lock(&self.state).lanes.len()
    }

    fn leave(&self, key: &K, number: u64, failed: bool) {
        let mut state = lock(&self.state);
        let lanes = &mut state.lanes;
        let Some(lane) = lanes.get_mut(key) else { return };
        if lane.current != Some(number) {
            lane.waiting.remove(&number);
        } else {
            lane.current = None;
            if failed && self.on_failure != OnFailure::Continue {
                lane.stopped = self.on_failure == OnFailure::Stop;
                for (_, waiting) in std::mem::take(&mut lane.waiting) {
                    let _gone = waiting.send(Err(self.on_failure));
                }
            }
            lane.pass_on();
        }
        if lane.is_idle() {
            lanes.remove(key);
        }
    }
}

impl Lane {
    fn pass_on(&mut self) {
        while let Some((number, waiting)) = self.waiting.pop_first() {
            if waiting.send(Ok(())).is_ok() {
                self.current = Some(number);
                return;
            }
        }
    }

    fn is_idle(&self) -> bool {
        self.current.is_none() && self.waiting.is_empty() && !self.stopped
    }
}

/// A place in a lane, given up when dropped.
pub(super) struct Place<K: Eq + Hash> {
    lanes: Arc<Lanes<K>>,
    key: K,
    number: u64,
    begun: bool,
}

impl<K: Eq + Hash> Place<K> {
    /// The work has begun: to be dropped from now on is a failure.
    pub(super) fn begin(&mut self) {
        self.begun = true;
    }

    /// The work has ended.
    pub(super) fn end(mut self, failed: bool) {
        self.begun = failed;
    }
}

impl<K: Eq + Hash> Drop for Place<K> {
    fn drop(&mut self) {
        self.lanes.leave(&self.key, self.number, self.begun);
    }
}

/// Resolves when the turn has come, or cannot come any more.
pub(super) enum Turn {
    Come(Signal),
    Waits(oneshot::Receiver<Signal>),
}

impl Future for Turn {
    type Output = Signal;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Signal> {
        if let Self::Waits(told) = &mut *self {
            // A sender is dropped without a word only with its place.
            let Poll::Ready(signal) = told.poll_unpin(cx) else { return Poll::Pending };
            *self = Self::Come(signal.unwrap_or(Err(OnFailure::Skip)));
        }
        match &*self {
            Self::Come(signal) => Poll::Ready(*signal),
            Self::Waits(_) => Poll::Pending,
        }
    }
}
