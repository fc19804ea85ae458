use std::time::Duration;

use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::client::CallOptions;
use crate::{Error, LastSeen};

/// How long a caller waits: to a time, until told to stop, or for ever.
#[derive(Debug)]
pub(crate) struct Patience {
    began: Instant,
    timeout: Option<Duration>,
    stop: Option<CancellationToken>,
}

/// The caller does not wait any more.
#[derive(Clone, Copy, Debug)]
pub(crate) enum GaveUp {
    Timeout(Duration),
    Stopped(Duration),
}

impl Patience {
    pub(crate) fn of(options: &CallOptions) -> Self {
        Self { began: Instant::now(), timeout: options.timeout, stop: options.stop.clone() }
    }

    /// Whether it may end before the call does.
    pub(crate) fn is_limited(&self) -> bool {
        self.timeout.is_some() || self.stop.is_some()
    }

    /// The time begins anew.
    pub(crate) fn renew(&mut self) {
        self.began = Instant::now();
    }

    /// Waits for something for as long as the caller does.
    ///
    /// # Cancel safety
    /// That of the future.
    pub(crate) async fn wait<F: Future>(&self, future: F) -> Result<F::Output, GaveUp> {
        let Some(after) = self.timeout else { return self.wait_untimed(future).await };
        tokio::select! {
            biased;
            output = self.wait_untimed(future) => output,
            () = sleep_until(self.began + after) => Err(GaveUp::Timeout(after)),
        }
    }

    /// The same, however late it is.
    ///
    /// # Cancel safety
    /// That of the future.
    pub(crate) async fn wait_untimed<F: Future>(&self, future: F) -> Result<F::Output, GaveUp> {
        let Some(stop) = &self.stop else { return Ok(future.await) };
        tokio::select! {
            biased;
            output = future => Ok(output),
            () = stop.cancelled() => Err(GaveUp::Stopped(self.began.elapsed())),
        }
    }
}

impl GaveUp {
    pub(crate) fn error(self, method: &'static str, last_seen: LastSeen) -> Error {
        match self {
            Self::Timeout(after) => Error::Timeout { method, after, last_seen },
            Self::Stopped(after) => Error::Cancelled { method, after, last_seen },
        }
    }
}
