use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use quadruplex_api::PeerRef;
use tokio::sync::{Notify, OwnedSemaphorePermit, oneshot};

use super::ConversationEnded;
use crate::Delivery;
use crate::client::lock;
use crate::router::{Kind, Typed, Update};

/// The chat, and who was asked there.
pub(super) type With = (PeerRef, PeerRef);

/// What comes to somebody who waits.
pub(super) enum Given {
    Answer(Update, Delivery, OwnedSemaphorePermit),
    Ended(ConversationEnded),
}

/// Handlers that wait for an answer.
#[derive(Default)]
pub(crate) struct Waiting {
    table: Mutex<Table>,
    more: Notify,
}

#[derive(Default)]
struct Table {
    next: u64,
    count: usize,
    /// Who has asked first is answered first.
    by_peer: HashMap<With, VecDeque<(u64, oneshot::Sender<Given>)>>,
}

/// A place in the table, until it is dropped.
pub(super) struct Turn<'a> {
    pub(super) given: oneshot::Receiver<Given>,
    waiting: &'a Waiting,
    with: With,
    number: u64,
}

impl Waiting {
    pub(super) fn wait(&self, with: With) -> Turn<'_> {
        let (sender, given) = oneshot::channel();
        let mut table = lock(&self.table);
        let number = table.next;
        table.next += 1;
        table.count += 1;
        table.by_peer.entry(with.clone()).or_default().push_back((number, sender));
        drop(table);
        self.more.notify_one();
        Turn { given, waiting: self, with, number }
    }

    /// Gives an update to the handler that waits for it. Returns what is not an answer, to be handled as ever.
    pub(crate) fn offer(
        &self,
        update: &Update,
        delivery: Delivery,
        slot: OwnedSemaphorePermit,
    ) -> Option<(Delivery, OwnedSemaphorePermit)> {
        let (Kind::Message, Some(message), Some(chat), Some(sender)) = (update.kind(), update.message(), update.chat(), update.sender())
        else {
            return Some((delivery, slot));
        };
        let with = (chat, sender);
        match Typed::of(message.text()).filter(Typed::is_well_named) {
            // What is said to another bot is neither an answer nor an end.
            Some(command) if !command.is_for(update.account()) => Some((delivery, slot)),
            Some(command) if command.name.eq_ignore_ascii_case("cancel") => match self.take(&with) {
                Some(waiter) => {
                    // Gone meanwhile: then there is nothing to cancel either.
                    let _ = waiter.send(Given::Ended(ConversationEnded::Cancelled));
                    delivery.done();
                    None
                }
                None => Some((delivery, slot)),
            },
            Some(_) => {
                while let Some(waiter) = self.take(&with) {
                    let _ = waiter.send(Given::Ended(ConversationEnded::Command));
                }
                Some((delivery, slot))
            }
            None => {
                let mut given = (delivery, slot);
                while let Some(waiter) = self.take(&with) {
                    match waiter.send(Given::Answer(update.clone(), given.0, given.1)) {
                        Ok(()) => return None,
                        Err(Given::Answer(_, delivery, slot)) => given = (delivery, slot),
                        Err(Given::Ended(_)) => return None,
                    }
                }
                Some(given)
            }
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        lock(&self.table).count
    }

    /// Resolves when one more waits.
    pub(crate) async fn more(&self) {
        self.more.notified().await;
    }

    fn take(&self, with: &With) -> Option<oneshot::Sender<Given>> {
        let mut table = lock(&self.table);
        let waiters = table.by_peer.get_mut(with)?;
        waiters.pop_front().map(|(_, waiter)| waiter)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.given.close();
        if let Ok(Given::Answer(update, mut delivery, _)) = self.given.try_recv() {
            // It came when nobody waited for it any more.
            update.give_back(std::slice::from_mut(&mut delivery));
            delivery.put_back();
        }
        let mut table = lock(&self.waiting.table);
        table.count -= 1;
        if let Some(waiters) = table.by_peer.get_mut(&self.with) {
            waiters.retain(|(number, _)| *number != self.number);
            if waiters.is_empty() {
                table.by_peer.remove(&self.with);
            }
        }
    }
}
