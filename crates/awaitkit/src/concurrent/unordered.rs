use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::Stream;
use pin_project_lite::pin_project;

use super::{Engine, Gather, Memory};

pin_project! {
    /// The results of a combinator as a stream in the order in which they are finished; made by [`unordered`].
    ///
    /// # Cancel safety
    ///
    /// Waiting for the next item may be given up and begun again: nothing is lost. Dropping the stream drops what is in flight.
    ///
    /// [`unordered`]: crate::Concurrent::unordered
    #[must_use = "streams do nothing unless polled"]
    pub struct Unordered<S, F, Fut, G> where G: Memory {
        #[pin]
        engine: Engine<S, F, Fut, G>,
    }
}

impl<S, F, Fut, G> Unordered<S, F, Fut, G>
where
    G: Memory,
{
    pub(super) fn new(engine: Engine<S, F, Fut, G>) -> Self {
        Self { engine }
    }
}

impl<S, F, Fut, G> Stream for Unordered<S, F, Fut, G>
where
    S: Stream,
    F: FnMut(S::Item) -> Fut,
    Fut: Future,
    G: Gather<S::Item, Fut::Output>,
{
    type Item = G::Piece;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<G::Piece>> {
        self.project().engine.poll_piece(cx).map(|found| found.map(|(_, piece)| piece))
    }
}
