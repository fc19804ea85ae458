//! The default backend: one file, written by `redb` with one `fsync` for a commit.

mod file;
mod handle;
mod read;
mod tables;
mod write;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use redb::Database;

pub use self::file::{DatabaseFile, Failure, Opener, private_file};
pub use self::handle::Handle;
use crate::{Commit, DeadLetter, Error, Peer, PeerId, PeerKey, Row, SessionLock, Snapshot, Store, Task, Value, ValueKey};

/// A store in one file. The session is locked for as long as it is open.
///
/// Reads and commits run on Tokio's blocking threads, so it needs a Tokio runtime; a commit costs one `fsync`, which is why
/// many small changes go through a [`Writer`](crate::Writer). What it keeps in memory (up to 4 MiB) is let go while it is
/// [not used](Store::rest).
///
/// ```no_run
/// # async fn open() -> Result<(), quadruplex_store::Error> {
/// use std::time::Duration;
/// use quadruplex_store::{Redb, Store};
///
/// let store = Redb::open("shop.redb", Duration::from_secs(10)).await?;
/// assert!(store.load().await?.identity.is_none(), "a new store knows nobody");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Redb {
    inner: Arc<Inner>,
}

struct Inner {
    file: DatabaseFile,
    /// After the database, so that it is let go after it.
    lock: SessionLock,
}

impl Redb {
    /// Opens the store at `path`, or makes it. When another process holds the session, waits up to `wait` for it to let go.
    ///
    /// # Errors
    /// [`Error::InUse`] after `wait`; [`Error::Corrupt`] and [`Error::Newer`] with the file left as it is; [`Error::Io`] when
    /// the path cannot be written.
    ///
    /// # Cancel safety
    /// Dropped while waiting, it leaves nothing behind. Dropped later, the file may have been made; it is valid.
    pub async fn open(path: impl AsRef<Path>, wait: Duration) -> Result<Self, Error> {
        Self::open_through(path.as_ref(), wait, Box::new(|builder, file| builder.create_with_backend(file))).await
    }

    async fn open_through(path: &Path, wait: Duration, opener: Opener) -> Result<Self, Error> {
        let lock = SessionLock::acquire(path, wait).await?;
        let store = Self { inner: Arc::new(Inner { file: DatabaseFile::through(path, opener, prepare), lock }) };
        store.run("open", |_| Ok(())).await?;
        Ok(store)
    }

    /// Runs `work` on a blocking thread.
    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Database) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        let inner = Arc::clone(&self.inner);
        match tokio::task::spawn_blocking(move || inner.file.run(doing, work)).await {
            Ok(result) => result,
            // redb checks what it reads, but not everywhere: a file damaged behind its back can make it panic.
            Err(died) => Err(Error::Corrupt { place: self.place(), reason: died.to_string() }),
        }
    }
}

fn prepare(database: &Database, place: &str) -> Result<(), Failure> {
    match read::format(database)? {
        None => write::initialise(database),
        Some(found) if found > tables::FORMAT => {
            Err(Failure::Store(Error::Newer { place: place.to_owned(), found, supported: tables::FORMAT }))
        }
        Some(_) => Ok(()),
    }
}

impl Store for Redb {
    fn load(&self) -> Task<'_, Snapshot> {
        Box::pin(self.run("read", read::snapshot))
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        Box::pin(self.run("write", move |database| write::apply(database, &commit)))
    }

    fn rows(&self, from: u64, limit: usize) -> Task<'_, Vec<Row>> {
        Box::pin(self.run("read", move |database| read::rows(database, from, limit)))
    }

    fn dead_letters(&self, from: u64, limit: usize) -> Task<'_, Vec<DeadLetter>> {
        Box::pin(self.run("read", move |database| read::dead_letters(database, from, limit)))
    }

    fn peers(&self, keys: Vec<PeerKey>) -> Task<'_, Vec<Option<Peer>>> {
        Box::pin(self.run("read", move |database| read::peers(database, &keys)))
    }

    fn value(&self, key: ValueKey) -> Task<'_, Option<Value>> {
        Box::pin(self.run("read", move |database| read::value(database, &key)))
    }

    fn values(&self, from: ValueKey, limit: usize) -> Task<'_, Vec<(Vec<u8>, Value)>> {
        Box::pin(self.run("read", move |database| read::values(database, &from, limit)))
    }

    fn all_peers(&self, after: Option<PeerId>, limit: usize) -> Task<'_, Vec<Peer>> {
        Box::pin(self.run("read", move |database| read::all_peers(database, after, limit)))
    }

    fn all_values(&self, after: Option<ValueKey>, limit: usize) -> Task<'_, Vec<(ValueKey, Value)>> {
        Box::pin(self.run("read", move |database| read::all_values(database, after.as_ref(), limit)))
    }

    fn place(&self) -> String {
        self.inner.file.path().display().to_string()
    }

    fn is_wanted(&self) -> bool {
        self.inner.lock.is_wanted()
    }

    fn rest(&self) -> Task<'_, ()> {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            // If it fails, the next work tells.
            let _ = tokio::task::spawn_blocking(move || inner.file.rest()).await;
            Ok(())
        })
    }
}

impl std::fmt::Debug for Redb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redb").field("path", &self.inner.file.path()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
