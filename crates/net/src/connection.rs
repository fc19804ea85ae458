use std::fmt;
use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::rsa::PublicKey;
use quadruplex_mtproto::client::{KeyState, Repeat};
use quadruplex_mtproto::framing::Transport;
use tokio::sync::{mpsc, oneshot, watch};

use crate::counters::Counters;
use crate::task::{self, Answer, Command};
use crate::{CallError, CloseReason, ConnectError, Dial, Environment, Report, Target, Ticket, Traffic};

/// How a connection is made.
#[derive(Clone, Debug)]
pub struct Options {
    /// The addresses of the server, in order of preference.
    pub addresses: Vec<SocketAddr>,
    /// The data centre, as an obfuscated header and the key exchange name it: negative for media servers, plus 10,000 for test
    /// servers.
    pub dc: i32,
    /// How packets are delimited.
    pub transport: Transport,
    /// Whether the stream looks like noise to whoever watches it.
    pub obfuscated: bool,
    /// The keys by which the server is known.
    pub server_keys: Vec<PublicKey>,
    /// Put before queries until one was answered: `invokeWithLayer(initConnection(…`, up to where the query begins.
    pub init: Init,
    /// The key of an earlier connection; without one a new key is exchanged.
    pub key: Option<StoredKey>,
    /// Answers for which this says yes also go to the [`Event`]s, in the order in which they came: updates are in them.
    pub is_update: fn(&[u8]) -> bool,
    /// How many events may wait for their receiver; the rest is dropped and told as [`Event::Lost`].
    pub event_capacity: usize,
}

/// What introduces a client to a server: `invokeWithLayer(initConnection(…`, up to where the query begins. It may depend on the MTProto
/// proxy through which the connection leads, of which the server is told.
#[derive(Clone)]
pub struct Init(Arc<WriteInit>);

type WriteInit = dyn Fn(Option<&Target>) -> Bytes + Send + Sync;

impl Init {
    /// Made anew for each link: directly, or through the proxy there.
    pub fn new(write: impl Fn(Option<&Target>) -> Bytes + Send + Sync + 'static) -> Self {
        Self(Arc::new(write))
    }

    pub(crate) fn write(&self, proxy: Option<&Target>) -> Bytes {
        (self.0)(proxy)
    }
}

impl From<Bytes> for Init {
    fn from(bytes: Bytes) -> Self {
        Self::new(move |_| bytes.clone())
    }
}

impl fmt::Debug for Init {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Init")
    }
}

/// An authorization key and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredKey {
    /// The key.
    pub auth_key: AuthKey,
    /// Salts, so that the first call need not be sent twice.
    pub state: KeyState,
}

/// What a connection tells besides answers.
#[derive(Debug)]
#[non_exhaustive]
pub enum Event {
    /// A new key was exchanged, or its salts have changed: store it.
    Key(Box<StoredKey>),
    /// Updates: a message that answers nothing, or an answer with updates in it. The server sends them again until the
    /// receipt is dropped.
    Update(Bytes, Receipt),
    /// The server has begun a new session: ask for a difference.
    NewSession,
    /// The receiver was too slow and updates were dropped: ask for a difference.
    Lost,
}

/// Keeps a message of the server unacknowledged. Drop it when what came with the message is stored, or is not wanted: then the
/// server is told that it arrived.
#[derive(Default)]
#[must_use = "dropping it tells the server that the message has arrived"]
pub struct Receipt(Option<Box<dyn FnOnce() + Send>>);

impl Receipt {
    /// A receipt that does this when it is dropped; the default does nothing.
    pub fn new(acknowledge: impl FnOnce() + Send + 'static) -> Self {
        Self(Some(Box::new(acknowledge)))
    }
}

impl Drop for Receipt {
    fn drop(&mut self) {
        if let Some(acknowledge) = self.0.take() {
            acknowledge();
        }
    }
}

impl fmt::Debug for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Receipt").field(&self.0.is_some()).finish()
    }
}

/// How a connection stands.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum State {
    /// Not connected: the number of attempts that failed since it was, and why the last did.
    Connecting {
        /// How many attempts have failed in a row.
        failed: u32,
        /// Why the last one did, or why the link was lost.
        error: Option<ConnectError>,
    },
    /// Connected.
    Ready {
        /// How long it took to get here, and how long the key exchange was of it if there was one.
        took: Duration,
        /// The part of it that the key exchange took.
        exchange: Option<Duration>,
    },
    /// Closed for good.
    Closed(CloseReason),
}

/// A query and how it is to be sent.
#[derive(Clone, Debug)]
pub struct Request {
    /// The TL object, without wrappers; packed by [`gzip`](quadruplex_mtproto::gzip) if that was worth it.
    pub body: Bytes,
    /// Whether it may be executed twice.
    pub repeat: Repeat,
    /// Never in one packet with another such: parts of a file that are downloaded.
    pub alone: bool,
    /// By which it is known afterwards, if anybody wants to know.
    pub ticket: Option<Ticket>,
    /// Executed by the server only after the call with this ticket has succeeded (`invokeAfterMsg`). If that one fails, or is not known
    /// here or not any more, this one ends with `MSG_WAIT_FAILED`.
    pub after: Option<Ticket>,
}

impl Request {
    /// A query that is sent like most.
    pub fn new(body: Bytes, repeat: Repeat) -> Self {
        Self { body, repeat, alone: false, ticket: None, after: None }
    }
}

