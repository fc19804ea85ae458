//! Programs that handle updates: from the first connection to the last handler.

mod arguments;
mod backlog;
mod dispatcher;
mod lanes;
pub(crate) mod local;
mod menu;
mod report;
mod running;
mod sign_in;
mod signals;
mod start;
mod variables;
mod watch;

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_api::PeerRef;
use tracing::info;

use crate::cluster::Cluster;
use crate::reports::start_log;
use crate::router::Plan;
use crate::updates::UpdateLimits;
use crate::{Client, Error, Order, Router};
pub(crate) use arguments::{Arguments, program_name};
pub use backlog::Backlog;
use dispatcher::{Dispatcher, Shared};
pub use menu::Menu;
#[cfg(feature = "metrics")]
pub(crate) use report::Handled;
pub(crate) use report::Report;
pub use running::Running;
pub(crate) use signals::told_to_end;
pub use variables::Variables;
use watch::Watch;

/// Handles the updates of an account with a router: the whole of a program.
///
/// It reads the environment (and `.env`) and the command line, signs in, catches up with what was missed, handles updates in order in
/// each chat and chats side by side, and on SIGTERM or Ctrl-C waits for the handlers that run.
///
/// | environment | command line | |
/// |---|---|---|
/// | `API_ID`, `API_HASH` | | the application, from <https://my.telegram.org/apps> |
/// | `BOT_TOKEN` | `--token` | the bot; without one, the program asks on the terminal for a phone number |
/// | `SESSION` | `--session` | the file of the session; the program's name with `.redb` unless told |
/// | | `--phone` | the number of the account |
/// | | `--wait` | how long to wait for a session that another process has |
/// | | `--test-servers` | Telegram's test servers |
/// | | `--sandbox` | no Telegram at all: the [sandbox](crate::sandbox) that runs on this machine, else one in this process, and a chat with the account on the terminal |
///
/// ```no_run
/// use quadruplex::prelude::*;
///
/// #[tokio::main]
/// async fn main() -> Result {
///     quadruplex::run(Router::new().on_message(async |msg: Text| msg.text().to_owned())).await
/// }
/// ```
///
/// # Errors
/// Those of [`App::run`].
///
/// # Cancel safety
/// As [`App::run`].
pub async fn run(router: Router) -> crate::Result {
    App::new(router).run().await
}

/// A program that handles the updates of an account, and how it does so.
///
/// ```no_run
/// use quadruplex::prelude::*;
///
/// # async fn start(client: Client, router: Router) -> Result {
/// App::new(router).client(client).at_once(64).drain_within(10 * SECOND).run().await
/// # }
/// ```
#[must_use = "an application does nothing until it is run"]
pub struct App {
    handlers: Handlers,
    client: Option<Client>,
    admins: Vec<PeerRef>,
    backlog: Backlog,
    limits: UpdateLimits,
    drain_within: Duration,
    report: Report,
    pub(crate) watch: Watch,
    menus: Vec<Menu>,
    pub(crate) cluster: Option<Cluster>,
}

/// What is handled by whom: given, or made ready for this and other accounts.
enum Handlers {
    Given(Box<Router>),
    Ready(Arc<Plan>),
}

impl App {
    /// An application with these handlers.
    pub fn new(router: Router) -> Self {
        Self::with(Handlers::Given(Box::new(router)))
    }

    fn with(handlers: Handlers) -> Self {
        Self {
            handlers,
            client: None,
            admins: Vec::new(),
            backlog: Backlog::default(),
            limits: UpdateLimits::default(),
            drain_within: Duration::from_secs(10),
            report: Report::default(),
            watch: Watch::default(),
            menus: Vec::new(),
            cluster: None,
        }
    }

    /// Makes the handlers ready; once.
    ///
    /// # Errors
    /// A handler takes a state that the router was not given, or has a schedule that is none.
    pub(crate) fn plan(&mut self) -> Result<Arc<Plan>, Error> {
        let plan = match std::mem::replace(&mut self.handlers, Handlers::Given(Box::default())) {
            Handlers::Ready(plan) => plan,
            Handlers::Given(router) => Arc::new(Plan::new(*router)?),
        };
        self.handlers = Handlers::Ready(Arc::clone(&plan));
        Ok(plan)
    }

    /// The same application once more, to be started with another client.
    pub(crate) fn again(&mut self) -> Result<Self, Error> {
        let handlers = Handlers::Ready(self.plan()?);
        let Self { admins, backlog, limits, drain_within, report, watch, menus, .. } = self;
        let (admins, report, watch, menus) = (admins.clone(), report.clone(), watch.again(), menus.clone());
        Ok(Self { admins, backlog: *backlog, limits: *limits, drain_within: *drain_within, report, watch, menus, ..Self::with(handlers) })
    }

    /// Takes a client that is there, signed in, instead of making one.
    pub fn client(self, client: Client) -> Self {
        Self { client: Some(client), ..self }
    }

    /// Who may tell the program what to do: what [`FromAdmin`](crate::router::FromAdmin) lets through. Names are looked up at the start.
    ///
    /// They are also told of errors that nobody waits for: of handlers, scheduled handlers, [detached](crate::Call::detach) calls and tasks.
    /// Each kind is told once an hour with how often it came, at most one report a minute, with the end of the log as a document. Without
    /// admins errors are in the log only. A bot can write only to people who have written to it.
    pub fn admins(self, users: impl IntoIterator<Item = impl Into<PeerRef>>) -> Self {
        Self { admins: users.into_iter().map(Into::into).collect(), ..self }
    }

