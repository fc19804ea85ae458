use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use awaitkit::ErrorSink;

use crate::reports::{Problem, Reports};

/// Hears of what handlers do and fail with. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Report {
    hear: Option<Arc<dyn Fn(String) + Send + Sync>>,
    pub(super) reports: Reports,
    counts: Arc<Counts>,
}

/// What has been handled so far.
#[cfg(feature = "metrics")]
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Handled {
    pub(crate) updates: u64,
    pub(crate) failed: u64,
}

#[derive(Debug, Default)]
struct Counts {
    handled: AtomicU64,
    failed: AtomicU64,
}

impl Report {
    #[cfg(feature = "testing")]
    pub(crate) fn new(hear: impl Fn(String) + Send + Sync + 'static) -> Self {
        Self { hear: Some(Arc::new(hear)), ..Self::default() }
    }

    /// Runs the handlers of one update. Errors of tasks that they leave behind are told to admins.
    pub(crate) async fn scope<F: Future>(&self, handlers: F) -> F::Output {
        let reports = self.reports.clone();
        let sink = ErrorSink::new(move |unhandled| {
            tracing::error!(%unhandled, "a task of a handler has failed");
            reports.add(Problem { what: format!("task {}", unhandled.task), error: unhandled.error.to_string() });
        });
        let output = sink.scope(handlers).await;
        self.counts.handled.fetch_add(1, Ordering::Relaxed);
        output
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn handled(&self) -> Handled {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Handled { updates: read(&self.counts.handled), failed: read(&self.counts.failed) }
    }

    /// The handlers of an update have failed.
    pub(crate) fn failed(&self, failure: &impl fmt::Display) {
        self.counts.failed.fetch_add(1, Ordering::Relaxed);
        let error = failure.to_string();
        if let Some(hear) = &self.hear {
            hear(error.clone());
        }
        self.reports.add(Problem { what: "not handled".to_owned(), error });
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Report").field("counts", &self.counts).finish_non_exhaustive()
    }
}
