//! An async toolkit for Tokio: bounded maps, batching, memoising, queues, loops.
//!
//! | to do | use |
//! |---|---|
//! | the same for many things, so many at once | [`map_concurrent`], [`filter_concurrent`], [`partition_concurrent`], [`for_each_concurrent`], [`map_keys_concurrent`], [`join_all`] |
//! | stop at the first error, or collect them all | their `try_` forms, their `try_…_all` forms |
//! | each as soon as it is done | [`Concurrent::unordered`], [`FutureSet`], [`FutureMap`] |
//! | the same on all cores | [`spawned`], [`try_spawned`] |
//! | the first that is done, or that succeeds | [`race`], [`race_ok`], [`race_ok_n`], [`timeout_or`] |
//! | many lookups in one request | [`Batcher`] |
//! | the same work once for all who ask | `Memo` and `#[memoize]`, with the feature `memo` |
//! | one after another for each key; so many at once for all | [`SerialQueue`]; [`Limiter`] |
//! | something in the background | [`spawn`], [`Supervisor`], [`ErrorSink`] |
//! | something again and again | [`Loop`], [`repeat`], [`defer`], [`delay`]; by the calendar with the feature `cron` |
//! | what blocks; from code that is not async | [`spawn_blocking`]; [`block_on`] |
//! | until a descriptor of another library is ready | `readiness`, with the feature of that name |
//! | a lock among processes; a prompt | [`flock`]; `read_line` and `echo`, with the feature `terminal` |
//!
//! # Rules that hold for all of it
//!
//! - **A limit is an argument** and cannot be zero, see [`Limit`].
//! - **The policy for errors is in the name**: plain gives every value, a `Result` being one; `try_` stops at the first error;
//!   `try_…_all` runs everything and gives every error with its index.
//! - **What is owned is polled, finished or dropped.** No combinator leaves a future behind half done, none spawns unless asked to, and each
//!   takes part in Tokio's budget.
//! - **Work for many callers belongs to none of them.** [`Batcher`], `Memo`, [`Loop`] and [`Supervisor`] have tasks of their own: a caller
//!   that goes away strands nobody. Their panics become errors, and no error is lost, see [`ErrorSink`].
//! - **Nothing outlives by accident**: a task, a loop, a supervisor ends with its handle; each says what happens when it is dropped, and
//!   when the runtime is shut down.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use awaitkit::{Batcher, limit, try_map_concurrent};
//!
//! async fn load(ids: Vec<u32>) -> Result<Vec<(u32, String)>, std::io::Error> {
//!     Ok(ids.into_iter().map(|id| (id, format!("user {id}"))).collect())
//! }
//!
//! let users = Batcher::builder(load).build();
//! let names = try_map_concurrent([1, 2, 5], limit!(16), async |id| users.load(id).await).await?;
//! assert_eq!(names[2].as_deref(), Some("user 5"));
//! assert_eq!(users.stats().batches, 1); // one request, not three
//! # Ok(()) }
//! ```
//!
//! # Features
//!
//! None by default; then it depends on `tokio`, `tokio-util`, `futures-util` and `pin-project-lite`. `memo`: `Memo`, `#[memoize]`, the cache
//! of [`Batcher`]. `cron`: loops by the calendar. `readiness`: that function, on Unix. `terminal`: `read_line` and `echo`; `prompt`: with lines that are edited. `tracing`: spans for batches, misses, runs and named
//! tasks inside those of the caller, and unhandled errors as events.

#[cfg(feature = "memo")]
#[path = "private.rs"]
#[doc(hidden)]
pub mod __private;
mod backoff;
mod batcher;
mod concurrent;
mod errors;
mod flock;
mod limit;
mod limiter;
mod loops;
#[cfg(feature = "memo")]
mod memo;
mod race;
#[cfg(all(unix, feature = "readiness"))]
mod readiness;
mod serial_queue;
mod set;
mod shared;
mod supervisor;
mod sync;
mod task;
#[cfg(feature = "terminal")]
mod terminal;
mod time;
mod trace;
mod waits;