/// A handle to a connection task. Cheap to clone; the task ends when the last handle is gone.
#[derive(Clone, Debug)]
pub struct Connection(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    commands: mpsc::UnboundedSender<Command>,
    state: watch::Receiver<State>,
    counters: Arc<Counters>,
    why: Arc<OnceLock<CloseReason>>,
}

impl Connection {
    /// Starts the task on the current runtime. It connects at once and goes on trying.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn open(options: Options, dial: Arc<dyn Dial>, environment: Environment) -> (Self, mpsc::Receiver<Event>) {
        let (commands, received) = mpsc::unbounded_channel();
        let (tell, events) = mpsc::channel(options.event_capacity.max(1));
        let (state, watched) = watch::channel(State::Connecting { failed: 0, error: None });
        let counters = Arc::new(Counters::default());
        let why = Arc::default();
        let ends = task::Ends {
            commands: received,
            acknowledge: commands.downgrade(),
            events: tell,
            state,
            counters: counters.clone(),
            why: Arc::clone(&why),
        };
        tokio::spawn(task::run(options, dial, environment, ends));
        (Self(Arc::new(Shared { commands, state: watched, counters, why })), events)
    }

    /// Sends a query. It is queued now, whether or not the returned future is polled, and outlives losses of the link.
    pub fn send(&self, request: Request) -> Pending {
        let ((request, answer), pending) = self.call(request);
        // A closed task has dropped the channel, which the future notices.
        let _ = self.0.commands.send(Command::Call(request, answer));
        pending
    }

    /// Sends several queries in one packet, as far as the limits of the protocol allow.
    pub fn send_all(&self, requests: impl IntoIterator<Item = Request>) -> Vec<Pending> {
        let (batch, pending) = requests.into_iter().map(|request| self.call(request)).unzip();
        let _ = self.0.commands.send(Command::CallAll(batch));
        pending
    }

    fn call(&self, request: Request) -> ((Request, Answer), Pending) {
        let (answer, receiver) = oneshot::channel();
        let pending = Pending { receiver: Some(receiver), shared: self.0.clone(), ticket: request.ticket.clone() };
        ((request, answer), pending)
    }

    /// Whether two handles are of one connection.
    pub fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// How the connection stands; wait on it for changes.
    pub fn state(&self) -> watch::Receiver<State> {
        self.0.state.clone()
    }

    /// Whether it was closed for good.
    pub fn is_closed(&self) -> bool {
        matches!(&*self.0.state.borrow(), State::Closed(_))
    }

    /// What has gone over it.
    pub fn traffic(&self) -> Traffic {
        self.0.counters.read()
    }

    /// Gives up the link and dials again. Calls in flight go on.
    pub fn reconnect(&self) {
        let _ = self.0.commands.send(Command::Reconnect);
    }

    /// Closes for good. Calls in flight end with [`CallError::Closed`].
    pub fn close(&self) {
        let _ = self.0.commands.send(Command::Close);
    }

    /// Closes for good, and calls in flight and later ones are told why.
    pub fn close_because(&self, reason: CloseReason) {
        // The first reason counts.
        let _ = self.0.why.set(reason);
        self.close();
    }

    /// Waits until the task has ended.
    ///
    /// # Cancel safety
    /// Waiting can be abandoned and begun again.
    pub async fn closed(&self) {
        self.0.commands.closed().await;
    }
}

/// Requests that wait to be enqueued as one, so that they leave together.
#[derive(Debug, Default)]
pub struct Pack(Vec<(Connection, Vec<(Request, Answer)>)>);

impl Pack {
    /// Puts a request in. It is not on its way before [`send`](Self::send).
    pub fn add(&mut self, connection: &Connection, request: Request) -> Pending {
        let (call, pending) = connection.call(request);
        match self.0.iter_mut().find(|(known, _)| known.is(connection)) {
            Some((_, calls)) => calls.push(call),
            None => self.0.push((connection.clone(), vec![call])),
        }
        pending
    }

    /// Enqueues everything that was put in.
    pub fn send(&mut self) {
        for (connection, calls) in self.0.drain(..) {
            let _ = connection.0.commands.send(Command::CallAll(calls));
        }
    }
}

/// The answer of a call, some time.
///
/// Dropping it tells the server to drop the answer. The query may still take effect.
#[derive(Debug)]
#[must_use = "dropping it tells the server to drop the answer"]
pub struct Pending {
    /// `None` when it has ended, or was given up.
    receiver: Option<oneshot::Receiver<Result<Bytes, CallError>>>,
    shared: Arc<Shared>,
    ticket: Option<Ticket>,
}

impl Pending {
    /// Tells the server to drop the answer, and what is known of the call. `None` without a ticket, and if the connection is closed.
    ///
    /// # Cancel safety
    /// The call is cancelled by the first poll.
    pub async fn cancel(mut self) -> Option<Report> {
        let ticket = self.ticket.take()?;
        let (tell, told) = oneshot::channel();
        drop(self.receiver.take());
        let _ = self.shared.commands.send(Command::Cancel(ticket, tell));
        told.await.ok()
    }
}

impl Future for Pending {
    type Output = Result<Bytes, CallError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let answer = match &mut self.receiver {
            Some(receiver) => ready!(Pin::new(receiver).poll(cx)).ok(),
            None => None,
        };
        self.receiver = None;
        Poll::Ready(answer.unwrap_or_else(|| {
            let reason = match &*self.shared.state.borrow() {
                State::Closed(reason) => reason.clone(),
                _ => CloseReason::Requested,
            };
            Err(CallError::Closed(reason))
        }))
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(receiver) = self.receiver.take() {
            drop(receiver);
            let _ = self.shared.commands.send(Command::Abandoned);
        }
    }
}
