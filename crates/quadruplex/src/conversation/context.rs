use std::future::Future;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex_api::enums;
use quadruplex_store::{Commit, Value, ValueKey};
use quadruplex_tl::{Deserialize, Serialize};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use super::ConversationEnded;
use super::waiting::{Given, Waiting, With};
use crate::client::lock;
use crate::router::{CallbackQuery, Update};
use crate::updates::Lender;
use crate::{Client, Delivery, Error, Message};

/// Where answers are stored.
const SPACE: &str = "conversation";
/// They are removed when the handler ends; those of a dead letter after thirty days, in seconds.
const STORED: i64 = 30 * 24 * 60 * 60;

tokio::task_local! {
    static CONTEXT: Arc<Context>;
}

/// The handling of one update, as far as it asks.
pub(crate) struct Context {
    update: Update,
    /// With whom it can speak; nobody if the update came from nobody.
    with: Option<With>,
    lender: Lender,
    slots: Arc<Semaphore>,
    waiting: Arc<Waiting>,
    held: Mutex<Held>,
}

/// What is given back when it waits, and when it ends.
#[derive(Default)]
struct Held {
    /// The right to run.
    slot: Option<OwnedSemaphorePermit>,
    /// The last answer, which has the lane, unless somebody else waits for one.
    answer: Option<Answer>,
    /// So many of its questions wait: handlers run side by side, and one may ask several things at once.
    asking: usize,
    /// The answers that are stored.
    stored: Vec<ValueKey>,
}

struct Answer {
    key: ValueKey,
    message: Message,
    delivery: Delivery,
}

impl Context {
    pub(crate) fn new(
        update: &Update,
        lender: Lender,
        slot: OwnedSemaphorePermit,
        slots: &Arc<Semaphore>,
        waiting: &Arc<Waiting>,
    ) -> Arc<Self> {
        Arc::new(Self {
            update: update.clone(),
            with: update.chat().zip(update.sender()),
            lender,
            slots: Arc::clone(slots),
            waiting: Arc::clone(waiting),
            held: Mutex::new(Held { slot: Some(slot), ..Held::default() }),
        })
    }

    /// That of the handler that runs.
    pub(super) fn current() -> Option<Arc<Self>> {
        CONTEXT.try_with(Arc::clone).ok()
    }

    pub(crate) fn scope<F: Future>(self: &Arc<Self>, handlers: F) -> impl Future<Output = F::Output> {
        CONTEXT.scope(Arc::clone(self), handlers)
    }

    /// The answer that an earlier run has got.
    pub(super) async fn stored(&self, question: &[u8]) -> Result<Option<Message>, Error> {
        let key = ValueKey::new(SPACE, question);
        let Some(value) = self.client().inner.writer.value(key.clone()).await? else { return Ok(None) };
        lock(&self.held).stored.push(key);
        // It was when the question was asked.
        self.update.set_answered();
        // What an earlier release has written and this one cannot read is asked for again.
        Ok(enums::Message::from_bytes(&value.bytes).ok().and_then(|raw| Message::new(self.client(), raw)))
    }

    /// Waits for the next message of the one with whom it speaks.
    pub(super) async fn answer(&self, question: &[u8], within: Duration) -> Result<Message, Error> {
        let Some(with) = self.with.clone() else {
            return Err(Error::Invalid("nobody can be asked: the update comes from nobody in particular".to_owned()));
        };
        let mut turn = self.waiting.wait(with);
        let asking = self.let_go();
        let given = timeout(within, &mut turn.given).await;
        drop(turn);
        drop(asking);
        match given {
            Ok(Ok(Given::Answer(update, delivery, slot))) => {
                let message = update.message().cloned();
                let message = message.ok_or_else(|| Error::Invalid("the answer is no message".to_owned()))?;
                self.hold(slot, Answer { key: ValueKey::new(SPACE, question), message: message.clone(), delivery });
                Ok(message)
            }
            Ok(Ok(Given::Ended(why))) => Err(self.ended(why).await),
            Ok(Err(_)) | Err(_) => Err(self.ended(ConversationEnded::Silence).await),
        }
    }

    async fn ended(&self, why: ConversationEnded) -> Error {
        // Never closed.
        let slot = Arc::clone(&self.slots).acquire_owned().await.ok();
        lock(&self.held).slot = slot;
        why.into()
    }

    fn client(&self) -> &Client {
        self.update.client()
    }

    /// An answer has come. It keeps the lane, unless the next that comes there is an answer, too.
    fn hold(&self, slot: OwnedSemaphorePermit, answer: Answer) {
        let kept = {
            let mut held = lock(&self.held);
            held.slot = Some(slot);
            let kept = if held.asking > 0 { Some(answer) } else { held.answer.replace(answer) };
            held.stored.extend(kept.as_ref().map(|answer| answer.key.clone()));
            kept
        };
        drop(kept.map(|answer| answer.keep(self.client().inner.wall_clock())));
    }

    /// Lets others run, and the lane go on, for a question. The answer that had it is done, and stored in the same transaction.
    fn let_go(&self) -> Asking<'_> {
        let (slot, answer) = {
            let mut held = lock(&self.held);
            held.asking += 1;
            let answer = held.answer.take();
            held.stored.extend(answer.as_ref().map(|answer| answer.key.clone()));
            (held.slot.take(), answer)
        };
        let asking = Asking(&self.held);
        match answer {
            Some(answer) => drop(answer.keep(self.client().inner.wall_clock())),
            None => {
                self.lender.lend();
                // Whoever has pressed a button does not see it turn for as long as the conversation lasts.
                CallbackQuery::answer_once(&self.update);
            }
        }
        drop(slot);
        asking
    }

    /// The handlers have ended.
    pub(crate) fn end(&self) -> Last {
        let Held { answer, stored, slot: _, asking: _ } = std::mem::take(&mut *lock(&self.held));
        Last { answer, stored }
    }
}

/// A question that waits for its answer.
struct Asking<'a>(&'a Mutex<Held>);

impl Drop for Asking<'_> {
    fn drop(&mut self) {
        let mut held = lock(self.0);
        held.asking = held.asking.saturating_sub(1);
    }
}

impl Answer {
    /// Stores it in the transaction in which it is done. `now` is the wall time in seconds. What is returned has the lane.
    fn keep(self, now: i64) -> Delivery {
        let Self { key, message, delivery } = self;
        let value = Value { bytes: message.raw().to_bytes(), expires: Some(now.saturating_add(STORED)) };
        delivery.done_in_place(|commit| commit.value(key, value));
        delivery
    }
}

/// What is left when handlers have ended.
pub(crate) struct Last {
    answer: Option<Answer>,
    stored: Vec<ValueKey>,
}

impl Last {
    /// The answers are not needed any more.
    pub(crate) fn forget(&self, commit: &mut Commit) {
        for key in &self.stored {
            commit.remove_value(key.clone());
        }
    }

    /// The last answer is done: its lane goes on.
    pub(crate) fn done(self) {
        if let Some(answer) = self.answer {
            answer.delivery.done();
        }
    }

    /// The last answer is done, and kept for when the handlers run again. `now` is the wall time in seconds. What is returned has its lane,
    /// so that they are the first to have it.
    #[must_use = "the lane goes on when it is dropped"]
    pub(crate) fn keep(self, now: i64) -> Option<Delivery> {
        self.answer.map(|answer| answer.keep(now))
    }
}
