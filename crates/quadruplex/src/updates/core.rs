//! Engine, journal and writer together, behind one lock: an update is accepted, numbered, put into its lane and into the
//! open commit in one step, whoever brings it.

mod taken;
mod told;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use quadruplex_api::enums;
use quadruplex_store::{Commit, DeadLetter, Lane, OwnUser, Peer, PeerId, PeerKey, Row, Snapshot, Ticket, Writer};
use tokio::sync::Notify;
use tracing::{error, info, warn};

use super::event::Event;
use super::gap::{Batch, Engine, Place};
use super::journal::{Failed, Failure, Identity, Journal, Limits, Track, Waiting};
use super::order::Order;
use super::read::{self, Noted};
use crate::cluster::Handed;

/// Short messages that wait for a lookup of their sender.
const UNSURE: usize = 256;
/// Rows read back at once.
const PAGE: usize = 1_000;

pub(crate) struct Shared {
    core: Mutex<Core>,
    writer: Writer,
    /// There is something for the driver: a request, an earlier deadline, a sender to look up.
    pub(super) work: Notify,
    /// There is something for the stream.
    pub(super) given: Notify,
}

pub(super) struct Core {
    pub(super) engine: Engine<Noted>,
    journal: Journal<Event>,
    order: Order,
    own: Option<OwnUser>,
    known: HashSet<i64>,
    unsure: VecDeque<(i64, enums::Updates)>,
    /// How many channels were opened so far.
    opened: u64,
    is_closed: bool,
}

impl Shared {
    /// Goes on where the last process stopped: its states, and the rows it left.
    pub(super) async fn open(writer: Writer, limits: Limits, silence: Duration) -> Result<Arc<Self>, quadruplex_store::Error> {
        let Snapshot { identity, common, channels, next_row, .. } = writer.store().load().await?;
        let own = identity.and_then(|identity| identity.user);
        let engine = Engine::new(common, channels, own.is_some_and(|own| own.bot)).suspicious_after(silence);
        let mut core = Core {
            engine,
            journal: Journal::new(next_row, limits),
            order: limits.order,
            own,
            known: own.iter().map(|own| own.id).collect(),
            unsure: VecDeque::new(),
            opened: 0,
            is_closed: false,
        };
        let mut from = 0;
        loop {
            let mut rows = writer.store().rows(from, PAGE).await?;
            // What is written meanwhile is in its lane already.
            rows.retain(|row| row.number < next_row);
            let Some(last) = rows.last() else { break };
            from = last.number + 1;
            writer.queue(|commit| rows.into_iter().for_each(|row| core.replay(row, true, commit)));
        }
        Ok(Arc::new(Self { core: Mutex::new(core), writer, work: Notify::new(), given: Notify::new() }))
    }

    pub(super) fn core(&self) -> MutexGuard<'_, Core> {
        // A panic inside leaves at worst one update half accepted; its box asks for it again.
        self.core.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many updates wait or are handled, and whether no more are taken because of that.
    pub(crate) fn waiting(&self) -> (usize, bool) {
        let core = self.core();
        (core.journal.len(), core.engine.is_paused())
    }

    /// How far the box of the account has come.
    pub(crate) fn common(&self) -> Option<quadruplex_store::CommonState> {
        self.core().engine.common()
    }

    /// Updates, with the users and chats that came with them. The ticket tells when they are durable: then the server may
    /// be told that they arrived.
    pub(super) fn take(&self, now: Instant, updates: enums::Updates, peers: Vec<Peer>) -> Ticket {
        let mut core = self.core();
        core.learn(&peers);
        let batch = match core.unknown_sender(&updates) {
            Some(sender) if core.unsure.len() < UNSURE => {
                core.unsure.push_back((sender, updates));
                Batch::default()
            }
            Some(_) => core.engine.handle_lost(now),
            None => {
                let own = core.own.map(|own| own.id);
                core.engine.handle_updates(now, read::updates(updates, own))
            }
        };
        self.store(core, batch, peers)
    }