    /// What becomes of messages that came while the program was off; all are handled unless told otherwise.
    pub fn backlog(self, backlog: Backlog) -> Self {
        Self { backlog, ..self }
    }

    /// How long handlers that run may go on when the program is to end; 10 s unless told otherwise. What they have not finished comes
    /// again at the next start.
    pub fn drain_within(self, time: Duration) -> Self {
        Self { drain_within: time, ..self }
    }

    /// What a bot shows to some people, or in a language, instead of the commands of its router. Each menu is set when the application
    /// starts, if Telegram shows something else.
    ///
    /// ```no_run
    /// use quadruplex::prelude::*;
    ///
    /// # async fn start(router: Router) -> Result {
    /// let german = Menu::everybody().language("de").command("roll", "Würfeln");
    /// App::new(router).menu(german).menu(Menu::group_admins().command("ban", "Somebody who has to go")).run().await
    /// # }
    /// ```
    pub fn menu(mut self, menu: Menu) -> Self {
        self.menus.push(menu);
        self
    }

    /// Serves `/metrics` (for Prometheus), `/health/ready` (also as `/health`) and `/health/live` on this address, as long as the
    /// application runs. Nobody is asked for a password: an address that others reach is for a network that is trusted.
    ///
    /// `/health` answers 200, or 503 and why: the login has ended, the main connection does not stand, handlers do not keep up, nothing can
    /// be stored; and how long ago the last update came, how many wait, how many are dead letters, how long which calls have to wait. In a
    /// [cluster](Self::cluster) each process tells of what it does itself, and 503 as long as it knows nobody who holds the account.
    /// `/health/live` answers 200 as long as the runtime runs tasks: there is nothing else that a new start would make better.
    ///
    /// ```no_run
    /// use quadruplex::prelude::*;
    ///
    /// # async fn start(router: Router) -> Result {
    /// App::new(router).metrics("127.0.0.1:9100").run().await
    /// # }
    /// ```
    #[cfg(feature = "metrics")]
    pub fn metrics(mut self, address: impl Into<String>) -> Self {
        self.watch.address = Some(address.into());
        self
    }

    /// Is watched together with others, under this name.
    #[cfg(feature = "metrics")]
    pub(crate) fn among(mut self, monitor: &crate::metrics::Monitor, name: &Arc<str>) -> Self {
        self.watch.among = Some((monitor.clone(), Arc::clone(name)));
        self
    }

    /// Tells what handlers have failed with.
    #[cfg(feature = "testing")]
    pub(crate) fn report(self, report: Report) -> Self {
        Self { report, ..self }
    }

    /// Which updates are handled one after another.
    pub(crate) fn order_of_updates(&self) -> Order {
        self.limits.order
    }

    /// How long handlers may go on when it is to end.
    pub(crate) fn drain(&self) -> Duration {
        self.drain_within
    }

    /// Handles updates until the process is told to end (SIGTERM, Ctrl-C), or the client is closed; then waits for the handlers that
    /// run, and closes the client. A second signal ends the process at once. If the program has no subscriber of `tracing`, warnings go to
    /// standard error, or what `RUST_LOG` asks for. Without a [`client`](Self::client) it makes one, see [`run`](crate::run).
    ///
    /// # Errors
    /// Those of [`Client::from_args`] and of [`start`](Self::start); why the client was closed, if it was not by this program. Their
    /// `Debug` form, which is what Rust prints of an error that `main` returns, is the text for people.
    ///
    /// # Cancel safety
    /// Not cancel safe: handlers that run are aborted when it is dropped; what they had comes again at the next start.
    pub async fn run(self) -> crate::Result {
        Ok(self.serve().await?)
    }

    async fn serve(mut self) -> Result<(), Error> {
        let cluster = self.cluster.take();
        if cluster.is_some() && self.client.is_some() {
            let text = "an application of a cluster was given a client, but makes one itself where the account is held\n  \
                        help: leave out .client(…), or .cluster(…)";
            return Err(Error::Invalid(text.to_owned()));
        }
        start_log();
        if let Some(cluster) = cluster {
            return crate::cluster::run(self, &cluster).await;
        }
        if self.client.is_none() {
            let arguments = Arguments::read(std::env::args().skip(1))?;
            // awaitlint: allow(blocking-in-async) a small file, once, before anything else runs
            self.client = Some(match arguments.sandbox {
                true => local::bot().await?,
                false => arguments.connect(&Variables::load()).await?,
            });
        }
        let mut running = self.start().await?;
        let local = local::somebody_for(running.client()).await?;
        let rest = running.rest();
        let talk = async {
            match local {
                Some(local) => local.talk(rest).await,
                None => pending().await,
            }
        };
        tokio::select! {
            () = told_to_end() => info!("told to end: waiting for the handlers that run"),
            () = talk => {}
            ended = running.ended() => return ended,
        }
        let client = running.client().clone();
        running.stop().await;
        client.close().await;
        Ok(())
    }
}

impl fmt::Debug for App {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client, admins, backlog, limits, drain_within, .. } = self;
        f.debug_struct("App")
            .field("client", client)
            .field("admins", admins)
            .field("backlog", backlog)
            .field("limits", limits)
            .field("drain_within", drain_within)
            .finish_non_exhaustive()
    }
}
