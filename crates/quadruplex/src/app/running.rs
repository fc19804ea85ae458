use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use quadruplex_net::{CloseReason, State};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::conversation::Waiting;
use crate::{Client, Error};

/// An application that runs. Dropped, it takes no more updates, and the handlers that run are waited for in the background.
pub struct Running {
    client: Client,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    metrics: Option<SocketAddr>,
    waiting: Arc<Waiting>,
}

impl Running {
    pub(super) fn new(
        client: Client,
        stop: watch::Sender<bool>,
        task: JoinHandle<()>,
        metrics: Option<SocketAddr>,
        waiting: Arc<Waiting>,
    ) -> Self {
        Self { client, stop, task, metrics, waiting }
    }

    /// Tells whether every update has come and is handled, apart from those whose handlers wait for an answer.
    pub(super) fn rest(&self) -> impl AsyncFn() -> bool + use<> {
        let (client, waiting) = (self.client.clone(), Arc::clone(&self.waiting));
        async move || client.inner.is_at_rest(waiting.len()).await
    }

    /// The client.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Where [metrics](crate::App::metrics) are served.
    #[cfg(feature = "metrics")]
    pub fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics
    }

    /// Resolves when no more updates come, because the client was closed or Telegram has ended the login, and no handler runs.
    ///
    /// # Errors
    /// Why the client was closed, if it was not by this program.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn ended(&mut self) -> Result<(), Error> {
        // The task does not panic: what handlers do is caught.
        let _ = (&mut self.task).await;
        if let Some(lost) = self.client.login_lost() {
            return Err(Error::Invalid(format!("Telegram has ended this login: {lost}\n  help: sign in again")));
        }
        let state = match self.client.connection() {
            Ok(state) => state.borrow().clone(),
            Err(Error::Closed(reason)) => State::Closed(reason),
            Err(error) => return Err(error),
        };
        match state {
            State::Closed(reason) if !matches!(reason, CloseReason::Requested) => Err(Error::Closed(reason)),
            _ => Ok(()),
        }
    }

    /// Stops in the middle of whatever it does.
    pub(crate) fn abort(self) {
        self.task.abort();
    }

    /// The same, and waits for that.
    pub(crate) async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Takes no more updates, and waits for the handlers that run. What is not finished in time comes again at the next start.
    ///
    /// # Cancel safety
    /// If it is dropped, the application ends by itself.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        let _ = self.task.await;
    }
}

impl fmt::Debug for Running {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Running").field("client", &self.client).field("metrics", &self.metrics).finish_non_exhaustive()
    }
}
