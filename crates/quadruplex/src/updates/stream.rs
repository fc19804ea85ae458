use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quadruplex_api::enums;
use quadruplex_store::{Commit, Lane, Ticket};
use tokio::time::Instant;

use super::core::{Along, Shared};
use super::event::Event;
use super::facts::Facts;
use super::journal::{Identity, Track, Waiting, identity_of};
use super::order::Order;

/// The updates of an account, each until it is [`done`](Delivery::done): one that was not, because the process died or
/// the [`Delivery`] was dropped, comes again at the next start.
///
/// Events of one chat come one after another: the next when the one before is done or dropped. Events of different chats
/// come side by side, up to 256 at once; a program that handles them in tasks of their own handles chats concurrently and
/// each chat in order. The order and the bound can be chosen: [`OpenUpdates`](crate::OpenUpdates).
///
/// It ends when the client is closed, which it does not keep from being dropped.
///
/// ```no_run
/// # async fn listen(mut updates: quadruplex::UpdateStream) {
/// while let Some(delivery) = updates.next().await {
///     println!("{:?}", delivery.event);
///     delivery.done();
/// }
/// # }
/// ```
pub struct UpdateStream {
    shared: Arc<Shared>,
}

impl UpdateStream {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// The next event; `None` when the client is closed. What was not handled by then stays in the journal.
    ///
    /// # Cancel safety
    /// Cancel safe: an event is either returned or still in its place.
    pub async fn next(&mut self) -> Option<Delivery> {
        loop {
            match self.shared.give(now()) {
                Err(super::core::Closed) => return None,
                Ok(Some((track, waiting))) => return Some(Delivery::new(Arc::clone(&self.shared), track, waiting)),
                Ok(None) => self.shared.given.notified().await,
            }
        }
    }
}

/// Updates are not taken any more; the next start goes on from here.
impl Drop for UpdateStream {
    fn drop(&mut self) {
        self.shared.close();
    }
}

impl fmt::Debug for UpdateStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UpdateStream").finish_non_exhaustive()
    }
}

/// An event and what is to become of it. Dropped without a word, it comes again at the next start.
#[must_use = "an event that is not done comes again at the next start"]
pub struct Delivery {
    /// What happened.
    pub event: Event,
    /// Its number in the journal: larger is later, for all chats together.
    pub number: u64,
    /// How often a handler has failed on it.
    pub attempts: u32,
    /// An earlier process had it and did not finish it: what it does may have been done in part.
    pub redelivered: bool,
    place: Place,
}

/// The lane that waits; let go when it is dropped.
struct Place {
    shared: Arc<Shared>,
    /// What it runs in, and what it belongs to.
    track: Track,
    lane: Lane,
    identity: Identity,
    /// The lane was let go; shared with its [`Lender`].
    is_lent: Arc<AtomicBool>,
    is_settled: bool,
}

/// Lets the lane of a delivery go on while its handler waits for what comes there.
pub(crate) struct Lender {
    shared: Arc<Shared>,
    track: Track,
    /// So many deliveries have the lane together.
    together: usize,
    is_lent: Arc<AtomicBool>,
}

impl Lender {
    /// Lets it go, once and for all.
    pub(crate) fn lend(&self) {
        if !self.is_lent.swap(true, Ordering::AcqRel) {
            (0..self.together).for_each(|_| self.shared.let_go(now(), self.track));
        }
    }
}

impl Delivery {
    fn new(shared: Arc<Shared>, track: Track, waiting: Waiting<Event>) -> Self {
        let Waiting { number, lane, attempts, is_redelivered, identity, content } = waiting;
        let place = Place { shared, track, lane, identity, is_lent: Arc::default(), is_settled: false };
        Self { event: content, number, attempts, redelivered: is_redelivered, place }
    }

    /// The update, if it is one.
    pub fn update(&self) -> Option<&enums::Update> {
        match &self.event {
            Event::Update(update) => Some(update),
            Event::Gap(_) | Event::Scheduled { .. } => None,
        }
    }

    /// The next event of its chat, if it belongs to this one: they are handled together, and each has to be done.
    pub(crate) fn along(&self, belongs: impl FnOnce(&Event) -> bool) -> Along<Self> {
        let Place { shared, track, .. } = &self.place;
        match shared.give_along(*track, belongs) {
            Along::Taken(waiting) => {
                let mut taken = Self::new(Arc::clone(shared), *track, waiting);
                taken.place.is_lent = Arc::clone(&self.place.is_lent);
                Along::Taken(taken)
            }
            Along::Other => Along::Other,
            Along::Nothing => Along::Nothing,
        }
    }

