//! Several calls that leave together.

use std::fmt;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::Poll;

use awaitkit::{Unlimited, join_all};
use futures_util::future::{MaybeDone, maybe_done};
use quadruplex_net::{BoxFuture, Connection, Pack, Pending, Request as Packet};
use tokio::task::unconstrained;

use super::{AfterFailure, Line};
use crate::client::{Erased, Prepared, Started, lock};
use crate::{Call, Client, Error};

/// Several calls of one kind, not made yet; see [`Client::multiple`].
///
/// # Cancel safety
/// As for each [`Call`]: dropped after it was polled, the server is told to drop the answers, which undoes nothing.
#[must_use = "calls do nothing until they are awaited or detached"]
pub struct Multiple<T, R: ?Sized = dyn Erased> {
    calls: Vec<Call<T, R>>,
    line: Line,
}

/// Several calls of different kinds, not made yet; see [`Client::multiple_mixed`].
///
/// # Cancel safety
/// As for [`Multiple`].
#[must_use = "calls do nothing until they are awaited"]
pub struct MultipleMixed<C> {
    calls: C,
    line: Line,
}

impl Client {
    /// Makes several calls at once: one packet, split only at the limits of the protocol, and each with a result of its own, in the
    /// order of the calls. All are sent when the peers of all have been looked up.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let lines = (1..=100).map(|n| client.send("me", format!("line {n}")));
    /// for sent in client.multiple(lines).queue("log").await {
    ///     println!("{}", sent?.id());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn multiple<T, R: ?Sized>(&self, calls: impl IntoIterator<Item = Call<T, R>>) -> Multiple<T, R> {
        Multiple { calls: calls.into_iter().collect(), line: Line::default() }
    }

    /// Makes several calls of different kinds at once, like [`multiple`](Self::multiple): two to eight in a tuple.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let (sent, message) = client.multiple_mixed((client.send("me", "hi"), client.message("@rustlang", 42))).await;
    /// println!("{} {:?}", sent?.id(), message?.is_some());
    /// # Ok(())
    /// # }
    /// ```
    pub fn multiple_mixed<C: Mixed>(&self, calls: C) -> MultipleMixed<C> {
        MultipleMixed { calls, line: Line::default() }
    }
}

macro_rules! queue_options {
    () => {
        /// Has the server execute them in order: [`Call::queue`] for each that has no queue of its own.
        pub fn queue(mut self, name: impl AsRef<str>) -> Self {
            self.line.name = Some(name.as_ref().into());
            self
        }

        /// What those in a queue do that come after one that has failed; [`Call::after_failure`] for each that does not say.
        pub fn after_failure(mut self, after_failure: AfterFailure) -> Self {
            self.line.after_failure = Some(after_failure);
            self
        }
    };
}

impl<T, R: ?Sized> Multiple<T, R> {
    queue_options!();
}

impl<C> MultipleMixed<C> {
    queue_options!();
}

impl<T: Send + 'static, R: Erased + ?Sized + 'static> Multiple<T, R> {
    /// Makes them and does not wait. Errors go where those of detached calls go: [`Builder::on_error`](crate::Builder::on_error).
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn detach(self) {
        let about = self.calls.iter().map(|call| (call.client.clone(), call.request.name())).collect::<Vec<_>>();
        let results = self.into_future();
        tokio::spawn(async move {
            for ((client, method), result) in about.into_iter().zip(results.await) {
                if let Err(error) = result {
                    client.inner.report(method, error);
                }
            }
        });
    }
}

impl<T: Send + 'static, R: Erased + ?Sized + 'static> IntoFuture for Multiple<T, R> {
    type Output = Vec<Result<T, Error>>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        let outbox = Arc::new(Outbox::default());
        let started: Vec<_> = self.calls.into_iter().map(|call| call.start(&self.line, Some(&outbox))).collect();
        Box::pin(async move {
            let ready = join_all(started.into_iter().map(Started::prepare), Unlimited).await;
            together(outbox, join_all(ready.into_iter().map(Prepared::finish), Unlimited)).await
        })
    }
}

