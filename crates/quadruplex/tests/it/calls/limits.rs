use std::future::IntoFuture as _;
use std::time::Duration;

use quadruplex::{Error, Wait};
use quadruplex_sandbox::world::{Peer, RateRule};
use tokio::time::{Instant, sleep};

use super::{World, numbered};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test(start_paused = true)]
async fn a_known_wait_is_not_asked_for_again() {
    let world = World::new().await;
    world.refuse("messages.sendMessage", 0, 1, "FLOOD_WAIT_37");
    let error = world.alice.send("@bobby", "a").await.unwrap_err();
    let text = error.to_string();
    let first = format!("messages.sendMessage to {}: FLOOD_WAIT 37 s (policy: fail above 30 s)", world.bobby);
    assert!(text.starts_with(&first) && text.contains("this method, this peer: 1 wait in the last hour; next free "), "{text}");
    assert!(error.is("FLOOD_WAIT_*") && error.flood_wait() == Some(37 * SECOND), "{text}");
    sleep(7 * SECOND).await;
    let before = world.alice.traffic().calls;
    for _ in 0..100 {
        let error = world.alice.send("@bobby", "b").flood_wait(Wait::Fail).await.unwrap_err();
        assert_eq!(error.flood_wait(), Some(30 * SECOND), "{error}");
    }
    assert_eq!(world.alice.traffic().calls - before, 0, "nobody asks for what is known");
    // Another peer is another limit.
    world.alice.send("me", "to myself").flood_wait(Wait::Fail).await.unwrap();
    let limits = world.alice.limits();
    let [limit] = &limits[..] else { panic!("{limits:?}") };
    assert_eq!((limit.method, limit.peer, limit.waits, limit.next_free), (Some("messages.sendMessage"), Some(world.bobby), 1, 30 * SECOND));
    let began = Instant::now();
    world.alice.send("@bobby", "c").await.unwrap();
    assert_eq!(began.elapsed().as_secs(), 30);
    assert_eq!(world.written(), ["c"]);
}

/// A server that never has enough does not keep a call for ever.
#[tokio::test(start_paused = true)]
async fn a_wait_that_has_no_end_is_an_error() {
    let world = World::new().await;
    world.refuse("messages.sendMessage", 0, u32::MAX, "FLOOD_WAIT_20");
    let (began, before) = (Instant::now(), world.alice.traffic().calls);
    let send = world.alice.send("@bobby", "a").into_future();
    let error = tokio::time::timeout(3600 * SECOND, send).await.expect("it ends").unwrap_err();
    assert!(matches!(error, Error::Flood(_)) && error.flood_wait() == Some(20 * SECOND), "{error}");
    assert!(error.to_string().contains("FLOOD_WAIT 20 s (policy: fail above 30 s, or after too many waits)"), "{error}");
    let (took, asked) = (began.elapsed().as_secs(), world.alice.traffic().calls - before);
    assert!((380..=420).contains(&took) && (20..=21).contains(&asked), "{took} s, {asked} requests");
}

/// Telegram allows five in ten seconds: forty calls made at once are all made, in the shortest time there is, with few refusals.
#[tokio::test(start_paused = true)]
async fn many_calls_are_spread() {
    let world = World::new().await;
    world.telegram.world().faults_mut().rates.push(RateRule::new("messages.sendMessage", true, 5, 10_000));
    let (began, before) = (Instant::now(), world.alice.traffic().calls);
    let calls = numbered(40).into_iter().map(|text| world.alice.send("@bobby", text));
    let results = world.alice.multiple(calls).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(world.written().len(), 40);
    let (took, asked) = (began.elapsed().as_secs(), world.alice.traffic().calls - before);
    assert!((70..=100).contains(&took), "{took} s");
    // The first pack is refused as a whole but for five; after that few are.
    assert!(asked <= 40 + 35 + 40, "{asked} requests for 40 calls");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_put_off_has_its_time_afterwards() {
    let world = World::new().await;
    world.refuse("messages.sendMessage", 0, 2, "FLOOD_WAIT_500");
    let send = |wait: Wait| world.alice.send("@bobby", "x").timeout(5 * SECOND).flood_wait(wait).into_future();
    let error = send(Wait::Up(600 * SECOND)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }) && !error.may_have_been_executed(), "{error}");
    let began = Instant::now();
    send(Wait::Reschedule).await.unwrap();
    assert!((990..1000).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn slow_mode_holds_back_all_that_is_sent_to_the_chat() {
    let world = World::new().await;
    let now = world.telegram.now();
    let group = world.telegram.world().create_channel(world.me, "Group", true, Some("group_x"), &[world.bobby], now).unwrap();
    world.refuse("messages.sendMessage", 0, 1, "SLOWMODE_WAIT_40");
    let error = world.alice.send("@group_x", "a").await.unwrap_err();
    assert!(error.is("SLOWMODE_WAIT_40") && error.to_string().contains("this chat's slow mode: 1 wait"), "{error}");
    let before = world.alice.traffic().calls;
    let die = quadruplex::api::types::InputMediaDice::new("🎲");
    let error = world.alice.send_media("@group_x", die, "").await.unwrap_err();
    assert!(error.is("SLOWMODE_WAIT_*"), "{error}");
    assert_eq!(world.alice.traffic().calls, before);
    sleep(40 * SECOND).await;
    world.alice.send("@group_x", "b").await.unwrap();
    assert_eq!(world.telegram.world().messages(world.me, Peer::Channel(group)).iter().filter(|said| said.text == "b").count(), 1);
}
