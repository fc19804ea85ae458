use std::collections::VecDeque;
use std::fmt;
use std::pin::{Pin, pin};
use std::task::{Context, Poll};

use futures_util::stream::FuturesUnordered;
use futures_util::{Stream, StreamExt};
use pin_project_lite::pin_project;

/// Futures whose outputs come in the order in which they are done; more can be added at any time.
///
/// They run in the task of whoever asks for the next output, and only while he does. If he has to wait for something else in
/// between, [`alongside`](Self::alongside) keeps them going. To run them on other threads, add [`spawn`](crate::spawn)ed tasks.
///
/// Dropping the set drops all of them.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{FutureSet, sleep};
///
/// let after = async |seconds| { sleep(Duration::from_secs(seconds)).await; seconds };
/// let mut set = FutureSet::from_iter([after(3), after(1)]);
/// assert_eq!(set.next().await, Some(1));
/// set.insert(after(1));
/// assert_eq!(set.next().await, Some(1));
/// assert_eq!(set.next().await, Some(3));
/// assert_eq!(set.next().await, None);
/// # }
/// ```
#[doc(alias = "Poll")]
#[doc(alias = "FuturesUnordered")]
#[must_use = "futures do nothing unless awaited"]
pub struct FutureSet<Fut: Future> {
    running: FuturesUnordered<Fut>,
    done: VecDeque<Fut::Output>,
}

impl<Fut: Future> FutureSet<Fut> {
    /// An empty set.
    pub fn new() -> Self {
        Self { running: FuturesUnordered::new(), done: VecDeque::new() }
    }

    /// Adds a future. It starts when the next output is asked for.
    pub fn insert(&mut self, future: Fut) {
        self.running.push(future);
    }

    /// How many outputs are still to come.
    pub fn len(&self) -> usize {
        self.running.len() + self.done.len()
    }

    /// Whether no output is to come.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The output of the next future that is done; `None` when there is none left.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no output is lost, no future is dropped.
    pub async fn next(&mut self) -> Option<Fut::Output> {
        StreamExt::next(self).await
    }

    /// Awaits something else while the futures of the set go on; what is done meanwhile is given by [`next`](Self::next).
    ///
    /// # Cancel safety
    ///
    /// Nothing of the set is lost; `other` is dropped.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
    /// use std::time::Duration;
    /// use awaitkit::{FutureSet, sleep};
    ///
    /// let begin = tokio::time::Instant::now();
    /// let second = async || sleep(Duration::from_secs(1)).await;
    /// let mut set = FutureSet::from_iter([second(), second()]);
    /// while set.next().await.is_some() {
    ///     set.alongside(second()).await; // the other one is done by then
    /// }
    /// assert_eq!(begin.elapsed().as_secs(), 3);
    /// # }
    /// ```
    pub async fn alongside<Other: IntoFuture>(&mut self, other: Other) -> Other::Output {
        let mut other = pin!(other.into_future());
        std::future::poll_fn(|cx| {
            while let Poll::Ready(Some(output)) = self.running.poll_next_unpin(cx) {
                self.done.push_back(output);
            }
            other.as_mut().poll(cx)
        })
        .await
    }
}

impl<Fut: Future> Default for FutureSet<Fut> {
    fn default() -> Self {
        Self::new()
    }
}

impl<Fut: Future> Extend<Fut> for FutureSet<Fut> {
    fn extend<I: IntoIterator<Item = Fut>>(&mut self, futures: I) {
        self.running.extend(futures);
    }
}

impl<Fut: Future> FromIterator<Fut> for FutureSet<Fut> {
    fn from_iter<I: IntoIterator<Item = Fut>>(futures: I) -> Self {
        Self { running: futures.into_iter().collect(), done: VecDeque::new() }
    }
}

impl<Fut: Future> Unpin for FutureSet<Fut> {}

