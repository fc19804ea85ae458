use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quadruplex_api::{Lookups, Peers, Request, Value};
use quadruplex_net::BoxFuture;
use quadruplex_tl::Deserialize;
use tokio_util::sync::CancellationToken;

use super::pool::Purpose;
use super::{Client, call_options};
use crate::Error;
use crate::calls::{Line, Outbox, Place, Run, Wait, id_of, target_of};
use crate::text::{Mentions, mentions_in};

/// A call to Telegram, not made yet.
///
/// It is a value: set options, then `.await` it, [`detach`](Self::detach) it, or put it among [several](Client::multiple). Dropping it
/// before costs nothing.
///
/// # Cancel safety
/// Dropping the future after it was polled tells the server to drop the answer. That undoes nothing: the query may have been executed,
/// or may still be.
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
#[derive(Clone, Debug, Default)]
pub(crate) struct CallOptions {
    pub(crate) timeout: Option<Duration>,
    pub(crate) stop: Option<CancellationToken>,
    pub(crate) line: Line,
    pub(crate) once: Option<Arc<str>>,
    pub(crate) flood_wait: Option<Wait>,
    pub(crate) attempts: AttemptOptions,
}

/// How each attempt of a call is made: what a call still has to know while it waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct AttemptOptions {
    pub(crate) dc: Option<i32>,
    pub(crate) purpose: Purpose,
    pub(crate) repeatable: bool,
    pub(crate) without_updates: bool,
}

impl From<AttemptOptions> for CallOptions {
    fn from(attempts: AttemptOptions) -> Self {
        Self { attempts, ..Self::default() }
    }
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
    call_options!();

    /// Twice is as good as once: the call is made again when the server has lost the session before it answered.
    pub fn repeatable(mut self) -> Self {
        self.options.attempts.repeatable = true;
        self
    }

    /// Asks this data centre instead of the account's own.
    pub fn dc(mut self, dc: i32) -> Self {
        self.options.attempts.dc = Some(dc);
        self
    }

    /// Asks the server not to send updates because of this call (`invokeWithoutUpdates`).
    pub fn no_updates(mut self) -> Self {
        self.options.attempts.without_updates = true;
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

    /// Makes something of an error with this name, which means that there is nothing left to do: it is no failure in a queue either.
    pub(crate) fn recover(mut self, name: &'static str, recover: impl FnOnce(&Client, Error) -> Finished<T> + Send + 'static) -> Self
    where
        R: 'static,
    {
        let finish = self.finish;
        let finish: Finish<T, R> = Box::new(move |client, request, answer| match finish(client, request, answer) {
            Finished::Now(Err(error)) if error.is(name) => recover(client, error),
            finished => finished,
        });
        self.options.line.forgives = Some(name);
        Self { finish, ..self }
    }

    /// Starts the call and does not wait for it. Nothing is said of the order among such calls, unless they are in a
    /// [queue](Self::queue). An error goes to [`Builder::on_error`](crate::Builder::on_error), or into the log.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn detach(self)
    where
        R: 'static,
    {
        let (client, method) = (self.client.clone(), self.request.name());
        // Its place in the queue is taken now.
        let call = self.into_future();
        tokio::spawn(async move {
            if let Err(error) = call.await {
                client.inner.report(method, error);
            }
        });
    }

    /// Begins the call among others: what it does not say of its queue is said by `line`.
    pub(crate) fn start(mut self, line: &Line, outbox: Option<&Arc<Outbox>>) -> Started<T, R> {
        self.options.line.or(line);
        let Self { client, mut request, options, finish } = self;
        let run = Box::new(Run::begin(&client.inner, request.erased(), options, outbox.cloned()));
        Started { client, request, finish, run }
    }

    /// Begins the call in a place that was taken before.
    pub(crate) fn start_in(self, place: Option<Place>) -> Started<T, R> {
        let mut started = self.start(&Line::default(), None);
        started.run.take_place(place);
        started
    }
}

/// A call that has its place in the queue, and has yet to be encoded.
pub(crate) struct Started<T, R: ?Sized> {
    client: Client,
    request: Box<R>,
    finish: Finish<T, R>,
    /// Apart, since what is handed on before a call waits is copied into the future each time.
    run: Box<Run>,
}

/// A call that can be sent, or has failed.
pub(crate) struct Prepared<T, R: ?Sized> {
    started: Started<T, R>,
    prepared: Result<(), Error>,
}

impl<T: Send + 'static, R: Erased + ?Sized> Started<T, R> {
    pub(crate) async fn prepare(mut self) -> Prepared<T, R> {
        let prepared = self.run.prepare(self.request.erased()).await;
        Prepared { started: self, prepared }
    }
}

impl<T: Send + 'static, R: Erased + ?Sized> Prepared<T, R> {
    pub(crate) async fn finish(self) -> Result<T, Error> {
        let Started { client, mut request, finish, mut run } = self.started;
        let answer = match self.prepared {
            Ok(()) => run.finish(Some(request.erased())).await,
            Err(error) => Err(error),
        };
        match finish(&client, request, answer) {
            Finished::Now(value) => value,
            Finished::Later(later) => later.await,
        }
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
        let Self { client, mut request, options, finish } = self;
        let mut run = Run::begin(&client.inner, request.erased(), options, None);
        // Thousands of these wait at once: nothing large is held over an await.
        Box::pin(async move {
            let answer = match run.prepare(request.erased()).await.map_err(Box::new) {
                Ok(()) => run.finish(Some(request.erased())).await,
                Err(error) => Err(*error),
            };
            let later = match finish(&client, request, answer) {
                Finished::Now(value) => return value,
                Finished::Later(later) => later,
            };
            later.await
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
    /// The chat that it is about, its id marked as the Bot API does; the first that it has looked up, if it does not know better.
    #[doc(hidden)]
    fn target(&self, peers: &Peers) -> Option<i64> {
        let mut lookups = Lookups::new();
        self.lookups(&mut lookups);
        lookups.first().and_then(|lookup| peers.get(&lookup.peer)).map(id_of)
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

    fn target(&self, peers: &Peers) -> Option<i64> {
        target_of(self, peers)
    }

    fn channel(&self) -> Option<i64> {
        super::moved::channel_in(self)
    }
}

impl Client {
    /// Decodes an answer in the caller's task, and remembers whom it names before anybody sees it.
    pub(crate) fn read_answer<T: Deserialize + Value>(&self, method: &'static str, answer: &[u8]) -> Result<T, Error> {
        let value = T::from_bytes(answer).map_err(|error| Error::Unreadable { method, error })?;
        self.inner.remember(value.field());
        Ok(value)
    }
}
