//! One table in PostgreSQL. The connection that writes holds the lock of the session, so without the lock nothing is written.

use std::collections::HashMap;
use std::time::Duration;

use quadruplex_store::{Error, Task};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep, timeout};

use super::{AFTER_A_BREAK, Bytes, CONNECTING, Changes, Kv, LOOK_AGAIN};
use crate::error::backend;
use crate::open::Place;

pub(crate) struct Postgres {
    place: Place,
    table: String,
    options: PgConnectOptions,
    /// Taken out for each use and put back when it has gone well: one that broke, or whose user went away, is closed. Its lock goes with it,
    /// and only when the server has ended what it was doing.
    connection: Mutex<Option<PgConnection>>,
}

impl Postgres {
    pub(crate) async fn open(place: Place, wait: Duration) -> Result<Self, Error> {
        let options = place.url.parse().map_err(|error: sqlx::Error| backend("open", &place.shown, error))?;
        let store = Self { table: place.table(), place, options, connection: Mutex::new(None) };
        let mut connection = store.connect(wait).await?;
        let create = format!("CREATE TABLE IF NOT EXISTS {} (k bytea PRIMARY KEY, v bytea NOT NULL)", store.table);
        sqlx::query(AssertSqlSafe(create)).execute(&mut connection).await.map_err(|error| store.explain("open", error))?;
        *store.connection.lock().await = Some(connection);
        Ok(store)
    }

    /// A new connection with the lock, once nobody else has it.
    async fn connect(&self, wait: Duration) -> Result<PgConnection, Error> {
        let explain = |error| self.explain("open", error);
        let deadline = Instant::now() + wait;
        let connecting = timeout(CONNECTING, PgConnection::connect_with(&self.options)).await;
        let mut connection = connecting.unwrap_or_else(|late| Err(sqlx::Error::Io(late.into()))).map_err(explain)?;
        loop {
            let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 0))").bind(&self.table);
            if lock.fetch_one(&mut connection).await.map_err(explain)? {
                return Ok(connection);
            }
            if Instant::now() >= deadline {
                return Err(self.place.in_use());
            }
            sleep(LOOK_AGAIN).await;
        }
    }

    fn explain(&self, doing: &'static str, error: sqlx::Error) -> Error {
        // 53100 is `disk_full`.
        match error.as_database_error().and_then(|error| error.code()).as_deref() {
            Some("53100") => Error::Full { place: self.place() },
            _ => backend(doing, &self.place.shown, error),
        }
    }
}

impl Kv for Postgres {
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>> {
        Box::pin(async move {
            let mut held = self.connection.lock().await;
            let mut connection = match held.take() {
                Some(connection) => connection,
                None => self.connect(AFTER_A_BREAK).await?,
            };
            let query = format!("SELECT k, v FROM {} WHERE k = ANY($1)", self.table);
            let found = sqlx::query_as(AssertSqlSafe(query)).bind(&keys).fetch_all(&mut connection).await;
            let found: HashMap<Bytes, Bytes> = found.map_err(|error| self.explain("read", error))?.into_iter().collect();
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
            let query = format!("SELECT k, v FROM {} WHERE k >= $1 AND k < $2 ORDER BY k LIMIT $3", self.table);
            let query = sqlx::query_as(AssertSqlSafe(query)).bind(from).bind(to).bind(i64::try_from(limit).unwrap_or(i64::MAX));
            let found = query.fetch_all(&mut connection).await.map_err(|error| self.explain("read", error))?;
            *held = Some(connection);
            Ok(found)
        })
    }

    /// One statement, so it is a transaction of its own in one round trip.
    fn write(&self, changes: Changes) -> Task<'_, ()> {
        Box::pin(async move {
            let mut held = self.connection.lock().await;
            let mut connection = match held.take() {
                Some(connection) => connection,
                None => self.connect(AFTER_A_BREAK).await?,
            };
            let (mut keys, mut values, mut gone) = (Vec::new(), Vec::new(), Vec::new());
            for (key, value) in changes {
                match value {
                    Some(value) => {
                        keys.push(key);
                        values.push(value);
                    }
                    None => gone.push(key),
                }
            }
            let query = format!(
                "WITH gone AS (DELETE FROM {0} WHERE k = ANY($3)) \
                 INSERT INTO {0} SELECT * FROM unnest($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
                self.table
            );
            let query = sqlx::query(AssertSqlSafe(query)).bind(keys).bind(values).bind(gone);
            query.execute(&mut connection).await.map_err(|error| self.explain("write", error))?;
            *held = Some(connection);
            Ok(())
        })
    }

    fn place(&self) -> String {
        self.place.shown.clone()
    }
}
