use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};

use super::pages::{Pages, Query};
use crate::Error;

/// Runs a function for each item, some at a time; see [`Pages::try_for_each`].
///
/// A type of its own, because an `async fn` over a borrowed closure would be refused by `tokio::spawn` ("implementation of `Send` is
/// not general enough").
#[must_use = "nothing runs until it is awaited"]
pub struct ForEach<Q: Query, F, Fut> {
    /// Until it has ended.
    items: Option<Pages<Q>>,
    f: F,
    limit: usize,
    running: FuturesUnordered<Fut>,
}

impl<Q: Query, F, Fut> ForEach<Q, F, Fut> {
    pub(super) fn new(items: Pages<Q>, limit: usize, f: F) -> Self {
        Self { items: Some(items), f, limit: limit.max(1), running: FuturesUnordered::new() }
    }
}

/// The function is only called, never pinned; what it returns is pinned inside `running`.
impl<Q: Query, F, Fut> Unpin for ForEach<Q, F, Fut> {}

impl<Q, F, Fut, E> Future for ForEach<Q, F, Fut>
where
    Q: Query,
    F: FnMut(Q::Item) -> Fut,
    Fut: Future<Output = Result<(), E>>,
    E: From<Error>,
{
    type Output = Result<(), E>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = &mut *self;
        loop {
            while this.running.len() < this.limit
                && let Some(items) = &mut this.items
            {
                match Pin::new(items).poll_next(cx) {
                    Poll::Ready(Some(Ok(item))) => this.running.push((this.f)(item)),
                    Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error.into())),
                    Poll::Ready(None) => this.items = None,
                    Poll::Pending => break,
                }
            }
            match this.running.poll_next_unpin(cx) {
                Poll::Ready(Some(Ok(()))) => {}
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(error)),
                Poll::Ready(None) if this.items.is_none() => return Poll::Ready(Ok(())),
                Poll::Ready(None) | Poll::Pending => return Poll::Pending,
            }
        }
    }
}

impl<Q: Query, F, Fut> fmt::Debug for ForEach<Q, F, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ForEach").field("items", &self.items).field("running", &self.running.len()).finish_non_exhaustive()
    }
}
