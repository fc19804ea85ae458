//! Sessions of a fleet that lie in a database.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_net::BoxFuture;
use quadruplex_store::Store;
use quadruplex_stores::Options;

use super::Sessions;
use crate::Error;
use crate::cluster::{Backend, Memory, is_sandboxed};

/// Sessions in PostgreSQL, a table for each account, sealed if `QUADRUPLEX_STORE_KEY` is set. Each account that is open takes a connection,
/// which keeps its lock. With `--sandbox` they lie in this process.
pub struct Postgres(Database);

/// Sessions in MySQL 8, or MariaDB 10.5 and later; as in [`Postgres`].
pub struct MySql(Database);

enum Database {
    At { address: String, options: Options },
    Sandboxed(Memory),
}

/// A session that is opened to see whether one can be.
const PROBE: &str = "fleet";

impl Postgres {
    /// Reaches the database at `postgres://user@host/database`.
    ///
    /// # Errors
    /// The address cannot be understood, or the program was built without the feature `postgres`; the database does not answer, or lets nobody
    /// make tables.
    ///
    /// # Cancel safety
    /// If it is dropped, an empty table may have been made.
    pub async fn connect(address: &str) -> Result<Self, Error> {
        Database::connect(address).await.map(Self)
    }
}

impl MySql {
    /// Reaches the database at `mysql://user@host/database`.
    ///
    /// # Errors
    /// The address cannot be understood, or the program was built without the feature `mysql`; the database does not answer, or lets nobody make
    /// tables.
    ///
    /// # Cancel safety
    /// If it is dropped, an empty table may have been made.
    pub async fn connect(address: &str) -> Result<Self, Error> {
        Database::connect(address).await.map(Self)
    }
}

impl Database {
    async fn connect(address: &str) -> Result<Self, Error> {
        if is_sandboxed() {
            return Ok(Self::Sandboxed(Memory::new()));
        }
        let mut options = Options::from_env().map_err(of_store)?;
        options.wait = Duration::ZERO;
        let database = Self::At { address: address.to_owned(), options };
        // Another machine may be looking, too.
        if let Some(store) = database.open(PROBE).await? {
            store.close().await?;
        }
        Ok(database)
    }

    async fn open(&self, account: &str) -> Result<Option<Arc<dyn Store>>, Error> {
        let (address, options) = match self {
            Self::Sandboxed(memory) => return memory.open(account).await,
            Self::At { address, options } => (address, options.clone()),
        };
        let separator = if address.contains('?') { '&' } else { '?' };
        match quadruplex_stores::open(&format!("{address}{separator}session={account}"), options).await {
            Ok(store) => Ok(Some(store)),
            Err(quadruplex_stores::Error::Store(quadruplex_store::Error::InUse { .. })) => Ok(None),
            Err(error) => Err(of_store(error)),
        }
    }
}

pub(crate) fn of_store(error: quadruplex_stores::Error) -> Error {
    match error {
        quadruplex_stores::Error::Store(error) => Error::Store(error),
        error => Error::Invalid(error.to_string()),
    }
}

impl Sessions for Postgres {
    fn open<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Option<Arc<dyn Store>>, Error>> {
        Box::pin(self.0.open(account))
    }
}

impl Sessions for MySql {
    fn open<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Option<Arc<dyn Store>>, Error>> {
        Box::pin(self.0.open(account))
    }
}

impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Postgres")
    }
}

impl fmt::Debug for MySql {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MySql")
    }
}
