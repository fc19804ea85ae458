use std::fmt;
use std::sync::{Arc, OnceLock};

use tokio::task::futures::TaskLocalFuture;

use super::{BoxError, Origin};

/// Where errors go that nobody waits for: of detached tasks, loops, supervised children.
///
/// A sink holds for the future that it [scopes](Self::scope) and for the tasks that [`spawn`](crate::spawn) starts there; else
/// the one that was [installed](Self::install) for the program. Without either, errors are logged: with the feature `tracing` as
/// events of level error, else on standard error. They are never dropped.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::sync::mpsc;
/// use awaitkit::{ErrorSink, spawn};
///
/// let (tell, told) = mpsc::channel();
/// let sink = ErrorSink::new(move |unhandled| { tell.send(unhandled.error.to_string()).ok(); });
/// sink.scope(async {
///     spawn(async { "x".parse::<u8>().map(drop) }).detach();
///     awaitkit::later().await;
///     awaitkit::later().await;
/// })
/// .await;
/// assert_eq!(told.recv().unwrap(), "invalid digit found in string");
/// # }
/// ```
#[derive(Clone)]
pub struct ErrorSink(Arc<dyn Fn(Unhandled) + Send + Sync>);

impl ErrorSink {
    /// A sink that calls `f` for each error, in the task that failed: it should be quick, for instance send into a channel.
    pub fn new(f: impl Fn(Unhandled) + Send + Sync + 'static) -> Self {
        Self(Arc::new(f))
    }

    /// Makes this the sink of `future` and of the tasks that it starts by [`spawn`](crate::spawn).
    ///
    /// # Cancel safety
    ///
    /// As cancel safe as `future`.
    pub fn scope<F: IntoFuture>(self, future: F) -> impl Future<Output = F::Output> + use<F> {
        self.scope_future(future.into_future())
    }

    fn scope_future<Fut: Future>(self, future: Fut) -> TaskLocalFuture<Self, Fut> {
        SCOPED.scope(self, future)
    }

    /// Makes this the sink of the program, where no other is scoped. Gives it back if there is one already.
    ///
    /// # Errors
    ///
    /// The sink itself, unchanged, if one has been installed before.
    pub fn install(self) -> Result<(), Self> {
        INSTALLED.set(self)
    }

    /// The sink that holds here.
    pub fn current() -> Self {
        Self::scoped().or_else(|| INSTALLED.get().cloned()).unwrap_or_else(|| Self::new(|unhandled| log(&unhandled)))
    }

    pub(crate) fn scoped() -> Option<Self> {
        SCOPED.try_with(Self::clone).ok()
    }

    /// Hands over an error that nobody waits for.
    pub fn report(&self, unhandled: Unhandled) {
        (self.0)(unhandled);
    }
}

impl fmt::Debug for ErrorSink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ErrorSink").finish_non_exhaustive()
    }
}

/// An error that nobody waits for.
#[derive(Debug)]
#[non_exhaustive]
pub struct Unhandled {
    /// Where it comes from.
    pub task: Origin,
    /// What it is; a panic is a [`TaskError`](crate::TaskError).
    pub error: BoxError,
}

impl Unhandled {
    /// An error of a task.
    pub fn new(task: Origin, error: impl Into<BoxError>) -> Self {
        Self { task, error: error.into() }
    }
}

impl fmt::Display for Unhandled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "task {} failed: {}", self.task, self.error)
    }
}

/// What a task may end with if nobody waits for it: nothing, or a result whose error goes to the [`ErrorSink`].
#[diagnostic::on_unimplemented(
    message = "nobody would see the `{Self}` with which this ends",
    note = "end with `()` or with a `Result<(), E>`, or keep the handle and await it"
)]
pub trait Outcome {
    /// The error, if it is one.
    fn into_error(self) -> Option<BoxError>;
}

impl Outcome for () {
    fn into_error(self) -> Option<BoxError> {
        None
    }
}

impl<T, E: Into<BoxError>> Outcome for Result<T, E> {
    fn into_error(self) -> Option<BoxError> {
        self.err().map(Into::into)
    }
}

#[cfg(feature = "tracing")]
fn log(unhandled: &Unhandled) {
    tracing::error!("{unhandled}");
}

#[cfg(not(feature = "tracing"))]
fn log(unhandled: &Unhandled) {
    eprintln!("error: {unhandled}");
}

tokio::task_local! {
    static SCOPED: ErrorSink;
}

static INSTALLED: OnceLock<ErrorSink> = OnceLock::new();