    /// A short message whose sender was looked up.
    pub(super) fn take_looked_up(&self, now: Instant, sender: i64, updates: enums::Updates, is_known: bool) {
        let mut core = self.core();
        let batch = match is_known {
            true => {
                core.known.insert(sender);
                let own = core.own.map(|own| own.id);
                core.engine.handle_updates(now, read::updates(updates, own))
            }
            // The difference brings the message together with its sender.
            false => core.engine.handle_lost(now),
        };
        self.store(core, batch, Vec::new());
    }

    /// An own call has moved the position of a box, of a channel or of the account, and its answer carries no update:
    /// `messages.affectedMessages` and its kin. Not told, it would look like a gap to the next update.
    pub(crate) fn affected(&self, channel: Option<i64>, pts: i32, count: i32) {
        let place = match channel {
            Some(id) => Place::Channel { id, pts, count },
            None => Place::Common { pts, count },
        };
        self.input(|engine| engine.handle_affected(tokio::time::Instant::now().into_std(), place));
    }

    /// Somebody opens a channel; the number is what he closes it with. `None`: no more updates are taken.
    pub(super) fn open_channel(&self, id: i64) -> Option<u64> {
        let mut core = self.core();
        if core.is_closed {
            return None;
        }
        core.opened += 1;
        let number = core.opened;
        let batch = core.engine.open_channel(tokio::time::Instant::now().into_std(), id, number);
        self.store(core, batch, Vec::new());
        Some(number)
    }

    pub(super) fn close_channel(&self, id: i64, number: u64) {
        self.input(|engine| engine.close_channel(tokio::time::Instant::now().into_std(), id, number));
    }

    /// Any other input of the engine.
    pub(super) fn input(&self, input: impl FnOnce(&mut Engine<Noted>) -> Batch<Noted>) -> Ticket {
        let mut core = self.core();
        let batch = input(&mut core.engine);
        self.store(core, batch, Vec::new())
    }

    /// The sender that has to be looked up first.
    pub(super) fn next_unsure(&self) -> Option<(i64, enums::Updates)> {
        self.core().unsure.pop_front()
    }

    /// Whether the store can name a user on the wire.
    pub(super) async fn is_usable(&self, user: i64) -> bool {
        let found = self.writer.peers(vec![PeerKey::from(PeerId::User(user))]).await;
        found.is_ok_and(|found| found.into_iter().flatten().any(|peer| !peer.min && peer.access_hash.is_some()))
    }

    /// The next event whose lane is free; none: wait. `Err`: there will be no more.
    pub(super) fn give(&self, now: Instant) -> Result<Option<(Track, Waiting<Event>)>, Closed> {
        let mut core = self.core();
        // With the connections gone its handler could but fail.
        if core.is_closed { Err(Closed) } else { Ok(core.journal.give(now)) }
    }

    /// The next event of a lane that runs, if it belongs to what runs there.
    pub(super) fn give_along(&self, lane: Track, belongs: impl FnOnce(&Event) -> bool) -> Along<Waiting<Event>> {
        let mut core = self.core();
        match core.journal.peek(lane).map(belongs) {
            None => Along::Nothing,
            Some(false) => Along::Other,
            Some(true) => core.journal.give_along(lane).map_or(Along::Nothing, Along::Taken),
        }
    }

    /// It is handled; `also` is written together with that. `lane`: unless it was let go before.
    pub(super) fn done(
        &self,
        now: Instant,
        lane: Option<Track>,
        number: u64,
        identity: &Identity,
        also: impl FnOnce(&mut Commit),
    ) -> Ticket {
        let mut core = self.core();
        let ticket = self.writer.queue(|commit| {
            match lane {
                Some(lane) => core.journal.done(lane, number, identity, commit),
                None => core.journal.done_lent(number, identity, commit),
            }
            also(commit);
        });
        self.make_room(now, core);
        ticket
    }

    pub(super) fn let_go(&self, now: Instant, lane: Track) {
        let mut core = self.core();
        core.journal.let_go(lane);
        self.make_room(now, core);
    }

    pub(super) fn put_back(&self, now: Instant, lane: Track, waiting: Waiting<Event>) {
        let mut core = self.core();
        core.journal.put_back(lane, waiting, now);
        self.make_room(now, core);
    }

