use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use quadruplex_api::{Lookups, Peers, Request, Value};
use quadruplex_net::BoxFuture;
use quadruplex_tl::Deserialize;

use super::Client;
use super::pool::Purpose;
use super::seen::peers_in;
use crate::Error;
use crate::text::{Mentions, mentions_in};

/// A call to Telegram, not made yet.
///
/// It is a value: set options, then `.await` it, or [`detach`](Self::detach) it. Dropping it before costs nothing. Dropping
/// the future after it was polled tells the server to drop the answer, which does not undo what was done.
///
/// `R` is the request where it is known, so that it has options of its own: a message can be sent [`silent`](Self::silent).
#[must_use = "a call does nothing until it is awaited or detached"]
pub struct Call<T, R: ?Sized = dyn Erased> {
    pub(crate) client: Client,
    pub(crate) request: Box<R>,
    pub(crate) options: CallOptions,
    finish: Finish<T, R>,
}

/// Makes of the answer, or of the error, what the caller wants.
type Finish<T, R> = Box<dyn FnOnce(&Client, Box<R>, Result<Bytes, Error>) -> Finished<T> + Send>;

/// What comes of a call: known now, or after further calls.
pub(crate) enum Finished<T> {
    Now(Result<T, Error>),
    Later(BoxFuture<'static, Result<T, Error>>),
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
        finish: impl FnOnce(&Client, Bytes) -> Result<T, Error> + Send + 'static,
    ) -> Self {
        let finish: Finish<T, dyn Erased> = Box::new(|client, _, answer| Finished::Now(answer.and_then(|answer| finish(client, answer))));
        Self { client, request, options: CallOptions::default(), finish }
    }
}

impl<T: Send + 'static, R: Request> Call<T, R> {
    /// A call of a request that keeps its type; `finish` gets it back with the answer.
    pub(crate) fn typed(
        client: Client,
        request: R,
        finish: impl FnOnce(&Client, R, Result<Bytes, Error>) -> Finished<T> + Send + 'static,
    ) -> Self {
        let finish: Finish<T, R> = Box::new(|client, request, answer| finish(client, *request, answer));
        Self { client, request: Box::new(request), options: CallOptions::default(), finish }
    }
}

impl<T: Send + 'static, R: Erased + ?Sized> Call<T, R> {
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
    pub fn map<U>(self, map: impl FnOnce(T) -> Result<U, Error> + Send + 'static) -> Call<U, R>
    where
        R: 'static,
    {
        let finish = self.finish;
        let finish: Finish<U, R> = Box::new(move |client, request, answer| match finish(client, request, answer) {
            Finished::Now(value) => Finished::Now(value.and_then(map)),
            Finished::Later(later) => Finished::Later(Box::pin(async move { map(later.await?) })),
        });
        Call { client: self.client, request: self.request, options: self.options, finish }
    }

    /// Starts the call and does not wait for it. An error is logged.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn detach(self)
    where
        R: 'static,
    {
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
        Call::erased(client, Box::new(request), |client, answer| client.read_answer(R::NAME, &answer))
    }
}

impl<T: Send + 'static, R: Erased + ?Sized + 'static> IntoFuture for Call<T, R> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, mut request, options, finish } = self;
            let answer = client.inner.perform(request.erased(), options).await;
            match finish(&client, request, answer) {
                Finished::Now(value) => value,
                Finished::Later(later) => later.await,
            }
        })
    }
}

impl<T, R: Erased + ?Sized> fmt::Debug for Call<T, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call").field("method", &self.request.name()).field("options", &self.options).finish_non_exhaustive()
    }
}

/// A request of any type.
pub trait Erased: Send + Sync {
    #[doc(hidden)]
    fn erased(&mut self) -> &mut dyn Erased;
    fn id(&self) -> u32;
    fn name(&self) -> &'static str;
    fn encode(&self, peers: &Peers, out: &mut Vec<u8>);
    fn lookups(&self, found: &mut Lookups);
    fn fill_random(&mut self, next: &mut dyn FnMut() -> i64);
    /// The lists of entities that mention users whose access hash has to be looked up.
    #[doc(hidden)]
    fn mentions(&mut self) -> Mentions<'_> {
        Mentions::new()
    }
    /// The channel that it names by id rather than by something to be looked up.
    #[doc(hidden)]
    fn channel(&self) -> Option<i64> {
        None
    }
}

impl<R: Request> Erased for R {
    fn erased(&mut self) -> &mut dyn Erased {
        self
    }

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

    fn mentions(&mut self) -> Mentions<'_> {
        mentions_in(self)
    }

    fn channel(&self) -> Option<i64> {
        super::moved::channel_in(self)
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
