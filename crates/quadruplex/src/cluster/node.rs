//! One process of an account that runs on many machines: a guest of whoever holds the account, and the holder if nobody else is.

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};

use quadruplex_net::{BoxFuture, Environment};
use quadruplex_store::Store;
use rand_chacha::rand_core::Rng;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tracing::info;

use super::{Backend, Cluster, guest, holding};
use crate::app::{Arguments, Variables, local, told_to_end};
use crate::{App, Client, Error};

/// Makes the client of the account from its store, and signs in if need be.
pub(crate) type Connect = Arc<dyn Fn(Arc<dyn Store>) -> BoxFuture<'static, Result<Client, Error>> + Send + Sync>;

/// What a process needs to take part.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) backend: Arc<dyn Backend>,
    pub(crate) account: String,
    pub(crate) environment: Environment,
    pub(crate) connect: Connect,
    machine: u64,
}

/// A process that takes part.
pub(crate) struct Running {
    stop: CancellationToken,
    task: JoinHandle<Result<(), Error>>,
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "tests ask for it"))]
    metrics: Arc<OnceLock<SocketAddr>>,
}

impl Node {
    pub(crate) fn new(backend: Arc<dyn Backend>, account: String, environment: Environment, connect: Connect) -> Result<Self, Error> {
        let machine = environment.random(u64::MAX).map_err(|error| Error::io("random numbers", error))?.next_u64();
        Ok(Self { backend, account, environment, connect, machine })
    }

    pub(super) fn machine(&self) -> u64 {
        self.machine
    }

    /// Begins to take part.
    ///
    /// # Errors
    /// The handlers need what the router does not have.
    pub(crate) fn start(self, mut app: App) -> Result<Running, Error> {
        app.plan()?;
        let stop = CancellationToken::new();
        let metrics = Arc::default();
        let task = tokio::spawn(take_part(self, app, stop.clone(), Arc::clone(&metrics)));
        Ok(Running { stop, task, metrics })
    }
}

impl Running {
    /// Waits for handlers that run, and hands over.
    pub(crate) async fn stop(mut self) -> Result<(), Error> {
        self.stop.cancel();
        self.ended().await
    }

    /// Where metrics are served, once they are.
    #[cfg(feature = "testing")]
    pub(crate) fn metrics_address(&self) -> Option<SocketAddr> {
        self.metrics.get().copied()
    }

    /// Resolves when it has ended by itself.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub(crate) async fn ended(&mut self) -> Result<(), Error> {
        // It does not panic: what handlers do is caught.
        (&mut self.task).await.unwrap_or(Ok(()))
    }
}

/// A process that is killed, for tests.
impl Drop for Running {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn take_part(node: Node, mut app: App, stop: CancellationToken, metrics: Arc<OnceLock<SocketAddr>>) -> Result<(), Error> {
    let watching = app.watch.keep(node.account.as_str().into()).await?;
    if let Some(address) = watching.address() {
        let _ = metrics.set(address);
    }
    let (order, drain) = (app.order_of_updates(), app.drain());
    let handled = CancellationToken::new();
    let holding = async {
        let held = holding::run(&node, order, drain, &handled).await;
        stop.cancel();
        held
    };
    let handling = async {
        let ended = guest::run(&node, &mut app, &stop).await;
        // What the holder hands out is handled here as long as it is.
        handled.cancel();
        ended
    };
    tokio::select! {
        (held, ended) = async { tokio::join!(holding, handling) } => held.and(ended),
        () = watching.serve() => Ok(()),
    }
}

/// The whole of a program, as [`App::run`] is without a cluster.
pub(crate) async fn run(app: App, cluster: &Cluster) -> Result<(), Error> {
    let arguments = Arguments::read(std::env::args().skip(1))?;
    let is_sandboxed = arguments.sandbox;
    let (backend, account) = cluster.find()?;
    let connect: Connect = match is_sandboxed {
        true => Arc::new(|store| Box::pin(local::bot_with(store))),
        false => {
            // awaitlint: allow(blocking-in-async) a small file, once, before anything else runs
            let variables = Arc::new(Variables::load());
            Arc::new(move |store| {
                let (arguments, variables) = (arguments.clone(), Arc::clone(&variables));
                Box::pin(async move { arguments.connect_with(store, &variables).await })
            })
        }
    };
    let mut running = Node::new(Arc::clone(&backend), account.clone(), Environment::system(), connect)?.start(app)?;
    tokio::select! {
        () = told_to_end() => info!("told to end: waiting for the handlers that run"),
        () = talk(&backend, &account), if is_sandboxed => {}
        ended = running.ended() => return ended,
    }
    running.stop().await
}

/// A chat with the bot of this program, once it is held.
pub(crate) async fn talk(backend: &Arc<dyn Backend>, account: &str) {
    if let Ok(random) = Environment::system().random(u64::MAX)
        && let client = super::caller(backend, account, random)
        && client.inner.found_own_user().await.is_ok()
        && let Ok(Some(local)) = local::somebody_for_bot().await
    {
        return local.talk(async || client.inner.is_at_rest(0).await).await;
    }
    std::future::pending().await
}
