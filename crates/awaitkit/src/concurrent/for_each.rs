use super::{Concurrent, Source, Try, TryAll, Unit};
use crate::Limit;

/// Calls an async function for every item, at most `limit` at a time, and keeps nothing: for work whose result is its effect.
///
/// Over a stream its memory is bounded by the limit, however long the stream is.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::cell::Cell;
/// use awaitkit::{for_each_concurrent, limit};
///
/// let sum = Cell::new(0); // shared without a lock: all of it runs in this task
/// for_each_concurrent(1..=4, limit!(2), async |n| sum.set(sum.get() + n)).await;
/// assert_eq!(sum.get(), 10);
/// # }
/// ```
#[doc(alias = "for_each_async")]
pub fn for_each_concurrent<Kind, S, F, Fut>(items: S, limit: impl Into<Limit>, f: F) -> Concurrent<S::Stream, F, Fut, Unit>
where
    S: Source<Kind>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = ()>,
{
    Concurrent::new(items.into_stream(), limit.into(), f, Unit::new())
}

/// Like [`for_each_concurrent`], ended by the first error in time.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_for_each_concurrent<Kind, S, F, Fut, E>(items: S, limit: impl Into<Limit>, f: F) -> Concurrent<S::Stream, F, Fut, Try<Unit>>
where
    S: Source<Kind>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), f, Try(Unit::new()))
}

/// Like [`for_each_concurrent`], all items are run to the end; if any failed, every error with the index of its item.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_for_each_concurrent_all<Kind, S, F, Fut, E>(
    items: S,
    limit: impl Into<Limit>,
    f: F,
) -> Concurrent<S::Stream, F, Fut, TryAll<Unit, E>>
where
    S: Source<Kind>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<(), E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), f, TryAll::new(Unit::new()))
}
