//! Redis: a hash with the values, a sorted set for the order of the keys, who owns them, and for how long nobody else may.
//!
//! A commit is one script, which runs as a whole and stands in the append-only file as a whole. It looks first whether we are still the
//! owner, so a process that slept for too long cannot write over its successor, nor a connection that was given up over the next.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Error, Task};
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Script};
use tokio::sync::Mutex;
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep, timeout};

use super::hold::{Hold, Kept, keep};
use super::{Bytes, Changes, Kv, LOOK_AGAIN};
use crate::error::backend;
use crate::open::Place;

pub(crate) struct Redis {
    inner: Arc<Inner>,
    keeping: AbortHandle,
}

struct Inner {
    place: Place,
    client: Client,
    hold: Hold,
    /// What the marks of this store begin with.
    id: [u8; 16],
    names: [String; 5],
    link: Mutex<Link>,
}

/// A connection, none after it broke, and the mark by which the lease is ours on it.
#[derive(Default)]
struct Link {
    connection: Option<MultiplexedConnection>,
    token: Vec<u8>,
    /// To connect; each has a mark of its own, so that none can write over the next.
    attempts: u64,
    is_closed: bool,
}

impl Redis {
    pub(crate) async fn open(place: Place, wait: Duration) -> Result<Self, Error> {
        let client = Client::open(place.url.as_str()).map_err(|error| backend("open", &place.shown, error))?;
        // In a cluster what stands in braces decides where a key lies: all on one server, as a script needs them.
        let names = ["lease", "owner", "values", "order", "wanted"].map(|part| format!("{{{}}}:{part}", place.table()));
        let hold = Hold::new(place.lease.unwrap_or(LEASE));
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| backend("open", &place.shown, error))?;
        let inner = Arc::new(Inner { place, client, hold, id, names, link: Mutex::default() });
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
        let keeping = tokio::spawn(keep(Arc::downgrade(&inner))).abort_handle();
        Ok(Self { inner, keeping })
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Without a runtime the lease ends by itself.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let (inner, keeping) = (Arc::clone(&self.inner), self.keeping.clone());
            runtime.spawn(async move {
                let _ = inner.release().await;
                keeping.abort();
            });
        }
    }
}

impl Inner {
    /// Connects if there is no connection, and takes the lease if nobody else has it.
    async fn connect<'l>(&self, link: &'l mut Link) -> Result<&'l mut MultiplexedConnection, Error> {
        if link.is_closed {
            return Err(self.place.in_use());
        }
        if link.connection.is_none() {
            let explain = |error| self.explain("open", error);
            let config = AsyncConnectionConfig::new().set_response_timeout(Some(ANSWER)).set_connection_timeout(Some(ANSWER));
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await.map_err(explain)?;
            link.attempts += 1;
            let token = [&self.id[..], &link.attempts.to_be_bytes()].concat();
            let again = if link.token.is_empty() { &[][..] } else { &self.id };
            let (take, asked) = (Script::new(TAKE), Instant::now());
            let mut take = take.prepare_invoke();
            take.key(&self.names[0]).key(&self.names[1]).key(&self.names[4]).arg(again).arg(&token).arg(self.milliseconds());
            let taken: bool = take.invoke_async(&mut connection).await.map_err(explain)?;
            if !taken {
                if !link.token.is_empty() {
                    self.hold.lose();
                }
                return Err(self.place.in_use());
            }
            self.hold.confirm(asked);
            (link.connection, link.token) = (Some(connection), token);
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

    async fn release(&self) -> Result<(), Error> {
        let mut link = self.link.lock().await;
        if link.is_closed {
            return Ok(());
        }
        let connection = self.connect(&mut link).await.cloned();
        self.hold.lose();
        let closed = Link { is_closed: true, ..Link::default() };
        let (Link { token, .. }, mut connection) = (std::mem::replace(&mut *link, closed), connection?);
        let release = Script::new(RELEASE);
        let released: Result<(), RedisError> = release.key(&self.names[..2]).arg(token).invoke_async(&mut connection).await;
        released.map_err(|error| self.explain("close", error))
    }

    /// Puts an error into words; a connection that has one is not used again.
    fn broken(&self, link: &mut Link, doing: &'static str, error: RedisError) -> Error {
        link.connection = None;
        self.explain(doing, error)
    }

    fn explain(&self, doing: &'static str, error: RedisError) -> Error {
        match error.code() {
            Some("LEASE") => {
                self.hold.lose();
                self.place.in_use()
            }
            Some("OOM") => Error::Full { place: self.place.shown.clone() },
            _ => backend(doing, &self.place.shown, error),
        }
    }

    fn milliseconds(&self) -> u64 {
        u64::try_from(self.hold.lease().as_millis()).unwrap_or(u64::MAX)
    }

    async fn values(&self, link: &mut Link, keys: &[Bytes]) -> Result<Vec<Option<Bytes>>, Error> {
        let connection = self.connect(link).await?;
        let found = redis::cmd("HMGET").arg(&self.names[2]).arg(keys).query_async(connection).await;
        found.map_err(|error| self.broken(link, "read", error))
    }
}

