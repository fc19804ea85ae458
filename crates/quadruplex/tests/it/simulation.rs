//! Whole clients over the sandbox, under virtual time and a link that loses, repeats, delays and cuts.
//!
//! Whatever happens on the way: every call has one outcome, no `random_id` is executed twice, and once it is quiet every client
//! knows from its updates what the sandbox knows.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex::api::functions::{channels, messages};
use quadruplex::api::{PeerRef, enums};
use quadruplex::net::Environment;
use quadruplex::{Client, Delivery, Error, Event};
use quadruplex_sandbox::world::{Peer, UpdateFaults};
use quadruplex_sandbox::{LinkScript, Sandbox};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::common::{builder, person};

/// When the world begins, in Unix time.
const EPOCH: Duration = Duration::from_secs(1_800_000_000);
/// Longer than any call may take once there are no faults.
const PATIENCE: Duration = Duration::from_secs(3600);
/// Longer than the silence after which a client asks by itself.
const QUIET: Duration = Duration::from_secs(1200);

/// The seeds of one run: a few here, more with `QUADRUPLEX_SEEDS=1000`, one with `QUADRUPLEX_SEED=n`.
pub(crate) fn seeds() -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|value| value.parse().ok());
    match number("QUADRUPLEX_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("QUADRUPLEX_SEEDS").unwrap_or(24),
    }
}

/// From now on the link and the server lose, repeat and delay what passes, as chance has it.
pub(crate) fn make_trouble(telegram: &Sandbox, rng: &mut ChaCha8Rng) {
    let mut most = |most: u32| if rng.next_u32().is_multiple_of(2) { 0 } else { rng.next_u32() % most };
    let (drop, duplicate, cut, delay) = (most(60), most(120), most(40), most(300));
    telegram.world().faults_mut().updates = UpdateFaults { drop: most(150), duplicate: most(150), delay: most(150) };
    let split = rng.next_u32().is_multiple_of(2);
    telegram.set_link(LinkScript { drop, duplicate, cut, delay: Duration::from_millis(u64::from(delay)), split });
}

#[test]
fn clients_end_up_knowing_what_the_sandbox_knows() {
    let mut total = Totals::default();
    for seed in seeds() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
        let run = || runtime.block_on(async { Simulation::new(seed).await.run().await });
        match catch_unwind(AssertUnwindSafe(run)) {
            Ok(totals) => total.add(&totals),
            Err(_) => {
                panic!("seed {seed} fails; replay: QUADRUPLEX_SEED={seed} cargo test -p quadruplex --test it simulation")
            }
        }
    }
    assert!(total.succeeded > 0 && total.messages > 0, "a run in which nothing happens proves nothing: {total:?}");
    println!("{total:?}");
}

#[derive(Debug, Default)]
struct Totals {
    succeeded: usize,
    refused: usize,
    unknown: usize,
    messages: usize,
}

impl Totals {
    fn add(&mut self, other: &Self) {
        self.succeeded += other.succeeded;
        self.refused += other.refused;
        self.unknown += other.unknown;
        self.messages += other.messages;
    }

    fn count(&mut self, outcome: &Result<(), Error>) {
        match outcome {
            Ok(()) => self.succeeded += 1,
            Err(error) if error.may_have_been_executed() => self.unknown += 1,
            // Edited after it was deleted, and the like. A repeated random_id is a success.
            Err(error) if error.rpc_error().is_some() => self.refused += 1,
            Err(error) => panic!("no outcome that a call may have here: {error}"),
        }
    }
}

/// What an account knows: each message by its box and id, with its conversation, the time of its last edit and its text.
#[derive(Clone, Debug, Default, PartialEq)]
struct Known {
    messages: BTreeMap<(Peer, i32), (Peer, i32, String)>,
    deleted: BTreeSet<(Peer, i32)>,
}

impl Known {
    fn of_world(telegram: &Sandbox, account: i64) -> Self {
        let digest = telegram.world().digest(account);
        let own = |peer: Peer| if matches!(peer, Peer::Channel(_)) { peer } else { Peer::User(account) };
        let messages = digest.messages.into_iter().map(|entry| ((own(entry.peer), entry.id), (entry.peer, entry.edited, entry.text)));
        Self { messages: messages.collect(), deleted: digest.deleted.into_iter().collect() }
    }

    /// Without what was there before.
    fn since(mut self, before: &Self) -> Self {
        self.messages.retain(|place, _| !before.messages.contains_key(place));
        self.deleted.retain(|place| !before.deleted.contains(place) && !before.messages.contains_key(place));
        self
    }

    fn take(&mut self, account: i64, delivery: &Delivery) {
        let Event::Update(update) = &delivery.event else { panic!("a gap that nobody declared: {delivery:?}") };
        match update {
            enums::Update::NewMessage(new) => self.message(account, &new.message),
            enums::Update::EditMessage(edit) => self.message(account, &edit.message),
            enums::Update::NewChannelMessage(new) => self.message(account, &new.message),
            enums::Update::EditChannelMessage(edit) => self.message(account, &edit.message),
            enums::Update::DeleteMessages(gone) => self.delete(Peer::User(account), &gone.messages),
            enums::Update::DeleteChannelMessages(gone) => self.delete(Peer::Channel(gone.channel_id), &gone.messages),
            _ => {}
        }
    }

