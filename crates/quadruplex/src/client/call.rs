use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use quadruplex_api::{Lookups, Peers, Request, Value};
use quadruplex_tl::Deserialize;

use super::Client;
use super::pool::Purpose;
use super::seen::peers_in;
use crate::Error;

/// A call to Telegram, not made yet.
///
/// It is a value: set options, then `.await` it, or [`detach`](Self::detach) it. Dropping it before costs nothing. Dropping
/// the future after it was polled tells the server to drop the answer, which does not undo what was done.
#[must_use = "a call does nothing until it is awaited or detached"]
pub struct Call<T> {
    pub(crate) client: Client,
    pub(crate) request: Box<dyn Erased>,
    pub(crate) options: CallOptions,
    finish: Box<dyn FnOnce(&Client, Bytes) -> Result<T, Error> + Send>,
}

/// How a call is made.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct CallOptions {
    pub(crate) dc: Option<i32>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) flood_wait: Option<Duration>,
    pub(crate) repeatable: bool,
    pub(crate) without_updates: bool,
    pub(crate) purpose: Purpose,
}

impl<T: Send + 'static> Call<T> {
    /// A call of a request of any kind; `finish` reads the answer.
    pub(crate) fn erased(
        client: Client,
        request: Box<dyn Erased>,
        finish: Box<dyn FnOnce(&Client, Bytes) -> Result<T, Error> + Send>,
    ) -> Self {
        Self { client, request, options: CallOptions::default(), finish }
    }

    /// Fails with [`Error::Timeout`] if there is no answer in time. The server is told that nobody wants it.
    pub fn timeout(mut self, after: Duration) -> Self {
        self.options.timeout = Some(after);
        self
    }

    /// When Telegram wants us to wait, waits up to so long and tries again; longer waits are errors. The client's setting
    /// (30 s unless told otherwise) if this is not called.
    pub fn flood_wait(mut self, up_to: Duration) -> Self {
        self.options.flood_wait = Some(up_to);
        self
    }

    /// Twice is as good as once: the call is made again when the server has lost the session before it answered.
    pub fn repeatable(mut self) -> Self {
        self.options.repeatable = true;
        self
    }

    /// Asks this data centre instead of the account's own.
    pub fn dc(mut self, dc: i32) -> Self {
        self.options.dc = Some(dc);
        self
    }

    /// Asks the server not to send updates because of this call (`invokeWithoutUpdates`).
    pub fn no_updates(mut self) -> Self {
        self.options.without_updates = true;
        self
    }

    /// Makes something else of the answer.
    pub fn map<U>(self, map: impl FnOnce(T) -> Result<U, Error> + Send + 'static) -> Call<U> {
        let finish = self.finish;
        Call {
            client: self.client,
            request: self.request,
            options: self.options,
            finish: Box::new(move |client, answer| map(finish(client, answer)?)),
        }
    }

    /// Starts the call and does not wait for it. An error is logged.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn detach(self) {
        let method = self.request.name();
        tokio::spawn(async move {
            if let Err(error) = self.await {
                tracing::error!(method, %error, "a detached call failed");
            }
        });
    }
}

impl<R: Request> Call<R> {
    /// A call whose answer is what the schema says.
    pub(crate) fn new(client: Client, request: R) -> Call<R::Return> {
        Call {
            client,
            request: Box::new(request),
            options: CallOptions::default(),
            finish: Box::new(|client, answer| client.read_answer(R::NAME, &answer)),
        }
    }
}

impl<T: Send + 'static> IntoFuture for Call<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, mut request, options, finish } = self;
            let answer = client.inner.perform(&mut *request, options).await?;
            finish(&client, answer)
        })
    }
}

impl<T> fmt::Debug for Call<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.request.name()).field("options", &self.options).finish_non_exhaustive()
    }
}

/// A request of any type.
pub(crate) trait Erased: Send + Sync {
    fn id(&self) -> u32;
    fn name(&self) -> &'static str;
    fn encode(&self, peers: &Peers, out: &mut Vec<u8>);
    fn lookups(&self, found: &mut Lookups);
    fn fill_random(&mut self, next: &mut dyn FnMut() -> i64);
}

impl<R: Request> Erased for R {
    fn id(&self) -> u32 {
        R::ID
    }

    fn name(&self) -> &'static str {
        R::NAME
    }

    fn encode(&self, peers: &Peers, out: &mut Vec<u8>) {
        quadruplex_api::Encode::encode(self, peers, out);
    }

    fn lookups(&self, found: &mut Lookups) {
        quadruplex_api::Encode::lookups(self, found);
    }

    fn fill_random(&mut self, next: &mut dyn FnMut() -> i64) {
        Request::fill_random(self, next);
    }
}

impl Client {
    /// Decodes an answer in the caller's task, and remembers whom it names before anybody sees it.
    pub(crate) fn read_answer<T: Deserialize + Value>(&self, method: &'static str, answer: &[u8]) -> Result<T, Error> {
        let value = T::from_bytes(answer).map_err(|error| Error::Unreadable { method, error })?;
        self.inner.remember(peers_in(value.field()));
        Ok(value)
    }
}