impl<C: Mixed> IntoFuture for MultipleMixed<C> {
    type Output = C::Results;
    type IntoFuture = BoxFuture<'static, C::Results>;

    fn into_future(self) -> Self::IntoFuture {
        self.calls.run(self.line)
    }
}

/// A tuple of calls: see [`Client::multiple_mixed`].
pub trait Mixed: sealed::Sealed {
    /// A tuple of their results.
    type Results;

    #[doc(hidden)]
    fn run(self, line: Line) -> BoxFuture<'static, Self::Results>;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! mixed {
    ($($name:ident $value:ident $result:ident),+) => {
        impl<$($name: ?Sized + Erased + 'static, $result: Send + 'static),+> sealed::Sealed for ($(Call<$result, $name>,)+) {}

        impl<$($name: ?Sized + Erased + 'static, $result: Send + 'static),+> Mixed for ($(Call<$result, $name>,)+) {
            type Results = ($(Result<$result, Error>,)+);

            fn run(self, line: Line) -> BoxFuture<'static, Self::Results> {
                let outbox = Arc::new(Outbox::default());
                let ($($value,)+) = self;
                $(let $value = $value.start(&line, Some(&outbox));)+
                Box::pin(async move {
                    $(let mut $value = Box::pin(maybe_done($value.prepare()));)+
                    poll_fn(|cx| all([$($value.as_mut().poll(cx)),+])).await;
                    $(let mut $value = Box::pin(maybe_done(taken(&mut $value).finish()));)+
                    together(outbox, poll_fn(|cx| all([$($value.as_mut().poll(cx)),+]))).await;
                    ($(taken(&mut $value),)+)
                })
            }
        }
    };
}
mixed!(A a RA, B b RB);
mixed!(A a RA, B b RB, C c RC);
mixed!(A a RA, B b RB, C c RC, D d RD);
mixed!(A a RA, B b RB, C c RC, D d RD, E e RE);
mixed!(A a RA, B b RB, C c RC, D d RD, E e RE, F f RF);
mixed!(A a RA, B b RB, C c RC, D d RD, E e RE, F f RF, G g RG);
mixed!(A a RA, B b RB, C c RC, D d RD, E e RE, F f RF, G g RG, H h RH);

fn all<const N: usize>(polled: [Poll<()>; N]) -> Poll<()> {
    if polled.iter().all(Poll::is_ready) { Poll::Ready(()) } else { Poll::Pending }
}

fn taken<F: Future>(done: &mut Pin<Box<MaybeDone<F>>>) -> F::Output {
    done.as_mut().take_output().expect("every part of it has been polled until it was ready")
}

/// Where calls wait for those that leave at the same time.
#[derive(Debug, Default)]
pub(crate) struct Outbox(Mutex<Pack>);

impl Outbox {
    pub(crate) fn add(&self, connection: &Connection, packet: Packet) -> Pending {
        lock(&self.0).add(connection, packet)
    }
}

/// Whatever `future` puts into the outbox during one poll is enqueued as one. It is not interrupted for the sake of other tasks: a pack
/// would be split.
async fn together<F: IntoFuture>(outbox: Arc<Outbox>, future: F) -> F::Output {
    let mut future = Box::pin(unconstrained(future.into_future()));
    poll_fn(|cx| {
        let polled = future.as_mut().poll(cx);
        lock(&outbox.0).send();
        polled
    })
    .await
}

impl<T, R: ?Sized> fmt::Debug for Multiple<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Multiple").field("calls", &self.calls.len()).field("line", &self.line).finish()
    }
}

impl<C> fmt::Debug for MultipleMixed<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MultipleMixed").field("line", &self.line).finish_non_exhaustive()
    }
}
