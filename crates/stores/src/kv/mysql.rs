//! One table in MySQL or MariaDB.

use std::collections::HashMap;
use std::time::Duration;

use quadruplex_store::{Error, Task};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection};
use sqlx::{AssertSqlSafe, Connection, QueryBuilder};
use tokio::time::timeout;

use super::locked::{Lock, Locked, Server};
use super::{Bytes, CONNECTING, Changes, Kv};
use crate::error::backend;
use crate::open::Place;

pub(crate) struct MySql(Locked<Table>);

struct Table {
    place: Place,
    name: String,
    options: MySqlConnectOptions,
}

impl MySql {
    pub(crate) async fn open(place: Place, wait: Duration) -> Result<Self, Error> {
        let options = place.url.parse().map_err(|error: sqlx::Error| backend("open", &place.shown, error))?;
        Ok(Self(Locked::open(Table { name: place.table(), place, options }, wait).await?))
    }
}

impl Server for Table {
    type Connection = MySqlConnection;

    fn place(&self) -> &Place {
        &self.place
    }

    fn explain(&self, doing: &'static str, error: sqlx::Error) -> Error {
        backend(doing, &self.place.shown, error)
    }

    async fn connect(&self) -> Result<MySqlConnection, sqlx::Error> {
        let connecting = timeout(CONNECTING, MySqlConnection::connect_with(&self.options)).await;
        connecting.unwrap_or_else(|late| Err(sqlx::Error::Io(late.into())))
    }

    async fn lock(&self, connection: &mut MySqlConnection, lock: Lock) -> Result<bool, sqlx::Error> {
        let query = format!("SELECT GET_LOCK({LOCK}, 0)");
        let taken: Option<i64> = sqlx::query_scalar(AssertSqlSafe(query)).bind(lock.name(&self.name)).fetch_one(connection).await?;
        Ok(taken == Some(1))
    }

    async fn unlock(&self, connection: &mut MySqlConnection, lock: Lock) -> Result<(), sqlx::Error> {
        let query = format!("SELECT RELEASE_LOCK({LOCK})");
        let _: Option<i64> = sqlx::query_scalar(AssertSqlSafe(query)).bind(lock.name(&self.name)).fetch_one(connection).await?;
        Ok(())
    }

    async fn look(&self, connection: &mut MySqlConnection) -> Result<(bool, bool), sqlx::Error> {
        let query = format!("SELECT IS_USED_LOCK({LOCK}) = CONNECTION_ID(), IS_USED_LOCK({LOCK}) IS NOT NULL");
        let query = sqlx::query_as(AssertSqlSafe(query)).bind(Lock::Session.name(&self.name)).bind(Lock::Next.name(&self.name));
        let (ours, wanted): (Option<i64>, i64) = query.fetch_one(connection).await?;
        Ok((ours == Some(1), wanted == 1))
    }

    async fn create(&self, connection: &mut MySqlConnection) -> Result<(), sqlx::Error> {
        let create = format!(
            "CREATE TABLE IF NOT EXISTS {} (k VARBINARY(2000) PRIMARY KEY, v LONGBLOB NOT NULL) ENGINE = InnoDB ROW_FORMAT = DYNAMIC",
            self.name
        );
        sqlx::query(AssertSqlSafe(create)).execute(connection).await.map(drop)
    }

    async fn value(&self, connection: &mut MySqlConnection, key: &[u8]) -> Result<Option<Bytes>, sqlx::Error> {
        let query = format!("SELECT v FROM {} WHERE k = ?", self.name);
        sqlx::query_scalar(AssertSqlSafe(query)).bind(key).fetch_optional(connection).await
    }

    async fn set(&self, connection: &mut MySqlConnection, key: &[u8], value: &[u8]) -> Result<(), sqlx::Error> {
        let query = format!("INSERT INTO {} (k, v) VALUES (?, ?) ON DUPLICATE KEY UPDATE v = VALUES(v)", self.name);
        sqlx::query(AssertSqlSafe(query)).bind(key).bind(value).execute(connection).await.map(drop)
    }

    async fn remove(&self, connection: &mut MySqlConnection, key: &[u8]) -> Result<(), sqlx::Error> {
        let query = format!("DELETE FROM {} WHERE k = ?", self.name);
        sqlx::query(AssertSqlSafe(query)).bind(key).execute(connection).await.map(drop)
    }
}

impl Table {
    async fn change(&self, connection: &mut MySqlConnection, changes: &Changes) -> Result<(), sqlx::Error> {
        let mut transaction = connection.begin().await?;
        let set: Vec<(&Bytes, &Bytes)> = changes.iter().filter_map(|(key, value)| Some((key, value.as_ref()?))).collect();
        for part in parts(&set) {
            let mut query = QueryBuilder::new(format!("INSERT INTO {} (k, v) ", self.name));
            query.push_values(part, |mut row, (key, value)| {
                row.push_bind(key.as_slice()).push_bind(value.as_slice());
            });
            query.push(" ON DUPLICATE KEY UPDATE v = VALUES(v)").build().execute(&mut *transaction).await?;
        }
        let gone: Vec<&Bytes> = changes.iter().filter(|(_, value)| value.is_none()).map(|(key, _)| key).collect();
        for part in gone.chunks(PART) {
            let mut query = QueryBuilder::new(format!("DELETE FROM {} WHERE k IN (", self.name));
            let mut list = query.separated(", ");
            for key in part {
                list.push_bind(key.as_slice());
            }
            query.push(")").build().execute(&mut *transaction).await?;
        }
        transaction.commit().await
    }
}

impl Kv for MySql {
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>> {
        Box::pin(async move {
            let (table, mut used) = (self.0.server(), self.0.take().await?);
            let mut found: HashMap<Bytes, Bytes> = HashMap::new();
            for part in keys.chunks(PART) {
                let mut query = QueryBuilder::new(format!("SELECT k, v FROM {} WHERE k IN (", table.name));
                let mut list = query.separated(", ");
                for key in part {
                    list.push_bind(key.as_slice());
                }
                let query = query.push(")").build_query_as::<(Bytes, Bytes)>();
                found.extend(query.fetch_all(&mut used.connection).await.map_err(|error| table.explain("read", error))?);
            }
            used.put_back();
            Ok(keys.iter().map(|key| found.get(key).cloned()).collect())
        })
    }

    fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Task<'_, Vec<(Bytes, Bytes)>> {
        Box::pin(async move {
            let (table, mut used) = (self.0.server(), self.0.take().await?);
            let query = format!("SELECT k, v FROM {} WHERE k >= ? AND k < ? ORDER BY k LIMIT ?", table.name);
            let query = sqlx::query_as(AssertSqlSafe(query)).bind(from).bind(to).bind(i64::try_from(limit).unwrap_or(i64::MAX));
            let found = query.fetch_all(&mut used.connection).await.map_err(|error| table.explain("read", error))?;
            used.put_back();
            Ok(found)
        })
    }

    fn write(&self, changes: Changes) -> Task<'_, ()> {
        Box::pin(async move {
            let (table, mut used) = (self.0.server(), self.0.take().await?);
            table.change(&mut used.connection, &changes).await.map_err(|error| table.explain("write", error))?;
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

/// What a lock is called. Locks are the server's, so the database is part of the name.
const LOCK: &str = "SHA1(CONCAT(DATABASE(), '.', ?))";
const PART: usize = 500;
const LARGEST_STATEMENT: usize = 4 << 20;