    /// The chat that it belongs to.
    pub(crate) fn lane(&self) -> Lane {
        self.place.lane
    }

    /// What is handled one after another with it, and where.
    pub(crate) fn runs_with(&self, order: Order) -> Lane {
        let facts = if let Event::Update(update) = &self.event { Some(Facts::of(update)) } else { None };
        order.track(self.place.lane, facts.as_ref()).unwrap_or(self.place.lane)
    }

    /// What tells its event from all others, however it came and in whichever process. Events that may look the same are told apart by
    /// their numbers.
    pub(crate) fn identity(&self) -> Identity {
        let may_recur = match &self.event {
            Event::Update(update) => Facts::of(update).may_recur(),
            Event::Gap(_) => true,
            Event::Scheduled { .. } => false,
        };
        match may_recur {
            true => identity_of(&[b"one of several", &self.place.identity, &self.number.to_le_bytes()]),
            false => self.place.identity,
        }
    }

    /// It is handled and will not come again (unless the process is killed within the next ten milliseconds or so, before
    /// that is written). The next event of its chat may come.
    pub fn done(self) {
        self.settle();
    }

    /// It is handled, and `also` is written together with that, or neither is.
    pub(crate) fn done_with(mut self, also: impl FnOnce(&mut Commit)) {
        self.settle_with(also);
    }

    /// It is handled, and `also` is written together with that, or neither is. The next event of its chat may come when this is dropped.
    pub(crate) fn done_in_place(&self, also: impl FnOnce(&mut Commit)) {
        let Place { shared, identity, .. } = &self.place;
        shared.done(now(), None, self.number, identity, also);
    }

    /// Nobody has begun with it: it comes again at once.
    pub(crate) fn put_back(mut self) {
        self.place.is_settled = true;
        let (track, shared, waiting) = self.into_waiting();
        shared.put_back(now(), track, waiting);
    }

    /// `together`: so many deliveries as were taken [`along`](Self::along) with this one, and itself.
    pub(crate) fn lender(&self, together: usize) -> Lender {
        let Place { shared, track, is_lent, .. } = &self.place;
        Lender { shared: Arc::clone(shared), track: *track, together, is_lent: Arc::clone(is_lent) }
    }

    /// It could not be handled. It comes again after a pause that grows, before anything else of its chat; after the third
    /// failure, unless told otherwise, it is kept as a dead letter and its chat goes on. When the client is closed this does not
    /// count as a failure: it comes again at the next start.
    pub fn failed(mut self, error: impl fmt::Display) {
        self.place.is_settled = true;
        let is_lent = self.place.is_lent();
        let (track, shared, waiting) = self.into_waiting();
        shared.failed(now(), track, is_lent, waiting, error.to_string());
    }

    fn into_waiting(self) -> (Track, Arc<Shared>, Waiting<Event>) {
        let Self { event, number, attempts, redelivered, place } = self;
        let waiting = Waiting { number, lane: place.lane, attempts, is_redelivered: redelivered, identity: place.identity, content: event };
        (place.track, Arc::clone(&place.shared), waiting)
    }

    pub(super) fn settle(mut self) -> Ticket {
        self.settle_with(|_| {})
    }

    fn settle_with(&mut self, also: impl FnOnce(&mut Commit)) -> Ticket {
        self.place.is_settled = true;
        let Place { shared, track, identity, .. } = &self.place;
        let track = (!self.place.is_lent()).then_some(*track);
        shared.done(now(), track, self.number, identity, also)
    }
}

impl Place {
    fn is_lent(&self) -> bool {
        self.is_lent.load(Ordering::Acquire)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.is_settled && !self.is_lent() {
            self.shared.let_go(now(), self.track);
        }
    }
}

impl fmt::Debug for Delivery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { event, number, attempts, redelivered, .. } = self;
        f.debug_struct("Delivery")
            .field("number", number)
            .field("attempts", attempts)
            .field("redelivered", redelivered)
            .field("event", event)
            .finish()
    }
}

fn now() -> std::time::Instant {
    Instant::now().into_std()
}