    fn message(&mut self, account: i64, message: &enums::Message) {
        let (id, peer, edited, text) = match message {
            enums::Message::Message(message) => (message.id, &message.peer_id, message.edit_date.unwrap_or(0), message.message.clone()),
            enums::Message::Service(message) => (message.id, &message.peer_id, 0, String::new()),
            enums::Message::Empty(_) => return,
        };
        let peer = match peer {
            enums::Peer::User(peer) => Peer::User(peer.user_id),
            enums::Peer::Chat(peer) => Peer::Chat(peer.chat_id),
            enums::Peer::Channel(peer) => Peer::Channel(peer.channel_id),
        };
        let owner = if matches!(peer, Peer::Channel(_)) { peer } else { Peer::User(account) };
        // A difference may tell of a message after its deletion.
        if !self.deleted.contains(&(owner, id)) {
            self.messages.insert((owner, id), (peer, edited, text));
        }
    }

    /// An own message. What updates told of it meanwhile is newer.
    fn sent(&mut self, account: i64, peer: Peer, id: i32, text: String) {
        let place = (Peer::User(account), id);
        if !self.deleted.contains(&place) {
            self.messages.entry(place).or_insert((peer, 0, text));
        }
    }

    fn delete(&mut self, owner: Peer, ids: &[i32]) {
        for id in ids {
            self.messages.remove(&(owner, *id));
            self.deleted.insert((owner, *id));
        }
    }
}

/// An account, its client, and what the client was told.
struct Person {
    id: i64,
    client: Client,
    known: Arc<Mutex<Known>>,
    before: Known,
}

struct Simulation {
    rng: ChaCha8Rng,
    telegram: Sandbox,
    people: Vec<Person>,
    group: i64,
    channel: i64,
    sent: u64,
    /// How far the server's clock runs ahead of what it was, in seconds; back, if negative.
    ahead: i64,
}

