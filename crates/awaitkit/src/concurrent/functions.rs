use std::convert::identity;
use std::hash::Hash;

use super::{Concurrent, Kept, Keyed, Source, Split, Try, TryAll, Unit, Values};
use crate::Limit;

/// Calls an async function for every item, at most `limit` at a time, and gives the values in input order.
///
/// The first rule of async code is not to await in a loop: the items would wait for each other without need. Every value comes
/// back, also if it is an error; see [`try_map_concurrent`] to stop at the first.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{limit, map_concurrent, sleep};
///
/// let begin = tokio::time::Instant::now();
/// let users = map_concurrent([1, 2, 5, 99, 332], limit!(5), async |id| {
///     sleep(Duration::from_secs(1)).await;
///     format!("user {id}")
/// })
/// .await;
/// assert_eq!(users[4], "user 332");
/// assert_eq!(begin.elapsed().as_secs(), 1); // not 5
/// # }
/// ```
#[doc(alias = "map_async")]
#[doc(alias = "Vec\\map_async")]
#[doc(alias = "pooled_map")]
pub fn map_concurrent<Kind, S, F, Fut>(items: S, limit: impl Into<Limit>, f: F) -> Concurrent<S::Stream, F, Fut, Values<Fut::Output>>
where
    S: Source<Kind>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
{
    Concurrent::new(items.into_stream(), limit.into(), f, Values::new())
}

/// Like [`map_concurrent`], ended by the first error in time; calls still in flight are dropped.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::{limit, try_map_concurrent};
///
/// let parse = async |text: &str| text.parse::<u8>();
/// assert_eq!(try_map_concurrent(["1", "2"], limit!(8), parse).await, Ok(vec![1, 2]));
/// assert!(try_map_concurrent(["1", "x", "3"], limit!(8), parse).await.is_err());
/// # }
/// ```
pub fn try_map_concurrent<Kind, S, F, Fut, T, E>(items: S, limit: impl Into<Limit>, f: F) -> Concurrent<S::Stream, F, Fut, Try<Values<T>>>
where
    S: Source<Kind>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), f, Try(Values::new()))
}

/// Like [`map_concurrent`], all items are run to the end; if any failed, every error with the index of its item.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::{limit, try_map_concurrent_all};
///
/// let errors = try_map_concurrent_all(["x", "2", ""], limit!(8), async |text: &str| text.parse::<u8>()).await.unwrap_err();
/// assert_eq!(errors.iter().map(|(index, _)| index).collect::<Vec<_>>(), [0, 2]);
/// # }
/// ```
pub fn try_map_concurrent_all<Kind, S, F, Fut, T, E>(
    items: S,
    limit: impl Into<Limit>,
    f: F,
) -> Concurrent<S::Stream, F, Fut, TryAll<Values<T>, E>>
where
    S: Source<Kind>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Concurrent::new(items.into_stream(), limit.into(), f, TryAll::new(Values::new()))
}

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

/// Calls an async function once for every different key, at most `limit` at a time.
///
/// The pairs come in the order in which the keys first appeared; collect them into a map to look them up.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::collections::HashMap;
/// use awaitkit::{limit, map_keys_concurrent};
///
/// let mut calls = 0;
/// let lengths = map_keys_concurrent(["b", "aa", "b"], limit!(2), |key| {
///     calls += 1;
///     async move { key.len() }
/// })
/// .await;
/// assert_eq!(lengths, [("b", 1), ("aa", 2)]);
/// assert_eq!(calls, 2);
/// assert_eq!(lengths.into_iter().collect::<HashMap<_, _>>()["aa"], 2);
/// # }
/// ```
#[doc(alias = "from_keys_async")]
pub fn map_keys_concurrent<Kind, S, F, Fut>(
    keys: S,
    limit: impl Into<Limit>,
    f: F,
) -> Concurrent<S::Stream, F, Fut, Keyed<S::Item, Fut::Output>>
where
    S: Source<Kind, Item: Clone + Eq + Hash>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
{
    Concurrent::new(keys.into_stream(), limit.into(), f, Keyed::new())
}

/// Like [`map_keys_concurrent`], ended by the first error in time.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_map_keys_concurrent<Kind, S, F, Fut, T, E>(
    keys: S,
    limit: impl Into<Limit>,
    f: F,
) -> Concurrent<S::Stream, F, Fut, Try<Keyed<S::Item, T>>>
where
    S: Source<Kind, Item: Clone + Eq + Hash>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Concurrent::new(keys.into_stream(), limit.into(), f, Try(Keyed::new()))
}

/// Like [`map_keys_concurrent`], all keys are run to the end; if any failed, every error with the index of its key among the
/// different ones.
///
/// # Cancel safety
///
/// Dropping the future drops the calls in flight; see [`Concurrent`].
pub fn try_map_keys_concurrent_all<Kind, S, F, Fut, T, E>(
    keys: S,
    limit: impl Into<Limit>,
    f: F,
) -> Concurrent<S::Stream, F, Fut, TryAll<Keyed<S::Item, T>, E>>
where
    S: Source<Kind, Item: Clone + Eq + Hash>,
    F: FnMut(S::Item) -> Fut,
    Fut: Future<Output = Result<T, E>>,
{
    Concurrent::new(keys.into_stream(), limit.into(), f, TryAll::new(Keyed::new()))
}

/// Runs futures of one type, at most `limit` at a time, and gives the values in input order.
///
/// For a few futures of different types use [`join!`](crate::join).
///
/// # Cancel safety
///
/// Dropping the future drops the futures in flight and those not yet started; see [`Concurrent`].
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::{Unlimited, join_all};
///
/// async fn double(n: u32) -> u32 { 2 * n }
/// assert_eq!(join_all([double(1), double(2)], Unlimited).await, [2, 4]);
/// # }
/// ```
#[doc(alias = "from_async")]
#[doc(alias = "await_all")]
pub fn join_all<Kind, S, Fut>(futures: S, limit: impl Into<Limit>) -> Concurrent<S::Stream, fn(Fut) -> Fut, Fut, Values<Fut::Output>>
where
    S: Source<Kind, Item = Fut>,
    Fut: Future,
{
    Concurrent::new(futures.into_stream(), limit.into(), identity, Values::new())
}

/// Like [`join_all`], ended by the first error in time, however many futures there are.
///
/// # Cancel safety
///
/// Dropping the future drops the futures in flight and those not yet started; see [`Concurrent`].
pub fn try_join_all<Kind, S, Fut, T, E>(futures: S, limit: impl Into<Limit>) -> Concurrent<S::Stream, fn(Fut) -> Fut, Fut, Try<Values<T>>>
where
    S: Source<Kind, Item = Fut>,
    Fut: Future<Output = Result<T, E>>,
{
    Concurrent::new(futures.into_stream(), limit.into(), identity, Try(Values::new()))
}

/// Like [`join_all`], all futures are run to the end; if any failed, every error with the index of its future.
///
/// # Cancel safety
///
/// Dropping the future drops the futures in flight and those not yet started; see [`Concurrent`].
pub fn try_join_all_errors<Kind, S, Fut, T, E>(
    futures: S,
    limit: impl Into<Limit>,
) -> Concurrent<S::Stream, fn(Fut) -> Fut, Fut, TryAll<Values<T>, E>>
where
    S: Source<Kind, Item = Fut>,
    Fut: Future<Output = Result<T, E>>,
{
    Concurrent::new(futures.into_stream(), limit.into(), identity, TryAll::new(Values::new()))
}
