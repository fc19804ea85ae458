//! Redis: a hash with the values, a sorted set for the order of the keys, who owns them, and for how long nobody else may.
//!
//! A commit is one script, which runs as a whole and stands in the append-only file as a whole. It looks first whether we are still the
//! owner, so a process that slept for too long cannot write over its successor, nor a connection that was given up over the next.

use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Error, Task};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::{Bytes, Changes, Kv, LOOK_AGAIN};
use crate::error::backend;
use crate::open::Place;

pub(crate) struct Redis {
    inner: Arc<Inner>,
    renewal: AbortHandle,
}

struct Inner {
    place: Place,
    client: Client,
    lease: Duration,
    names: [String; 4],
    link: Mutex<Link>,
}

/// A connection, none after it broke, and the mark by which the lease is ours on it.
#[derive(Default)]
struct Link {
    connection: Option<MultiplexedConnection>,
    token: Vec<u8>,
}

impl Redis {
    pub(crate) async fn open(place: Place, wait: Duration) -> Result<Self, Error> {
        let client = Client::open(place.url.as_str()).map_err(|error| backend("open", &place.shown, error))?;
        // In a cluster what stands in braces decides where a key lies: all on one server, as a script needs them.
        let names = ["lease", "owner", "values", "order"].map(|part| format!("{{{}}}:{part}", place.table()));
        let lease = place.lease.unwrap_or(LEASE);
        let inner = Arc::new(Inner { place, client, lease, names, link: Mutex::default() });
        let deadline = Instant::now() + wait;
        {
            let mut link = inner.link.lock().await;
            while let Err(error) = inner.connect(&mut link).await {
                if !matches!(error, Error::InUse { .. }) || Instant::now() >= deadline {
                    return Err(error);
                }
                sleep(LOOK_AGAIN).await;
            }
            inner.check_durable(&mut link).await?;
        }
        let renewal = tokio::spawn(Arc::clone(&inner).renew()).abort_handle();
        Ok(Self { inner, renewal })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.renewal.abort();
        // Without a runtime, or with a connection that broke, the lease ends by itself.
        if let (Ok(runtime), inner) = (tokio::runtime::Handle::try_current(), Arc::clone(&self.inner)) {
            runtime.spawn(async move {
                let mut link = inner.link.lock().await;
                let token = link.token.clone();
                if let Some(connection) = &mut link.connection {
                    let release = Script::new(RELEASE);
                    let _: Result<bool, _> = release.key(&inner.names[..2]).arg(token).invoke_async(connection).await;
                }
            });
        }
    }
}

impl Inner {
    /// Connects if there is no connection, and takes the lease if nobody else has it.
    async fn connect<'l>(&self, link: &'l mut Link) -> Result<&'l mut MultiplexedConnection, Error> {
        if link.connection.is_none() {
            let explain = |error| self.explain("open", error);
            let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER)).set_connection_timeout(Some(ANSWER));
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await.map_err(explain)?;
            let mut token = vec![0; 16];
            getrandom::fill(&mut token).map_err(|error| backend("open", &self.place.shown, error))?;
            let take = Script::new(TAKE);
            let taken =
                take.key(&self.names[..2]).arg(&link.token).arg(&token).arg(self.milliseconds()).invoke_async(&mut connection).await;
            if !taken.map_err(explain)? {
                return Err(self.place.in_use());
            }
            *link = Link { connection: Some(connection), token };
        }
        link.connection.as_mut().ok_or_else(|| self.place.in_use())
    }

    /// What a commit promises holds only if the server writes before it answers.
    async fn check_durable(&self, link: &mut Link) -> Result<(), Error> {
        if self.place.durability_is_the_servers {
            return Ok(());
        }
        let connection = self.connect(link).await?;
        for (name, expect) in [("appendonly", "yes"), ("appendfsync", "always")] {
            let found: Result<Vec<String>, RedisError> = redis::cmd("CONFIG").arg("GET").arg(name).query_async(connection).await;
            let found = found.ok().and_then(|pair| pair.into_iter().nth(1)).unwrap_or_else(|| "unknown".to_owned());
            if found != expect {
                let reason = format!(
                    "its {name} is {found}, so what was committed may be lost\n  \
                     help: `CONFIG SET {name} {expect}`, or accept it with `?durability=server` in the address"
                );
                return Err(backend("rely on", &self.place.shown, reason));
            }
        }
        Ok(())
    }

    async fn renew(self: Arc<Self>) {
        loop {
            sleep(self.lease / 3).await;
            let mut link = self.link.lock().await;
            let token = link.token.clone();
            if let Some(connection) = &mut link.connection {
                let renewal = Script::new(RENEW);
                let renewal: Result<bool, _> =
                    renewal.key(&self.names[..2]).arg(token).arg(self.milliseconds()).invoke_async(connection).await;
                if !matches!(renewal, Ok(true)) {
                    link.connection = None;
                }
            }
        }
    }

    /// Puts an error into words; a connection that has one is not used again.
    fn broken(&self, link: &mut Link, doing: &'static str, error: RedisError) -> Error {
        link.connection = None;
        self.explain(doing, error)
    }

    fn explain(&self, doing: &'static str, error: RedisError) -> Error {
        match error.code() {
            Some("LEASE") => self.place.in_use(),
            Some("OOM") => Error::Full { place: self.place.shown.clone() },
            _ => backend(doing, &self.place.shown, error),
        }
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.lease.as_millis()).unwrap_or(u64::MAX)
    }

    async fn values(&self, link: &mut Link, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, Error> {
        let connection = self.connect(link).await?;
        let found = redis::cmd("HMGET").arg(&self.names[2]).arg(keys).query_async(connection).await;
        found.map_err(|error| self.broken(link, "read", error))
    }
}

