use super::{Concurrent, Kept, Source, Try, TryAll};
use crate::Limit;

/// Keeps the items for which an async predicate is true, at most `limit` at a time, in input order.
///
/// The predicate takes the item by value and the item is cloned for it. Pass references to spare the clone:
/// `filter_concurrent(&users, …)` gives a `Vec<&User>`.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::{filter_concurrent, limit};
///
/// let users = [String::from("Ada"), String::from("Bob")];
/// let kept: Vec<&String> = filter_concurrent(&users, limit!(2), async |user: &String| user.starts_with('A')).await;
/// assert_eq!(kept, ["Ada"]);
/// # }
/// ```
#[doc(alias = "filter_async")]
pub fn filter_concurrent<Kind, S, F, Fut>(items: S, limit: impl Into<Limit>, predicate: F) -> Concurrent<S::Stream, F, Fut, Kept<S::Item>>
where
    S: Source<Kind, Item: Clone>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = bool>,
{
    Concurrent::new(items.into_stream(), limit.into(), predicate, Kept::new())
}

/// Like [`filter_concurrent`], ended by the first error in time.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_filter_concurrent<Kind, S, F, Fut, E>(
    items: S,
    limit: impl Into<Limit>,
    predicate: F,
) -> Concurrent<S::Stream, F, Fut, Try<Kept<S::Item>>>
where
    S: Source<Kind, Item: Clone>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<bool, E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), predicate, Try(Kept::new()))
}

/// Like [`filter_concurrent`], all items are run to the end; if any failed, every error with the index of its item.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_filter_concurrent_all<Kind, S, F, Fut, E>(
    items: S,
    limit: impl Into<Limit>,
    predicate: F,
) -> Concurrent<S::Stream, F, Fut, TryAll<Kept<S::Item>, E>>
where
    S: Source<Kind, Item: Clone>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<bool, E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), predicate, TryAll::new(Kept::new()))
}
