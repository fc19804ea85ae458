use std::fmt;
use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use crate::Limit;

/// The mailbox of a loop: what was given to [`LoopHandle::signal`](crate::LoopHandle::signal), in order.
///
/// What a run does not take out is there for the next.
pub struct Signals<S> {
    mailbox: Arc<Mutex<mpsc::Receiver<S>>>,
}

impl<S> Signals<S> {
    pub(super) fn mailbox(room: Limit) -> (mpsc::Sender<S>, Self) {
        let (sender, receiver) = mpsc::channel(room.count().min(tokio::sync::Semaphore::MAX_PERMITS));
        (sender, Self { mailbox: Arc::new(Mutex::new(receiver)) })
    }

    /// The next signal, if there is one now.
    pub fn take(&mut self) -> Option<S> {
        self.mailbox.try_lock().ok()?.try_recv().ok()
    }

    /// Waits for the next signal. Race it against work that a signal should interrupt. When the handle of the loop is gone no
    /// signal comes any more and this waits for ever.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no signal is lost.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// use awaitkit::{Loop, Next, Signals, limit, race, sleep};
    ///
    /// let worker = Loop::with_signals(limit!(1), |mut signals: Signals<&'static str>| async move {
    ///     let work = async { sleep(Duration::from_secs(60)).await; "done" };
    ///     assert_eq!(race((work, signals.next())).await, "interrupted");
    ///     Next::Stop
    /// })
    /// .start("worker");
    /// sleep(Duration::from_secs(1)).await;
    /// worker.signal("interrupted").unwrap();
    /// worker.ended().await;
    /// # }
    /// ```
    #[doc(alias = "waitSignal")]
    pub async fn next(&mut self) -> S {
        match self.mailbox.lock().await.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

impl<S> Clone for Signals<S> {
    fn clone(&self) -> Self {
        Self { mailbox: Arc::clone(&self.mailbox) }
    }
}

impl<S> fmt::Debug for Signals<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}
