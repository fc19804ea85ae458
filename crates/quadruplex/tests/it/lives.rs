//! A bot that is killed again and again while people write to it over a bad link, under virtual time, with handlers that fail, take long
//! and ask, with a journal that gets full, and with gaps that Telegram does not fill.
//!
//! Whatever happens: every message is handled or is an answer to a question, each once as far as anybody can see; within a life each chat
//! begins in its order; no more handlers run at once than may; and what was not handled was told as a gap.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex::net::Environment;
use quadruplex::prelude::*;
use quadruplex::store::testing::gated;
use quadruplex::store::{Memory, Store};
use quadruplex_sandbox::world::{Config, ErrorRule, Peer, UpdateFaults};
use quadruplex_sandbox::{LinkScript, NewBot, RpcError, Sandbox};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::time::{Instant, sleep, timeout};

use crate::common::{builder, person};
use crate::simulation::{make_trouble, seeds};

const EPOCH: Duration = Duration::from_secs(1_800_000_000);
const AT_ONCE: usize = 3;
const STEPS: u32 = 40;

#[test]
fn whatever_happens_every_message_is_handled_once() {
    let mut total = Totals::default();
    for seed in seeds() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let run = || runtime.block_on(async { World::new(seed).await.run().await });
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(one) => total.add(&one),
            Err(_) => panic!("seed {seed} fails; replay: QUADRUPLEX_SEED={seed} cargo test -p quadruplex --test it lives"),
        }
    }
    println!("{total:?}");
    let Totals { written, answers, gaps, kills, retries, .. } = total;
    assert!([written, answers, kills, retries].iter().all(|count| *count > 0), "a run in which nothing happens proves nothing: {total:?}");
    // Not every few seeds have one.
    assert!(gaps > 0 || seeds().count() < 20, "{total:?}");
}

#[derive(Clone, Copy, Debug, Default)]
struct Totals {
    written: usize,
    answers: usize,
    missed: usize,
    gaps: usize,
    kills: usize,
    retries: usize,
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.written += other.written;
        self.answers += other.answers;
        self.missed += other.missed;
        self.gaps += other.gaps;
        self.kills += other.kills;
        self.retries += other.retries;
    }
}

/// What a handler does, by the number of the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    Quick,
    /// Takes so many seconds.
    Slow(u64),
    /// Fails so often between its two answers.
    Failing(u32),
    /// Asks, and fails so often behind the answer.
    Asking(u32),
}

fn manner(number: u64) -> Manner {
    match number % 8 {
        0 => Manner::Slow(number % 13),
        1 => Manner::Failing(1 + (number % 3) as u32),
        2 => Manner::Asking(0),
        3 => Manner::Asking(1 + (number % 2) as u32),
        _ => Manner::Quick,
    }
}

/// What the handlers have done, in all lives.
#[derive(Default)]
struct Diary {
    /// Which message was begun first in this life, by chat, in their order.
    begun: Mutex<BTreeMap<i64, Vec<u64>>>,
    running: AtomicUsize,
    retries: AtomicUsize,
    /// Positions that will not come, all gaps together; a gap without positions counts for everything.
    missing: Mutex<Vec<Option<i32>>>,
}

/// A handler that runs, and does not wait for an answer.
struct Running<'a>(&'a Diary);

impl Diary {
    fn run(&self) -> Running<'_> {
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        assert!(running <= AT_ONCE, "{running} handlers at once");
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.running.fetch_sub(1, Ordering::SeqCst);
    }
}

async fn handle(msg: Text, chat: Chat, update: Update, State(diary): State<Arc<Diary>>) -> Result {
    let running = diary.run();
    let number: u64 = msg.text().parse()?;
    {
        let mut begun = diary.begun.lock().unwrap();
        let begun = begun.entry(chat.id()).or_default();
        if !begun.contains(&number) {
            begun.push(number);
        }
    }
    if update.attempts() > 0 {
        diary.retries.fetch_add(1, Ordering::SeqCst);
    }
    match manner(number) {
        Manner::Quick => msg.respond(format!("re {number}")).await?,
        Manner::Slow(seconds) => {
            sleep(Duration::from_secs(seconds)).await;
            msg.respond(format!("re {number}")).await?
        }
        Manner::Failing(times) => {
            chat.send(format!("begun {number}")).await?;
            if update.attempts() < times {
                return Err("it fails".into());
            }
            msg.respond(format!("re {number}")).await?
        }
        Manner::Asking(times) => {
            drop(running);
            let answer = chat.ask(format!("what of {number}?")).text().within(30 * DAY).await?;
            let _running = diary.run();
            if update.attempts() < times {
                return Err("it fails behind the answer".into());
            }
            chat.send(format!("re {number} heard {answer}")).await?
        }
    };
    Ok(())
}

