//! A connection to a database whose sessions can hold locks: the connection that writes holds the lock of the store, so without the lock
//! nothing is written.
//!
//! A database that loses a connection gives the lock to the next who asks, and the owner learns of it later. So there is a mark of the owner in
//! the table: who finds one that was left behind waits until that owner has certainly noticed, see [`Hold`].

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use quadruplex_store::Error;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::AbortHandle;
use tokio::time::{Instant, sleep};

use super::hold::{Hold, Kept, keep};
use super::{AFTER_A_BREAK, Bytes, LOOK_AGAIN};
use crate::error::backend;
use crate::open::Place;

/// What differs from one kind of server to another.
pub(crate) trait Server: Send + Sync + 'static {
    type Connection: Send + 'static;

    fn place(&self) -> &Place;
    fn explain(&self, doing: &'static str, error: sqlx::Error) -> Error;
    fn connect(&self) -> impl Future<Output = Result<Self::Connection, sqlx::Error>> + Send;

    /// Takes a lock for as long as the connection lasts, if it is free.
    fn lock(&self, connection: &mut Self::Connection, lock: Lock) -> impl Future<Output = Result<bool, sqlx::Error>> + Send;
    fn unlock(&self, connection: &mut Self::Connection, lock: Lock) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Whether this connection has the lock of the session, and whether somebody has that of waiting.
    fn look(&self, connection: &mut Self::Connection) -> impl Future<Output = Result<(bool, bool), sqlx::Error>> + Send;

    /// Makes the table if there is none.
    fn create(&self, connection: &mut Self::Connection) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
    fn value(&self, connection: &mut Self::Connection, key: &[u8]) -> impl Future<Output = Result<Option<Bytes>, sqlx::Error>> + Send;
    fn set(&self, connection: &mut Self::Connection, key: &[u8], value: &[u8]) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
    fn remove(&self, connection: &mut Self::Connection, key: &[u8]) -> impl Future<Output = Result<(), sqlx::Error>> + Send;
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lock {
    /// Who has it has the session.
    Session,
    /// Who has it waits for the session.
    Next,
}

impl Lock {
    /// What it is called, if the session's is called like the table.
    pub(crate) fn name(self, table: &str) -> String {
        match self {
            Self::Session => table.to_owned(),
            Self::Next => format!("{table}.next"),
        }
    }
}

/// The connection, its lock, and the task that looks after both.
pub(crate) struct Locked<S: Server> {
    inner: Arc<Inner<S>>,
    keeping: AbortHandle,
}

struct Inner<S: Server> {
    server: S,
    hold: Hold,
    /// By which we know our mark.
    token: OnceLock<[u8; 16]>,
    /// Taken out for each use and put back when it has gone well: one that broke, or whose user went away, is closed. Its lock goes with it,
    /// and only when the server has ended what it was doing.
    connection: Mutex<Option<S::Connection>>,
    is_closed: AtomicBool,
}

/// The connection while it is used.
pub(crate) struct InUse<'a, S: Server> {
    pub(crate) connection: S::Connection,
    place: MutexGuard<'a, Option<S::Connection>>,
    hold: &'a Hold,
    asked: Instant,
}

impl<S: Server> InUse<'_, S> {
    /// It has answered as it should.
    pub(crate) fn put_back(mut self) {
        self.hold.confirm(self.asked);
        *self.place = Some(self.connection);
    }
}

impl<S: Server> Locked<S> {
    pub(crate) async fn open(server: S, wait: Duration) -> Result<Self, Error> {
        let hold = Hold::new(server.place().lease.unwrap_or(LEASE));
        let inner =
            Arc::new(Inner { server, hold, token: OnceLock::new(), connection: Mutex::new(None), is_closed: AtomicBool::new(false) });
        let mut connection = inner.connect(wait).await?;
        inner.begin(&mut connection).await?;
        *inner.connection.lock().await = Some(connection);
        let keeping = tokio::spawn(keep(Arc::downgrade(&inner))).abort_handle();
        Ok(Self { inner, keeping })
    }

    pub(crate) fn server(&self) -> &S {
        &self.inner.server
    }

    pub(crate) fn hold(&self) -> &Hold {
        &self.inner.hold
    }

    /// The connection, a new one with the lock if the last one broke.
    pub(crate) async fn take(&self) -> Result<InUse<'_, S>, Error> {
        self.inner.take().await
    }

    pub(crate) async fn close(&self) -> Result<(), Error> {
        let released = self.inner.release().await;
        self.keeping.abort();
        released
    }
}

