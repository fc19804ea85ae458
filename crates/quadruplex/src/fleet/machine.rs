//! A machine of a fleet: takes what is free, and gives back what is not its any more.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use quadruplex_net::{BoxFuture, Environment};
use quadruplex_store::{Session, Store};
use rand_chacha::rand_core::Rng;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Sessions;
use crate::app::{Arguments, Variables, local, program_name, told_to_end};
use crate::client::lock;
use crate::cluster::{self, Backend, Cluster, Holder};
use crate::reports::start_log;
use crate::{Account, Accounts, App, Backlog, Client, Error, Order, Standing};

/// How often is looked what is free.
const LOOK: Duration = Duration::from_secs(1);
/// So many accounts are tried at one look.
const TRIED: usize = 256;
/// An account that cannot run as it is set up is tried again so late.
const REST: Duration = Duration::from_secs(600);

/// A machine of a [`Fleet`](super::Fleet), and how it handles the updates of its accounts.
#[must_use = "a machine does nothing until it is run"]
pub struct FleetMachine {
    app: App,
    cluster: Option<Cluster>,
    sessions: Option<Arc<dyn Sessions>>,
    capacity: usize,
}

/// Makes the client of an account from its store, with this login if there is none yet.
pub(crate) type Connect = Arc<dyn Fn(Arc<str>, Arc<dyn Store>, Option<Session>) -> BoxFuture<'static, Result<Client, Error>> + Send + Sync>;

/// A machine that runs.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "tests ask for it"))]
    metrics: Arc<OnceLock<SocketAddr>>,
}

impl FleetMachine {
    pub(super) fn new(app: App) -> Self {
        Self { app, cluster: None, sessions: None, capacity: 1_000 }
    }

    /// Where the machines meet.
    pub fn cluster(self, cluster: impl Into<Cluster>) -> Self {
        Self { cluster: Some(cluster.into()), ..self }
    }

    /// Where sessions lie; in the cluster unless told otherwise. One that is not there yet is taken from the cluster, where
    /// [`Fleet::add`](super::Fleet::add) puts it.
    pub fn sessions(self, sessions: impl Sessions) -> Self {
        Self { sessions: Some(Arc::new(sessions)), ..self }
    }

    /// How many accounts it takes at most; 1,000 unless told otherwise.
    pub fn capacity(self, accounts: usize) -> Self {
        Self { capacity: accounts, ..self }
    }

    /// What becomes of messages that came while nobody had the account; see [`App::backlog`].
    pub fn backlog(self, backlog: Backlog) -> Self {
        Self { app: self.app.backlog(backlog), ..self }
    }

    /// Which updates of an account are handled one after another; see [`App::order`].
    pub fn order(self, order: Order) -> Self {
        Self { app: self.app.order(order), ..self }
    }

    /// How many updates of each account are handled at the same time; see [`App::at_once`].
    pub fn at_once(self, count: usize) -> Self {
        Self { app: self.app.at_once(count), ..self }
    }

    /// Serves `/metrics` and `/health` of the accounts that this machine has; see [`App::metrics`].
    #[cfg(feature = "metrics")]
    pub fn metrics(self, address: impl Into<String>) -> Self {
        Self { app: self.app.metrics(address), ..self }
    }

