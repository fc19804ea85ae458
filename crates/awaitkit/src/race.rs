use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::future::Either;
use futures_util::stream::FuturesUnordered;

use crate::Errors;
use crate::concurrent::InFlight;

/// The value of the future that is done first; the others are dropped before it is given.
///
/// Takes a tuple of up to eight futures with one output, an array, or a vector; a vector may be empty, so its race gives an
/// [`Option`]. If several are done at once the first in order wins.
///
/// Futures are taken by value, polled until one is done and then dropped. So none of them can stay behind half done, holding its
/// place in the queue of a lock that the code after the race wants (the "futurelock" of `select!` over borrowed futures).
///
/// # Cancel safety
///
/// Dropping it drops all futures. Those that lose are cancelled, so they should be cancel safe.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{race, sleep};
///
/// let answer = async { sleep(Duration::from_secs(5)).await; Some("answer") };
/// let give_up = async { sleep(Duration::from_secs(2)).await; None };
/// assert_eq!(race((answer, give_up)).await, None);
/// # }
/// ```
#[doc(alias = "first")]
#[doc(alias = "awaitFirst")]
#[doc(alias = "select")]
pub fn race<R: Racers>(racers: R) -> R::Race {
    R::Race::from_iter(racers.into_futures())
}

/// The first value that is `Ok`; if there is none, every error. The rest is dropped before the value is given.
///
/// Takes what [`race`] takes; an empty vector gives no errors as its error.
///
/// # Cancel safety
///
/// Dropping it drops all futures. Those that lose are cancelled, so they should be cancel safe.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::race_ok;
///
/// let parse = async |text: &str| text.parse::<u8>();
/// assert_eq!(race_ok([parse("x"), parse("7")]).await, Ok(7));
/// assert_eq!(race_ok([parse("x"), parse("y")]).await.unwrap_err().len(), 2);
/// # }
/// ```
#[doc(alias = "awaitAny")]
#[doc(alias = "any")]
pub fn race_ok<R, T, E>(racers: R) -> RaceOk<R::Future, T, E>
where
    R: Racers<Future: Future<Output = Result<T, E>>>,
{
    RaceOk(RaceOkN::new(racers.into_futures(), 1))
}

/// The first `count` values that are `Ok`, in the order in which they came; as soon as so many cannot be reached, the errors.
/// The rest is dropped before the values are given.
///
/// Takes what [`race`] takes.
///
/// # Cancel safety
///
/// Dropping it drops all futures. Those that lose are cancelled, so they should be cancel safe.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use awaitkit::race_ok_n;
///
/// let parse = async |text: &str| text.parse::<u8>();
/// assert_eq!(race_ok_n([parse("1"), parse("x"), parse("2"), parse("3")], 2).await, Ok(vec![1, 2]));
/// # }
/// ```
#[doc(alias = "awaitAnyN")]
pub fn race_ok_n<R, T, E>(racers: R, count: usize) -> RaceOkN<R::Future, T, E>
where
    R: Racers<Future: Future<Output = Result<T, E>>>,
{
    RaceOkN::new(racers.into_futures(), count)
}

/// What can race: a tuple of up to eight futures with one output, an array of futures, a vector of futures.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot race",
    note = "pass a tuple of two to eight futures with the same output, an array of futures or a `Vec` of futures"
)]
pub trait Racers: sealed::Sealed {
    /// One type for all of them.
    type Future: Future;
    /// The race: its output is an option if there may be nobody.
    type Race: Future + FromIterator<Self::Future>;

    #[doc(hidden)]
    fn into_futures(self) -> Vec<Self::Future>;
}

mod sealed {
    pub trait Sealed {}
}

impl<Fut: Future, const N: usize> sealed::Sealed for [Fut; N] {}

impl<Fut: Future, const N: usize> Racers for [Fut; N] {
    type Future = Fut;
    type Race = Race<Fut>;

    fn into_futures(self) -> Vec<Fut> {
        const { assert!(N > 0, "a race of nobody would never end") }
        self.into()
    }
}

impl<Fut: Future> sealed::Sealed for Vec<Fut> {}

impl<Fut: Future> Racers for Vec<Fut> {
    type Future = Fut;
    type Race = RaceAny<Fut>;

    fn into_futures(self) -> Self {
        self
    }
}

impl<A: Future> sealed::Sealed for (A,) {}

impl<A: Future> Racers for (A,) {
    type Future = A;
    type Race = Race<A>;

