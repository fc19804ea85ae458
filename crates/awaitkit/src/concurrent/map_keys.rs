use std::hash::Hash;

use super::{Concurrent, Keyed, Source, Try, TryAll};
use crate::Limit;

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