impl<S: Server> Drop for Locked<S> {
    fn drop(&mut self) {
        // Without a runtime the connection is closed all the same, and the mark stays.
        if let (Ok(runtime), false) = (tokio::runtime::Handle::try_current(), self.inner.is_closed.load(Ordering::Relaxed)) {
            let (inner, keeping) = (Arc::clone(&self.inner), self.keeping.clone());
            runtime.spawn(async move {
                let _ = inner.release().await;
                keeping.abort();
            });
        }
    }
}

impl<S: Server> Inner<S> {
    async fn take(&self) -> Result<InUse<'_, S>, Error> {
        let mut place = self.connection.lock().await;
        let (asked, connection) = match place.take() {
            Some(connection) => (Instant::now(), connection),
            None => self.again().await?,
        };
        Ok(InUse { connection, place, hold: &self.hold, asked })
    }

    /// A new connection with the lock, once nobody else has it.
    async fn connect(&self, wait: Duration) -> Result<S::Connection, Error> {
        let explain = |error| self.server.explain("open", error);
        let deadline = Instant::now() + wait;
        let mut connection = self.server.connect().await.map_err(explain)?;
        let mut is_next = false;
        while !self.server.lock(&mut connection, Lock::Session).await.map_err(explain)? {
            if Instant::now() >= deadline {
                return Err(self.server.place().in_use());
            }
            is_next = is_next || self.server.lock(&mut connection, Lock::Next).await.map_err(explain)?;
            sleep(LOOK_AGAIN).await;
        }
        if is_next {
            self.server.unlock(&mut connection, Lock::Next).await.map_err(explain)?;
        }
        Ok(connection)
    }

    /// With the lock for the first time: waits for an owner that did not take leave, and leaves our mark.
    async fn begin(&self, connection: &mut S::Connection) -> Result<(), Error> {
        let explain = |error| self.server.explain("open", error);
        self.server.create(connection).await.map_err(explain)?;
        if self.server.value(connection, OWNER).await.map_err(explain)?.is_some() {
            let (place, lease) = (&self.server.place().shown, self.hold.lease());
            tracing::info!(place, ?lease, "the last owner of this session did not take leave: waiting until it has certainly stopped");
            sleep(lease).await;
        }
        let mut token = [0; 16];
        getrandom::fill(&mut token).map_err(|error| backend("open", &self.server.place().shown, error))?;
        let asked = Instant::now();
        self.server.set(connection, OWNER, self.token.get_or_init(|| token)).await.map_err(explain)?;
        self.hold.confirm(asked);
        Ok(())
    }

    /// After a break: the lock again, if nobody had it meanwhile.
    async fn again(&self) -> Result<(Instant, S::Connection), Error> {
        if self.is_closed.load(Ordering::Relaxed) {
            return Err(self.server.place().in_use());
        }
        let mut connection = self.connect(AFTER_A_BREAK).await?;
        let asked = Instant::now();
        let owner = self.server.value(&mut connection, OWNER).await.map_err(|error| self.server.explain("open", error))?;
        if owner.as_deref() != self.token.get().map(<[u8; 16]>::as_slice) {
            self.hold.lose();
            return Err(self.server.place().in_use());
        }
        Ok((asked, connection))
    }

    async fn release(&self) -> Result<(), Error> {
        let mut place = self.connection.lock().await;
        if self.is_closed.load(Ordering::Relaxed) {
            return Ok(());
        }
        // The mark is removed also if the last connection broke.
        let connection = match place.take() {
            Some(connection) => Ok(connection),
            None => self.again().await.map(|(_, connection)| connection),
        };
        self.is_closed.store(true, Ordering::Relaxed);
        self.hold.lose();
        self.server.remove(&mut connection?, OWNER).await.map_err(|error| self.server.explain("close", error))
    }
}

impl<S: Server> Kept for Inner<S> {
    fn hold(&self) -> &Hold {
        &self.hold
    }

    async fn look(&self) -> Result<bool, Error> {
        let mut used = self.take().await?;
        let (is_ours, is_wanted) =
            self.server.look(&mut used.connection).await.map_err(|error| self.server.explain("look after", error))?;
        if !is_ours {
            return Err(self.server.place().in_use());
        }
        used.put_back();
        Ok(is_wanted)
    }
}

/// Where the mark of the owner lies: outside of all tables of [`keys`](crate::keys).
const OWNER: &[u8] = b"!owner";
/// How long a process that died keeps the session, unless the address says `?lease=SECONDS`.
const LEASE: Duration = Duration::from_secs(10);
