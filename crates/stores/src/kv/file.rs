//! One `redb` file of pairs: what an encrypted session file is.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{Error, SessionLock, Task};
use redb::backends::FileBackend;
use redb::{Database, ReadableDatabase, TableDefinition, TableHandle};
use tokio::sync::Mutex;

use super::{Bytes, Changes, Kv};
use crate::error::backend;

pub(crate) struct File {
    path: PathBuf,
    /// Taken along by each work on a blocking thread, so that they run one after another also when nobody waits for them any more.
    database: Arc<Mutex<Database>>,
    lock: SessionLock,
}

impl File {
    pub(crate) async fn open(path: &Path, wait: Duration) -> Result<Self, Error> {
        let lock = SessionLock::acquire(path, wait).await?;
        let place = path.display().to_string();
        let file = path.to_owned();
        let opened = tokio::task::spawn_blocking(move || begin(&file)).await.map_err(|died| backend("open", &place, died))?;
        let database = opened.map_err(|error| explain("open", &place, error))?;
        Ok(Self { path: path.to_owned(), database: Arc::new(Mutex::new(database)), lock })
    }

    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Database) -> Result<T, redb::Error> + Send + 'static,
    ) -> Result<T, Error> {
        let database = Arc::clone(&self.database).lock_owned().await;
        let done = tokio::task::spawn_blocking(move || work(&database)).await.map_err(|died| backend(doing, &self.place(), died))?;
        done.map_err(|error| explain(doing, &self.place(), error))
    }
}

impl Kv for File {
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>> {
        Box::pin(self.run("read", move |database| {
            let table = database.begin_read()?.open_table(PAIRS)?;
            keys.iter().map(|key| Ok(table.get(key.as_slice())?.map(|value| value.value().to_vec()))).collect()
        }))
    }

    fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Task<'_, Vec<(Bytes, Bytes)>> {
        Box::pin(self.run("read", move |database| {
            let table = database.begin_read()?.open_table(PAIRS)?;
            let found = table.range(from.as_slice()..to.as_slice())?.take(limit);
            found.map(|pair| pair.map(|(key, value)| (key.value().to_vec(), value.value().to_vec())).map_err(Into::into)).collect()
        }))
    }

    fn write(&self, changes: Changes) -> Task<'_, ()> {
        Box::pin(self.run("write", move |database| {
            let write = database.begin_write()?;
            let mut table = write.open_table(PAIRS)?;
            for (key, value) in &changes {
                match value {
                    Some(value) => table.insert(key.as_slice(), value.as_slice())?,
                    None => table.remove(key.as_slice())?,
                };
            }
            drop(table);
            Ok(write.commit()?)
        }))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn is_wanted(&self) -> bool {
        self.lock.is_wanted()
    }
}

fn begin(path: &Path) -> Result<Database, redb::Error> {
    let database = Database::builder().create_with_backend(FileBackend::new(crate::open::private_file(path)?)?)?;
    let read = database.begin_read()?;
    let names: Vec<String> = read.list_tables()?.map(|table| table.name().to_owned()).collect();
    drop(read);
    if names.is_empty() {
        let write = database.begin_write()?;
        write.open_table(PAIRS)?;
        // Where a store that is not encrypted has its format: it is refused there.
        write.open_table(MARK)?.insert("format", b"\"encrypted\"".as_slice())?;
        write.commit()?;
    } else if !names.iter().any(|name| name == PAIRS.name()) {
        return Err(redb::Error::Corrupted("it is not encrypted, and a key was given; copy it into a new store".to_owned()));
    }
    Ok(database)
}

fn explain(doing: &'static str, place: &str, error: redb::Error) -> Error {
    match error {
        redb::Error::Corrupted(reason) => Error::Corrupt { place: place.to_owned(), reason },
        redb::Error::Io(source) => Error::Io { doing, place: place.to_owned(), source },
        other => backend(doing, place, other),
    }
}

const PAIRS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("pairs");
const MARK: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("small");
