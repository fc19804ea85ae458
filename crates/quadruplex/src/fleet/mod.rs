//! Thousands of accounts on many machines.

mod machine;
#[cfg(feature = "stores")]
mod sessions;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::{limit, map_concurrent};
use quadruplex_net::{BoxFuture, Environment, Random};
use quadruplex_store::{Session, Store};
use rand_chacha::rand_core::SeedableRng;
use tokio::time::{Instant, sleep, timeout};

use crate::client::lock;
use crate::cluster::{Backend, Cluster, caller};
use crate::{App, Client, Error, Router};
pub use machine::FleetMachine;
#[cfg(feature = "testing")]
pub(crate) use machine::{Connect, Running};
#[cfg(feature = "redis")]
pub(crate) use sessions::of_store;
#[cfg(feature = "stores")]
pub use sessions::{MySql, Postgres};

/// Accounts that machines share among them, from anywhere: also from where none of them runs.
///
/// ```no_run
/// use quadruplex::prelude::*;
///
/// async fn node(router: Router) -> Result {
///     Fleet::new(router).cluster("redis://10.0.0.1").capacity(1_500).run().await
/// }
///
/// async fn order_shipped(order: u64) -> Result {
///     let fleet = Fleet::connect("redis://10.0.0.1").await?;
///     fleet.client("alice").send("@bob", format!("Order {order} is on its way")).once(format!("order-{order}")).await?;
///     Ok(())
/// }
/// ```
pub struct Fleet {
    backend: Arc<dyn Backend>,
    /// Each account that was asked for has a client here, which has no connection of its own.
    callers: Mutex<HashMap<String, Client>>,
    random: Mutex<Random>,
}

/// Where the sessions of a fleet lie, if not in the cluster.
pub trait Sessions: Send + Sync + 'static {
    /// The store of an account; `None` while another machine has it. Who asks does not make that one give it up.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Option<Arc<dyn Store>>, Error>>;
}

/// How an account of a [`Fleet`] stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FleetAccount {
    /// Its name.
    pub name: String,
    /// The machine that has it; `None` if none answers for it.
    pub node: Option<String>,
    /// How many of its updates wait or are handled.
    pub waiting: usize,
    /// How long no update has come, or since it was taken.
    pub last_update: Option<Duration>,
}

/// How long a machine may take to say how an account stands.
const ANSWER: Duration = Duration::from_secs(2);
/// How long an account may take to be let go.
const LEAVING: Duration = Duration::from_secs(60);
/// How many accounts are asked at a time.
const AT_ONCE: usize = 64;

impl Fleet {
    /// A machine of a fleet: takes accounts that are free, up to its capacity, and handles their updates with this router. It has nothing to
    /// do until it is [run](FleetMachine::run).
    #[expect(clippy::new_ret_no_self, reason = "a machine is made, and then it is one of the fleet")]
    pub fn new(router: Router) -> FleetMachine {
        FleetMachine::new(App::new(router))
    }

    /// Reaches a fleet, without being a machine of it.
    ///
    /// # Errors
    /// There is no cluster at this address.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn connect(cluster: impl Into<Cluster>) -> Result<Self, Error> {
        let (backend, _) = cluster.into().find()?;
        backend.accounts().await?;
        let random = Environment::system().random(u64::MAX).map_err(|error| Error::io("random numbers", error))?;
        Ok(Self { backend, callers: Mutex::default(), random: Mutex::new(random) })
    }

    /// A client of an account, wherever it is held: its calls go there. They fail after 30 s if it is nowhere, and updates cannot be taken.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn client(&self, account: &str) -> Client {
        let mut callers = lock(&self.callers);
        if let Some(client) = callers.get(account) {
            return client.clone();
        }
        let client = caller(&self.backend, account, Random::from_rng(&mut *lock(&self.random)));
        callers.insert(account.to_owned(), client.clone());
        client
    }

    /// Adds an account, whose session is put into the cluster unless there is one already. A machine that has room takes it.
    ///
    /// # Errors
    /// The name is none (1 to 40 of `a-z`, `0-9` and `_`); a machine has the account; the session cannot be stored.
    ///
    /// # Cancel safety
    /// If it is dropped, the session may be stored; the account may be added again.
    pub async fn add(&self, account: &str, session: Session) -> Result<(), Error> {
        let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
        if !(1..=40).contains(&account.len()) || !account.bytes().all(is_word) {
            return Err(Error::Invalid(format!("{account:?} is no name of an account: 1 to 40 of a-z, 0-9 and _")));
        }
        let store = self.backend.open(account).await?;
        let store = store.ok_or_else(|| Error::Invalid(format!("a machine has an account {account:?} already")))?;
        if store.load().await?.identity.is_none() {
            store.commit(Arc::new(session.to_commit())).await?;
        }
        store.close().await?;
        self.backend.set_account(account, true).await
    }

    /// Removes an account: the machine that has it waits for the handlers that run, and lets go of it. Its session is kept.
    ///
    /// # Errors
    /// It has not been let go within a minute.
    ///
    /// # Cancel safety
    /// If it is dropped, the account may be on its way out.
    pub async fn remove(&self, account: &str) -> Result<(), Error> {
        self.backend.set_account(account, false).await?;
        let asked = Instant::now();
        while self.standing(account).await.node.is_some() {
            if asked.elapsed() >= LEAVING {
                return Err(Error::Invalid(format!("the account {account:?} was not let go within {} s", LEAVING.as_secs())));
            }
            sleep(Duration::from_millis(250)).await;
        }
        lock(&self.callers).remove(account);
        Ok(())
    }

    /// All accounts by name, and how they stand.
    ///
    /// # Errors
    /// The cluster cannot be read.
    ///
    /// # Cancel safety
    /// Only reads.
    pub async fn status(&self) -> Result<Vec<FleetAccount>, Error> {
        let mut names = self.backend.accounts().await?;
        names.sort();
        Ok(map_concurrent(names, limit!(AT_ONCE), async |name| self.standing(&name).await).await)
    }

    async fn standing(&self, account: &str) -> FleetAccount {
        let client = self.client(account);
        let standing = async {
            match client.inner.far() {
                Some(link) => link.standing().await.ok(),
                None => None,
            }
        };
        let name = account.to_owned();
        match timeout(ANSWER, standing).await.ok().flatten() {
            Some(standing) => {
                FleetAccount { name, node: Some(standing.machine), waiting: standing.waiting, last_update: Some(standing.silence) }
            }
            None => FleetAccount { name, node: None, waiting: 0, last_update: None },
        }
    }
}

impl fmt::Debug for Fleet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fleet").finish_non_exhaustive()
    }
}