/// Remembers the results of an `async fn` by its arguments, in a [`Memo`].
///
/// The arguments are the key: owned values with `Clone + Eq + Hash`, or references to what has an owned form. What is returned is
/// kept: a `Result` by its value, and its error type must be `From<SharedError<E>>`, as [`BoxError`] is; anything else as it is, and
/// then the function panics where a [`SharedError`] would have to be returned.
///
/// Settings, all optional: `ttl = Duration`, `keep_errors = Duration`, `max_entries = number`, as those of [`MemoBuilder`]; or
/// `store = MEMO`, a memo of yours, which lets you invalidate. A method needs `store = self.field` and a `Self` that is
/// `Clone + Send + Sync + 'static`, since its work runs in a task of its own with a clone of it. Generic functions are refused.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), awaitkit::BoxError> {
/// use std::sync::atomic::{AtomicU32, Ordering};
/// use awaitkit::{BoxError, join, memoize};
///
/// static CALLS: AtomicU32 = AtomicU32::new(0);
///
/// #[memoize(max_entries = 100)]
/// async fn length(text: &str) -> Result<usize, BoxError> {
///     CALLS.fetch_add(1, Ordering::Relaxed);
///     Ok(text.len())
/// }
///
/// let (a, b) = join!(length("four"), length("four"));
/// assert_eq!((a?, b?, CALLS.load(Ordering::Relaxed)), (4, 4, 1));
/// # Ok(()) }
/// ```
///
/// A method of something that cannot be cloned does not compile:
///
/// ```compile_fail,E0277
/// use awaitkit::{BoxError, Memo, memoize};
///
/// struct Users { // no Clone
///     names: Memo<u32, String, BoxError>,
/// }
///
/// impl Users {
///     #[memoize(store = self.names)]
///     async fn name(&self, id: u32) -> Result<String, BoxError> {
///         Ok(id.to_string())
///     }
/// }
/// ```
#[cfg(feature = "memo")]
pub use awaitkit_macros::memoize;
pub use backoff::Backoff;
pub use batcher::{Batcher, BatcherBuilder, BatcherStats, Window};
#[cfg(feature = "cron")]
pub use chrono;
pub use concurrent::{
    Concurrent, Gather, Items, Kept, Keyed, Memory, Source, Split, Try, TryAll, Unit, Unordered, Values, filter_concurrent,
    for_each_concurrent, join_all, map_concurrent, map_keys_concurrent, partition_concurrent, try_filter_concurrent,
    try_filter_concurrent_all, try_for_each_concurrent, try_for_each_concurrent_all, try_join_all, try_join_all_errors, try_map_concurrent,
    try_map_concurrent_all, try_map_keys_concurrent, try_map_keys_concurrent_all, try_partition_concurrent, try_partition_concurrent_all,
};
pub use errors::Errors;
pub use flock::{Flock, FlockError, FlockGuard, Lock, flock};
pub use futures_util::StreamExt;
pub use limit::{Limit, Unlimited, ZeroLimit};
pub use limiter::Limiter;
pub use loops::{AfterFailure, IntoNext, Loop, LoopHandle, Missed, Next, Resumed, SignalError, Signals, defer, delay, repeat};
#[cfg(feature = "cron")]
pub use loops::{Cron, CronError, CronFile, CronStore};
#[cfg(feature = "memo")]
pub use memo::{Memo, MemoBuilder, MemoHandle, MemoStats};
pub use race::{Race, RaceAny, RaceOk, RaceOkN, Racers, race, race_ok, race_ok_n};
#[cfg(all(unix, feature = "readiness"))]
pub use readiness::{Interest, Ready, readiness};
pub use serial_queue::{OnFailure, SerialCall, SerialError, SerialQueue};
pub use set::{FutureMap, FutureSet};
pub use shared::SharedError;
pub use supervisor::{Child, GaveUp, Restart, Supervisor};
pub use task::{
    BlockOnError, BoxError, ErrorSink, Origin, Outcome, Task, TaskError, TryTask, Unhandled, block_on, spawn, spawn_blocking, spawn_named,
    spawned, try_spawned,
};
#[cfg(feature = "terminal")]
pub use terminal::{ReadLineError, echo, read_line};
pub use time::{later, timeout_or};
pub use tokio::sync::SetOnce;
pub use tokio::time::{sleep, timeout};
pub use tokio::{join, try_join};
pub use tokio_util::sync::CancellationToken;
