use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex::api::functions::{help, messages};
use quadruplex_sandbox::world::RateRule;
use tokio::time::sleep;

use super::{World, numbered};

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_are_one_packet_with_results_in_order() {
    let world = World::new().await;
    let before = world.packets();
    let calls = numbered(100).into_iter().map(|text| world.alice.send("@bobby", text));
    let results = world.alice.multiple(calls).await;
    assert_eq!(world.packets() - before, 1);
    let texts: Vec<_> = results.into_iter().map(|sent| sent.unwrap().text().to_owned()).collect();
    assert_eq!(texts, numbered(100));
}

#[tokio::test(start_paused = true)]
async fn more_than_fit_are_split_at_the_limit_of_the_protocol() {
    let world = World::new().await;
    let before = world.packets();
    let results = world.alice.multiple((0..2500).map(|_| world.alice.call(help::GetNearestDc))).await;
    assert!(results.len() == 2500 && results.iter().all(Result::is_ok));
    assert_eq!(world.packets() - before, 2500_u64.div_ceil(1020));
    assert!(world.alice.multiple(Vec::<quadruplex::Call<()>>::new()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_has_a_result_of_its_own() {
    let world = World::new().await;
    world.refuse("messages.sendMessage", 1, 1, "USER_IS_BLOCKED");
    let texts = ["a", "b", "c"];
    let calls = texts.iter().zip(["@bobby", "@bobby", "@nobody_there"]).map(|(text, peer)| world.alice.send(peer, *text));
    let results = world.alice.multiple(calls).await;
    assert_eq!(results[0].as_ref().unwrap().text(), "a");
    assert!(results[1].as_ref().unwrap_err().is("USER_IS_BLOCKED"));
    assert!(results[2].as_ref().unwrap_err().to_string().contains("@nobody_there was not found"));
    assert_eq!(world.written(), ["a"]);
}

#[tokio::test(start_paused = true)]
async fn calls_of_different_kinds_share_a_packet() {
    let world = World::new().await;
    let before = world.packets();
    let alice = &world.alice;
    let (nearest, sent, raw) = alice
        .multiple_mixed((
            alice.call(help::GetNearestDc),
            alice.send("@bobby", "first"),
            alice.call(messages::SendMessage { silent: true, ..messages::SendMessage::new("@bobby", "second") }),
        ))
        .queue("mixed")
        .await;
    assert_eq!(world.packets() - before, 1);
    assert_eq!(nearest.unwrap().this_dc, 1);
    assert_eq!(sent.unwrap().text(), "first");
    raw.unwrap();
    assert_eq!(world.written(), ["first", "second"]);
}

#[tokio::test(start_paused = true)]
async fn a_hundred_in_a_queue_are_one_packet_too() {
    let world = World::new().await;
    let before = world.packets();
    let lines = numbered(100).into_iter().map(|text| world.alice.send("@bobby", text));
    for (n, sent) in world.alice.multiple(lines).queue("log").await.into_iter().enumerate() {
        assert_eq!(sent.unwrap().text(), format!("line {n}"));
    }
    assert_eq!(world.packets() - before, 1);
    assert_eq!(world.written(), numbered(100));
    assert!(world.alice.queues().is_empty());
}

/// What a flood wait has stopped in the middle of a queue goes on where it was, together.
#[tokio::test(start_paused = true)]
async fn the_order_holds_over_a_flood_wait() {
    let world = World::new().await;
    world.telegram.world().faults_mut().rates.push(RateRule::new("messages.sendMessage", true, 60, 20_000));
    let before = world.packets();
    let lines = numbered(100).into_iter().map(|text| world.alice.send("@bobby", text));
    assert!(world.alice.multiple(lines).queue("log").await.iter().all(Result::is_ok));
    assert_eq!(world.written(), numbered(100));
    let packets = world.packets() - before;
    assert!(packets <= 60, "{packets} packets");
}

#[tokio::test(start_paused = true)]
async fn errors_of_detached_calls_reach_the_sink() {
    let failed = Arc::new(Mutex::new(Vec::new()));
    let sink = failed.clone();
    let world = World::with(1, 1, |builder| {
        let sink = sink.clone();
        builder.on_error(move |unhandled| sink.lock().unwrap().push(unhandled.to_string()))
    })
    .await;
    world.refuse("messages.sendMessage", 1, 2, "USER_IS_BLOCKED");
    world.alice.send("@bobby", "a").detach();
    world.alice.send("@bobby", "b").detach();
    let calls = ["c", "d"].map(|text| world.alice.send("@bobby", text));
    world.alice.multiple(calls).detach();
    sleep(Duration::from_secs(1)).await;
    let failed = failed.lock().unwrap();
    assert_eq!(*failed, ["a detached call failed: messages.sendMessage: USER_IS_BLOCKED (400)"; 2]);
    assert_eq!(world.written().len(), 2);
}
