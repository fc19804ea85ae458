//! One engine drives every combinator: it takes items from a [`Source`], keeps at most `limit` futures in flight, and hands each
//! result to a [`Gather`], which decides what is kept and when to stop.

#![allow(clippy::type_complexity, reason = "the type of a combinator's future says what it does; an alias would only hide it")]

mod chunks;
mod filter;
mod for_each;
mod gather;
mod in_flight;
mod join;
mod map;
mod map_keys;
mod partition;
mod ready;
mod source;
mod unordered;

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::Stream;
use pin_project_lite::pin_project;
use tokio::task::coop::poll_proceed;

use crate::Limit;

pub(crate) use in_flight::InFlight;

pub use filter::{filter_concurrent, try_filter_concurrent, try_filter_concurrent_all};
pub use for_each::{for_each_concurrent, try_for_each_concurrent, try_for_each_concurrent_all};
pub use gather::{Gather, Kept, Keyed, Memory, Split, Try, TryAll, Unit, Values};
pub use join::{join_all, try_join_all, try_join_all_errors};
pub use map::{map_concurrent, try_map_concurrent, try_map_concurrent_all};
pub use map_keys::{map_keys_concurrent, try_map_keys_concurrent, try_map_keys_concurrent_all};
pub use partition::{partition_concurrent, try_partition_concurrent, try_partition_concurrent_all};
pub use source::{Items, Source};
pub use unordered::Unordered;

pin_project! {
    /// The future of every concurrent combinator; which one it is, `G` says.
    ///
    /// It owns what it runs: all futures in flight are polled whenever it is polled, and dropped with it or before it completes.
    /// It takes part in Tokio's budget, so even input that is always ready lets other tasks run.
    ///
    /// # Cancel safety
    ///
    /// Dropping it drops the items not yet started and the futures in flight. Nothing runs on.
    #[must_use = "futures do nothing unless awaited"]
    pub struct Concurrent<S, F, Fut, G> where G: Memory {
        #[pin]
        engine: Engine<S, F, Fut, G>,
    }
}

impl<S, F, Fut, G> Concurrent<S, F, Fut, G>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
    G: Gather<S::Item, Fut::Output>,
{
    fn new(source: S, limit: Limit, f: F, gather: G) -> Self {
        Self { engine: Engine { source, exhausted: false, taken: 0, next: 0, limit, f, in_flight: InFlight::new(), gather } }
    }

    /// The results as a stream, each as soon as it is there, instead of all of them in input order.
    ///
    /// A stream makes progress only while it is asked for the next item. A consumer that waits for something else between two
    /// items makes the futures in flight wait too; put such work into the function that is mapped instead.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// use awaitkit::{StreamExt as _, limit, map_concurrent, sleep};
    ///
    /// let slow_first = async |n: u64| { sleep(Duration::from_secs(10 - n)).await; n };
    /// let order: Vec<u64> = map_concurrent([1, 2, 3], limit!(3), slow_first).unordered().collect().await;
    /// assert_eq!(order, [3, 2, 1]);
    /// # }
    /// ```
    pub fn unordered(self) -> Unordered<S, F, Fut, G> {
        Unordered::new(self.engine)
    }
}

impl<S, F, Fut, G> Future for Concurrent<S, F, Fut, G>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
    G: Gather<S::Item, Fut::Output>,
{
    type Output = G::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<G::Output> {
        let mut engine = self.project().engine;
        while let Some((index, piece)) = ready!(engine.as_mut().poll_piece(cx)) {
            if let Err(output) = engine.as_mut().project().gather.keep(index, piece) {
                engine.project().in_flight.clear();
                return Poll::Ready(output);
            }
        }
        Poll::Ready(engine.project().gather.finish())
    }
}

pin_project! {
    struct Engine<S, F, Fut, G> where G: Memory {
        #[pin]
        source: S,
        exhausted: bool,
        // Items taken from the source, and those of them that were admitted.
        taken: usize,
        next: usize,
        limit: Limit,
        f: F,
        in_flight: InFlight<Fut, G::Tag>,
        gather: G,
    }
}

impl<S, F, Fut, G> Engine<S, F, Fut, G>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
    G: Gather<S::Item, Fut::Output>,
{
    /// The next thing worth keeping, in the order in which futures finish; `None` when all of them have.
    fn poll_piece(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<(usize, G::Piece)>> {
        let mut this = self.project();
        if *this.taken == 0 {
            let expected = this.source.size_hint().0.min(RESERVED);
            this.in_flight.reserve(expected.min(this.limit.count()));
            this.gather.expect(expected);
        }
        loop {
            while !*this.exhausted && this.in_flight.len() < this.limit.count() {
                // To take an item costs little: only every so many count.
                if this.taken.is_multiple_of(TAKEN_AT_ONCE) {
                    ready!(poll_proceed(cx)).made_progress();
                }
                match this.source.as_mut().poll_next(cx) {
                    Poll::Ready(Some(item)) => {
                        *this.taken += 1;
                        if let Some(tag) = this.gather.admit(&item) {
                            this.in_flight.push(*this.next, tag, (this.f)(item));
                            *this.next += 1;
                        }
                    }
                    Poll::Ready(None) => *this.exhausted = true,
                    Poll::Pending => break,
                }
            }

            let progress = ready!(poll_proceed(cx));
            match this.in_flight.poll_next(cx) {
                Poll::Ready(Some((index, tag, output))) => {
                    progress.made_progress();
                    if let Some(piece) = G::piece(tag, output) {
                        return Poll::Ready(Some((index, piece)));
                    }
                }
                Poll::Ready(None) if *this.exhausted => return Poll::Ready(None),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

const TAKEN_AT_ONCE: usize = 16;

/// A hint is only a hint: not more is reserved for it.
const RESERVED: usize = 100_000;
