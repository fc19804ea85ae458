//! One table in PostgreSQL.

use std::collections::HashMap;
use std::time::Duration;

use quadruplex_store::{Error, Task};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{AssertSqlSafe, Connection};
use tokio::time::timeout;

use super::locked::{Lock, Locked, Server};
use super::{Bytes, CONNECTING, Changes, Kv};
use crate::error::backend;
use crate::open::Place;

pub(crate) struct Postgres(Locked<Table>);

struct Table {
    place: Place,
    name: String,
    options: PgConnectOptions,
}

impl Postgres {
    pub(crate) async fn open(place: Place, wait: Duration) -> Result<Self, Error> {
        let options = place.url.parse().map_err(|error: sqlx::Error| backend("open", &place.shown, error))?;
        Ok(Self(Locked::open(Table { name: place.table(), place, options }, wait).await?))
    }
}

impl Server for Table {
    type Connection = PgConnection;

    fn place(&self) -> &Place {
        &self.place
    }

    fn explain(&self, doing: &'static str, error: sqlx::Error) -> Error {
        // 53100 is `disk_full`.
        match error.as_database_error().and_then(|error| error.code()).as_deref() {
            Some("53100") => Error::Full { place: self.place.shown.clone() },
            _ => backend(doing, &self.place.shown, error),
        }
    }

    async fn connect(&self) -> Result<PgConnection, sqlx::Error> {
        let connecting = timeout(CONNECTING, PgConnection::connect_with(&self.options)).await;
        connecting.unwrap_or_else(|late| Err(sqlx::Error::Io(late.into())))
    }

    async fn lock(&self, connection: &mut PgConnection, lock: Lock) -> Result<bool, sqlx::Error> {
        let query = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtextextended($1, 0))");
        query.bind(lock.name(&self.name)).fetch_one(connection).await
    }

    async fn unlock(&self, connection: &mut PgConnection, lock: Lock) -> Result<(), sqlx::Error> {
        let query = sqlx::query("SELECT pg_advisory_unlock(hashtextextended($1, 0))");
        query.bind(lock.name(&self.name)).execute(connection).await.map(drop)
    }

    async fn look(&self, connection: &mut PgConnection) -> Result<(bool, bool), sqlx::Error> {
        // A lock of two numbers of 32 bits is shown by its halves, one of 64 bits (`objsubid` 1) as well.
        let ours = "EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND objsubid = 1 \
                    AND classid::bigint << 32 | objid::bigint = hashtextextended($1, 0))";
        let query = format!("SELECT {ours}, NOT pg_try_advisory_xact_lock_shared(hashtextextended($2, 0))");
        let query = sqlx::query_as(AssertSqlSafe(query)).bind(Lock::Session.name(&self.name)).bind(Lock::Next.name(&self.name));
        query.fetch_one(connection).await
    }

    async fn create(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let create = format!("CREATE TABLE IF NOT EXISTS {} (k bytea PRIMARY KEY, v bytea NOT NULL)", self.name);
        sqlx::query(AssertSqlSafe(create)).execute(connection).await.map(drop)
    }

    async fn value(&self, connection: &mut PgConnection, key: &[u8]) -> Result<Option<Bytes>, sqlx::Error> {
        let query = format!("SELECT v FROM {} WHERE k = $1", self.name);
        sqlx::query_scalar(AssertSqlSafe(query)).bind(key).fetch_optional(connection).await
    }

    async fn set(&self, connection: &mut PgConnection, key: &[u8], value: &[u8]) -> Result<(), sqlx::Error> {
        let query = format!("INSERT INTO {} VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET v = excluded.v", self.name);
        sqlx::query(AssertSqlSafe(query)).bind(key).bind(value).execute(connection).await.map(drop)
    }

    async fn remove(&self, connection: &mut PgConnection, key: &[u8]) -> Result<(), sqlx::Error> {
        let query = format!("DELETE FROM {} WHERE k = $1", self.name);
        sqlx::query(AssertSqlSafe(query)).bind(key).execute(connection).await.map(drop)
    }
}

impl Kv for Postgres {
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>> {
        Box::pin(async move {
            let (table, mut used) = (self.0.server(), self.0.take().await?);
            let query = format!("SELECT k, v FROM {} WHERE k = ANY($1)", table.name);
            let found = sqlx::query_as(AssertSqlSafe(query)).bind(&keys).fetch_all(&mut used.connection).await;
            let found: HashMap<Bytes, Bytes> = found.map_err(|error| table.explain("read", error))?.into_iter().collect();
            used.put_back();
            Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
        })
    }

    fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Task<'_, Vec<(Bytes, Bytes)>> {
        Box::pin(async move {
            let (table, mut used) = (self.0.server(), self.0.take().await?);
            let query = format!("SELECT k, v FROM {} WHERE k >= $1 AND k < $2 ORDER BY k LIMIT $3", table.name);
            let query = sqlx::query_as(AssertSqlSafe(query)).bind(from).bind(to).bind(i64::try_from(limit).unwrap_or(i64::MAX));
            let found = query.fetch_all(&mut used.connection).await.map_err(|error| table.explain("read", error))?;
            used.put_back();
            Ok(found)
        })
    }

    /// One statement, so it is a transaction of its own in one round trip.
    fn write(&self, changes: Changes) -> Task<'_, ()> {
        Box::pin(async move {
            let (table, mut used) = (self.0.server(), self.0.take().await?);
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
                table.name
            );
            let query = sqlx::query(AssertSqlSafe(query)).bind(keys).bind(values).bind(gone);
            query.execute(&mut used.connection).await.map_err(|error| table.explain("write", error))?;
            used.put_back();
            Ok(())
        })
    }

    fn place(&self) -> String {
        self.0.server().place.shown.clone()
    }

    fn is_wanted(&self) -> bool {
        self.0.hold().is_wanted()
    }

    fn is_lost(&self) -> bool {
        self.0.hold().is_lost()
    }

    fn close(&self) -> Task<'_, ()> {
        Box::pin(self.0.close())
    }
}
