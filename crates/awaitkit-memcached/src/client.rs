use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use awaitkit::{Unlimited, join_all};

use crate::builder::{Builder, Settings};
use crate::exchange::{Command, Reply, Store, Stored};
use crate::ring::Ring;
use crate::server::Server;
use crate::{Cas, Error, Expires, Item, Swap, key};

/// A client for one memcached or many. A cheap handle; clones share connections.
///
/// # Errors
///
/// Of all operations: [`Error::Key`] and [`Error::TooLarge`] before anything is sent; [`Error::Connect`], [`Error::Down`],
/// [`Error::Timeout`], [`Error::Broken`], [`Error::Refused`] and [`Error::Protocol`] say what became of it on the way.
///
/// # Cancel safety
///
/// Of all operations: a future that is dropped closes the connection it was using, so nobody else reads its answer; a change that was on
/// its way may have been carried out.
#[derive(Clone)]
pub struct Memcached {
    inner: Arc<Inner>,
    flags: u32,
}

struct Inner {
    ring: Ring,
    servers: Vec<Server>,
    settings: Arc<Settings>,
}

/// What has gone over the wire to one server.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerStats {
    /// The server as the ring calls it.
    pub server: String,
    /// Connections made so far.
    pub connections: u64,
    /// Commands sent so far, each one round trip; a request for many keys is one.
    pub round_trips: u64,
    /// Whether it is left alone at the moment.
    pub is_down: bool,
}

impl Memcached {
    /// A client for these servers, with the usual settings.
    ///
    /// # Errors
    ///
    /// [`Error::Address`], see [`Builder::build`].
    pub fn new<A: Into<String>>(servers: impl IntoIterator<Item = A>) -> Result<Self, Error> {
        servers.into_iter().fold(Self::builder(), Builder::server).build()
    }

    /// A client with settings of yours.
    pub fn builder() -> Builder {
        Builder::new()
    }

    /// The same client, whose writes mark values with these flags. Other clients mark with them how a value is encoded.
    pub fn with_flags(&self, flags: u32) -> Self {
        Self { inner: Arc::clone(&self.inner), flags }
    }

    /// The value of `key`.
    pub async fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Vec<u8>>, Error> {
        Ok(self.gets(key).await?.map(|item| item.value))
    }

    /// The value of `key` with its flags and what [`cas`](Self::cas) needs.
    pub async fn gets(&self, key: impl AsRef<[u8]>) -> Result<Option<Item>, Error> {
        let key = key.as_ref();
        match self.ask(key, Command::Get(key)).await? {
            Reply::Items(items) => Ok(items.into_iter().next().map(|(_, item)| item)),
            other => unexpected(&other),
        }
    }

    /// Stores a value, whatever was there.
    pub async fn set(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, expires: Expires) -> Result<(), Error> {
        self.store(Store::Set, key.as_ref(), value.as_ref(), expires).await.map(|_| ())
    }

    /// Stores a value if there is none. Says whether it did.
    pub async fn add(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, expires: Expires) -> Result<bool, Error> {
        Ok(self.store(Store::Add, key.as_ref(), value.as_ref(), expires).await? == Stored::Yes)
    }

    /// Stores a value if there is one already. Says whether it did.
    pub async fn replace(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, expires: Expires) -> Result<bool, Error> {
        Ok(self.store(Store::Replace, key.as_ref(), value.as_ref(), expires).await? == Stored::Yes)
    }

    /// Stores a value if the one there is still the one that [`gets`](Self::gets) read.
    pub async fn cas(&self, key: impl AsRef<[u8]>, value: impl AsRef<[u8]>, read: Cas, expires: Expires) -> Result<Swap, Error> {
        Ok(match self.store(Store::Cas(read), key.as_ref(), value.as_ref(), expires).await? {
            Stored::Yes => Swap::Stored,
            Stored::No | Stored::Changed => Swap::Changed,
            Stored::Missing => Swap::Missing,
        })
    }

    /// Writes behind the value that is there, if there is one; flags and expiry stay. Says whether it did.
    pub async fn append(&self, key: impl AsRef<[u8]>, more: impl AsRef<[u8]>) -> Result<bool, Error> {
        Ok(self.store(Store::Append, key.as_ref(), more.as_ref(), Expires::Never).await? == Stored::Yes)
    }

    /// Writes before the value that is there, if there is one; flags and expiry stay. Says whether it did.
    pub async fn prepend(&self, key: impl AsRef<[u8]>, more: impl AsRef<[u8]>) -> Result<bool, Error> {
        Ok(self.store(Store::Prepend, key.as_ref(), more.as_ref(), Expires::Never).await? == Stored::Yes)
    }

    /// Adds to the decimal number that is stored and gives the new one; above `u64::MAX` it begins at zero. A key that is not there
    /// stays so.
    pub async fn incr(&self, key: impl AsRef<[u8]>, delta: u64) -> Result<Option<u64>, Error> {
        self.arithmetic(key.as_ref(), delta, true).await
    }