async fn missed(gap: Gap, State(diary): State<Arc<Diary>>) {
    diary.missing.lock().unwrap().push(gap.from.zip(gap.to).map(|(from, to)| to - from));
}

/// The store of one life, which is gone with it: what is not written by then never is.
fn mortal(memory: Memory, is_dead: Arc<AtomicBool>, disk: Duration) -> impl Store {
    gated(memory, move |_| {
        let is_dead = Arc::clone(&is_dead);
        Box::pin(async move {
            sleep(disk).await;
            if is_dead.load(Ordering::SeqCst) {
                std::future::pending::<()>().await;
            }
            Ok(())
        })
    })
}

/// A life of the bot.
struct Life {
    client: Client,
    running: quadruplex::Running,
    is_dead: Arc<AtomicBool>,
}

impl Life {
    async fn kill(self) {
        self.is_dead.store(true, Ordering::SeqCst);
        self.running.stop().await;
        // Its connections break; what it would write it cannot.
        let _ = timeout(SECOND, self.client.close()).await;
    }
}

struct World {
    seed: u64,
    start: Instant,
    rng: ChaCha8Rng,
    telegram: Sandbox,
    token: String,
    bot: i64,
    people: Vec<i64>,
    group: i64,
    channel: i64,
    memory: Memory,
    diary: Arc<Diary>,
    lives: u64,
    /// What was written: the place, who wrote it, the number.
    written: Vec<(Peer, i64, u64)>,
}

