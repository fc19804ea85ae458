use std::future::IntoFuture;
use std::time::Duration;

use awaitkit::{Unlimited, join_all};
use quadruplex::api::functions::messages;
use quadruplex::net::Traffic;
use serde_json::json;
use tokio::time::{Instant, sleep};

use super::Stage;
use super::history::texts;
use crate::commands::demo::actor::{Actor, text};
use crate::commands::demo::report::Outcome;

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
    let (before, started) = (alice.client.traffic(), Instant::now());
    for n in 1..=COUNT {
        alice.client.call(messages::SendMessage::new(bob.username(), format!("one by one: {n}"))).await.map_err(text)?;
    }
    let cost = Cost::since(before, started, alice);
    check_arrived(alice, bob, "one by one").await?;
    Ok(cost.outcome())
}

pub(super) async fn all_at_once(stage: &mut Stage) -> Result<Outcome, String> {
    let (alice, bob) = (stage.alice()?, stage.bob()?);
    let (before, started) = (alice.client.traffic(), Instant::now());
    let send = |n| alice.client.call(messages::SendMessage::new(bob.username(), format!("at once: {n}"))).into_future();
    for sent in join_all((1..=COUNT).map(send), Unlimited).await {
        sent.map_err(text)?;
    }
    let cost = Cost::since(before, started, alice);
    check_arrived(alice, bob, "at once").await?;
    Ok(cost.outcome())
}

/// What it took to send the messages.
struct Cost {
    frames: u64,
    bytes: u64,
    ms: f64,
}

impl Cost {
    fn since(before: Traffic, started: Instant, actor: &Actor) -> Self {
        let after = actor.client.traffic();
        Self {
            frames: after.packets_sent - before.packets_sent,
            bytes: after.bytes_sent - before.bytes_sent,
            ms: started.elapsed().as_secs_f64() * 1e3,
        }
    }

    fn outcome(&self) -> Outcome {
        let Self { frames, bytes, ms } = self;
        Outcome {
            line: format!("{COUNT} messages in {ms:.0} ms: {frames} frames"),
            figures: json!({ "messages": COUNT, "ms": ms, "frames": frames, "bytes": bytes }),
        }
    }
}

async fn check_arrived(from: &Actor, to: &Actor, prefix: &str) -> Result<(), String> {
    let arrived = texts(to, &from.username(), COUNT as usize).await?;
    let expected: Vec<String> = (1..=COUNT).rev().map(|n| format!("{prefix}: {n}")).collect();
    if arrived == expected { Ok(()) } else { Err(format!("{} has not got exactly the {COUNT} messages, in order: {arrived:?}", to.name)) }
}
