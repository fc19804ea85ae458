//! A file of `redb` that is opened again when the operating system has refused something. Also for stores that are made elsewhere.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};

use redb::backends::FileBackend;
use redb::{Builder, Database, DatabaseError};

use crate::Error;

/// Bytes of the file kept in memory. The rest of the page cache is the operating system's.
const CACHE: usize = 4 << 20;

/// One file, its database, and how both are opened.
pub struct DatabaseFile {
    path: PathBuf,
    /// None after an error of the operating system: redb then refuses to go on, and the file is opened again.
    database: RwLock<Option<Database>>,
    opener: Opener,
    prepare: Prepare,
}

/// Gives redb the file; a test puts a fault between them.
pub type Opener = Box<dyn Fn(&Builder, FileBackend) -> Result<Database, DatabaseError> + Send + Sync>;

/// Looks at what was opened, at the place of this name, and makes it what it has to be.
type Prepare = fn(&Database, &str) -> Result<(), Failure>;

impl DatabaseFile {
    /// It is opened, or made, when it is used; `prepare` looks at it each time.
    pub fn new(path: &Path, prepare: Prepare) -> Self {
        Self::through(path, Box::new(|builder, file| builder.create_with_backend(file)), prepare)
    }

    /// The same through an `opener`.
    pub fn through(path: &Path, opener: Opener, prepare: Prepare) -> Self {
        Self { path: path.to_owned(), database: RwLock::new(None), opener, prepare }
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
        let file = private_file(&self.path)?;
        let is_new = file.metadata()?.len() == 0;
        let mut builder = Database::builder();
        builder.set_cache_size(CACHE).set_check_integrity_on_open(!is_new);
        let database = (self.opener)(&builder, FileBackend::new(file)?)?;
        (self.prepare)(&database, &self.path.display().to_string())?;
        Ok(database)
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
