//! One `redb` file of pairs: what an encrypted session file is.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_store::{DatabaseFile, Error, Failure, SessionLock, Task};
use redb::{Database, ReadableDatabase, TableDefinition, TableHandle};
use tokio::sync::Mutex;

use super::{Bytes, Changes, Kv};

pub(crate) struct File {
    inner: Arc<Inner>,
    /// Taken along by each work on a blocking thread, so that they run one after another also when nobody waits for them any more.
    turn: Arc<Mutex<()>>,
}

struct Inner {
    file: DatabaseFile,
    /// After the database, so that it is let go after it.
    lock: SessionLock,
}

impl File {
    pub(crate) async fn open(path: &Path, wait: Duration) -> Result<Self, Error> {
        Self::over(DatabaseFile::new(path, prepare), wait).await
    }

    async fn over(file: DatabaseFile, wait: Duration) -> Result<Self, Error> {
        let lock = SessionLock::acquire(file.path(), wait).await?;
        let file = Self { inner: Arc::new(Inner { file, lock }), turn: Arc::default() };
        file.run("open", |_| Ok(())).await?;
        Ok(file)
    }

    async fn run<T: Send + 'static>(
        &self,
        doing: &'static str,
        work: impl FnOnce(&Database) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Error> {
        self.take_turn(move |file| file.run(doing, work)).await?
    }

    /// Works on a blocking thread.
    async fn take_turn<T: Send + 'static>(&self, work: impl FnOnce(&DatabaseFile) -> T + Send + 'static) -> Result<T, Error> {
        let (turn, inner) = (Arc::clone(&self.turn).lock_owned().await, Arc::clone(&self.inner));
        let done = tokio::task::spawn_blocking(move || {
            let done = work(&inner.file);
            drop(inner);
            drop(turn);
            done
        });
        // redb checks what it reads, but not everywhere: a file damaged behind its back can make it panic.
        done.await.map_err(|died| Error::Corrupt { place: self.place(), reason: died.to_string() })
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
        self.inner.file.path().display().to_string()
    }

    fn is_wanted(&self) -> bool {
        self.inner.lock.is_wanted()
    }

    fn rest(&self) -> Task<'_, ()> {
        Box::pin(self.take_turn(DatabaseFile::rest))
    }
}

fn prepare(database: &Database, _: &str) -> Result<(), Failure> {
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
        return Err(Failure::Data("it is not encrypted, and a key was given; copy it into a new store".to_owned()));
    }
    Ok(())
}

const PAIRS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("pairs");
const MARK: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("small");

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::atomic::{AtomicBool, Ordering};

    use quadruplex_store::Handle;
    use redb::StorageBackend;

    use super::*;

    /// A file on a disk that is full, as long as it is said to be.
    #[derive(Debug)]
    struct Disk(Handle, Arc<AtomicBool>);

    impl Disk {
        fn check(&self) -> io::Result<()> {
            if self.1.load(Ordering::Relaxed) { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
        }
    }

    impl StorageBackend for Disk {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }

        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }

        fn set_len(&self, len: u64) -> io::Result<()> {
            self.check()?;
            self.0.set_len(len)
        }

        fn sync_data(&self) -> io::Result<()> {
            self.check()?;
            self.0.sync_data()
        }

        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            self.check()?;
            self.0.write(offset, data)
        }
    }

    #[tokio::test]
    async fn after_a_full_disk_it_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let is_full = Arc::new(AtomicBool::new(false));
        let disk = Arc::clone(&is_full);
        let opener = Box::new(move |builder: &redb::Builder, file| builder.create_with_backend(Disk(file, Arc::clone(&disk))));
        let store =
            File::over(DatabaseFile::through(&place.path().join("sealed"), opener, prepare), Duration::from_secs(60)).await.unwrap();
        let write = async |value: u8| store.write(Changes::from([(b"k".to_vec(), Some(vec![value; 100_000]))])).await;
        write(1).await.unwrap();
        is_full.store(true, Ordering::Relaxed);
        for _ in 0..3 {
            let error = write(2).await.unwrap_err();
            assert!(matches!(error, Error::Full { .. }), "{error:?}");
        }
        is_full.store(false, Ordering::Relaxed);
        assert_eq!(store.get(vec![b"k".to_vec()]).await.unwrap(), [Some(vec![1; 100_000])]);
        write(3).await.unwrap();
        assert_eq!(store.get(vec![b"k".to_vec()]).await.unwrap(), [Some(vec![3; 100_000])]);
    }
}
