//! What is shared by everything that does one piece of work for many callers: its error, its end, its panics.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Why work whose result is shared by many callers has no result.
///
/// Cheap to clone; `E` itself need not be `Clone`.
#[derive(Debug)]
#[non_exhaustive]
pub enum SharedError<E> {
    /// The work would wait, perhaps through other work, for its own result.
    Cycle,
    /// The work failed; every caller gets the same error.
    Failed(Arc<E>),
    /// There is no Tokio runtime in which the work could run.
    NoRuntime,
    /// The work panicked; the text of the panic.
    Panicked(Arc<str>),
    /// The work was given up before its end: by a shutdown, or because its runtime ended.
    Stopped,
}

impl<E> SharedError<E> {
    /// The error of the work itself, if that is what it is.
    pub fn failed(&self) -> Option<&E> {
        match self {
            Self::Failed(e) => Some(e),
            _ => None,
        }
    }
}

impl<E> Clone for SharedError<E> {
    fn clone(&self) -> Self {
        match self {
            Self::Cycle => Self::Cycle,
            Self::Failed(e) => Self::Failed(Arc::clone(e)),
            Self::NoRuntime => Self::NoRuntime,
            Self::Panicked(text) => Self::Panicked(Arc::clone(text)),
            Self::Stopped => Self::Stopped,
        }
    }
}

impl<E: fmt::Display> fmt::Display for SharedError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cycle => f.write_str("this would wait for its own result; look it up before the work begins, or under another key"),
            Self::Failed(e) => e.fmt(f),
            Self::NoRuntime => f.write_str("there is no Tokio runtime here to run the work; call it from async code"),
            Self::Panicked(text) => write!(f, "the shared work panicked: {text}"),
            Self::Stopped => f.write_str("the shared work was stopped before its end, by a shutdown or by the end of its runtime"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> Error for SharedError<E> {}

/// Waits for the tasks; after `deadline` tells them to stop. Says whether they ended by themselves.
///
/// A task that blocks its thread cannot be stopped and is not waited for any longer.
pub(crate) async fn end(tasks: &TaskTracker, stop: &CancellationToken, deadline: Duration) -> bool {
    tasks.close();
    if timeout(deadline, tasks.wait()).await.is_ok() {
        return true;
    }
    stop.cancel();
    let _ended = timeout(GRACE, tasks.wait()).await;
    false
}

/// How long tasks that were told to stop may take to notice.
pub(crate) const GRACE: Duration = Duration::from_millis(100);

/// What a caught panic said.
pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("(no text)")
}