    fn into_futures(self) -> Vec<A> {
        vec![self.0]
    }
}

/// A tuple is its first element or one of the others.
macro_rules! tuple {
    ($first:ident $($rest:ident)+) => {
        impl<T, $first: Future<Output = T>, $($rest: Future<Output = T>),+> sealed::Sealed for ($first, $($rest),+) {}

        impl<T, $first: Future<Output = T>, $($rest: Future<Output = T>),+> Racers for ($first, $($rest),+) {
            type Future = Either<$first, <($($rest,)+) as Racers>::Future>;
            type Race = Race<Self::Future>;

            #[allow(non_snake_case, reason = "the names of the types serve as names of the values")]
            fn into_futures(self) -> Vec<Self::Future> {
                let ($first, $($rest),+) = self;
                let mut all = vec![Either::Left($first)];
                all.extend(($($rest,)+).into_futures().into_iter().map(Either::Right));
                all
            }
        }
    };
}

tuple!(A B);
tuple!(A B C);
tuple!(A B C D);
tuple!(A B C D E);
tuple!(A B C D E F);
tuple!(A B C D E F G);
tuple!(A B C D E F G H);

/// The future of [`race`] over at least one future.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct Race<Fut>(RaceAny<Fut>);

impl<Fut> FromIterator<Fut> for Race<Fut> {
    fn from_iter<I: IntoIterator<Item = Fut>>(futures: I) -> Self {
        Self(RaceAny::from_iter(futures))
    }
}

impl<Fut: Future> Future for Race<Fut> {
    type Output = Fut::Output;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Fut::Output> {
        match ready!(Pin::new(&mut self.0).poll(cx)) {
            Some(value) => Poll::Ready(value),
            None => Poll::Pending, // only after it has been won
        }
    }
}

/// The future of [`race`] over a vector.
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct RaceAny<Fut>(FuturesUnordered<Fut>);

impl<Fut> FromIterator<Fut> for RaceAny<Fut> {
    fn from_iter<I: IntoIterator<Item = Fut>>(futures: I) -> Self {
        Self(futures.into_iter().collect())
    }
}

impl<Fut: Future> Future for RaceAny<Fut> {
    type Output = Option<Fut::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let won = ready!(self.0.poll_next_unpin(cx));
        self.0.clear();
        Poll::Ready(won)
    }
}

/// The future of [`race_ok`].
#[must_use = "futures do nothing unless awaited"]
pub struct RaceOk<Fut, T, E>(RaceOkN<Fut, T, E>);

impl<Fut, T, E> Future for RaceOk<Fut, T, E>
where
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<T, Errors<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(mut values) => values.pop().map_or(Poll::Pending, |value| Poll::Ready(Ok(value))),
            Err(errors) => Poll::Ready(Err(errors)),
        }
    }
}

/// The future of [`race_ok_n`].
#[must_use = "futures do nothing unless awaited"]
pub struct RaceOkN<Fut, T, E> {
    running: InFlight<Fut, ()>,
    wanted: usize,
    values: Vec<T>,
    errors: Vec<(usize, E)>,
}

impl<Fut: Future, T, E> RaceOkN<Fut, T, E> {
    fn new(futures: Vec<Fut>, wanted: usize) -> Self {
        let mut running = InFlight::new();
        for (index, future) in futures.into_iter().enumerate() {
            running.push(index, (), future);
        }
        Self { running, wanted, values: Vec::new(), errors: Vec::new() }
    }
}

impl<Fut, T, E> Unpin for RaceOkN<Fut, T, E> {}

impl<Fut, T, E> Future for RaceOkN<Fut, T, E>
where
    Fut: Future<Output = Result<T, E>>,
{
    type Output = Result<Vec<T>, Errors<E>>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        loop {
            let missing = self.wanted - self.values.len();
            if missing == 0 || missing > self.running.len() {
                self.running.clear();
                let (values, errors) = (std::mem::take(&mut self.values), std::mem::take(&mut self.errors));
                return Poll::Ready(if missing == 0 { Ok(values) } else { Err(Errors::new(errors)) });
            }
            match ready!(self.running.poll_next(cx)) {
                Some((_, (), Ok(value))) => self.values.push(value),
                Some((index, (), Err(e))) => self.errors.push((index, e)),
                None => return Poll::Pending, // not reached: something is missing and running
            }
        }
    }
}
