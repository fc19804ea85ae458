//! What Telegram gives page by page, as one stream.

use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use awaitkit::{Task, spawn};
use futures_util::{FutureExt, Stream, StreamExt, TryStreamExt};
use quadruplex_net::BoxFuture;

use super::for_each::ForEach;
use crate::{Client, Error};

/// The most items that are asked for at once.
pub(super) const PAGE: usize = 100;

/// A stream of what Telegram gives page by page. The next page is on its way while this one is read, so that at most two are held.
///
/// It begins when it is first polled, and ends after the first error. Methods before that say what is wanted.
///
/// ```no_run
/// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
/// let mut history = client.history("@rustlang").limit(250);
/// while let Some(message) = history.next().await {
///     println!("{}", message?.text());
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a stream does nothing until it is read"]
pub struct Pages<Q: Query> {
    client: Client,
    /// Until the first page is asked for.
    pub(super) query: Option<Q>,
    ready: VecDeque<Q::Item>,
    coming: Option<Task<Result<Page<Q::Item>, Error>>>,
    left: usize,
}

/// What a stream of pages asks for.
pub trait Query: Unpin + Send + 'static {
    /// What it gives.
    type Item: Unpin + Send + 'static;

    #[doc(hidden)]
    fn begin(self, client: Client) -> Fetch<Self::Item>;
}

/// How a page of about so many items is fetched.
pub struct Fetch<T>(Box<dyn FnOnce(usize) -> Fetching<T> + Send>);

/// A page on its way.
pub(super) type Fetching<T> = BoxFuture<'static, Result<Page<T>, Error>>;

/// A page, and how to come to the next; `None` at the end.
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    pub(super) next: Option<Fetch<T>>,
}

impl<T> Fetch<T> {
    pub(super) fn new(fetch: impl FnOnce(usize) -> Fetching<T> + Send + 'static) -> Self {
        Self(Box::new(fetch))
    }

    pub(super) fn fetch(self, count: usize) -> Fetching<T> {
        (self.0)(count)
    }
}

impl<Q: Query> Pages<Q> {
    pub(super) fn new(client: &Client, query: Q) -> Self {
        Self { client: client.clone(), query: Some(query), ready: VecDeque::new(), coming: None, left: usize::MAX }
    }

    /// At most so many.
    pub fn limit(mut self, count: usize) -> Self {
        self.left = count;
        self
    }

    /// The next one; `None` at the end.
    ///
    /// # Errors
    /// Those of the calls that fetch pages. Nothing comes after an error.
    ///
    /// # Cancel safety
    /// Nothing is lost if it is dropped.
    pub async fn next(&mut self) -> Option<Result<Q::Item, Error>> {
        StreamExt::next(self).await
    }

    /// All of them at once. Say a [`limit`](Self::limit) where there may be many.
    ///
    /// # Errors
    /// Those of the calls that fetch pages.
    ///
    /// # Cancel safety
    /// It only reads; what was read is lost.
    pub async fn collect(self) -> Result<Vec<Q::Item>, Error> {
        self.try_collect().await
    }

    /// Runs `f` for each, so many at a time, until one fails. They run in this task.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client
    ///     .history("@rustlang")
    ///     .with_media()
    ///     .try_for_each(4, async |message| {
    ///         let file = message.download().to_dir("rustlang").await?;
    ///         println!("{} {}", message.id(), file.path.display());
    ///         Ok::<_, quadruplex::Error>(())
    ///     })
    ///     .await
    /// # }
    /// ```
    ///
    /// # Errors
    /// The first error of `f` or of fetching; what runs beside it is dropped.
    ///
    /// # Cancel safety
    /// What runs is dropped.
    pub fn try_for_each<F, Fut, E>(self, limit: usize, f: F) -> ForEach<Q, F, Fut>
    where
        F: FnMut(Q::Item) -> Fut,
        Fut: Future<Output = Result<(), E>>,
        E: From<Error>,
    {
        ForEach::new(self, limit, f)
    }

    /// Begins to fetch a page in a task, which ends when the stream is dropped.
    fn ask(&mut self, fetch: Fetch<Q::Item>) {
        let wanted = self.left - self.ready.len();
        self.coming = Some(spawn(fetch.fetch(wanted.min(PAGE))));
    }
}

impl<Q: Query> Stream for Pages<Q> {
    type Item = Result<Q::Item, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.left == 0 {
            this.coming = None;
            return Poll::Ready(None);
        }
        if let Some(query) = this.query.take() {
            this.ask(query.begin(this.client.clone()));
        }
        loop {
            if let Some(item) = this.ready.pop_front() {
                this.left -= 1;
                return Poll::Ready(Some(Ok(item)));
            }
            let Some(coming) = &mut this.coming else { return Poll::Ready(None) };
            // A task of ours ends early only with its runtime.
            let page = ready!(coming.poll_unpin(cx)).unwrap_or_else(|error| Err(Error::Invalid(error.to_string())));
            this.coming = None;
            match page {
                Ok(page) => {
                    this.ready = page.items.into();
                    this.ready.truncate(this.left);
                    if let Some(next) = page.next.filter(|_| this.ready.len() < this.left) {
                        this.ask(next);
                    }
                }
                Err(error) => {
                    this.left = 0;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }
}

impl<Q: Query> fmt::Debug for Pages<Q> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pages").field("ready", &self.ready.len()).field("left", &self.left).finish_non_exhaustive()
    }
}
