use super::{Concurrent, Source, Try, TryAll, Values};
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
