mod block_on;
mod error;
mod sink;

use std::panic::Location;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use crate::trace::Span;

use block_on::allow_blocking;

pub use block_on::{BlockOnError, block_on};
pub use error::{BoxError, TaskError};
pub use sink::{ErrorSink, Outcome, Unhandled};

/// Starts a future in a task of its own, on whichever thread of the runtime is free.
///
/// The task ends when its handle is dropped: every task has an owner, or is [detached](Task::detach) explicitly. A panic becomes
/// an error of the handle. The error sink of the caller is that of the task, too.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), awaitkit::TaskError> {
/// use awaitkit::spawn;
///
/// let task = spawn(async { 6 * 7 });
/// assert_eq!(task.await?, 42);
/// assert!(spawn(async { panic!("boom") }).await.unwrap_err().to_string().ends_with("panicked: boom"));
/// # Ok(()) }
/// ```
#[doc(alias = "fork")]
#[doc(alias = "async")]
#[track_caller]
pub fn spawn<F>(future: F) -> Task<F::Output>
where
    F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>,
{
    Task::start(Origin { name: None, location: Location::caller() }, future.into_future())
}

/// [`spawn`] with a name, which appears in errors and in the log.
#[track_caller]
pub fn spawn_named<F>(name: impl Into<Arc<str>>, future: F) -> Task<F::Output>
where
    F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>,
{
    Task::start(Origin { name: Some(name.into()), location: Location::caller() }, future.into_future())
}

/// Runs a function that blocks on a thread made for it, so that it does not hold up the runtime. Inside it [`block_on`] works.
///
/// A function that has begun cannot be stopped: dropping the handle only forgets its result.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use awaitkit::spawn_blocking;
///
/// let manifest = spawn_blocking(|| std::fs::read_to_string("Cargo.toml")).await??;
/// assert!(manifest.contains("[package]"));
/// # Ok(()) }
/// ```
#[doc(alias = "blocking")]
#[track_caller]
pub fn spawn_blocking<T: Send + 'static>(f: impl FnOnce() -> T + Send + 'static) -> Task<T> {
    let handle = Handle::try_current().ok().map(|runtime| runtime.spawn_blocking(|| allow_blocking(f)));
    Task { handle, origin: Origin { name: None, location: Location::caller() } }
}

/// Makes a combinator use all cores: each call of `f` becomes a task.
///
/// The outputs are results, since a task can panic. For the `try_` forms, whose function has an error type of its own, see
/// [`try_spawned`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::{limit, map_concurrent, spawned};
///
/// let halves = map_concurrent([4, 0, 6], limit!(8), spawned(async |n| 12 / n)).await;
/// assert!(matches!(halves[..], [Ok(3), Err(_), Ok(2)]));
/// # }
/// ```
#[track_caller]
pub fn spawned<Item, F, Fut>(mut f: F) -> impl FnMut(Item) -> Task<Fut::Output>
where
    F: FnMut(Item) -> Fut,
    Fut: Future<Output: Send + 'static> + Send + 'static,
{
    let origin = Origin { name: None, location: Location::caller() };
    move |item| Task::start(origin.clone(), f(item))
}

/// [`spawned`] for a function that can fail: a panic becomes an error of its own type.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::{BoxError, limit, try_map_concurrent, try_spawned};
///
/// let parse = async |text: &'static str| -> Result<u8, BoxError> { Ok(text.parse()?) };
/// assert_eq!(try_map_concurrent(["1", "2"], limit!(8), try_spawned(parse)).await.unwrap(), [1, 2]);
/// # }
/// ```
#[track_caller]
pub fn try_spawned<Item, F, Fut, T, E>(f: F) -> impl FnMut(Item) -> TryTask<T, E>
where
    F: FnMut(Item) -> Fut,
    Fut: Future<Output = Result<T, E>> + Send + 'static,
    T: Send + 'static,
    E: From<TaskError> + Send + 'static,
{
    let mut spawn = spawned(f);
    move |item| TryTask(spawn(item))
}

/// A task and the right to its output. It is a future; dropping it ends the task, except after [`detach`](Self::detach).
///
/// When the runtime is shut down its tasks end where they wait, and awaiting one from elsewhere gives
/// [`TaskError::Cancelled`].
///
/// # Cancel safety
///
/// Awaiting `&mut task` is cancel safe: the task goes on. Awaiting the task by value owns it, and dropping that ends it.
#[derive(Debug)]
#[must_use = "a task is ended when it is dropped: await it or `.detach()` it"]
pub struct Task<T> {
    /// None: there was no runtime to start it.
    handle: Option<JoinHandle<T>>,
    origin: Origin,
}

impl<T: Send + 'static> Task<T> {
    fn start(origin: Origin, future: impl Future<Output = T> + Send + 'static) -> Self {
        let span = origin.name().map_or_else(Span::current, Span::task);
        let future = span.inside(future);
        let handle = Handle::try_current().ok().map(|runtime| match ErrorSink::scoped() {
            Some(sink) => runtime.spawn(sink.scope(future)),
            None => runtime.spawn(future),
        });
        Self { handle, origin }
    }

    /// Lets the task run without an owner. Its error or panic goes to the [`ErrorSink`].
    pub fn detach(mut self)
    where
        T: Outcome,
    {
        let origin = self.origin.clone();
        let (Some(handle), Ok(runtime)) = (self.handle.take(), Handle::try_current()) else {
            return ErrorSink::current().report(Unhandled::new(origin.clone(), TaskError::NoRuntime(origin)));
        };
        let sink = ErrorSink::current();
        runtime.spawn(async move {
            let failed = match handle.await {
                Ok(output) => output.into_error(),
                Err(e) if e.is_cancelled() => None, // with its runtime
                Err(e) => Some(TaskError::from_join(origin.clone(), e).into()),
            };
            if let Some(error) = failed {
                sink.report(Unhandled::new(origin, error));
            }
        });
    }
}

impl<T> Task<T> {
    /// Ends the task where it waits. Awaiting it gives [`TaskError::Cancelled`], unless it was done already.
    pub fn abort(&self) {
        self.handle.iter().for_each(JoinHandle::abort);
    }

    /// Whether awaiting it would not wait.
    pub fn is_finished(&self) -> bool {
        self.handle.as_ref().is_none_or(JoinHandle::is_finished)
    }
}

impl<T> Future for Task<T> {
    type Output = Result<T, TaskError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let Self { handle, origin } = &mut *self;
        match handle {
            Some(handle) => handle.poll_unpin(cx).map_err(|e| TaskError::from_join(origin.clone(), e)),
            None => Poll::Ready(Err(TaskError::NoRuntime(origin.clone()))),
        }
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.abort();
    }
}

/// A task whose output is a result and whose panic is an error of that result, made by [`try_spawned`].
#[derive(Debug)]
#[must_use = "a task is ended when it is dropped"]
pub struct TryTask<T, E>(Task<Result<T, E>>);

impl<T, E: From<TaskError>> Future for TryTask<T, E> {
    type Output = Result<T, E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.poll_unpin(cx).map(|output| output?)
    }
}

/// Which task it is: its name, and where in the program it was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    name: Option<Arc<str>>,
    location: &'static Location<'static>,
}

impl Origin {
    pub(crate) fn new(name: Option<Arc<str>>, location: &'static Location<'static>) -> Self {
        Self { name, location }
    }

    /// The name it was given.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Where it was started.
    pub fn location(&self) -> &'static Location<'static> {
        self.location
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.name {
            Some(name) => write!(f, "`{name}` ({})", self.location),
            None => write!(f, "of {}", self.location),
        }
    }
}
