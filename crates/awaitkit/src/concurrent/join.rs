use std::convert::identity;

use super::{Concurrent, Source, Try, TryAll, Values};
use crate::Limit;

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
#[doc(alias = "concurrent")]
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
