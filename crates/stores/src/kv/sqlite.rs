//! One SQLite file with one table.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use futures_util::TryFutureExt;
use quadruplex_store::{Error, SessionLock, Task, private_file};
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection, QueryBuilder};
use tokio::sync::Mutex;

use super::{Bytes, Changes, Kv};
use crate::error::backend;

pub(crate) struct Sqlite {
    path: PathBuf,
    connection: Mutex<SqliteConnection>,
    lock: SessionLock,
}

impl Sqlite {
    pub(crate) async fn open(path: &Path, wait: Duration) -> Result<Self, Error> {
        let lock = SessionLock::acquire(path, wait).await?;
        let place = path.display().to_string();
        // SQLite gives its journals the rights of the file, so it is made here, for its owner alone.
        private_file(path).map_err(|source| Error::from_io("open", &*place, source))?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(5));
        let mut connection = SqliteConnection::connect_with(&options).map_err(|error| backend("open", &place, error)).await?;
        let table = "CREATE TABLE IF NOT EXISTS quadruplex (k BLOB PRIMARY KEY, v BLOB NOT NULL) WITHOUT ROWID";
        sqlx::query(table).execute(&mut connection).map_err(|error| backend("open", &place, error)).await?;
        Ok(Self { path: path.to_owned(), connection: Mutex::new(connection), lock })
    }

    async fn read(&self, keys: Vec<Bytes>) -> Result<Vec<Option<Bytes>>, sqlx::Error> {
        let mut connection = self.connection.lock().await;
        let mut found = HashMap::new();
        for part in keys.chunks(PART) {
            let mut query = QueryBuilder::new("SELECT k, v FROM quadruplex WHERE k IN (");
            let mut list = query.separated(", ");
            for key in part {
                list.push_bind(key.as_slice());
            }
            query.push(")");
            found.extend(query.build_query_as::<(Bytes, Bytes)>().fetch_all(&mut *connection).await?);
        }
        Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
    }

    async fn change(&self, changes: Changes) -> Result<(), sqlx::Error> {
        let mut connection = self.connection.lock().await;
        let mut transaction = connection.begin().await?;
        for (key, value) in changes {
            let query = match value {
                Some(value) => sqlx::query("INSERT INTO quadruplex (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v")
                    .bind(key)
                    .bind(value),
                None => sqlx::query("DELETE FROM quadruplex WHERE k = ?").bind(key),
            };
            query.execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

impl Kv for Sqlite {
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>> {
        Box::pin(self.read(keys).map_err(|error| self.explain("read", error)))
    }

    fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Task<'_, Vec<(Bytes, Bytes)>> {
        Box::pin(async move {
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let query = sqlx::query_as("SELECT k, v FROM quadruplex WHERE k >= ? AND k < ? ORDER BY k LIMIT ?");
            let mut connection = self.connection.lock().await;
            let found = query.bind(from).bind(to).bind(limit).fetch_all(&mut *connection).await;
            found.map_err(|error| self.explain("read", error))
        })
    }

    fn write(&self, changes: Changes) -> Task<'_, ()> {
        Box::pin(self.change(changes).map_err(|error| self.explain("write", error)))
    }

    fn place(&self) -> String {
        self.path.display().to_string()
    }

    fn is_wanted(&self) -> bool {
        self.lock.is_wanted()
    }
}

impl Sqlite {
    fn explain(&self, doing: &'static str, error: sqlx::Error) -> Error {
        let place = self.place();
        // What SQLite calls SQLITE_FULL, SQLITE_CORRUPT and SQLITE_NOTADB.
        match error.as_database_error().and_then(|error| error.code()).as_deref() {
            Some("13") => Error::Full { place },
            Some("11" | "26") => Error::Corrupt { place, reason: error.to_string() },
            _ => backend(doing, &place, error),
        }
    }
}

/// Keys in one query; older releases of SQLite take 999.
const PART: usize = 500;
