//! The holder's end: hands updates out to guests, each chat to one of them at a time, and takes back what a guest leaves.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quadruplex_store::Lane;
use tokio::time::{Instant, interval};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::changes::Changes;
use super::frame::{Asked, Frame, Told};
use super::link::subject_of_holder;
use super::served::Guest;
use super::{Backend, Subscription};
use crate::{Client, Delivery, Error, Order, UpdateStream};

/// So many updates wait for the guest that they belong to; then no more are taken.
const LEFT: usize = 1024;
/// How long guests may take to say that they have gone.
const LEAVING: Duration = Duration::from_secs(2);

/// Has the connection of an account, and serves the guests.
pub(crate) struct Holder {
    pub(super) client: Client,
    backend: Arc<dyn Backend>,
    account: String,
    /// Who it is, and in which process.
    number: u64,
    machine: u64,
    order: Order,
    guests: HashMap<u64, Guest>,
    /// Which guest has what belongs together, and how much of it.
    lanes: HashMap<Lane, (u64, usize)>,
    /// What is handed out, by its number.
    out: BTreeMap<u64, Out>,
    /// What guests have left, or cannot take now: it is handed out first.
    left: BTreeMap<u64, Out>,
    /// Some of it may be handed out by now.
    has_changed: bool,
}

/// An update that a guest has.
struct Out {
    delivery: Delivery,
    lane: Lane,
    attempts: u32,
    redelivered: bool,
    link: u64,
}

/// How a holder has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Nothing that it has handed out runs any more.
    Clean,
    Otherwise,
}

impl Holder {
    pub(crate) fn new(client: &Client, backend: &Arc<dyn Backend>, account: &str, machine: u64, order: Order) -> Self {
        Self {
            client: client.clone(),
            backend: Arc::clone(backend),
            account: account.to_owned(),
            number: client.inner.random_id().cast_unsigned(),
            machine,
            order,
            guests: HashMap::new(),
            lanes: HashMap::new(),
            out: BTreeMap::new(),
            left: BTreeMap::new(),
            has_changed: false,
        }
    }

