//! A bot as a process of its own is killed (SIGKILL) again and again, at any moment, while people write to it in a sandbox that is another
//! process. In the end every message was handled, in the order of its chat; a kill has brought no more of them a second time than were
//! being handled or had been handled since the last commit; and every answer stands in its chat exactly once.
//!
//! Processes and sockets are real here, and so is time. `QUADRUPLEX_UPDATES=10000` makes it longer, `QUADRUPLEX_SEED=n` another one.

pub(crate) mod admin;
mod diary;
mod program;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::command::Place;
use admin::Admin;
use diary::{Kind, Line, Name};

/// How long something may take that must come.
const PATIENCE: Duration = Duration::from_secs(300);

/// The program that is killed, when this binary is started as that; see [`program`].
#[test]
fn program() {
    program::run_if_told();
}

#[test]
fn nothing_is_lost_and_nothing_is_said_twice() {
    let updates = number("QUADRUPLEX_UPDATES").unwrap_or(600);
    let seed = number("QUADRUPLEX_SEED").unwrap_or(1);
    let proof = Proof::start(updates, (updates / 25).min(100), seed);
    let kills = if updates < 2000 { 6 } else { 40 };
    let lines = proof.run(kills);
    println!("seed {seed}: {}", check(&lines, &proof.written));
    proof.check_answers();
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// A process that does not outlive its owner.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A sandbox, the people in it, and what each of them writes.
struct Proof {
    place: Place,
    _sandbox: Process,
    admin: Admin,
    dc: String,
    token: String,
    bot: i64,
    people: Vec<i64>,
    /// Whose turn it is to write.
    turns: Vec<i64>,
    written: Vec<Name>,
    dice: Dice,
}

impl Proof {
    fn start(updates: u64, chats: u64, seed: u64) -> Self {
        let place = Place::new("kills");
        let mut command = place.command();
        command.args(["sandbox", "--dcs", "1", "--admin", "127.0.0.1:0"]);
        let mut sandbox = command.stdout(Stdio::piped()).spawn().expect("the sandbox can be started");
        let mut line = String::new();
        BufReader::new(sandbox.stdout.take().expect("it is piped")).read_line(&mut line).expect("it says when it is ready");
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
        let mut admin = Admin::connect(ready["admin"].as_str().expect("its admin interface has an address"));
        let bot = admin.post("/bots", &json!({ "name": "Bot", "username": "killed_bot" }));
        let person = |number| admin.post("/users", &json!({ "first_name": format!("Person {number}") }))["id"].as_i64().expect("an id");
        let people: Vec<i64> = (0..chats).map(person).collect();
        let mut dice = Dice(seed);
        let turns: Vec<i64> = (0..updates).map(|_| people[dice.below(chats) as usize]).collect();
        let mut counts = std::collections::BTreeMap::new();
        let mut named = |chat: &i64| {
            let count = counts.entry(*chat).or_insert(0);
            *count += 1;
            (*chat, *count)
        };
        let written = turns.iter().map(&mut named).collect();
        Self {
            dc: ready["dcs"][0]["address"].as_str().expect("its data centre has an address").to_owned(),
            token: bot["token"].as_str().expect("a token").to_owned(),
            bot: bot["id"].as_i64().expect("an id"),
            place,
            _sandbox: Process(sandbox),
            admin,
            people,
            turns,
            written,
            dice,
        }
    }

    /// As many lives as there are kills, and a last one in which everything comes to rest.
    fn run(&self, kills: u64) -> Vec<Line> {
        let mut admin = self.admin.again();
        let mut dice = self.dice.clone();
        let mut left = self.written.iter();
        let mut write = |count: usize| {
            for (chat, number) in left.by_ref().take(count) {
                admin.post("/messages", &json!({ "from": chat, "to": self.bot, "text": number.to_string() }));
            }
        };
        let share = self.turns.len() / (kills as usize + 1) + 1;
        // Its updates begin with the sign-in.
        let mut life = self.live(0);
        self.wait("the sign-in", |lines| lines.iter().any(|line| line.kind == Kind::Ready));
        for number in 0..kills {
            // Some die while they begin, most in the middle of their work.
            write(dice.below(share as u64 + 1) as usize);
            match dice.below(4) {
                0 => std::thread::sleep(Duration::from_millis(dice.below(300))),
                _ => self.wait_for_work(number, dice.below(share as u64) as usize),
            }
            write(share / 2);
            std::thread::sleep(Duration::from_micros(dice.below(20_000)));
            drop(life);
            life = self.live(number + 1);
        }
        write(usize::MAX);
        let all: std::collections::BTreeSet<Name> = self.written.iter().copied().collect();
        self.wait("the end of all handlers", |lines| {
            let ended = lines.iter().filter(|line| line.kind == Kind::Ended).filter_map(|line| line.name);
            ended.collect::<std::collections::BTreeSet<_>>() == all
        });
        drop(life);
        diary::read(self.place.path())
    }

    /// Waits until a life has ended with so many updates, but not for long: it may have nothing to do.
    fn wait_for_work(&self, life: u64, count: usize) {
        let began = Instant::now();
        let is_done = |lines: Vec<Line>| lines.iter().filter(|line| line.life == life && line.kind == Kind::Ended).count() >= count;
        while !is_done(diary::read(self.place.path())) && began.elapsed() < Duration::from_millis(700) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn wait(&self, what: &str, is_there: impl Fn(&[Line]) -> bool) {
        let began = Instant::now();
        while !is_there(&diary::read(self.place.path())) {
            assert!(began.elapsed() < PATIENCE, "{what} has not come");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn live(&self, number: u64) -> Process {
        let program = std::env::current_exe().expect("this program has a file");
        let mut command = Command::new(program);
        command.args(["kills::program", "--exact", "--nocapture", "--test-threads=1"]).stdout(Stdio::null());
        program::tell(&mut command, self.place.path(), &self.dc, &self.token, number);
        Process(command.spawn().expect("it can be started"))
    }

    /// What stands in the chats, by the sandbox.
    fn check_answers(&self) {
        let mut admin = self.admin.again();
        for person in &self.people {
            let said = admin.get(&format!("/messages?account={person}&user={}", self.bot));
            let said = said.as_array().expect("a list of messages");
            let of = |author: i64| -> Vec<&str> {
                said.iter().filter(|message| message["author"] == author).filter_map(|message| message["text"].as_str()).collect()
            };
            let expected: Vec<String> = of(*person).iter().map(|text| format!("re {text}")).collect();
            assert_eq!(of(self.bot), expected, "each answer once, in the order of what was asked, in the chat with {person}");
        }
    }
}

/// What the diary says of all lives.
fn check(lines: &[Line], written: &[Name]) -> String {
    use std::collections::{BTreeMap, BTreeSet};

    let lives: BTreeSet<u64> = lines.iter().map(|line| line.life).collect();
    let begun = |line: &&Line| line.kind == Kind::Begun;
    let all: BTreeSet<Name> = lines.iter().filter(begun).filter_map(|line| line.name).collect();
    let missed: Vec<_> = written.iter().filter(|name| !all.contains(name)).collect();
    assert!(missed.is_empty(), "{missed:?} were never handled");
    let mut firsts: BTreeMap<i64, u32> = BTreeMap::new();
    for (chat, number) in lines.iter().filter(begun).filter_map(|line| line.name) {
        let newest = firsts.entry(chat).or_default();
        assert!(number <= *newest + 1, "{number} of chat {chat} was begun before {}", *newest + 1);
        *newest = number.max(*newest);
    }
    let (mut repeated, mut allowed, mut most) = (0, 0, 0);
    for life in &lives {
        let of_life: Vec<&Line> = lines.iter().filter(|line| line.life == *life).collect();
        let mut last: BTreeMap<i64, u32> = BTreeMap::new();
        for (chat, number) in of_life.iter().copied().filter(begun).filter_map(|line| line.name) {
            let before = last.insert(chat, number).unwrap_or(0);
            assert!(before < number, "life {life}: {number} of chat {chat} after {before}");
        }
        let later: BTreeSet<Name> = lines.iter().filter(begun).filter(|line| line.life > *life).filter_map(|line| line.name).collect();
        let again = of_life.iter().copied().filter(begun).filter_map(|line| line.name).filter(|name| later.contains(name)).count();
        let may = program::AT_ONCE + since_last_commit(&of_life);
        assert!(again <= may, "life {life}: {again} came again, {may} may");
        (repeated, allowed, most) = (repeated + again, allowed + may, most.max(again));
    }
    let (lives, updates) = (lives.len(), written.len());
    format!("{updates} updates, {lives} lives; {repeated} came again, {most} after one kill at most; {allowed} may have")
}

/// How many updates were ended while the last commit that is durable was gathered, or later: the others were in it, or in one before. It was
/// gathered from the end of the one before it on, and for how long is not in the diary: it is noted when it has been handed over.
fn since_last_commit(lines: &[&Line]) -> usize {
    let mut durable = (0..lines.len()).rev().filter(|at| matches!(lines[*at].kind, Kind::Durable(_)));
    let gathered = durable.nth(1).unwrap_or(0);
    lines[gathered..].iter().filter(|line| line.kind == Kind::Ended).count()
}

/// Random numbers from a seed (splitmix64).
#[derive(Clone)]
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end.max(1)
    }
}
