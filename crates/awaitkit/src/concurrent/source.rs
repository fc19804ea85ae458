use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use futures_util::Stream;

/// What the combinators take items from: any iterator, or any stream.
///
/// `Kind` is always inferred; it only keeps the two implementations apart. An iterator is collected at once, so that what it
/// borrows from its closures does not become part of the future (a future that holds a mapped iterator is often refused by
/// `tokio::spawn` with "implementation of `FnOnce` is not general enough"). For endless input pass a stream, which is asked for
/// an item only when there is room for its future.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is neither an iterator nor a stream",
    label = "items are taken from this",
    note = "pass anything that implements `IntoIterator` or `futures_core::Stream`"
)]
pub trait Source<Kind>: Sized {
    /// What it gives.
    type Item;
    /// The stream it becomes.
    type Stream: Stream<Item = Self::Item>;

    /// Collects an iterator; a stream stays what it is.
    fn into_stream(self) -> Self::Stream;
}

/// The kind of a [`Source`] that is an iterator.
#[doc(hidden)]
#[derive(Debug)]
pub enum Iterated {}

/// The kind of a [`Source`] that is a stream.
#[doc(hidden)]
#[derive(Debug)]
pub enum Streamed {}

impl<I: IntoIterator> Source<Iterated> for I {
    type Item = I::Item;
    type Stream = Items<I::Item>;

    fn into_stream(self) -> Items<I::Item> {
        Items(self.into_iter().collect::<Vec<_>>().into_iter())
    }
}

impl<S: Stream> Source<Streamed> for S {
    type Item = S::Item;
    type Stream = S;

    fn into_stream(self) -> S {
        self
    }
}

/// The collected items of an iterator, as a stream.
#[derive(Debug)]
pub struct Items<T>(vec::IntoIter<T>);

impl<T> Unpin for Items<T> {}

impl<T> Stream for Items<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<T>> {
        Poll::Ready(self.0.next())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}
