//! The program is killed again and again, at any moment: every event is handled, in the order of its chat, and a kill brings
//! no more of them a second time than were being handled or had been handled since the last commit.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::{ProptestConfig, Strategy, any, proptest};
use quadruplex_store::testing::Wrapped;
use quadruplex_store::{Commit, Memory, Store, Ticket};
use tokio::time::sleep;

use super::support::{Disk, Life, Telegram, envelope, message_id, store};
use crate::updates::journal::Limits;
use crate::updates::{Delivery, Event, UpdateStream};

const CHATS: i64 = 4;
const AT_ONCE: usize = 3;

/// A chat (channels below zero) and the number of the message in it.
type Name = (i64, i32);

/// What happens in one life, before the kill.
#[derive(Clone, Debug)]
struct Plan {
    /// Who writes, after which pause; whether the update reaches the program by itself.
    writes: Vec<(i64, u64, bool)>,
    /// How long handlers take, in turn.
    handlers: Vec<u64>,
    /// How long the disk takes.
    disk: u64,
    /// When the kill comes after the last message.
    grace: u64,
}

fn plan() -> impl Strategy<Value = Plan> {
    let write = (0..2 * CHATS, 0..12u64, any::<bool>());
    (vec(write, 0..25), vec(0..25u64, 1..5), 0..15u64, 0..60u64).prop_map(|(writes, handlers, disk, grace)| Plan {
        writes,
        handlers,
        disk,
        grace,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_kill_loses_nothing_and_repeats_little(plans in vec(plan(), 1..6)) {
        let mut world = World::new();
        for plan in &plans {
            world.live(plan, false);
        }
        let last = Plan { writes: (0..2 * CHATS).map(|chat| (chat, 0, true)).collect(), handlers: vec![0], disk: 0, grace: 0 };
        world.live(&last, true);
        world.check();
    }
}

struct World {
    telegram: Telegram,
    memory: Memory,
    happened: BTreeSet<Name>,
    begun: BTreeMap<Name, u32>,
    /// What may come a second time because of the kills so far.
    forgiven: usize,
}

/// What the handlers of one life have done.
#[derive(Default)]
struct Diary {
    begun: Vec<Name>,
    running: BTreeSet<Name>,
    done: Vec<(Name, Ticket)>,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let telegram = Telegram::default();
        let memory = runtime.block_on(store(0, true, &[]));
        let mut commit = Commit::default();
        (1..=CHATS).for_each(|id| commit.channel(id, quadruplex_store::ChannelState { pts: 0, behind: false }));
        runtime.block_on(memory.commit(Arc::new(commit))).unwrap();
        Self { telegram, memory, happened: BTreeSet::new(), begun: BTreeMap::new(), forgiven: 0 }
    }

    /// One life of the program. At its end everything in it is dropped, except if it is the last and comes to rest.
    fn live(&mut self, plan: &Plan, is_last: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let diary = Arc::new(Mutex::new(Diary::default()));
        let disk = Disk { memory: self.memory.clone(), takes: Duration::from_millis(plan.disk), ..Disk::default() };
        runtime.block_on(async {
            let limits = Limits { at_once: AT_ONCE, high_water: 20, ..Limits::default() };
            let (life, stream) = Life::start(Wrapped(disk), &self.telegram, limits).await;
            tokio::spawn(handle(stream, Arc::clone(&diary), plan.handlers.clone()));
            for &(chat, pause, arrives) in &plan.writes {
                sleep(Duration::from_millis(pause)).await;
                self.write(&life, chat, arrives).await;
            }
            sleep(Duration::from_millis(plan.grace)).await;
            if is_last {
                self.rest(&diary).await;
                life.writer.flush().await;
            }
        });
        // The moment of the kill: what is durable is in the store, everything else goes with the runtime.
        let diary = std::mem::take(&mut *diary.lock().unwrap());
        let not_durable = diary.done.iter().filter(|(_, ticket)| !ticket.is_durable()).count();
        drop(runtime);
        assert!(diary.running.len() <= AT_ONCE);
        self.forgiven += diary.running.len() + not_durable;
        self.check_order(&diary.begun);
        diary.begun.into_iter().for_each(|name| *self.begun.entry(name).or_default() += 1);
    }

    async fn write(&mut self, life: &Life, chat: i64, arrives: bool) {
        let update: quadruplex_api::enums::Update = match chat - CHATS {
            channel @ 0.. => self.telegram.post(channel + 1).into(),
            _ => self.telegram.message(chat + 1).into(),
        };
        self.happened.extend(name(&Event::Update(update.clone())));
        if arrives {
            life.arrive(envelope([update])).await;
        }
    }

    /// Lets gaps be noticed and filled until nothing happens any more.
    async fn rest(&self, diary: &Mutex<Diary>) {
        let mut before = usize::MAX;
        while before != diary.lock().unwrap().begun.len() {
            before = diary.lock().unwrap().begun.len();
            sleep(Duration::from_secs(20 * 60)).await;
        }
    }

    /// Within a life, each chat comes in its order.
    fn check_order(&self, begun: &[Name]) {
        for chat in begun.iter().map(|(chat, _)| *chat).collect::<BTreeSet<_>>() {
            let numbers: Vec<_> = begun.iter().filter(|(of, _)| *of == chat).map(|(_, number)| *number).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b), "chat {chat}: {numbers:?}");
        }
    }

    fn check(&self) {
        let missed: Vec<_> = self.happened.iter().filter(|name| !self.begun.contains_key(name)).collect();
        assert!(missed.is_empty(), "{missed:?} were never handled");
        let repeated: u32 = self.begun.values().map(|times| times - 1).sum();
        assert!(repeated as usize <= self.forgiven, "{repeated} came again, {} may", self.forgiven);
    }
}

/// Starts a handler for each event; it takes as long as it is its turn to take.
async fn handle(mut stream: UpdateStream, diary: Arc<Mutex<Diary>>, takes: Vec<u64>) {
    let mut turns = takes.into_iter().cycle();
    while let Some(delivery) = stream.next().await {
        let takes = Duration::from_millis(turns.next().unwrap_or(0));
        tokio::spawn(one(delivery, Arc::clone(&diary), takes));
    }
}

async fn one(delivery: Delivery, diary: Arc<Mutex<Diary>>, takes: Duration) {
    let name = name(&delivery.event).unwrap();
    {
        let mut diary = diary.lock().unwrap();
        diary.begun.push(name);
        diary.running.insert(name);
    }
    if takes > Duration::ZERO {
        sleep(takes).await;
    }
    let ticket = delivery.settle();
    let mut diary = diary.lock().unwrap();
    diary.running.remove(&name);
    diary.done.push((name, ticket));
}

fn name(event: &Event) -> Option<Name> {
    let Event::Update(update) = event else { return None };
    let (peer, id) = message_id(update)?;
    Some(match peer {
        quadruplex_api::enums::Peer::User(user) => (user.user_id, id),
        quadruplex_api::enums::Peer::Chat(chat) => (chat.chat_id, id),
        quadruplex_api::enums::Peer::Channel(channel) => (-channel.channel_id, id),
    })
}
