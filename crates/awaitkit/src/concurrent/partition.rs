use super::{Concurrent, Source, Split, Try, TryAll};
use crate::Limit;

/// Parts the items into those for which an async predicate is true and those for which it is false, each side in input order.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::{limit, partition_concurrent};
///
/// let (even, odd) = partition_concurrent(1..=5, limit!(2), async |n| n % 2 == 0).await;
/// assert_eq!((even, odd), (vec![2, 4], vec![1, 3, 5]));
/// # }
/// ```
#[doc(alias = "partition_async")]
pub fn partition_concurrent<Kind, S, F, Fut>(
    items: S,
    limit: impl Into<Limit>,
    predicate: F,
) -> Concurrent<S::Stream, F, Fut, Split<S::Item>>
where
    S: Source<Kind, Item: Clone>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = bool>,
{
    Concurrent::new(items.into_stream(), limit.into(), predicate, Split::new())
}

/// Like [`partition_concurrent`], ended by the first error in time.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_partition_concurrent<Kind, S, F, Fut, E>(
    items: S,
    limit: impl Into<Limit>,
    predicate: F,
) -> Concurrent<S::Stream, F, Fut, Try<Split<S::Item>>>
where
    S: Source<Kind, Item: Clone>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<bool, E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), predicate, Try(Split::new()))
}

/// Like [`partition_concurrent`], all items are run to the end; if any failed, every error with the index of its item.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_partition_concurrent_all<Kind, S, F, Fut, E>(
    items: S,
    limit: impl Into<Limit>,
    predicate: F,
) -> Concurrent<S::Stream, F, Fut, TryAll<Split<S::Item>, E>>
where
    S: Source<Kind, Item: Clone>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<bool, E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), predicate, TryAll::new(Split::new()))
}