impl Simulation {
    async fn new(seed: u64) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let telegram = Sandbox::builder().environment(Environment::simulated(EPOCH, seed)).start().await.unwrap();
        let mut people = Vec::new();
        for (at, name) in ["Alice", "Bobby", "Carol"].iter().enumerate() {
            let phone = format!("1555000{at}");
            let id = telegram.create_user(person(name, &phone)).unwrap();
            let skew = [0, 0, 20, -40, 4000, -86_400][(rng.next_u32() % 6) as usize];
            let wall = Duration::from_secs(EPOCH.as_secs().saturating_add_signed(skew));
            let environment = Environment::simulated(wall, seed * 10 + 1 + at as u64);
            let client = builder(&telegram).environment(environment).connect_in_memory().await.unwrap();
            let code = client.request_code(&phone).await.unwrap();
            let typed = telegram.world().codes().into_iter().find(|code| code.phone == phone).unwrap().code;
            client.sign_in(&code, &typed).await.unwrap();
            let known = Arc::<Mutex<Known>>::default();
            let mut updates = client.updates().await.unwrap();
            let told = known.clone();
            tokio::spawn(async move {
                while let Some(delivery) = updates.next().await {
                    told.lock().unwrap().take(id, &delivery);
                    delivery.done();
                }
            });
            people.push(Person { id, client, known, before: Known::default() });
        }
        sleep(Duration::from_secs(10)).await;
        let now = telegram.now();
        let [alice, bobby, carol] = [people[0].id, people[1].id, people[2].id];
        let (group, channel) = {
            let mut world = telegram.world();
            let group = world.create_group(alice, "Group", &[bobby, carol], now).unwrap();
            (group, world.create_channel(alice, "Channel", true, Some("channel_x"), &[bobby, carol], now).unwrap())
        };
        telegram.deliver();
        for person in &people {
            person.client.call(messages::SendMessage::new("@channel_x", "hello")).await.unwrap();
        }
        sleep(Duration::from_secs(10)).await;
        for person in &mut people {
            person.before = Known::of_world(&telegram, person.id);
        }
        Self { rng, telegram, people, group, channel, sent: 0, ahead: 0 }
    }

    async fn run(mut self) -> Totals {
        let mut totals = Totals::default();
        let mut calls = JoinSet::new();
        for _ in 0..60 {
            self.misbehave();
            for _ in 0..self.rng.next_u32() % 4 {
                self.act(&mut calls);
            }
            sleep(Duration::from_millis(u64::from(self.rng.next_u32() % 4000))).await;
            while let Some(ended) = calls.try_join_next() {
                totals.count(&ended.expect("a call does not panic"));
            }
        }
        self.behave();
        let left = calls.len();
        let rest = timeout(PATIENCE, calls.join_all()).await;
        rest.unwrap_or_else(|_| panic!("some of {left} calls have no outcome")).iter().for_each(|outcome| totals.count(outcome));
        sleep(QUIET).await;
        self.check(&mut totals);
        for person in &self.people {
            person.client.close().await;
        }
        totals
    }

    fn misbehave(&mut self) {
        if self.chance(4) {
            make_trouble(&self.telegram, &mut self.rng);
        }
        if self.chance(12) {
            let lose_sessions = self.chance(2);
            self.telegram.restart(lose_sessions);
        }
        if self.chance(12) {
            self.telegram.rotate_salts();
        }
        if self.chance(8) {
            let code = [16, 17, 18, 19, 20, 32, 33, 34, 35, 64][(self.rng.next_u32() % 10) as usize];
            self.telegram.refuse_next(code);
        }
        if self.chance(20) {
            // As a client sees it whose machine slept, or as when somebody sets the server's clock.
            self.ahead += [1, -1, 25, -25, 100, -100, 200, -200, 1000, -1000][(self.rng.next_u32() % 10) as usize];
            self.telegram.set_clock_ahead(self.ahead);
        }
    }

    fn behave(&self) {
        self.telegram.set_link(LinkScript::default());
        self.telegram.world().faults_mut().updates = UpdateFaults::default();
    }

    fn act(&mut self, calls: &mut JoinSet<Result<(), Error>>) {
        let from = self.rng.next_u32() as usize % self.people.len();
        let to = (from + 1 + self.rng.next_u32() as usize % 2) % self.people.len();
        let place = match self.rng.next_u32() % 3 {
            0 => Peer::User(self.people[to].id),
            1 => Peer::Chat(self.group),
            _ => Peer::Channel(self.channel),
        };
        let (me, client) = (self.people[from].id, self.people[from].client.clone());
        let peer = match place {
            Peer::User(_) => PeerRef::from(["@alice", "@bobby", "@carol"][to]),
            Peer::Chat(id) => PeerRef::from(-id),
            Peer::Channel(_) => PeerRef::from("@channel_x"),
        };
        self.sent += 1;
        let number = self.sent;
        let mine: Vec<i32> = {
            let said = self.telegram.world().messages(me, place);
            said.iter().filter(|said| said.author == me && said.media.is_none()).map(|said| said.id).collect()
        };
        let picked = (!mine.is_empty()).then(|| mine[self.rng.next_u32() as usize % mine.len()]);
        match (self.rng.next_u32() % 5, picked) {
            (0, Some(id)) => {
                let edit = messages::EditMessage { message: Some(format!("edited {number}")), ..messages::EditMessage::new(peer, id) };
                calls.spawn(async move { client.call(edit).await.map(drop) });
            }
            (1, Some(id)) if matches!(place, Peer::Channel(_)) => {
                let delete = channels::DeleteMessages::new("@channel_x", [id]);
                let known = self.people[from].known.clone();
                // Who deletes is told by the answer that it was done, and by no update.
                calls.spawn(async move {
                    client.call(delete).await?;
                    known.lock().unwrap().delete(place, &[id]);
                    Ok(())
                });
            }
            (1, Some(id)) => {
                let delete = messages::DeleteMessages { revoke: true, ..messages::DeleteMessages::new([id]) };
                let known = self.people[from].known.clone();
                calls.spawn(async move {
                    client.call(delete).await?;
                    known.lock().unwrap().delete(Peer::User(me), &[id]);
                    Ok(())
                });
            }
            _ => {
                let (text, known) = (format!("sent {number}"), self.people[from].known.clone());
                let send = messages::SendMessage::new(peer, text.as_str());
                calls.spawn(async move {
                    // In a private chat the answer is all that is told of an own message, and it leaves out what was sent.
                    if let enums::Updates::UpdateShortSentMessage(short) = client.call(send).await? {
                        known.lock().unwrap().sent(me, place, short.id, text);
                    }
                    Ok(())
                });
            }
        }
    }

    fn check(&self, totals: &mut Totals) {
        for person in &self.people {
            let world = Known::of_world(&self.telegram, person.id).since(&person.before);
            let told = person.known.lock().unwrap().clone().since(&person.before);
            let name = person.id;
            let places: BTreeSet<_> = world.messages.keys().chain(told.messages.keys()).collect();
            let wrong: Vec<_> = places
                .into_iter()
                .map(|place| (place, told.messages.get(place), world.messages.get(place)))
                .filter(|(_, told, is)| told != is)
                .collect();
            assert!(wrong.is_empty(), "{name} is wrong about {} messages (what it was told, what is): {wrong:#?}", wrong.len());
            assert_eq!(told.deleted, world.deleted, "{name} is wrong about what is deleted");
            let mut texts = BTreeSet::new();
            for (place, (_, _, text)) in world.messages.iter().filter(|(_, (.., text))| text.starts_with("sent ")) {
                assert!(texts.insert(text), "{text:?} was executed twice: {place:?} is not the first");
            }
            totals.messages += world.messages.len();
        }
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.next_u32().is_multiple_of(one_in)
    }
}
