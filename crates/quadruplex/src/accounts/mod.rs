//! Many accounts in one program, none of which disturbs another.

mod account;
mod table;
mod work;

use std::fmt;
use std::future::pending;
use std::sync::Arc;
#[cfg(feature = "metrics")]
use std::sync::Mutex;
use std::time::Duration;

use awaitkit::{Backoff, ErrorSink, Supervisor, TaskError, Unhandled};
use futures_util::FutureExt;
#[cfg(feature = "metrics")]
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, info};

use crate::app::{local, told_to_end};
#[cfg(feature = "metrics")]
use crate::client::lock;
#[cfg(feature = "metrics")]
use crate::metrics::Monitor;
use crate::reports::start_log;
use crate::{App, Client, Error};
pub use account::Account;
use table::Table;
pub use table::{AccountStatus, Standing};

/// More than an application takes to drain, for what comes after that: closing connections, writing what has to be kept.
const CLOSING: Duration = Duration::from_secs(5);
/// So often it is looked whether all accounts have started.
const LOOK: Duration = Duration::from_millis(100);

/// Handles the updates of many accounts: the whole of a program, as [`run`](crate::run) is for one.
///
/// `app` is asked for each start of an account, with its name: the handlers are made anew each time.
///
/// ```no_run
/// use quadruplex::prelude::*;
///
/// fn app(_name: &str) -> App {
///     App::new(Router::new().on_message(async |msg: Text| msg.text().to_owned())).at_once(64)
/// }
///
/// #[tokio::main]
/// async fn main() -> Result {
///     quadruplex::start_and_loop(app, [Account::stored("shop.redb"), Account::stored("news.redb")]).await
/// }
/// ```
///
/// # Errors
/// Two accounts have one name; those of [`Accounts::run`].
///
/// # Cancel safety
/// As [`Accounts::run`].
#[doc(alias = "startAndLoop")]
#[doc(alias = "startAndLoopMulti")]
pub async fn start_and_loop(
    app: impl Fn(&str) -> App + Send + Sync + 'static,
    accounts: impl IntoIterator<Item = Account>,
) -> crate::Result {
    start_log();
    let running = Accounts::new(app);
    for account in accounts {
        running.add(account)?;
    }
    running.run().await
}

/// Accounts that run in this program, each with its client, its handlers and its connections. Cheap to clone.
///
/// An account that fails is started again after 1 s, then 2 s and so on up to 5 minutes, and disturbs no other. One whose login Telegram has ended, or
/// that cannot work as it is set up, ends with a line in the log; [`status`](Self::status) keeps the reason.
///
/// Dropping the last clone ends all accounts in the middle of what they do; [`stop`](Self::stop) does not.
///
/// ```no_run
/// use quadruplex::prelude::*;
///
/// # async fn example(router: fn() -> Router) -> Result {
/// let accounts = Accounts::new(move |_| App::new(router()));
/// accounts.add(Account::stored("shop.redb"))?;
/// if let Some(shop) = accounts.client("shop") {
///     shop.send("@lena", "Order 7 is on its way").await?;
/// }
/// accounts.add(Account::stored("news.redb"))?; // at any time
/// accounts.remove("shop").await; // its handlers finish what they have begun
/// accounts.run().await
/// # }
/// ```
#[derive(Clone)]
pub struct Accounts {
    shared: Arc<Shared>,
}

pub(super) struct Shared {
    app: Box<dyn Fn(&str) -> App + Send + Sync>,
    supervisor: Supervisor,
    table: Arc<Table>,
    #[cfg(feature = "metrics")]
    monitor: Monitor,
    #[cfg(feature = "metrics")]
    servers: Mutex<JoinSet<()>>,
}

impl Accounts {
    /// No accounts yet. `app` is asked for each start of an account, with its name.
    ///
    /// The [client](App::client) of the application is the account's. Its time to [drain](App::drain_within) holds for each account.
    pub fn new(app: impl Fn(&str) -> App + Send + Sync + 'static) -> Self {
        Self::with_backoff(app, Backoff::new(Duration::from_secs(1), Duration::from_secs(300)))
    }