impl<Fut: Future> Stream for FutureSet<Fut> {
    type Item = Fut::Output;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Fut::Output>> {
        match self.done.pop_front() {
            Some(output) => Poll::Ready(Some(output)),
            None => self.running.poll_next_unpin(cx),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len(), Some(self.len()))
    }
}

impl<Fut: Future> fmt::Debug for FutureSet<Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureSet").field("running", &self.running.len()).field("done", &self.done.len()).finish()
    }
}

/// A [`FutureSet`] whose outputs come with the key under which the future was added.
///
/// A key is a label: two futures may have the same and both run.
///
/// ```
/// # #[tokio::main(flavor = "current_thread", start_paused = true)] async fn main() {
/// use std::time::Duration;
/// use awaitkit::{FutureMap, sleep};
///
/// let mut map = FutureMap::new();
/// map.insert("slow", sleep(Duration::from_secs(2)));
/// map.insert("fast", sleep(Duration::from_secs(1)));
/// assert_eq!(map.next().await, Some(("fast", ())));
/// assert_eq!(map.next().await, Some(("slow", ())));
/// # }
/// ```
#[doc(alias = "KeyedPoll")]
#[must_use = "futures do nothing unless awaited"]
pub struct FutureMap<K, Fut: Future> {
    set: FutureSet<Labelled<K, Fut>>,
}

impl<K, Fut: Future> FutureMap<K, Fut> {
    /// An empty map.
    pub fn new() -> Self {
        Self { set: FutureSet::new() }
    }

    /// Adds a future. It starts when the next output is asked for.
    pub fn insert(&mut self, key: K, future: Fut) {
        self.set.insert(Labelled { key: Some(key), future });
    }

    /// How many outputs are still to come.
    pub fn len(&self) -> usize {
        self.set.len()
    }

    /// Whether no output is to come.
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// The output of the next future that is done, with its key; `None` when there is none left.
    ///
    /// # Cancel safety
    ///
    /// Cancel safe: no output is lost, no future is dropped.
    pub async fn next(&mut self) -> Option<(K, Fut::Output)> {
        StreamExt::next(self).await
    }

    /// Awaits something else while the futures go on, see [`FutureSet::alongside`].
    ///
    /// # Cancel safety
    ///
    /// Nothing of the map is lost; `other` is dropped.
    pub async fn alongside<Other: IntoFuture>(&mut self, other: Other) -> Other::Output {
        self.set.alongside(other).await
    }
}

impl<K, Fut: Future> Default for FutureMap<K, Fut> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K, Fut: Future> Extend<(K, Fut)> for FutureMap<K, Fut> {
    fn extend<I: IntoIterator<Item = (K, Fut)>>(&mut self, futures: I) {
        self.set.extend(futures.into_iter().map(|(key, future)| Labelled { key: Some(key), future }));
    }
}

impl<K, Fut: Future> FromIterator<(K, Fut)> for FutureMap<K, Fut> {
    fn from_iter<I: IntoIterator<Item = (K, Fut)>>(futures: I) -> Self {
        let mut map = Self::new();
        map.extend(futures);
        map
    }
}

impl<K, Fut: Future> Stream for FutureMap<K, Fut> {
    type Item = (K, Fut::Output);

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match self.set.poll_next_unpin(cx) {
                Poll::Ready(Some((Some(key), output))) => return Poll::Ready(Some((key, output))),
                Poll::Ready(Some((None, _))) => {} // not reached: a future is polled to its end once
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.set.size_hint()
    }
}

impl<K, Fut: Future> fmt::Debug for FutureMap<K, Fut> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FutureMap").field("set", &self.set).finish()
    }
}

pin_project! {
    struct Labelled<K, Fut> {
        key: Option<K>,
        #[pin]
        future: Fut,
    }
}

impl<K, Fut: Future> Future for Labelled<K, Fut> {
    type Output = (Option<K>, Fut::Output);

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.future.poll(cx).map(|output| (this.key.take(), output))
    }
}
