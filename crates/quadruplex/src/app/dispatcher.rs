//! From the stream of updates to the handlers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, warn};

use super::Report;
use crate::router::{Account, CallbackQuery, Plan, Update};
use crate::{Client, Delivery, UpdateStream};

/// Hands updates to handlers, so many at once.
pub(super) struct Dispatcher {
    shared: Arc<Shared>,
    slots: Arc<Semaphore>,
    drain_within: Duration,
}

struct Shared {
    client: Client,
    account: Arc<Account>,
    plan: Plan,
    report: Report,
}

impl Dispatcher {
    pub(super) fn new(client: Client, account: Arc<Account>, plan: Plan, at_once: usize, drain_within: Duration, report: Report) -> Self {
        let shared = Arc::new(Shared { client, account, plan, report });
        Self { shared, slots: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))), drain_within }
    }

    /// Until it is told to stop, or the client is closed.
    pub(super) async fn run(self, mut updates: UpdateStream, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            let next = async {
                // Never closed.
                let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
                Some((updates.next().await?, slot))
            };
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break, // or its sender is gone
                next = next => match next {
                    Some((delivery, slot)) => drop(tasks.spawn(Arc::clone(&self.shared).handle(delivery, slot))),
                    None => break,
                },
            }
        }
        let drained = timeout(self.drain_within, async { while tasks.join_next().await.is_some() {} }).await;
        if drained.is_err() {
            warn!(unfinished = tasks.len(), "handlers did not end in time; what they had comes again at the next start");
        }
        tasks.shutdown().await;
    }
}

impl Shared {
    async fn handle(self: Arc<Self>, mut delivery: Delivery, _slot: OwnedSemaphorePermit) {
        let update = Update::take(&self.client, &self.account, self.plan.states(), &mut delivery);
        let ended = self.plan.run(&update).await;
        self.answer(&update);
        match ended {
            Ok(()) => delivery.done(),
            Err(failed) => {
                error!(update = update.name(), number = update.number(), attempt = update.attempts() + 1, %failed, "not handled");
                self.report.failed(&failed);
                update.give_back(&mut delivery);
                delivery.failed(failed);
            }
        }
    }

    /// A button goes on turning until its query is answered.
    fn answer(&self, update: &Update) {
        if let Some(query) = CallbackQuery::of(update)
            && update.set_answered()
        {
            query.answer().detach();
        }
    }
}
