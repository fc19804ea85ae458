use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use pin_project_lite::pin_project;

/// The futures that have been started and have not finished, each with its place in the input and its tag.
pub(crate) struct InFlight<Fut, Tag> {
    set: FuturesUnordered<Tagged<Fut, Tag>>,
}

impl<Fut: Future, Tag> InFlight<Fut, Tag> {
    pub(crate) fn new() -> Self {
        Self { set: FuturesUnordered::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.set.len()
    }

    pub(crate) fn push(&mut self, index: usize, tag: Tag, future: Fut) {
        self.set.push(Tagged { index, tag: Some(tag), future });
    }

    pub(crate) fn clear(&mut self) {
        self.set.clear();
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<(usize, Tag, Fut::Output)>> {
        while let Some((index, tag, output)) = ready!(self.set.poll_next_unpin(cx)) {
            if let Some(tag) = tag {
                return Poll::Ready(Some((index, tag, output)));
            }
        }
        Poll::Ready(None)
    }
}

pin_project! {
    struct Tagged<Fut, Tag> {
        index: usize,
        tag: Option<Tag>,
        #[pin]
        future: Fut,
    }
}

impl<Fut: Future, Tag> Future for Tagged<Fut, Tag> {
    type Output = (usize, Option<Tag>, Fut::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.future.poll(cx).map(|output| (*this.index, this.tag.take(), output))
    }
}