impl Kept for Inner {
    fn hold(&self) -> &Hold {
        &self.hold
    }

    async fn look(&self) -> Result<bool, Error> {
        let mut link = self.link.lock().await;
        let connection = self.connect(&mut link).await?.clone();
        let (keep, asked) = (Script::new(KEEP), Instant::now());
        let mut keep = keep.prepare_invoke();
        keep.key(&self.names[0]).key(&self.names[1]).key(&self.names[4]).arg(&link.token).arg(self.milliseconds());
        // What hangs here is given up, and the connection with it, while there is time for another.
        drop(link);
        let mut connection = connection;
        let kept = timeout(self.hold.lease() / 5, keep.invoke_async::<(u64, bool)>(&mut connection)).await;
        match kept.unwrap_or_else(|_| Err(io::Error::from(io::ErrorKind::TimedOut).into())) {
            Ok((left, is_wanted)) => {
                self.hold.confirm_for(asked, Duration::from_millis(left));
                Ok(is_wanted)
            }
            Err(error) => Err(self.broken(&mut *self.link.lock().await, "look after", error)),
        }
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
            let asked = Instant::now();
            let done: Result<(), RedisError> = call.invoke_async(&mut connection).await;
            done.map_err(|error| inner.broken(&mut link, "write", error))?;
            inner.hold.confirm(asked);
            Ok(())
        })
    }

    fn place(&self) -> String {
        self.inner.place.shown.clone()
    }

    fn is_wanted(&self) -> bool {
        self.inner.hold.is_wanted()
    }

    fn is_lost(&self) -> bool {
        self.inner.hold.is_lost()
    }

    fn close(&self) -> Task<'_, ()> {
        Box::pin(self.inner.release())
    }
}

/// How long a process that died keeps the session, unless the address says `?lease=SECONDS`.
const LEASE: Duration = Duration::from_secs(10);
const ANSWER: Duration = Duration::from_secs(10);

/// A process that had the session, which is told by the first half of its mark, has it again only if nobody had it meanwhile. Who is refused says that it waits.
const TAKE: &str = "
local holder = redis.call('GET', KEYS[1])
if ARGV[1] == '' and holder or ARGV[1] ~= '' and string.sub(redis.call('GET', KEYS[2]) or '', 1, 16) ~= ARGV[1] then
  if redis.call('PTTL', KEYS[3]) < 1000 then redis.call('SET', KEYS[3], '1', 'PX', 2000) end
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('SET', KEYS[2], ARGV[2])
redis.call('DEL', KEYS[3])
return 1";

/// Writes only when a quarter of the lease has passed. Answers how long it lasts, and whether somebody waits.
const KEEP: &str = "
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return redis.error_reply('LEASE another process has the session') end
local left = redis.call('PTTL', KEYS[1])
if left * 4 < ARGV[2] * 3 then
  redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
  left = tonumber(ARGV[2])
end
return {left, redis.call('EXISTS', KEYS[3])}";

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
