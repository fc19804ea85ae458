use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use awaitkit::{Unlimited, try_map_concurrent};
use quadruplex::api::functions::messages;
use quadruplex::net::Traffic;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Stage;
use super::history::texts;
use crate::commands::demo::actor::{Actor, text};
use crate::commands::demo::report::{Outcome, count};

const COUNT: u32 = 100;

pub(super) async fn greet(stage: &mut Stage) -> Result<Outcome, String> {
    let (alice, bob) = (stage.alice()?, stage.bob()?);
    let mut took = Vec::new();
    for (from, to, greeting) in [(alice, bob, "What hath God wrought?"), (bob, alice, "Hello, Alice!")] {
        let started = Instant::now();
        from.client.call(messages::SendMessage::new(to.username(), greeting)).await.map_err(text)?;
        while !texts(to, &from.username(), COUNT as usize).await?.iter().any(|text| text == greeting) {
            sleep(Duration::from_millis(5)).await;
        }
        took.push(started.elapsed().as_secs_f64() * 1e3);
    }
    let line = format!("{} to {} {:.1} ms, back {:.1} ms", alice.name, bob.name, took[0], took[1]);
    Ok(Outcome { line, figures: json!({ "ms": took }) })
}

pub(super) async fn one_by_one(stage: &mut Stage) -> Result<Outcome, String> {
    let (alice, bob) = (stage.alice()?, stage.bob()?);
    let mut cost = Cost::begin(alice);
    for n in 1..=COUNT {
        alice.client.call(messages::SendMessage::new(bob.username(), format!("one by one: {n}"))).await.map_err(text)?;
        cost.answered(alice);
    }
    let outcome = cost.end(alice);
    check_arrived(alice, bob, "one by one").await?;
    Ok(outcome)
}

pub(super) async fn all_at_once(stage: &mut Stage) -> Result<Outcome, String> {
    let (alice, bob) = (stage.alice()?, stage.bob()?);
    let cost = Mutex::new(Cost::begin(alice));
    let send = async |n| {
        let sent = alice.client.call(messages::SendMessage::new(bob.username(), format!("at once: {n}"))).await;
        cost.lock().unwrap_or_else(PoisonError::into_inner).answered(alice);
        sent.map_err(text)
    };
    try_map_concurrent(1..=COUNT, Unlimited, send).await?;
    let outcome = cost.into_inner().unwrap_or_else(PoisonError::into_inner).end(alice);
    check_arrived(alice, bob, "at once").await?;
    Ok(outcome)
}

/// What it took to send the messages.
struct Cost {
    started: Instant,
    before: Traffic,
    /// How many frames had been sent when answers came. Answers that come after the same frame share a round trip.
    frames_at_answers: BTreeSet<u64>,
}

impl Cost {
    fn begin(actor: &Actor) -> Self {
        Self { started: Instant::now(), before: actor.client.traffic(), frames_at_answers: BTreeSet::new() }
    }

    fn answered(&mut self, actor: &Actor) {
        self.frames_at_answers.insert(actor.client.traffic().packets_with_calls);
    }

    fn end(self, actor: &Actor) -> Outcome {
        let after = actor.client.traffic();
        let ms = self.started.elapsed().as_secs_f64() * 1e3;
        let frames = after.packets_with_calls - self.before.packets_with_calls;
        let round_trips = self.frames_at_answers.len();
        let bytes = after.bytes_sent - self.before.bytes_sent;
        Outcome {
            line: format!("{COUNT} messages in {ms:.0} ms: {} in {}", count(frames, "frame"), count(round_trips as u64, "round trip")),
            figures: json!({ "messages": COUNT, "ms": ms, "frames": frames, "round_trips": round_trips, "bytes": bytes }),
        }
    }
}

async fn check_arrived(from: &Actor, to: &Actor, prefix: &str) -> Result<(), String> {
    let arrived = texts(to, &from.username(), COUNT as usize).await?;
    let expected: Vec<String> = (1..=COUNT).rev().map(|n| format!("{prefix}: {n}")).collect();
    if arrived == expected { Ok(()) } else { Err(format!("{} has not got exactly the {COUNT} messages, in order: {arrived:?}", to.name)) }
}