    /// Takes accounts that are free, up to the capacity, and handles their updates, until the process is told to end (SIGTERM, Ctrl-C); then
    /// waits for the handlers that run, and lets go. What a machine had that died is taken over when its lease is over (10 s in Redis). An account
    /// that fails is started again, and disturbs no other.
    ///
    /// `API_ID` and `API_HASH` are in the environment. With `--sandbox` on the command line the fleet is in this process, and has one bot.
    ///
    /// # Errors
    /// It was not told where the machines meet, or there is no cluster; the address for metrics is taken; the handlers need what the router
    /// does not have.
    ///
    /// # Cancel safety
    /// Not cancel safe: handlers that run are aborted when it is dropped; what they had comes again.
    pub async fn run(self) -> crate::Result {
        start_log();
        let arguments = Arguments::read(std::env::args().skip(1))?;
        let cluster = self.cluster.as_ref().ok_or_else(|| Error::Invalid("the fleet was not told where its machines meet".to_owned()))?;
        let (backend, _) = cluster.find()?;
        let account = program_name().replace(|char: char| !char.is_ascii_alphanumeric(), "_").to_lowercase();
        let is_sandboxed = arguments.sandbox;
        let connect: Connect = match is_sandboxed {
            true => {
                backend.set_account(&account, true).await?;
                Arc::new(|name, store, _| Box::pin(async move { local::bot_named_with(&name, store).await }))
            }
            false => {
                // awaitlint: allow(blocking-in-async) a small file, once, before anything else runs
                let variables = Variables::load();
                let builder = move || arguments.builder(&variables);
                builder()?;
                Arc::new(move |_, store, session| {
                    let builder = builder();
                    Box::pin(async move {
                        let builder = builder?;
                        match session {
                            Some(session) => builder.session(session).connect(store).await,
                            None => builder.connect(store).await,
                        }
                    })
                })
            }
        };
        let mut running = self.start(Arc::clone(&backend), Environment::system(), connect)?;
        tokio::select! {
            () = told_to_end() => info!("told to end: waiting for the handlers that run"),
            () = cluster::talk(&backend, &account), if is_sandboxed => {}
            ended = running.ended() => return Ok(ended?),
        }
        Ok(running.stop().await?)
    }

    /// Begins to take accounts.
    ///
    /// # Errors
    /// The handlers need what the router does not have.
    pub(crate) fn start(mut self, backend: Arc<dyn Backend>, environment: Environment, connect: Connect) -> Result<Running, Error> {
        self.app.plan()?;
        let sessions = self.sessions.unwrap_or_else(|| Arc::new(InCluster(Arc::clone(&backend))));
        let machine = environment.random(u64::MAX).map_err(|error| Error::io("random numbers", error))?.next_u64();
        let watch = std::mem::take(&mut self.app.watch);
        let app = Mutex::new(self.app);
        // Made ready above, so that it does not fail.
        let accounts = Accounts::new(move |_| lock(&app).again().unwrap_or_else(|_| App::new(crate::Router::new())));
        let stop = CancellationToken::new();
        let machine = Arc::new(Machine { backend, sessions, connect, number: machine });
        let metrics = Arc::<OnceLock<SocketAddr>>::default();
        let (stopped, served) = (stop.clone(), Arc::clone(&metrics));
        let task = tokio::spawn(async move {
            if let Some(address) = watch.serve_all(&accounts).await? {
                let _ = served.set(address);
            }
            take_accounts(machine, accounts, self.capacity, stopped).await;
            Ok(())
        });
        Ok(Running { stop, task, metrics })
    }
}

impl fmt::Debug for FleetMachine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FleetMachine").field("app", &self.app).field("capacity", &self.capacity).finish_non_exhaustive()
    }
}

impl Running {
    /// Waits for handlers that run, and lets go of all accounts.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.stop.cancel();
        self.ended().await
    }

    /// Resolves when it has ended by itself.
    async fn ended(&mut self) -> Result<(), Error> {
        // It does not panic: what handlers do is caught.
        (&mut self.task).await.unwrap_or(Ok(()))
    }

    /// Where metrics are served, once they are.
    #[cfg(feature = "testing")]
    pub(crate) fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.get().copied()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The sessions lie in the cluster.
struct InCluster(Arc<dyn Backend>);

impl Sessions for InCluster {
    fn open<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Option<Arc<dyn Store>>, Error>> {
        self.0.open(account)
    }
}

/// What all accounts of a machine have in common.
struct Machine {
    backend: Arc<dyn Backend>,
    sessions: Arc<dyn Sessions>,
    connect: Connect,
    number: u64,
}

/// An account that this machine has.
struct Taken {
    /// It was given to another machine meanwhile.
    is_lost: Arc<AtomicBool>,
}