impl Kv for Redis {
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>> {
        Box::pin(async move { self.inner.values(&mut *self.inner.link.lock().await, &keys).await })
    }

    fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Task<'_, Vec<(Bytes, Bytes)>> {
        Box::pin(async move {
            let inner = &*self.inner;
            let mut link = inner.link.lock().await;
            let connection = inner.connect(&mut link).await?;
            let bound = |mark: &[u8], key: Bytes| [mark, &key].concat();
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut query = redis::cmd("ZRANGE");
            query.arg(&inner.names[3]).arg(bound(b"[", from)).arg(bound(b"(", to)).arg("BYLEX").arg("LIMIT").arg(0).arg(limit);
            let keys: Result<Vec<Bytes>, RedisError> = query.query_async(connection).await;
            let keys = keys.map_err(|error| inner.broken(&mut link, "read", error))?;
            if keys.is_empty() {
                return Ok(Vec::new());
            }
            let values = inner.values(&mut link, &keys).await?;
            Ok(keys.into_iter().zip(values).filter_map(|(key, value)| Some((key, value?))).collect())
        })
    }

    fn write(&self, changes: Changes) -> Task<'_, ()> {
        Box::pin(async move {
            let inner = &*self.inner;
            let mut link = inner.link.lock().await;
            let mut connection = inner.connect(&mut link).await?.clone();
            let script = Script::new(WRITE);
            let mut call = script.prepare_invoke();
            for name in &inner.names {
                call.key(name);
            }
            call.arg(&link.token).arg(inner.milliseconds());
            for (key, value) in changes {
                match value {
                    Some(value) => call.arg("s").arg(key).arg(value),
                    None => call.arg("d").arg(key).arg(""),
                };
            }
            let done: Result<(), RedisError> = call.invoke_async(&mut connection).await;
            done.map_err(|error| inner.broken(&mut link, "write", error))
        })
    }

    fn place(&self) -> String {
        self.inner.place.shown.clone()
    }
}

/// How long a process that died keeps the session, unless the address says `?lease=SECONDS`.
const LEASE: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(10);

const TAKE: &str = "
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2])
return 1";

const RENEW: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1";

const RELEASE: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])";

const WRITE: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return redis.error_reply('LEASE another process has the session') end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 3, #ARGV, 3 do
  if ARGV[i] == 's' then
    redis.call('HSET', KEYS[3], ARGV[i + 1], ARGV[i + 2])
    redis.call('ZADD', KEYS[4], 0, ARGV[i + 1])
  else
    redis.call('HDEL', KEYS[3], ARGV[i + 1])
    redis.call('ZREM', KEYS[4], ARGV[i + 1])
  end
end";
