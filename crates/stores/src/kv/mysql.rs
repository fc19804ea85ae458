//! One table in MySQL or MariaDB. The connection that writes holds the lock of the session, so without the lock nothing is written.

use std::collections::HashMap;
use std::time::Duration;

use quadruplex_store::{Error, Task};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, Connection, QueryBuilder};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::{AFTER_A_BREAK, Bytes, CONNECTING, Changes, Kv, LOOK_AGAIN};
use crate::error::backend;
use crate::open::Place;

pub(crate) struct MySql {
    place: Place,
    table: String,
    options: MySqlConnectOptions,
    /// As in PostgreSQL's: taken out for each use, and closed with its lock unless the use has gone well.
    connection: Mutex<Option<MySqlConnection>>,
}

impl MySql {
    pub(crate) async fn open(place: Place, wait: Duration) -> Result<Self, Error> {
        let options = place.url.parse().map_err(|error: sqlx::Error| backend("open", &place.shown, error))?;
        let store = Self { table: place.table(), place, options, connection: Mutex::new(None) };
        let mut connection = store.connect(wait).await?;
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {} (k VARBINARY(2000) PRIMARY KEY, v LONGBLOB NOT NULL) ENGINE = InnoDB ROW_FORMAT = DYNAMIC",
            store.table
        );
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.map_err(|error| store.explain("open", error))?;
        *store.connection.lock().await = Some(connection);
        Ok(store)
    }

    /// A new connection with the lock, once nobody else has it. Locks are the server's, so the database is part of the name.
    async fn connect(&self, wait: Duration) -> Result<MySqlConnection, Error> {
        let explain = |error| self.explain("open", error);
        let deadline = Instant::now() + wait;
        let connecting = timeout(CONNECTING, MySqlConnection::connect_with(&self.options)).await;
        let mut connection = connecting.unwrap_or_else(|late| Err(sqlx::Error::Io(late.into()))).map_err(explain)?;
        loop {
            let lock = sqlx::query_scalar("SELECT GET_LOCK(SHA1(CONCAT(DATABASE(), '.', ?)), 0)").bind(&self.table);
            let taken: Option<i64> = lock.fetch_one(&mut connection).await.map_err(explain)?;
            if taken == Some(1) {
                return Ok(connection);
            }
            if Instant::now() >= deadline {
                return Err(self.place.in_use());
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn change(&self, connection: &mut MySqlConnection, changes: &Changes) -> Result<(), sqlx::Error> {
        let mut transaction = connection.begin().await?;
        let set: Vec<(&Bytes, &Bytes)> = changes.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))).collect();
        for part in parts(&set) {
            let mut query = QueryBuilder::new(format!("INSERT INTO {} (k, v) ", self.table));
            query.push_values(part, |mut row, (key, value)| {
                row.push_bind(key.as_slice()).push_bind(value.as_slice());
            });
            query.push(" ON DUPLICATE KEY UPDATE v = VALUES(v)").build().execute(&mut *transaction).await?;
        }
        let gone: Vec<&Bytes> = changes.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key).collect();
        for part in gone.chunks(PART) {
            let mut query = QueryBuilder::new(format!("DELETE FROM {} WHERE k IN (", self.table));
            let mut list = query.separated(", ");
            for key in part {
                list.push_bind(key.as_slice());
            }
            query.push(")").build().execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }

    fn explain(&self, doing: &'static str, error: sqlx::Error) -> Error {
        backend(doing, &self.place.shown, error)
    }
}

impl Kv for MySql {
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>> {
        Box::pin(async move {
            let mut held = self.connection.lock().await;
            let mut connection = match held.take() {
                Some(connection) => connection,
                None => self.connect(AFTER_A_BREAK).await?,
            };
            let mut found: HashMap<Bytes, Bytes> = HashMap::new();
            for part in keys.chunks(PART) {
                let mut query = QueryBuilder::new(format!("SELECT k, v FROM {} WHERE k IN (", self.table));
                let mut list = query.separated(", ");
                for key in part {
                    list.push_bind(key.as_slice());
                }
                let query = query.push(")").build_query_as::<(Bytes, Bytes)>();
                found.extend(query.fetch_all(&mut connection).await.map_err(|error| self.explain("read", error))?);
            }
            *held = Some(connection);
            Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
        })
    }

    fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Task<'_, Vec<(Bytes, Bytes)>> {
        Box::pin(async move {
            let mut held = self.connection.lock().await;
            let mut connection = match held.take() {
                Some(connection) => connection,
                None => self.connect(AFTER_A_BREAK).await?,
            };
            let query = format!("SELECT k, v FROM {} WHERE k >= ? AND k < ? ORDER BY k LIMIT ?", self.table);
            let query = sqlx::query_as(AssertSqlSafe(query)).bind(from).bind(to).bind(i64::try_from(limit).unwrap_or(i64::MAX));
            let found = query.fetch_all(&mut connection).await.map_err(|error| self.explain("read", error))?;
            *held = Some(connection);
            Ok(found)
        })
    }

    fn write(&self, changes: Changes) -> Task<'_, ()> {
        Box::pin(async move {
            let mut held = self.connection.lock().await;
            let mut connection = match held.take() {
                Some(connection) => connection,
                None => self.connect(AFTER_A_BREAK).await?,
            };
            self.change(&mut connection, &changes).await.map_err(|error| self.explain("write", error))?;
            *held = Some(connection);
            Ok(())
        })
    }

    fn place(&self) -> String {
        self.place.shown.clone()
    }
}

/// Cuts what is set into statements that a server with its usual limits takes: so many rows, or so many bytes, at least one row each.
fn parts<'s, 'a>(mut pairs: &'s [(&'a Bytes, &'a Bytes)]) -> impl Iterator<Item = &'s [(&'a Bytes, &'a Bytes)]> {
    std::iter::from_fn(move || {
        let mut bytes = 0;
        let fit = pairs.iter().take(PART).take_while(|(key, value)| {
            let is_first = bytes == 0;
            bytes += key.len() + value.len() + 1;
            is_first || bytes <= LARGEST_STATEMENT
        });
        let (part, rest) = pairs.split_at(fit.count());
        pairs = rest;
        (!part.is_empty()).then_some(part)
    })
}

const PART: usize = 500;
const LARGEST_STATEMENT: usize = 4 << 20;