async fn take_accounts(machine: Arc<Machine>, accounts: Accounts, capacity: usize, stop: CancellationToken) {
    let mut taken: HashMap<String, Taken> = HashMap::new();
    let mut resting: HashMap<String, Instant> = HashMap::new();
    let mut leaving = JoinSet::new();
    let mut looks = interval(LOOK);
    let mut from = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => break,
            _ = looks.tick() => {}
        }
        while leaving.try_join_next().is_some() {}
        let mut names = match machine.backend.accounts().await {
            Ok(names) => names,
            Err(error) => {
                warn!(%error, "it is not known which accounts there are; it is tried again");
                continue;
            }
        };
        names.sort();
        resting.retain(|_, since| since.elapsed() < REST);
        for status in accounts.status() {
            let name = status.name.to_string();
            let is_lost = taken.get(&name).is_some_and(|taken| taken.is_lost.load(Ordering::Relaxed));
            let has_ended = matches!(status.standing, Standing::Ended | Standing::LoginLost(_) | Standing::Refused(_));
            if has_ended {
                resting.insert(name.clone(), Instant::now());
            }
            if (is_lost || has_ended || !names.contains(&name)) && taken.remove(&name).is_some() {
                let accounts = accounts.clone();
                leaving.spawn(async move { accounts.remove(&name).await });
            }
        }
        // Another part of them each time, and those first that no machine began with.
        let count = names.len().max(1);
        names.rotate_left((from + machine.number as usize) % count);
        from = (from + TRIED) % count;
        // Some may be on their way out yet.
        let here: HashSet<Arc<str>> = accounts.status().into_iter().map(|status| status.name).collect();
        let is_free = |name: &String| !here.contains(&**name) && !resting.contains_key(name);
        let free: Vec<String> = names.into_iter().filter(is_free).take(TRIED).collect();
        for name in free {
            if taken.len() >= capacity || stop.is_cancelled() {
                break;
            }
            match machine.sessions.open(&name).await {
                Ok(Some(store)) => {
                    info!(account = name, "this machine has the account");
                    let is_lost = Arc::new(AtomicBool::new(false));
                    let account = machine.account(&name, store, &is_lost);
                    if accounts.add(account).is_ok() {
                        taken.insert(name, Taken { is_lost });
                    }
                }
                Ok(None) => {}
                Err(error) => warn!(account = name, %error, "it is not known whether the account is free; it is tried again"),
            }
        }
    }
    accounts.stop().await;
    while leaving.join_next().await.is_some() {}
}

impl Machine {
    /// An account whose store was opened; for each further start it is opened again.
    fn account(self: &Arc<Self>, name: &str, store: Arc<dyn Store>, is_lost: &Arc<AtomicBool>) -> Account {
        let (machine, is_lost, name) = (Arc::clone(self), Arc::clone(is_lost), Arc::<str>::from(name));
        let first = Arc::new(Mutex::new(Some(store)));
        Account::new(Arc::clone(&name), move || {
            let (machine, is_lost, name, first) = (Arc::clone(&machine), Arc::clone(&is_lost), Arc::clone(&name), lock(&first).take());
            async move {
                let store = match first {
                    Some(store) => Some(store),
                    None => machine.sessions.open(&name).await?,
                };
                let Some(store) = store else {
                    is_lost.store(true, Ordering::Relaxed);
                    return Err(Error::Store(quadruplex_store::Error::InUse { path: (*name).into(), owner: None }));
                };
                machine.open(name, store).await
            }
        })
    }

    /// A client of an account that this machine has, which others can call.
    async fn open(&self, name: Arc<str>, store: Arc<dyn Store>) -> Result<Client, Error> {
        let login = match store.load().await?.identity {
            Some(_) => None,
            None => self.login(&name, &store).await?,
        };
        let client = (self.connect)(Arc::clone(&name), store, login).await?;
        client.inner.keep_session();
        let heard = cluster::hear(&self.backend, &name).await?;
        let holder = Holder::new(&client, &self.backend, &name, self.number, Order::default());
        tokio::spawn(async move {
            holder.run(heard, None, Instant::now(), &CancellationToken::new(), Duration::ZERO).await;
        });
        Ok(client)
    }

    /// The login that was added to the cluster, if sessions lie elsewhere.
    async fn login(&self, name: &str, store: &Arc<dyn Store>) -> Result<Option<Session>, Error> {
        if self.backend.accounts().await?.iter().all(|known| known != name) {
            return Ok(None);
        }
        // If sessions lie in the cluster, this is the same store, which is had already.
        let Some(added) = self.backend.open(name).await? else { return Ok(None) };
        let session = Session::from_snapshot(&added.load().await?);
        added.close().await?;
        tracing::debug!(account = name, place = store.place(), found = session.is_some(), "looked for a login in the cluster");
        Ok(session)
    }
}