impl World {
    async fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // In some worlds Telegram does not remember much.
        let limits = if rng.next_u32().is_multiple_of(3) { (20, 20) } else { (1000, 1000) };
        let config = Config { difference_limit: limits.0, channel_difference_limit: limits.1, difference_slice: 5, ..Config::default() };
        let (start, environment) = (Instant::now(), Environment::simulated(EPOCH, seed));
        let telegram = Sandbox::builder().world(config).environment(environment).start().await.unwrap();
        let new = NewBot { name: "Bot".into(), username: "our_bot".into(), privacy: false, ..NewBot::default() };
        let (bot, token) = telegram.create_bot(new).unwrap();
        let names = ["Alice", "Bobby", "Carol"].iter().enumerate();
        let people: Vec<i64> = names.map(|(at, name)| telegram.create_user(person(name, &format!("1555000{at}"))).unwrap()).collect();
        let now = telegram.now();
        let (group, channel) = {
            let mut world = telegram.world();
            let members = [people[1], people[2], bot];
            let group = world.create_group(people[0], "Group", &members, now).unwrap();
            (group, world.create_channel(people[0], "Channel", true, Some("channel_x"), &members, now).unwrap())
        };
        telegram.deliver();
        let (memory, diary) = (Memory::new(), Arc::default());
        Self { seed, start, rng, telegram, token, bot, people, group, channel, memory, diary, lives: 0, written: Vec::new() }
    }

    async fn run(mut self) -> Totals {
        let mut totals = Totals::default();
        let mut life = Some(self.live().await);
        // Before anything goes wrong it knows where it stands.
        sleep(MINUTE).await;
        for _ in 0..STEPS {
            self.misbehave();
            for _ in 0..self.rng.next_u32() % 5 {
                self.write();
            }
            sleep(Duration::from_millis(u64::from(self.rng.next_u32() % 4000))).await;
            if self.chance(10)
                && let Some(alive) = life.take()
            {
                alive.kill().await;
                self.check_order();
                totals.kills += 1;
                // Some stay away for long, and meanwhile much happens.
                if self.chance(3) {
                    (0..30).for_each(|_| self.write());
                    sleep(10 * MINUTE).await;
                }
            }
            if life.is_none() && self.chance(2) {
                life = Some(self.live().await);
            }
        }
        self.behave();
        let last = match life {
            Some(life) => life,
            None => self.live().await,
        };
        // The silence after which a client asks by itself, and the longest pause of what fails.
        sleep(30 * MINUTE).await;
        // Whoever is still being asked gives an answer.
        for place in self.places() {
            for who in self.people.clone() {
                if !matches!(place, Peer::User(user) if user != who) {
                    self.write_as(place, who);
                }
            }
        }
        sleep(30 * MINUTE).await;
        self.check_order();
        self.check(&mut totals);
        last.kill().await;
        totals
    }

    async fn live(&mut self) -> Life {
        self.lives += 1;
        let wall = EPOCH + self.start.elapsed();
        let is_dead = Arc::<AtomicBool>::default();
        let disk = Duration::from_millis(u64::from(self.rng.next_u32() % 15));
        let store = mortal(self.memory.clone(), Arc::clone(&is_dead), disk);
        let environment = Environment::simulated(wall, self.seed * 1000 + self.lives);
        let client = builder(&self.telegram).environment(environment).connect(store).await.unwrap();
        if client.own_user().is_none() {
            client.sign_in_bot(&self.token).await.unwrap();
        }
        let router = Router::new().on_message(handle).on_gap(missed).state(Arc::clone(&self.diary));
        let app = App::new(router).client(client.clone()).at_once(AT_ONCE).journal_limit(6).attempts(1000);
        let app = app.backoff(SECOND / 4, 10 * SECOND).drain_within(Duration::ZERO);
        let running = timeout(HOUR, app.start()).await.expect("it starts").unwrap();
        Life { client, running, is_dead }
    }

    fn places(&self) -> Vec<Peer> {
        let private = self.people.iter().map(|user| Peer::User(*user));
        private.chain([Peer::Chat(self.group), Peer::Channel(self.channel)]).collect()
    }

    fn write(&mut self) {
        let places = self.places();
        let place = places[self.rng.next_u32() as usize % places.len()];
        let who = match place {
            Peer::User(user) => user,
            _ => self.people[self.rng.next_u32() as usize % self.people.len()],
        };
        self.write_as(place, who);
    }

    /// `place` is named as the bot sees it: the chat with a person is the person.
    fn write_as(&mut self, place: Peer, who: i64) {
        let number = self.written.len() as u64;
        let to = if let Peer::User(_) = place { Peer::User(self.bot) } else { place };
        let now = self.telegram.now();
        self.telegram.world().say(who, to, &number.to_string(), now).unwrap();
        self.telegram.deliver();
        self.written.push((place, who, number));
    }

    fn misbehave(&mut self) {
        if self.chance(4) {
            make_trouble(&self.telegram, &mut self.rng);
        }
        if self.chance(10) {
            let (code, name) = [(420, "FLOOD_WAIT_3"), (500, "INTERNAL"), (400, "PEER_FLOOD")][self.rng.next_u32() as usize % 3];
            let (error, skip) = (RpcError::new(code, name.to_owned()), self.rng.next_u32() % 4);
            let rule = ErrorRule { method: "messages.sendMessage".to_owned(), peer: None, account: None, skip, times: 1, error };
            self.telegram.world().faults_mut().errors.push(rule);
        }
        if self.chance(15) {
            let lose_sessions = self.chance(2);
            self.telegram.restart(lose_sessions);
        }
    }

    fn behave(&self) {
        self.telegram.set_link(LinkScript::default());
        let mut world = self.telegram.world();
        world.faults_mut().updates = UpdateFaults::default();
        world.faults_mut().errors.clear();
    }

    /// Each chat has begun in its order. A life ends here.
    fn check_order(&self) {
        for (chat, numbers) in std::mem::take(&mut *self.diary.begun.lock().unwrap()) {
            assert!(numbers.is_sorted(), "chat {chat}: {numbers:?}");
        }
    }

    fn check(&self, totals: &mut Totals) {
        // What the bot has said, each text once.
        let mut said = BTreeSet::new();
        let mut heard = BTreeMap::new();
        for place in self.places() {
            let messages = self.telegram.world().messages(self.bot, place);
            for message in messages.into_iter().filter(|message| message.author == self.bot) {
                if let Some((asked, answer)) = message.text.split_once(" heard ") {
                    let twice = heard.insert(answer.to_owned(), asked.to_owned());
                    assert_eq!(twice, None, "{answer} was an answer twice");
                }
                assert!(said.insert(message.text.clone()), "{:?} was said twice", message.text);
            }
        }
        let re = |number: u64| said.iter().any(|text| *text == format!("re {number}") || text.starts_with(&format!("re {number} ")));
        let mut missed = Vec::new();
        for (place, who, number) in &self.written {
            match (re(*number), heard.contains_key(&number.to_string())) {
                (true, true) => panic!("{number} by {who} in {place:?} was handled, and an answer"),
                (false, false) => missed.push((*place, *number)),
                _ => {}
            }
        }
        let missing = self.diary.missing.lock().unwrap();
        let may: i32 = missing.iter().map(|count| count.unwrap_or(i32::MAX)).fold(0, i32::saturating_add);
        assert!(missed.len() as i64 <= i64::from(may), "{missed:?} are missed, and {missing:?} were told");
        totals.written += self.written.len();
        totals.answers += heard.len();
        totals.missed += missed.len();
        totals.gaps += missing.len();
        totals.retries += self.diary.retries.load(Ordering::SeqCst);
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.next_u32().is_multiple_of(one_in)
    }
}