    pub(super) fn failed(&self, now: Instant, lane: Track, is_lent: bool, waiting: Waiting<Event>, error: String) {
        let mut core = self.core();
        if core.is_closed {
            // That nothing succeeds any more says nothing of this update.
            if !is_lent {
                core.journal.let_go(lane);
            }
            return;
        }
        let (number, attempts) = (waiting.number, waiting.attempts + 1);
        let dead = told::dead(number, waiting.lane, attempts, &error);
        let failure = Failure { bytes: waiting.content.to_bytes(), error, clock: wall_clock() };
        let mut outcome = Failed::Dead;
        self.writer.queue(|commit| outcome = core.journal.failed(lane, is_lent, waiting, failure, now, commit));
        if outcome == Failed::Dead {
            error!(number, attempts, "{dead}");
        }
        self.make_room(now, core);
        self.work.notify_one();
    }

    /// A scheduled handler has failed too often: a dead letter, with a number of its own, that can be retried as an update can.
    pub(crate) fn bury(&self, event: &Event, attempts: u32, error: String) -> u64 {
        let mut core = self.core();
        let number = core.journal.number();
        let row = Row { number, lane: Lane::Account, attempts, bytes: event.to_bytes() };
        self.writer.queue(|commit| {
            commit.next_row = commit.next_row.max(Some(number + 1));
            commit.bury(DeadLetter { row, error, since: wall_clock() });
        });
        number
    }

    /// An update that was handed out by whoever has taken it.
    pub(super) fn take_handed(&self, handed: Handed) {
        let mut core = self.core();
        self.writer.queue(|commit| core.replay(handed.row, handed.redelivered, commit));
        drop(core);
        self.work.notify_one();
        self.given.notify_one();
    }

    /// Time has passed where updates are handed out.
    pub(super) fn wake_lanes(&self, now: Instant) {
        self.core().journal.wake(now);
        self.given.notify_one();
    }

    /// Time has passed.
    pub(super) fn wake(&self, now: Instant) {
        let mut core = self.core();
        core.journal.wake(now);
        let batch = core.engine.handle_timeout(now);
        self.store(core, batch, Vec::new());
    }

    /// No more will come. What waits stays in the journal for the next start.
    pub(crate) fn close(&self) {
        self.core().is_closed = true;
        self.given.notify_one();
        self.work.notify_one();
    }

    /// After a lane was freed: the stream may go on, and perhaps the engine.
    fn make_room(&self, now: Instant, mut core: MutexGuard<'_, Core>) {
        if core.engine.is_paused() && core.journal.has_room() {
            info!(dropped = core.engine.dropped(), "handlers have caught up; what has no position was dropped meanwhile and is counted");
            let batch = core.engine.resume(now);
            self.store(core, batch, Vec::new());
        }
        self.given.notify_one();
    }

    /// Puts what was accepted into the lanes and into the open commit, with the states that hold after it.
    fn store(&self, mut core: MutexGuard<'_, Core>, batch: Batch<Noted>, peers: Vec<Peer>) -> Ticket {
        let Batch { events, common, channels } = batch;
        let ticket = self.writer.queue(|commit| {
            events.into_iter().for_each(|event| core.accept(event, commit));
            commit.common = common.or(commit.common);
            commit.channels.extend(channels);
            peers.into_iter().for_each(|peer| commit.peer(peer));
        });
        if core.journal.is_full() && !core.engine.is_paused() {
            warn!(waiting = core.journal.len(), "handlers do not keep up: updates are left with Telegram until half of these are done");
            core.engine.pause();
        }
        drop(core);
        self.work.notify_one();
        self.given.notify_one();
        ticket
    }
}

/// What comes after an event in its lane.
#[derive(Debug)]
pub(crate) enum Along<T> {
    /// It belongs to it.
    Taken(T),
    /// It does not.
    Other,
    /// Nothing has come yet.
    Nothing,
}

/// There will be no more events.
pub(super) struct Closed;

impl Core {
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// When something is to be done without being asked.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.engine.deadline().into_iter().chain(self.journal.deadline()).min()
    }
}

fn wall_clock() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()).cast_signed()
}
