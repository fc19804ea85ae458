use std::fmt;
use std::sync::Arc;

use quadruplex_store::OwnUser;

use super::{Chat, Sandbox, User};
use crate::app::Report;
use crate::cluster::{self, Backend, Memory};
use crate::{App, Result, fleet};

/// A bot of a [`Sandbox`] that runs on several machines; see [`App::cluster`].
#[derive(Debug)]
pub struct Cluster {
    telegram: Sandbox,
    id: i64,
    username: String,
    memory: Memory,
}

/// One of the machines. It dies when it is dropped: nobody hears of it any more, and it lets go of nothing.
pub struct Machine {
    memory: Memory,
    running: Option<Running>,
}

enum Running {
    Node(cluster::RunningNode),
    Fleet(fleet::Running),
}

impl Cluster {
    pub(super) fn new(telegram: &Sandbox, id: i64, username: String) -> Self {
        Self { telegram: telegram.clone(), id, username, memory: Memory::new() }
    }

    /// The public name of the bot, without `@`.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Opens the chat of a person with the bot.
    ///
    /// # Errors
    /// The person is of another sandbox.
    ///
    /// # Cancel safety
    /// Nothing has changed if it is dropped.
    pub async fn chat(&self, person: &User) -> Result<Chat> {
        person.open_bot(self.id, &self.username).await
    }

    /// Starts the program on one more machine.
    ///
    /// # Errors
    /// The handlers need what the router does not have.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn machine(&self, app: App) -> Result<Machine> {
        let memory = self.memory.machine();
        self.start(app, memory.clone(), Arc::new(memory), "default".to_owned())
    }

    /// Starts the program on one more machine of a cluster that is somewhere else: a real one. Time is real then, too.
    ///
    /// # Errors
    /// As [`machine`](Self::machine); there is no cluster.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn machine_at(&self, cluster: impl Into<cluster::Cluster>, app: App) -> Result<Machine> {
        let (backend, account) = cluster.into().find()?;
        self.start(app, Memory::new(), backend, account)
    }

    fn start(&self, app: App, memory: Memory, backend: Arc<dyn Backend>, account: String) -> Result<Machine> {
        let (telegram, id) = (self.telegram.clone(), self.id);
        let connect: cluster::Connect = Arc::new(move |store| {
            let telegram = telegram.clone();
            Box::pin(async move { telegram.client(OwnUser { id, bot: true }, store).await })
        });
        let facts = Arc::clone(&self.telegram.shared.facts);
        let app = app.report(Report::new(move |failure| facts.failed(failure)));
        let environment = self.telegram.environment();
        let node = cluster::Node::new(backend, account, environment, connect)?;
        Ok(Machine { memory, running: Some(Running::Node(node.start(app)?)) })
    }
}

impl Machine {
    pub(super) fn of_fleet(memory: Memory, running: fleet::Running) -> Self {
        Self { memory, running: Some(Running::Fleet(running)) }
    }

    /// Whether it has the connection of the account.
    pub fn is_holder(&self) -> bool {
        self.holds("default")
    }

    /// Whether it has this account of a fleet.
    pub fn holds(&self, account: &str) -> bool {
        self.memory.holds(account)
    }

    /// Where [metrics](App::metrics) are served, once they are.
    pub fn metrics_address(&self) -> Option<std::net::SocketAddr> {
        match self.running.as_ref()? {
            Running::Node(running) => running.metrics_address(),
            Running::Fleet(running) => running.metrics_address(),
        }
    }

    /// Cuts it off from the others, as a network does that breaks between them. It goes on, and does not know yet.
    pub fn cut(&self) {
        self.memory.cut();
    }

    /// Ends it as SIGTERM does: it waits for the handlers that run, and hands over.
    ///
    /// # Errors
    /// The program has ended with one.
    ///
    /// # Cancel safety
    /// If it is dropped, the machine dies.
    pub async fn stop(mut self) -> Result {
        match self.running.take() {
            Some(Running::Node(running)) => Ok(running.stop().await?),
            Some(Running::Fleet(running)) => Ok(running.stop().await?),
            None => Ok(()),
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if self.running.is_some() {
            self.memory.cut();
        }
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Machine").field("is_holder", &self.is_holder()).finish_non_exhaustive()
    }
}
