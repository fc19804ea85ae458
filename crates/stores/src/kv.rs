//! What a database has to do so that a store can be built on it: keep pairs of bytes in order, and change many of them at once.

mod file;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
mod hold;
#[cfg(any(feature = "mysql", feature = "postgres"))]
mod locked;
#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::collections::BTreeMap;
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
use std::time::Duration;

use quadruplex_store::Task;

#[cfg(feature = "redis")]
pub(crate) use self::redis::Redis;
pub(crate) use file::File;
#[cfg(feature = "mysql")]
pub(crate) use mysql::MySql;
#[cfg(feature = "postgres")]
pub(crate) use postgres::Postgres;
#[cfg(feature = "sqlite")]
pub(crate) use sqlite::Sqlite;

pub(crate) type Bytes = Vec<u8>;

/// What becomes of each key: a value, or nothing.
pub(crate) type Changes = BTreeMap<Bytes, Option<Bytes>>;

/// Ordered pairs of bytes that one process at a time may use: whoever has opened it has the lock, and a backend that loses it refuses
/// to write until it has it again.
pub(crate) trait Kv: Send + Sync + 'static {
    /// The value of each key, in the order of the keys.
    fn get(&self, keys: Vec<Bytes>) -> Task<'_, Vec<Option<Bytes>>>;

    /// Up to `limit` pairs from the key `from` up to, and without, the key `to`, in order.
    fn scan(&self, from: Bytes, to: Bytes, limit: usize) -> Task<'_, Vec<(Bytes, Bytes)>>;

    /// Makes all changes or none; durable when it has returned.
    fn write(&self, changes: Changes) -> Task<'_, ()>;

    /// Where it is, without credentials.
    fn place(&self) -> String;

    /// Whether another process is waiting for it.
    fn is_wanted(&self) -> bool {
        false
    }

    /// Whether another process has it, or may have it.
    fn is_lost(&self) -> bool {
        false
    }

    /// Lets go of memory that is kept to be fast, if it was not used since this was called last.
    fn rest(&self) -> Task<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }

    /// Lets go of it.
    fn close(&self) -> Task<'_, ()> {
        Box::pin(std::future::ready(Ok(())))
    }
}

/// How often is looked whether another process has let go.
#[cfg(any(feature = "mysql", feature = "postgres", feature = "redis"))]
const LOOK_AGAIN: Duration = Duration::from_millis(100);
/// How long a server may take to notice that our last connection has gone, and the lock with it.
#[cfg(any(feature = "mysql", feature = "postgres"))]
const AFTER_A_BREAK: Duration = Duration::from_secs(3);
/// How long connecting may take.
#[cfg(any(feature = "mysql", feature = "postgres"))]
const CONNECTING: Duration = Duration::from_secs(10);
