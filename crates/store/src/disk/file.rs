//! A file of `redb` that is opened again when the operating system has refused something. Also for stores that are made elsewhere.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock, TryLockError};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError};

use super::handle::Handle;
use crate::Error;

/// Bytes of the file kept in memory. The rest of the page cache is the operating system's.
const CACHE: usize = 4 << 20;

/// One file, its database, and how both are opened.
pub struct DatabaseFile {
    path: PathBuf,
    state: RwLock<State>,
    /// Since it was asked to rest last.
    used: AtomicBool,
    opener: Opener,
    prepare: Prepare,
}

#[derive(Default)]
pub(super) enum State {
    /// Also after an error of the operating system: redb then refuses to go on, and the file is opened again, by its name.
    #[default]
    Closed,
    Resting(Handle),
    Open(Database, Handle),
}

/// Gives redb the file; a test puts a fault between them.
pub type Opener = Box<dyn Fn(&Builder, Handle) -> Result<Database, DatabaseError> + Send + Sync>;

/// Looks at what was opened, at the place of this name, and makes it what it has to be.
type Prepare = fn(&Database, &str) -> Result<(), Failure>;

impl DatabaseFile {
    /// It is opened, or made, when it is used; `prepare` looks at it each time.
    pub fn new(path: &Path, prepare: Prepare) -> Self {
        Self::through(path, Box::new(|builder, file| builder.create_with_backend(file)), prepare)
    }

    /// The same through an `opener`.
    pub fn through(path: &Path, opener: Opener, prepare: Prepare) -> Self {
        Self { path: path.to_owned(), state: RwLock::default(), used: AtomicBool::new(false), opener, prepare }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Works on the database; blocks.
    ///
    /// # Errors
    /// Those of `work` and of opening the file, in words.
    pub fn run<T>(&self, doing: &'static str, work: impl FnOnce(&Database) -> Result<T, Failure>) -> Result<T, Error> {
        let result = loop {
            let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
            if let State::Open(database, _) = &*state {
                self.used.store(true, Ordering::Relaxed);
                break work(database);
            }
            drop(state);
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if !matches!(&*state, State::Open(..)) {
                let before = std::mem::take(&mut *state);
                *state = self.open(before).map_err(|failure| failure.explain("open", &self.path))?;
            }
        };
        if matches!(&result, Err(Failure::Redb(redb::Error::Io(_) | redb::Error::PreviousIo | redb::Error::DatabaseClosed))) {
            *self.state.write().unwrap_or_else(PoisonError::into_inner) = State::Closed;
        }
        result.map_err(|failure| failure.explain(doing, &self.path))
    }

    /// Closes the database, with all that it keeps in memory, if nothing was done with it since this was called last; the next work opens
    /// it again. Blocks.
    pub fn rest(&self) {
        let mut state = match self.state.try_write() {
            Ok(state) => state,
            Err(TryLockError::Poisoned(state)) => state.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        if self.used.swap(false, Ordering::Relaxed) {
            return;
        }
        *state = match std::mem::take(&mut *state) {
            // What was committed is there whether this succeeds or not; if not, the next work finds out why.
            State::Open(database, file) => database.close().map_or(State::Closed, |()| State::Resting(file)),
            other => other,
        };
    }

    #[cfg(test)]
    pub(super) fn state(&self) -> std::sync::RwLockReadGuard<'_, State> {
        self.state.read().unwrap()
    }

    fn open(&self, before: State) -> Result<State, Failure> {
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE);
        let file = match before {
            State::Resting(file) => file,
            _ => {
                let file = private_file(&self.path)?;
                builder.set_check_integrity_on_open(file.metadata()?.len() > 0);
                Handle::new(FileBackend::new(file)?)
            }
        };
        let database = (self.opener)(&builder, file.clone())?;
        (self.prepare)(&database, &self.path.display().to_string())?;
        Ok(State::Open(database, file))
    }
}

impl std::fmt::Debug for DatabaseFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseFile").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Opens a file for writing, or makes it, readable for its owner alone: it holds the keys of the login.
///
/// # Errors
/// The operating system's.
pub fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// What can go wrong inside, before it is put into words.
#[derive(Debug)]
pub enum Failure {
    /// The database's own.
    Redb(redb::Error),
    /// What was read is not what was written.
    Data(String),
    /// In words already.
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
