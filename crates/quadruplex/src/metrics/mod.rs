//! `/metrics` and `/health`: how the accounts of a program do, for Prometheus, for orchestrators and for people.

mod gauges;
mod health;
mod page;
mod server;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use awaitkit::{join_all, limit};
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tracing::info;

use crate::app::Report;
use crate::client::lock;
use crate::conversation::Waiting;
use crate::{Client, Error};
use gauges::Gauges;
pub(crate) use health::Trouble;

/// The accounts that are watched. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Monitor(Arc<Mutex<Vec<Watched>>>);

/// An account that handles updates.
#[derive(Clone)]
pub(crate) struct Watched {
    pub(crate) name: Arc<str>,
    pub(crate) client: Client,
    pub(crate) report: Report,
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) at_once: usize,
    pub(crate) waiting: Arc<Waiting>,
}

impl Monitor {
    /// Watches an account; one of this name that was watched before is not any more.
    pub(crate) fn watch(&self, watched: Watched) {
        let mut all = lock(&self.0);
        all.retain(|other| other.name != watched.name);
        all.push(watched);
    }

    pub(crate) fn watches(&self, name: &str) -> bool {
        lock(&self.0).iter().any(|watched| *watched.name == *name)
    }

    /// It does not run any more.
    pub(crate) fn forget(&self, name: &str) {
        lock(&self.0).retain(|watched| *watched.name != *name);
    }

    /// Takes the port.
    ///
    /// # Errors
    /// It is taken, or is not this machine's.
    pub(crate) async fn listen(address: &str) -> Result<TcpListener, Error> {
        TcpListener::bind(address).await.map_err(|error| Error::io(format!("/metrics cannot be served on {address}"), error))
    }

    /// Answers requests for as long as it is polled. `others` tells what is wrong with accounts that are not watched because they do not run.
    pub(crate) async fn serve(self, listener: TcpListener, others: impl Fn() -> Vec<Trouble> + Send + Sync + 'static) {
        if let Ok(address) = listener.local_addr() {
            tell(address);
        }
        server::serve(listener, self, Arc::new(others)).await;
    }

    async fn gauges(&self) -> Vec<Gauges> {
        let all = lock(&self.0).clone();
        join_all(all.iter().map(Gauges::of), limit!(STORES_AT_ONCE)).await
    }
}

fn tell(address: SocketAddr) {
    info!(%address, "serving /metrics and /health");
}

/// Accounts whose stores are asked at the same time for one page of numbers.
const STORES_AT_ONCE: usize = 16;
