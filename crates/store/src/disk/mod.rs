//! The default backend: one file, written by `redb` with one `fsync` for a commit.

mod read;
mod tables;
mod write;

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError};

use crate::{Commit, DeadLetter, Error, Peer, PeerId, PeerKey, Row, SessionLock, Snapshot, Store, Task, Value, ValueKey};

/// Bytes of the file kept in memory. The rest of the page cache is the operating system's.
const CACHE: usize = 4 << 20;

/// A store in one file. The session is locked for as long as it is open.
///
/// Reads and commits run on Tokio's blocking threads, so it needs a Tokio runtime; a commit costs one `fsync`, which is why
/// many small changes go through a [`Writer`](crate::Writer).
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
    path: PathBuf,
    /// None after an error of the operating system: redb then refuses to go on, and the file is opened again.
    database: RwLock<Option<Database>>,
    opener: Opener,
    /// After the database, so that it is let go after it.
    lock: SessionLock,
}

/// Gives redb the file; a test puts a fault between them.
type Opener = Box<dyn Fn(&Builder, FileBackend) -> Result<Database, DatabaseError> + Send + Sync>;

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
        let store = Self { inner: Arc::new(Inner { path: path.to_owned(), database: RwLock::new(None), opener, lock }) };
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
        match tokio::task::spawn_blocking(move || inner.with_database(doing, work)).await {
            Ok(result) => result,
            // redb checks what it reads, but not everywhere: a file damaged behind its back can make it panic.
            Err(died) => Err(Error::Corrupt { place: self.place(), reason: died.to_string() }),
        }
    }
}

impl Inner {
    fn with_database<T>(&self, doing: &'static str, work: impl FnOnce(&Database) -> Result<T, Failure>) -> Result<T, Error> {
        let result = loop {
            let open = self.database.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(database) = &*open {
                break work(database);
            }
            drop(open);
            let mut closed = self.database.write().unwrap_or_else(PoisonError::into_inner);
            if closed.is_none() {
                *closed = Some(self.open().map_err(|failure| failure.explain("open", &self.path))?);
            }
        };
        if matches!(&result, Err(Failure::Redb(redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::DatabaseClosed))) {
            *self.database.write().unwrap_or_else(PoisonError::into_inner) = None;
        }
        result.map_err(|failure| failure.explain(doing, &self.path))
    }

    fn open(&self) -> Result<Database, Failure> {
        let file = create_private(&self.path)?;
        let is_new = file.metadata()?.len() == 0;
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(!is_new);
        let database = (self.opener)(&builder, FileBackend::new(file)?)?;
        match read::format(&database)? {
            None => write::initialise(&database)?,
            Some(found) if found > tables::FORMAT => {
                let place = self.path.display().to_string();
                return Err(Failure::Store(Error::Newer { place, found, supported: tables::FORMAT }));
            }
            Some(_) => {}
        }
        Ok(database)
    }
}

/// Opens the file for writing, or makes it, readable for its owner alone: it holds the keys of the login.
fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
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
        self.inner.path.display().to_string()
    }

    fn is_wanted(&self) -> bool {
        self.inner.lock.is_wanted()
    }
}

impl std::fmt::Debug for Redb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redb").field("path", &self.inner.path).finish_non_exhaustive()
    }
}

/// What can go wrong inside, before it is put into words.
enum Failure {
    Redb(redb::Error),
    /// What was read is not what was written.
    Data(String),
    Store(Error),
}

impl Failure {
    fn explain(self, doing: &'static str, path: &Path) -> Error {
        let place = path.display().to_string();
        match self {
            Self::Store(error) => error,
            Self::Data(reason) | Self::Redb(redb::Error::Corrupted(reason)) => Error::Corrupt { place, reason },
            Self::Redb(redb::Error::DatabaseAlreadyOpen) => Error::InUse { path: path.to_owned(), owner: None },
            Self::Redb(redb::Error::Io(source)) => match source.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => Error::Corrupt { place, reason: source.to_string() },
                _ => Error::from_io(doing, place, source),
            },
            Self::Redb(source) => Error::Backend { doing, place, source: Box::new(source) },
        }
    }
}

macro_rules! failure_from {
    ($($error:ty),*) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Self::Redb(error.into())
            }
        })*
    };
}

failure_from!(redb::StorageError, redb::TableError, redb::TransactionError, redb::CommitError, DatabaseError, io::Error);

impl From<String> for Failure {
    fn from(reason: String) -> Self {
        Self::Data(reason)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

#[cfg(test)]
mod tests;
