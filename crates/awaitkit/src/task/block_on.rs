use std::cell::Cell;
use std::error::Error;
use std::{fmt, io};

use tokio::runtime::{Builder, Handle};

/// Runs a future to its end from code that is not async.
///
/// Best avoided: let the caller be async. Where that is not possible, this starts a small runtime for the future, with time and
/// I/O; what the future spawns and leaves behind ends with it. In a function run by [`spawn_blocking`](crate::spawn_blocking) it
/// uses the runtime that is there.
///
/// # Errors
///
/// [`BlockOnError::InsideRuntime`] in async code, where it would stop the thread that the future needs. It never deadlocks and never
/// panics.
///
/// ```
/// assert_eq!(awaitkit::block_on(async { "Hello" })?, "Hello");
/// # Ok::<(), awaitkit::BlockOnError>(())
/// ```
#[doc(alias = "join")]
pub fn block_on<F: IntoFuture>(future: F) -> Result<F::Output, BlockOnError> {
    match Handle::try_current() {
        Ok(runtime) => {
            let _not_inside = Allowed::take().ok_or(BlockOnError::InsideRuntime)?;
            Ok(runtime.block_on(future.into_future()))
        }
        Err(_) => {
            let runtime = Builder::new_current_thread().enable_all().build().map_err(BlockOnError::NoRuntime)?;
            Ok(runtime.block_on(future.into_future()))
        }
    }
}

/// Runs `f` on a thread that may block.
pub(super) fn allow_blocking<T>(f: impl FnOnce() -> T) -> T {
    MAY_BLOCK.set(true);
    let _reset = Reset;
    f()
}

/// Why [`block_on`] did not run the future.
#[derive(Debug)]
#[non_exhaustive]
pub enum BlockOnError {
    /// The caller is async code, or a thread of a runtime that is not known to be allowed to block.
    InsideRuntime,
    /// A runtime could not be started.
    NoRuntime(io::Error),
}

impl fmt::Display for BlockOnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InsideRuntime => f.write_str(
                "block_on was called inside a runtime, where it would stop the thread that the future needs; \
                 await the future, or go through awaitkit::spawn_blocking",
            ),
            Self::NoRuntime(e) => write!(f, "no runtime could be started to block on: {e}"),
        }
    }
}

impl Error for BlockOnError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::InsideRuntime => None,
            Self::NoRuntime(e) => Some(e),
        }
    }
}

/// The permission to block while the thread is using it: the future it blocks on must not block again.
struct Allowed;

impl Allowed {
    fn take() -> Option<Self> {
        MAY_BLOCK.replace(false).then(|| Self)
    }
}

impl Drop for Allowed {
    fn drop(&mut self) {
        MAY_BLOCK.set(true);
    }
}

struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        MAY_BLOCK.set(false);
    }
}

thread_local! {
    /// Tokio does not tell whether a thread that belongs to it may block; the threads that run our own closures may.
    static MAY_BLOCK: Cell<bool> = const { Cell::new(false) };
}
