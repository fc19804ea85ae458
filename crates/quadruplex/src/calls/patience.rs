use std::future::{Future, pending};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use pin_project_lite::pin_project;
use quadruplex_net::BoxFuture;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use crate::client::CallOptions;
use crate::{Error, LastSeen};

/// How long a caller waits: to a time, until told to stop, or for ever.
#[derive(Debug)]
pub(crate) struct Patience(Option<Box<Limited>>);

#[derive(Debug)]
struct Limited {
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

impl Limited {
    fn of(options: &CallOptions) -> Box<Self> {
        Box::new(Self { began: Instant::now(), timeout: options.timeout, stop: options.stop.clone() })
    }
}

impl Patience {
    #[inline(always)]
    pub(crate) fn of(options: &CallOptions) -> Self {
        // Most calls are waited for as long as it takes.
        if options.timeout.is_none() && options.stop.is_none() { Self(None) } else { Self(Some(Limited::of(options))) }
    }

    /// Whether it may end before the call does.
    pub(crate) fn is_limited(&self) -> bool {
        self.0.is_some()
    }

    /// The time begins anew.
    pub(crate) fn renew(&mut self) {
        if let Some(limited) = &mut self.0 {
            limited.began = Instant::now();
        }
    }

    /// Waits for something for as long as the caller does.
    ///
    /// # Cancel safety
    /// That of the future.
    pub(crate) fn wait<F: Future>(&self, future: F) -> Waiting<F> {
        Waiting { future, end: self.end(false) }
    }

    /// The same, however late it is.
    ///
    /// # Cancel safety
    /// That of the future.
    pub(crate) fn wait_untimed<F: Future>(&self, future: F) -> Waiting<F> {
        Waiting { future, end: self.end(true) }
    }

    /// Apart, so that the many calls that wait without a limit are no larger than what they wait for.
    fn end(&self, untimed: bool) -> Option<BoxFuture<'static, GaveUp>> {
        let limited = self.0.as_ref()?;
        let (began, stop) = (limited.began, limited.stop.clone());
        let timeout = limited.timeout.filter(|_| !untimed);
        if timeout.is_none() && stop.is_none() {
            return None;
        }
        Some(Box::pin(async move {
            let stopped = async {
                match stop {
                    Some(stop) => stop.cancelled_owned().await,
                    None => pending().await,
                }
            };
            let late = async {
                match timeout {
                    Some(after) => {
                        sleep_until(began + after).await;
                        after
                    }
                    None => pending().await,
                }
            };
            tokio::select! {
                biased;
                () = stopped => GaveUp::Stopped(began.elapsed()),
                after = late => GaveUp::Timeout(after),
            }
        }))
    }
}

pin_project! {
    /// What is waited for, and what ends the waiting.
    pub(crate) struct Waiting<F> {
        #[pin]
        future: F,
        end: Option<BoxFuture<'static, GaveUp>>,
    }
}

impl<F: Future> Future for Waiting<F> {
    type Output = Result<F::Output, GaveUp>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = this.future.poll(cx) {
            return Poll::Ready(Ok(output));
        }
        match this.end {
            Some(end) => end.as_mut().poll(cx).map(Err),
            None => Poll::Pending,
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
