mod lanes;

use std::error::Error;
use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use pin_project_lite::pin_project;

use lanes::{Lanes, Place, Turn};

/// Runs futures with one key one after another, and those with different keys side by side.
///
/// The place in the queue is taken when [`call`](Self::call) is called, not when its future is first polled: the order of the calls
/// is the order of the work, whatever becomes of their futures. The work runs in the task of whoever awaits the call; nothing
/// of it exists while no call is there, so there is nothing to shut down.
///
/// A call that is kept without being awaited holds up those behind it: await it or drop it.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::{cell::RefCell, convert::Infallible, time::Duration};
/// use awaitkit::{OnFailure, SerialQueue, join, sleep};
///
/// let order = RefCell::new(Vec::new());
/// let note = async |seconds| {
///     sleep(Duration::from_secs(seconds)).await;
///     order.borrow_mut().push(seconds);
///     Ok::<_, Infallible>(())
/// };
/// let queue = SerialQueue::new(OnFailure::Continue);
/// let (first, second, other) = (queue.call("a", note(3)), queue.call("a", note(1)), queue.call("b", note(2)));
/// let _all = join!(second, other, first);
/// assert_eq!(*order.borrow(), [2, 3, 1]);
/// # }
/// ```
#[doc(alias = "CallQueue")]
#[doc(alias = "KeyedMutex")]
pub struct SerialQueue<K> {
    lanes: Arc<Lanes<K>>,
}

impl<K: Clone + Eq + Hash> SerialQueue<K> {
    /// A queue, and what becomes of the calls behind one that fails.
    pub fn new(on_failure: OnFailure) -> Self {
        Self { lanes: Arc::new(Lanes::new(on_failure)) }
    }

    /// Takes a place behind the calls with the same key, and runs `future` when its turn comes.
    ///
    /// A call that is dropped before its turn leaves the queue. One that is dropped while it runs counts as failed, since it may or
    /// may not have done its work.
    ///
    /// # Errors
    ///
    /// The error of the future, or that its turn never comes, see [`SerialError`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the call gives up its place, and drops the future.
    pub fn call<F, T, E>(&self, key: K, future: F) -> SerialCall<K, F::IntoFuture>
    where
        F: IntoFuture<Output = Result<T, E>>,
    {
        let (place, turn) = Lanes::join(&self.lanes, key);
        SerialCall { future: Some(future.into_future()), turn, place: Some(place) }
    }

    /// Lets calls with this key run again after a failure has stopped them. Says whether they were stopped.
    pub fn resume(&self, key: &K) -> bool {
        self.lanes.resume(key)
    }

    /// Calls with this key that run or wait.
    pub fn len(&self, key: &K) -> usize {
        self.lanes.len(key)
    }

    /// Keys about which anything is remembered: those with calls, and those that are stopped.
    pub fn keys(&self) -> usize {
        self.lanes.keys()
    }
}

impl<K> Clone for SerialQueue<K> {
    fn clone(&self) -> Self {
        Self { lanes: Arc::clone(&self.lanes) }
    }
}

impl<K> fmt::Debug for SerialQueue<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SerialQueue").finish_non_exhaustive()
    }
}

/// What becomes of the calls behind one that fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnFailure {
    /// They run.
    #[default]
    Continue,
    /// Those that wait now are skipped; later ones run.
    Skip,
    /// None runs until [`SerialQueue::resume`].
    Stop,
}

/// Why a call has no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SerialError<E> {
    /// The work failed.
    Failed(E),
    /// A call before it failed while it waited, and the queue skips on failure.
    Skipped,
    /// A call before it failed, and the queue stops on failure.
    Stopped,
}

impl<E: fmt::Display> fmt::Display for SerialError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failed(e) => e.fmt(f),
            Self::Skipped => f.write_str("skipped, because a call before it in its queue failed"),
            Self::Stopped => f.write_str("not run, because a call before it failed and its queue is stopped until it is resumed"),
        }
    }
}

impl<E: Error + 'static> Error for SerialError<E> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Failed(e) => e.source(),
            Self::Skipped | Self::Stopped => None,
        }
    }
}

pin_project! {
    /// A call in a [`SerialQueue`]. It has its place already.
    #[must_use = "it holds up the calls behind it until it is awaited or dropped"]
    pub struct SerialCall<K, Fut> where K: Eq, K: Hash {
        // Dropped before the place is given up: the next call starts when nothing of this one is left.
        #[pin]
        future: Option<Fut>,
        turn: Turn,
        place: Option<Place<K>>,
    }
}

impl<K, Fut, T, E> Future for SerialCall<K, Fut>
where
    K: Clone + Eq + Hash,
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<T, SerialError<E>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let output = match (ready!(this.turn.poll_unpin(cx)), this.future.as_mut().as_pin_mut()) {
            (Ok(()), Some(future)) => {
                this.place.iter_mut().for_each(Place::begin);
                ready!(future.poll(cx)).map_err(SerialError::Failed)
            }
            (Ok(()), None) => return Poll::Pending, // polled again after its end
            (Err(OnFailure::Stop), _) => Err(SerialError::Stopped),
            (Err(_), _) => Err(SerialError::Skipped),
        };
        this.future.set(None);
        if let Some(place) = this.place.take() {
            place.end(matches!(output, Err(SerialError::Failed(_))));
        }
        Poll::Ready(output)
    }
}
