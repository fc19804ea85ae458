//! From the stream of updates to the handlers.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tracing::{error, warn};

use super::Report;
use crate::conversation::{Context, Waiting};
use crate::router::{Account, CallbackQuery, Plan, Update};
use crate::{Client, Delivery, UpdateStream};

/// Hands updates to handlers, so many at once.
pub(super) struct Dispatcher {
    shared: Arc<Shared>,
    drain_within: Duration,
}

struct Shared {
    client: Client,
    account: Arc<Account>,
    plan: Plan,
    report: Report,
    slots: Arc<Semaphore>,
    waiting: Arc<Waiting>,
}

impl Dispatcher {
    pub(super) fn new(client: Client, account: Arc<Account>, plan: Plan, at_once: usize, drain_within: Duration, report: Report) -> Self {
        let slots = Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS)));
        let shared = Arc::new(Shared { client, account, plan, report, slots, waiting: Arc::default() });
        Self { shared, drain_within }
    }

    /// Until it is told to stop, or the client is closed.
    pub(super) async fn run(self, mut updates: UpdateStream, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            let next = async {
                // Never closed.
                let slot = Arc::clone(&self.shared.slots).acquire_owned().await.ok()?;
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
        let waiting = &self.shared.waiting;
        let drained = timeout(self.drain_within, async {
            // Those who wait for an answer go on at the next start.
            while tasks.len() > waiting.len() {
                tokio::select! {
                    _ = tasks.join_next() => {}
                    () = waiting.more() => {}
                }
            }
        });
        if drained.await.is_err() {
            warn!(
                unfinished = tasks.len() - waiting.len().min(tasks.len()),
                "handlers did not end in time; what they had comes again at the next start"
            );
        }
        tasks.shutdown().await;
    }
}

impl Shared {
    async fn handle(self: Arc<Self>, mut delivery: Delivery, slot: OwnedSemaphorePermit) {
        let update = Update::take(&self.client, &self.account, self.plan.states(), &mut delivery);
        let Some((mut delivery, slot)) = self.waiting.offer(&update, delivery, slot) else { return };
        let context = Context::new(&update, delivery.lender(), slot, &self.slots, &self.waiting);
        let ended = context.scope(self.plan.run(&update)).await;
        self.answer(&update);
        let last = context.end();
        match ended {
            Ok(()) => delivery.done_with(|commit| last.forget(commit)),
            Err(failed) => {
                error!(update = update.name(), number = update.number(), attempt = update.attempts() + 1, %failed, "not handled");
                self.report.failed(&failed);
                update.give_back(&mut delivery);
                delivery.failed(failed);
            }
        }
        last.done();
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