    /// Serves until it is told to stop, or the client is closed. Nothing is handed out before `from`. When it is to stop it waits so long
    /// for what is handed out.
    pub(crate) async fn run(
        mut self,
        mut heard: Subscription,
        mut updates: Option<UpdateStream>,
        from: Instant,
        stop: &CancellationToken,
        drain: Duration,
    ) -> Ended {
        let closed = self.client.inner.pool.closed().clone();
        let mut ticks = interval(self.backend.lease() / 8);
        loop {
            let may_hand_out = Instant::now() >= from && self.left.len() < LEFT && self.has_hands();
            let next = async {
                match &mut updates {
                    Some(updates) if may_hand_out => updates.next().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                () = closed.cancelled() => return Ended::Otherwise,
                () = stop.cancelled() => break,
                message = heard.next() => match message {
                    Some(message) => self.hear(message),
                    None => match self.hear_again().await {
                        Some(again) => heard = again,
                        None => return Ended::Otherwise,
                    },
                },
                delivery = next => match delivery {
                    Some(delivery) => self.hand_out(delivery),
                    None => return Ended::Otherwise,
                },
                _ = ticks.tick() => self.look_after_guests(),
            }
            if Instant::now() >= from && std::mem::take(&mut self.has_changed) {
                self.hand_out_left();
            }
        }
        drop(updates);
        self.end(heard, drain).await
    }

    /// Hands nothing out any more, and waits for what is out; then for guests to go.
    async fn end(mut self, mut heard: Subscription, drain: Duration) -> Ended {
        let late = Instant::now() + drain;
        while !self.out.is_empty()
            && let Ok(Some(message)) = tokio::time::timeout_at(late, heard.next()).await
        {
            self.hear(message);
            self.look_after_guests();
        }
        self.guests.values().for_each(|guest| guest.tell(Told::Over, Bytes::new()));
        let late = Instant::now() + LEAVING;
        while self.guests.values().any(|guest| guest.works)
            && let Ok(Some(message)) = tokio::time::timeout_at(late, heard.next()).await
        {
            self.hear(message);
        }
        if self.guests.values().any(|guest| guest.works) { Ended::Otherwise } else { Ended::Clean }
    }

    /// After something may have been missed: everybody begins anew.
    async fn hear_again(&mut self) -> Option<Subscription> {
        let closed = self.client.inner.pool.closed().clone();
        let subject = subject_of_holder(&self.account);
        loop {
            match closed.run_until_cancelled(self.backend.subscribe(&subject)).await? {
                Ok(heard) => {
                    // Guests are not known to have stopped before their lease is over: what they have stays with them until then.
                    self.guests.values_mut().for_each(Guest::mute);
                    return Some(heard);
                }
                Err(error) => warn!(%error, "the cluster cannot be heard; it is tried again"),
            }
            closed.run_until_cancelled(tokio::time::sleep(Duration::from_secs(1))).await?;
        }
    }

    fn hear(&mut self, message: Bytes) {
        let Some(Frame { link, number, said, body }) = Frame::<Asked>::decode(message) else { return };
        let guest = match (self.guests.get_mut(&link), &said) {
            (Some(guest), _) => match guest.is_next(number) {
                true => guest,
                // Something was missed: it begins anew, and until then keeps what it has.
                false => return guest.mute(),
            },
            (None, Asked::Hello { works, guest, .. }) => {
                let guest = Guest::new(&self.backend, &self.account, (link, *guest), number, *works);
                self.guests.entry(link).or_insert(guest)
            }
            (None, _) => return,
        };
        match said {
            Asked::Hello { machine, waiting, .. } => {
                self.has_changed = true;
                guest.waits(waiting);
                guest.welcome(number, &self.client, self.number, machine == self.machine);
            }
            Asked::Bye => self.take_back(link),
            Asked::Commit { id, commit } => {
                let guest = guest.line();
                self.commit(link, *commit);
                guest.answer_when_stored(&self.client, id);
            }
            Asked::Status { id } => guest.tell_standing(&self.client, id, self.out.len() + self.left.len()),
            said => guest.serve(&self.client, said, body),
        }
    }

    /// Some guest can be given something.
    fn has_hands(&self) -> bool {
        self.guests.values().any(Guest::has_hands)
    }

    fn hand_out(&mut self, delivery: Delivery) {
        // What comes after it in its chat is handed out, too: the guest puts it in line.
        delivery.lender(1).lend();
        let (attempts, redelivered) = (delivery.attempts, delivery.redelivered);
        let lane = delivery.runs_with(self.order);
        let out = Out { delivery, lane, attempts, redelivered, link: 0 };
        let waits = self.left.values().any(|left| left.lane == lane);
        if let Err(out) = if waits { Err(out) } else { self.give(out) } {
            self.left.insert(out.delivery.number, out);
        }
    }

    /// In their order, as far as there is somebody to take them: what belongs to a guest that is not heard of holds nobody else up.
    fn hand_out_left(&mut self) {
        let mut held = HashSet::new();
        for (number, out) in std::mem::take(&mut self.left) {
            let out = if held.contains(&out.lane) { Err(out) } else { self.give(out) };
            if let Err(out) = out {
                held.insert(out.lane);
                self.left.insert(number, out);
            }
        }
    }

    /// Gives an update to the guest that has what belongs together with it, or else to the one that gets it. The update again, if there is none.
    #[expect(clippy::result_large_err, reason = "it is handed back")]
    fn give(&mut self, mut out: Out) -> Result<(), Out> {
        let known = self.lanes.get(&out.lane).map(|(link, _)| *link);
        let Some(link) = known.or_else(|| choose(&self.guests, out.lane)) else { return Err(out) };
        let Some(guest) = self.guests.get_mut(&link).filter(|guest| guest.has_hands()) else { return Err(out) };
        let (number, lane) = (out.delivery.number, out.delivery.lane());
        let row = Told::Hand { number, lane, attempts: out.attempts, redelivered: out.redelivered };
        guest.hand(row, out.delivery.event.to_bytes().into());
        self.lanes.entry(out.lane).or_insert((link, 0)).1 += 1;
        out.link = link;
        self.out.insert(number, out);
        Ok(())
    }

    /// What a guest has changed: what it has done is done in the same transaction.
    fn commit(&mut self, link: u64, mut commit: Changes) {
        for (number, attempts) in std::mem::take(&mut commit.attempts) {
            if let Some(out) = self.out.get_mut(&number).filter(|out| out.link == link) {
                out.attempts = attempts;
                self.client.inner.writer.queue(|stored| stored.attempts(number, attempts));
            }
        }
        let dead: Vec<_> = commit.dead().collect();
        let done: Vec<_> = std::mem::take(&mut commit.done).into_iter().filter_map(|number| self.take(link, number)).collect();
        if let Some(guest) = self.guests.get_mut(&link) {
            guest.has_done(done.len() + dead.len());
        }
        let mut done = done.into_iter();
        match done.next() {
            Some(first) => first.done_with(|stored| commit.apply(stored)),
            None => drop(self.client.inner.writer.queue(|stored| commit.apply(stored))),
        }
        done.for_each(Delivery::done);
        for letter in dead {
            match self.take(link, letter.row.number) {
                Some(delivery) => delivery.done_with(|stored| stored.bury(letter)),
                // A time of a scheduled handler, which has had no number yet.
                None => {
                    if let Ok(event) = crate::Event::from_row(&letter.row) {
                        self.client.inner.bury(&event, letter.row.attempts, letter.error);
                    }
                }
            }
        }
    }

    /// An update that this guest has, to be done.
    fn take(&mut self, link: u64, number: u64) -> Option<Delivery> {
        if self.out.get(&number)?.link != link {
            return None;
        }
        let out = self.out.remove(&number)?;
        self.leave_lane(out.lane);
        Some(out.delivery)
    }

    fn leave_lane(&mut self, lane: Lane) {
        if let Some((_, count)) = self.lanes.get_mut(&lane) {
            *count -= 1;
            if *count == 0 {
                self.lanes.remove(&lane);
            }
        }
    }

    /// A guest has gone: others get what it had.
    fn take_back(&mut self, link: u64) {
        self.guests.remove(&link);
        self.has_changed = true;
        let theirs: Vec<u64> = self.out.iter().filter(|(_, out)| out.link == link).map(|(number, _)| *number).collect();
        for number in theirs {
            if let Some(mut out) = self.out.remove(&number) {
                self.leave_lane(out.lane);
                out.redelivered = true;
                self.left.insert(number, out);
            }
        }
    }

    fn look_after_guests(&mut self) {
        let lease = self.backend.lease();
        let gone: Vec<u64> = self.guests.iter().filter(|(_, guest)| guest.silence() >= lease).map(|(link, _)| *link).collect();
        for link in gone {
            info!(account = self.account, "a process is not heard of any more; others get what it had");
            self.take_back(link);
        }
        self.guests.values_mut().for_each(Guest::tidy);
    }
}

/// Who gets what belongs together: the same one, as long as nobody comes or goes.
fn choose(guests: &HashMap<u64, Guest>, lane: Lane) -> Option<u64> {
    let weight = |link: u64| {
        let mut hasher = DefaultHasher::new();
        (lane, link).hash(&mut hasher);
        hasher.finish()
    };
    guests.iter().filter(|(_, guest)| guest.has_hands()).map(|(link, _)| *link).max_by_key(|link| weight(*link))
}

/// Hears what guests say from now on.
///
/// # Errors
/// Those of the cluster.
pub(crate) async fn hear(backend: &Arc<dyn Backend>, account: &str) -> Result<Subscription, Error> {
    backend.subscribe(&subject_of_holder(account)).await
}
