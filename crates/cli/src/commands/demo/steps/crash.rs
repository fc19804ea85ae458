use std::collections::HashMap;

use awaitkit::{limit, try_map_concurrent};
use quadruplex::api::functions::messages;
use serde_json::json;
use tokio::sync::watch;
use tokio::time::Instant;

use super::Stage;
use super::history::texts;
use crate::commands::demo::actor::text;
use crate::commands::demo::report::Outcome;

const SENDS: usize = 200;

/// The server is killed in the middle of many sends and started again from its file. Whoever was not answered asks again with
/// the same `random_id`: every message arrives once.
pub(super) async fn survive(stage: &mut Stage) -> Result<Outcome, String> {
    let Stage { server, actors, .. } = stage;
    let [alice, bob, ..] = actors.as_slice() else { return Err("an account that it needs did not connect".to_owned()) };
    let answered = watch::Sender::new(0);
    let (started, before) = (Instant::now(), alice.client.traffic());
    let send = async |n: usize| {
        alice.client.call(messages::SendMessage::new(bob.username(), body(n))).await.map_err(text)?;
        answered.send_modify(|count| *count += 1);
        Ok::<(), String>(())
    };
    let crash = async {
        let _ = answered.subscribe().wait_for(|count| *count >= SENDS / 2).await;
        let killed = Instant::now();
        let answered_before = *answered.borrow();
        server.kill_and_restart().await?;
        Ok::<_, String>((answered_before, killed.elapsed()))
    };
    let (sent, crash) = tokio::join!(try_map_concurrent(1..=SENDS, limit!(16), send), crash);
    let (answered_before, down) = crash?;
    sent?;
    let ms = started.elapsed().as_secs_f64() * 1e3;
    let frames = alice.client.traffic().packets_sent - before.packets_sent;

    let mut arrivals: HashMap<String, usize> = HashMap::new();
    for text in texts(bob, &alice.username(), 2 * SENDS).await? {
        *arrivals.entry(text).or_default() += 1;
    }
    let of = |n| arrivals.get(&body(n)).copied().unwrap_or_default();
    let lost = (1..=SENDS).filter(|n| of(*n) == 0).count();
    let doubled = (1..=SENDS).filter(|n| of(*n) > 1).count();
    if lost + doubled > 0 {
        return Err(format!("of {SENDS} messages {lost} did not arrive and {doubled} arrived more than once"));
    }
    let down = down.as_secs_f64() * 1e3;
    Ok(Outcome {
        line: format!("server killed (SIGKILL) after {answered_before} of {SENDS} sends, back in {down:.0} ms: each arrived exactly once"),
        figures: json!({
            "messages": SENDS, "answered_before": answered_before, "down_ms": down, "ms": ms, "frames": frames, "lost": 0, "doubled": 0,
        }),
    })
}

fn body(n: usize) -> String {
    format!("through a crash: {n}")
}
