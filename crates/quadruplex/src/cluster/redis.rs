//! Machines that meet in Redis: stores and their leases are those of `quadruplex-stores`, messages are published.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use quadruplex_net::BoxFuture;
use quadruplex_store::Store;
use quadruplex_stores::Options;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{AsyncCommands, Client, RedisError};
use tokio::sync::{Mutex as AsyncMutex, mpsc};
use tracing::warn;

use super::{Backend, Subscription};
use crate::Error;
use crate::client::lock;
use crate::fleet::of_store;

/// So many messages wait to be published; more are dropped, which those who should hear them notice.
const UNSENT: usize = 16_384;
/// So many are published at once.
const AT_ONCE: usize = 256;
/// How long nobody publishes after a failure.
const PAUSE: Duration = Duration::from_millis(500);
/// The names of the accounts of a fleet.
const ACCOUNTS: &str = "quadruplex:accounts";
/// How long a store is had by a machine of which nothing is heard, unless the address says `lease=SECONDS`.
const LEASE: u64 = 10;

struct Redis {
    client: Client,
    /// The address without the session.
    base: String,
    options: Vec<String>,
    lease: Duration,
    sending: mpsc::Sender<(String, Bytes)>,
    hearing: AsyncMutex<Option<PubSubSink>>,
    heard: Arc<Heard>,
}

/// Who hears what.
#[derive(Default)]
struct Heard(Mutex<HashMap<String, mpsc::Sender<Bytes>>>);

pub(super) fn open(address: &str) -> Result<(Arc<dyn Backend>, String), Error> {
    let (base, query) = address.split_once('?').unwrap_or((address, ""));
    let mut account = "default".to_owned();
    let (mut options, mut lease) = (Vec::new(), LEASE);
    for option in query.split('&').filter(|option| !option.is_empty()) {
        match option.split_once('=') {
            Some(("session", name)) => name.clone_into(&mut account),
            Some(("lease", seconds)) => {
                lease = seconds.parse().map_err(|_| Error::Invalid("redis: a lease is 1 to 3600 seconds".to_owned()))?;
                options.push(option.to_owned());
            }
            _ => options.push(option.to_owned()),
        }
    }
    let client = Client::open(base).map_err(|error| cannot("understand the address of", error))?;
    let (sending, unsent) = mpsc::channel(UNSENT);
    tokio::spawn(send(client.clone(), unsent));
    let base = base.to_owned();
    let lease = Duration::from_secs(lease);
    let redis = Redis { client, base, options, lease, sending, hearing: AsyncMutex::default(), heard: Arc::default() };
    Ok((Arc::new(redis), account))
}

impl Backend for Redis {
    fn open<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Option<Arc<dyn Store>>, Error>> {
        Box::pin(async move {
            let session = format!("session={account}");
            let query: Vec<&str> = self.options.iter().map(String::as_str).chain([session.as_str()]).collect();
            let address = format!("{}?{}", self.base, query.join("&"));
            let mut options = Options::from_env().map_err(of_store)?;
            options.wait = Duration::ZERO;
            match quadruplex_stores::open(&address, options).await {
                Ok(store) => Ok(Some(store)),
                Err(quadruplex_stores::Error::Store(quadruplex_store::Error::InUse { .. })) => Ok(None),
                Err(error) => Err(of_store(error)),
            }
        })
    }

    fn publish(&self, subject: &str, message: Bytes) {
        // Dropped where too much waits.
        let _ = self.sending.try_send((subject.to_owned(), message));
    }

    fn subscribe<'a>(&'a self, subject: &'a str) -> BoxFuture<'a, Result<Subscription, Error>> {
        Box::pin(async move {
            let mut hearing = self.hearing.lock().await;
            let sink = match &mut *hearing {
                Some(sink) => sink,
                None => {
                    let connection = self.client.get_async_pubsub().await.map_err(|error| cannot("hear what is published in", error))?;
                    let (sink, stream) = connection.split();
                    tokio::spawn(hear(Arc::clone(&self.heard), stream));
                    hearing.insert(sink)
                }
            };
            let (sender, subscription) = Subscription::channel();
            lock(&self.heard.0).insert(subject.to_owned(), sender);
            if let Err(error) = sink.subscribe(subject).await {
                // The connection has broken: the next one makes another.
                *hearing = None;
                lock(&self.heard.0).clear();
                return Err(cannot("hear what is published in", error));
            }
            Ok(subscription)
        })
    }

    fn accounts(&self) -> BoxFuture<'_, Result<Vec<String>, Error>> {
        Box::pin(async move {
            let mut connection = connect(&self.client).await.map_err(|error| cannot("read", error))?;
            connection.smembers(ACCOUNTS).await.map_err(|error| cannot("read", error))
        })
    }

    fn set_account<'a>(&'a self, account: &'a str, is_there: bool) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let mut connection = connect(&self.client).await.map_err(|error| cannot("write to", error))?;
            let done: Result<(), RedisError> = match is_there {
                true => connection.sadd(ACCOUNTS, account).await,
                false => connection.srem(ACCOUNTS, account).await,
            };
            done.map_err(|error| cannot("write to", error))
        })
    }

    fn lease(&self) -> Duration {
        self.lease
    }
}

async fn connect(client: &Client) -> Result<MultiplexedConnection, RedisError> {
    client.get_multiplexed_async_connection().await
}

/// Publishes in order, as much at once as has come up.
async fn send(client: Client, mut unsent: mpsc::Receiver<(String, Bytes)>) {
    let mut connection = None;
    let mut messages = Vec::with_capacity(AT_ONCE);
    while unsent.recv_many(&mut messages, AT_ONCE).await > 0 {
        let sent = async {
            let connection = match &mut connection {
                Some(connection) => connection,
                None => connection.insert(connect(&client).await?),
            };
            let mut pipe = redis::pipe();
            for (subject, message) in messages.drain(..) {
                pipe.publish(subject, &message[..]).ignore();
            }
            pipe.query_async::<()>(connection).await
        };
        if let Err(error) = sent.await {
            warn!(%error, "what machines of the cluster say to each other could not be published");
            connection = None;
            messages.clear();
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn hear(heard: Arc<Heard>, mut stream: PubSubStream) {
    while let Some(message) = stream.next().await {
        let subject = message.get_channel_name();
        let mut table = lock(&heard.0);
        let is_heard =
            table.get(subject).is_some_and(|sender| sender.try_send(Bytes::copy_from_slice(message.get_payload_bytes())).is_ok());
        if !is_heard {
            table.remove(subject);
        }
    }
    // Whoever hears something may have missed what comes next.
    lock(&heard.0).clear();
}

fn cannot(doing: &str, error: RedisError) -> Error {
    Error::Invalid(format!("could not {doing} the cluster in Redis: {error}"))
}