    /// Takes from the decimal number that is stored and gives the new one, zero at least; where that is shorter, the value that is
    /// stored is padded with spaces. A key that is not there stays so.
    pub async fn decr(&self, key: impl AsRef<[u8]>, delta: u64) -> Result<Option<u64>, Error> {
        self.arithmetic(key.as_ref(), delta, false).await
    }

    /// Changes when a value is forgotten. Says whether there is one.
    pub async fn touch(&self, key: impl AsRef<[u8]>, expires: Expires) -> Result<bool, Error> {
        let key = key.as_ref();
        let expires = expires.on_the_wire(SystemTime::now());
        found(&self.ask(key, Command::Touch { key, expires }).await?)
    }

    /// Removes a value. Says whether there was one.
    pub async fn delete(&self, key: impl AsRef<[u8]>) -> Result<bool, Error> {
        let key = key.as_ref();
        found(&self.ask(key, Command::Delete(key)).await?)
    }

    /// Forgets everything on all servers. What another program has stored there is gone too.
    ///
    /// # Errors
    ///
    /// The first of a server that could not do it; the others have.
    pub async fn flush(&self) -> Result<(), Error> {
        let flushed = join_all(self.servers().iter().map(|server| server.ask(Command::Flush)), Unlimited).await;
        flushed.into_iter().try_for_each(|flushed| flushed.map(|_| ()))
    }

    /// Which version each server runs: a quick way to see which are there.
    pub async fn versions(&self) -> Vec<(String, Result<String, Error>)> {
        let version = async |server: &Server| match server.ask(Command::Version).await? {
            Reply::Text(version) => Ok(version),
            other => unexpected(&other),
        };
        join_all(self.servers().iter().map(|server| async move { (server.name().to_owned(), version(server).await) }), Unlimited).await
    }

    /// Which server has `key`, by its name; those that are down are skipped if the settings say so.
    pub fn server_of(&self, key: impl AsRef<[u8]>) -> &str {
        self.servers()[self.index_of(key.as_ref())].name()
    }

    /// What has gone over the wire, server by server.
    pub fn stats(&self) -> Vec<ServerStats> {
        let stats = |server: &Server| ServerStats {
            server: server.name().to_owned(),
            connections: server.opened.load(Ordering::Relaxed),
            round_trips: server.exchanges.load(Ordering::Relaxed),
            is_down: server.is_down(),
        };
        self.servers().iter().map(stats).collect()
    }

    pub(crate) fn from_parts(ring: Ring, servers: Vec<Server>, settings: Arc<Settings>) -> Self {
        Self { inner: Arc::new(Inner { ring, servers, settings }), flags: 0 }
    }

    pub(crate) fn servers(&self) -> &[Server] {
        &self.inner.servers
    }

    pub(crate) fn index_of(&self, key: &[u8]) -> usize {
        let mut candidates = self.inner.ring.servers(key);
        let first = candidates.next().unwrap_or_default();
        if !self.inner.settings.skip_down || !self.servers()[first].is_down() {
            return first;
        }
        candidates.find(|server| !self.servers()[*server].is_down()).unwrap_or(first)
    }

    async fn ask(&self, key: &[u8], command: Command<'_>) -> Result<Reply, Error> {
        key::check(key)?;
        self.servers()[self.index_of(key)].ask(command).await
    }

    async fn store(&self, how: Store, key: &[u8], value: &[u8], expires: Expires) -> Result<Stored, Error> {
        let too_large = || Error::TooLarge { key: String::from_utf8_lossy(key).into_owned(), len: value.len() };
        if value.len() > self.inner.settings.max_value {
            key::check(key)?;
            return Err(too_large());
        }
        let expires = expires.on_the_wire(SystemTime::now());
        match self.ask(key, Command::Store { how, key, value, flags: self.flags, expires }).await {
            Ok(Reply::Stored(stored)) => Ok(stored),
            Ok(other) => unexpected(&other),
            Err(Error::Refused { answer, .. }) if answer.contains("too large") => Err(too_large()),
            Err(error) => Err(error),
        }
    }

    async fn arithmetic(&self, key: &[u8], delta: u64, up: bool) -> Result<Option<u64>, Error> {
        match self.ask(key, Command::Arithmetic { key, delta, up }).await? {
            Reply::Number(number) => Ok(number),
            other => unexpected(&other),
        }
    }
}

fn found(reply: &Reply) -> Result<bool, Error> {
    match reply {
        Reply::Found(found) => Ok(*found),
        other => unexpected(other),
    }
}

/// The kind of a reply follows from the command within this crate, whatever the server says.
fn unexpected<T>(reply: &Reply) -> T {
    unreachable!("another kind of reply was asked for than {reply:?}")
}

impl fmt::Debug for Memcached {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let servers: Vec<&str> = self.servers().iter().map(Server::name).collect();
        f.debug_struct("Memcached").field("servers", &servers).finish_non_exhaustive()
    }
}