    /// The same with other waits before an account that has failed is started again.
    pub fn with_backoff(app: impl Fn(&str) -> App + Send + Sync + 'static, backoff: Backoff) -> Self {
        // Never given up: what cannot get better ends by itself.
        let supervisor = Supervisor::new().backoff(backoff).intensity(usize::MAX, Duration::ZERO);
        let shared = Shared {
            app: Box::new(app),
            supervisor,
            table: Arc::default(),
            #[cfg(feature = "metrics")]
            monitor: Monitor::default(),
            #[cfg(feature = "metrics")]
            servers: Mutex::default(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Starts an account, and goes on. An account of this name that has ended is replaced.
    ///
    /// # Errors
    /// One of this name runs.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn add(&self, account: Account) -> Result<(), Error> {
        let name = Arc::clone(account.name());
        let Shared { table, supervisor, .. } = &*self.shared;
        let turn = table.enter(&name).ok_or_else(|| Error::Invalid(format!("an account {name:?} runs already")))?;
        // The supervisor is in what is shared, and shall not keep itself.
        let shared = Arc::downgrade(&self.shared);
        let work = move |stop| work::run(shared.clone(), account.clone(), turn, stop);
        // Errors are told by the work itself, with the name of the account.
        let child = ErrorSink::new(tell_panics).scope(async { supervisor.start(Arc::clone(&name), work) }).now_or_never();
        table.started(&name, turn, child);
        Ok(())
    }

    /// Ends an account: it takes no more updates, its handlers finish what they have begun, its connections are closed. What is stored of it
    /// stays. False if there is none of this name.
    ///
    /// # Cancel safety
    /// If it is dropped, the account has been told to end.
    pub async fn remove(&self, name: &str) -> bool {
        let Some((turn, child)) = self.shared.table.child(name) else { return false };
        if let Some(child) = child {
            child.stop().await;
        }
        self.shared.table.leave(name, turn);
        true
    }

    /// The client of an account that runs.
    pub fn client(&self, name: &str) -> Option<Client> {
        self.shared.table.client(name)
    }

    /// All accounts that were added and not removed, by name.
    pub fn status(&self) -> Vec<AccountStatus> {
        self.shared.table.list()
    }

    /// Serves `/metrics` and `/health` of all accounts, as [`App::metrics`] does for one; gives the address. `/health` is 200 if all accounts
    /// run that were added and have not ended by themselves.
    ///
    /// # Errors
    /// The address is taken, or is not this machine's.
    ///
    /// # Cancel safety
    /// If it is dropped, nothing is served.
    #[cfg(feature = "metrics")]
    pub async fn serve_metrics(&self, address: &str) -> Result<std::net::SocketAddr, Error> {
        let listener = Monitor::listen(address).await?;
        let address = listener.local_addr().map_err(|error| Error::io("the address of /metrics", error))?;
        let table = Arc::clone(&self.shared.table);
        let serving = self.shared.monitor.clone().serve(listener, move || table.troubles());
        lock(&self.shared.servers).spawn(serving);
        Ok(address)
    }

    /// Resolves when an account has changed its [standing](Self::status), or has come or gone. What changed before this was polled is not told.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn changed(&self) {
        self.shared.table.changed().await;
    }

    /// Waits until the process is told to end (SIGTERM, Ctrl-C), then [stops](Self::stop) all accounts. A second signal ends the process at
    /// once. It also returns when no account is left that runs or is started again. With `--sandbox` on the command line the terminal is a chat
    /// with the [bots](Account::stored) of the program.
    ///
    /// # Errors
    /// No account is left, and at least one has not ended by itself: why.
    ///
    /// # Cancel safety
    /// If it is dropped, the accounts go on.
    pub async fn run(&self) -> crate::Result {
        tokio::select! {
            () = told_to_end() => info!("told to end: waiting for the handlers that run"),
            () = self.talk() => {}
            _ = self.shared.supervisor.wait() => {}
        }
        let ends: Vec<_> = self.shared.table.list().into_iter().filter_map(AccountStatus::end).collect();
        self.stop().await;
        match ends.is_empty() {
            true => Ok(()),
            false => Err(format!("no account is left\n  {}", ends.join("\n  ")).into()),
        }
    }

    /// A chat with the bots of this program, if it was started with `--sandbox`.
    async fn talk(&self) {
        let is_starting = |status: AccountStatus| matches!(status.standing, Standing::Starting);
        while self.status().into_iter().any(is_starting) {
            // Or nobody has seen what changed before this.
            let _ = timeout(LOOK, self.changed()).await;
        }
        if let Ok(Some(local)) = local::somebody_for_bots().await {
            let is_at_rest = async || {
                for status in self.status() {
                    if let Some(client) = self.client(&status.name)
                        && !client.inner.is_at_rest(0).await
                    {
                        return false;
                    }
                }
                true
            };
            return local.talk(is_at_rest).await;
        }
        pending().await
    }

    /// Ends all accounts, side by side, as [`remove`](Self::remove) ends one. No more can be added.
    ///
    /// # Cancel safety
    /// If it is dropped, all have been told to end.
    pub async fn stop(&self) {
        let Shared { table, supervisor, .. } = &*self.shared;
        let late = supervisor.shutdown(table.longest_drain() + CLOSING).await;
        if !late.is_empty() {
            error!(accounts = ?late, "these accounts did not end in time");
        }
    }
}

fn tell_panics(unhandled: Unhandled) {
    if unhandled.error.is::<TaskError>() {
        error!(%unhandled, "the start of an account has gone wrong; it is started again");
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.status()).finish()
    }
}
