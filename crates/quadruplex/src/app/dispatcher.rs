//! From the stream of updates to the handlers.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::{error, info, warn};

use super::{Backlog, Report};
use crate::conversation::{Context, Waiting};
use crate::router::{Account, CallbackQuery, Plan, Update, album_of};
use crate::updates::Along;
use crate::{Client, Delivery, Event, UpdateStream};

/// An album is complete when nothing has come in its chat for so long, looked at so often.
const ALBUM: Duration = Duration::from_millis(500);
const ALBUM_LOOKS: u32 = 10;
/// Telegram takes no more messages in one.
const ALBUM_LEN: usize = 10;

/// Hands updates to handlers, so many at once.
pub(super) struct Dispatcher {
    shared: Arc<Shared>,
    drain_within: Duration,
}

/// What all handlers have in common.
pub(super) struct Shared {
    pub(super) client: Client,
    pub(super) account: Arc<Account>,
    pub(super) plan: Arc<Plan>,
    pub(super) report: Report,
    pub(super) backlog: Backlog,
    /// So often an update is tried.
    pub(super) attempts: u32,
    /// When the program was started.
    pub(super) start: SystemTime,
    pub(super) slots: Arc<Semaphore>,
    pub(super) waiting: Arc<Waiting>,
}

impl Dispatcher {
    pub(super) fn new(shared: Shared, drain_within: Duration) -> Self {
        Self { shared: Arc::new(shared), drain_within }
    }

    /// Until it is told to stop, or the client is closed.
    pub(super) async fn run(self, mut updates: UpdateStream, mut stop: watch::Receiver<bool>) {
        let mut tasks = JoinSet::new();
        loop {
            while tasks.try_join_next().is_some() {}
            let next = async {
                let delivery = updates.next().await?;
                // Never closed. Taken last: while nothing comes, scheduled handlers may have it.
                let slot = Arc::clone(&self.shared.slots).acquire_owned().await.ok()?;
                Some((delivery, slot))
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
    async fn handle(self: Arc<Self>, delivery: Delivery, slot: OwnedSemaphorePermit) {
        let album = album_of(&delivery.event).filter(|_| self.plan.wants_albums());
        let mut deliveries = match album {
            Some(album) => whole_album(album, delivery).await,
            None => vec![delivery],
        };
        let Some(update) = self.take(&mut deliveries, album.is_some()) else {
            return deliveries.into_iter().for_each(Delivery::done);
        };
        if !self.backlog.wants(&update, self.start) {
            return deliveries.into_iter().for_each(Delivery::done);
        }
        let Some((first, slot)) = self.waiting.offer(&update, deliveries.remove(0), slot) else { return };
        deliveries.insert(0, first);
        let context = Context::new(&update, deliveries[0].lender(deliveries.len()), slot, &self.slots, &self.waiting);
        let ended = context.scope(self.report.scope(self.plan.run(&update))).await;
        let last = context.end();
        match ended {
            Ok(()) => {
                CallbackQuery::answer_once(&update);
                for (at, delivery) in deliveries.into_iter().enumerate() {
                    delivery.done_with(|commit| {
                        if at == 0 {
                            last.forget(commit)
                        }
                    });
                }
                last.done();
            }
            // The fault is not the handler's: the update comes again at the next start.
            Err(failed) if self.client.inner.is_ended() => {
                info!(update = update.name(), number = update.number(), %failed, "not handled before the client was closed");
                drop(last.keep(self.client.inner.wall_clock()));
            }
            Err(failed) => {
                error!(update = update.name(), number = update.number(), attempt = update.attempts() + 1, %failed, "not handled");
                self.report.failed(&failed);
                if update.attempts() + 1 >= self.attempts {
                    CallbackQuery::answer_once(&update);
                }
                update.give_back(&mut deliveries);
                // The last first, so that they come again in their order.
                let lane = last.keep(self.client.inner.wall_clock());
                deliveries.into_iter().rev().for_each(|delivery| delivery.failed(&failed));
                drop(lane);
            }
        }
    }
}

impl Shared {
    /// The update that was delivered; none: what it was for is not there any more.
    fn take(&self, deliveries: &mut [Delivery], is_album: bool) -> Option<Update> {
        let Self { client, account, plan, .. } = self;
        let first = deliveries.first()?;
        let Event::Scheduled { handler, at } = &first.event else {
            return Update::take(client, account, plan.states(), deliveries, is_album);
        };
        match plan.jobs().iter().find(|job| job.name() == handler) {
            Some(job) => Some(Update::tick(client, account, plan.states(), job.tick(*at, first.attempts), first.number)),
            None => {
                warn!(number = first.number, handler, "a scheduled handler is not there any more, and will not be tried again");
                None
            }
        }
    }
}

/// The first message of an album and those that follow in its chat.
async fn whole_album(album: i64, first: Delivery) -> Vec<Delivery> {
    let mut parts = vec![first];
    let mut looks = 0;
    while parts.len() < ALBUM_LEN && looks < ALBUM_LOOKS {
        match parts[0].along(|event| album_of(event) == Some(album)) {
            Along::Taken(part) => {
                parts.push(part);
                looks = 0;
            }
            Along::Other => break,
            Along::Nothing => {
                looks += 1;
                sleep(ALBUM / ALBUM_LOOKS).await;
            }
        }
    }
    parts
}
