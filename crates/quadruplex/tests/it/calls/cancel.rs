use std::future::IntoFuture as _;
use std::time::Duration;

use quadruplex::api::functions::help;
use quadruplex::{CancellationToken, Error, LastSeen};
use quadruplex_sandbox::LinkScript;
use tokio::time::{Instant, sleep, timeout};

use super::World;

const SECOND: Duration = Duration::from_secs(1);

/// Answers take six seconds.
async fn slow() -> World {
    let world = World::new().await;
    world.telegram.set_link(LinkScript { delay: 3 * SECOND, ..LinkScript::default() });
    world.telegram.restart(false);
    world.alice.call(help::GetNearestDc).await.unwrap();
    world
}

#[tokio::test(start_paused = true)]
async fn a_timeout_tells_the_server_and_says_what_is_known() {
    let world = slow().await;
    let (began, before) = (Instant::now(), world.alice.traffic());
    let error = world.alice.send("@bobby", "a").timeout(2 * SECOND).await.unwrap_err();
    assert_eq!(began.elapsed().as_secs(), 2);
    assert!(error.may_have_been_executed());
    let text = error.to_string();
    let start = "messages.sendMessage was cancelled after 2.0 s (timeout of the call); the server was told, the message may exist\n  DC 1, connection ";
    assert!(text.starts_with(start) && text.contains("old, sent 2.0 s ago, not acknowledged, clock "), "{text}");
    // One packet with the call, one with the wish that its answer be dropped.
    sleep(SECOND).await;
    let after = world.alice.traffic();
    assert_eq!((after.packets_with_calls - before.packets_with_calls, after.packets_sent - before.packets_sent), (1, 2));
    sleep(10 * SECOND).await;
    assert_eq!(world.written(), ["a"], "the server was told too late to do nothing");
}

#[tokio::test(start_paused = true)]
async fn a_token_cancels_many_calls() {
    let world = slow().await;
    let stop = CancellationToken::new();
    let before = world.alice.traffic();
    let call = || tokio::spawn(world.alice.call(help::GetNearestDc).cancel(&stop).into_future());
    let calls: Vec<_> = (0..10).map(|_| call()).collect();
    sleep(SECOND).await;
    stop.cancel();
    for call in calls {
        let error = call.await.unwrap().unwrap_err();
        assert!(matches!(error, Error::Cancelled { method: "help.getNearestDc", last_seen: LastSeen::Sent(_), .. }), "{error}");
    }
    sleep(SECOND).await;
    let after = world.alice.traffic();
    assert_eq!((after.packets_with_calls - before.packets_with_calls, after.packets_sent - before.packets_sent), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn dropping_tells_the_server_too() {
    let world = slow().await;
    let before = world.alice.traffic();
    assert!(timeout(SECOND, world.alice.call(help::GetNearestDc)).await.is_err());
    sleep(SECOND).await;
    let after = world.alice.traffic();
    assert_eq!((after.packets_with_calls - before.packets_with_calls, after.packets_sent - before.packets_sent), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_says_so() {
    let world = World::new().await;
    world.telegram.stop();
    sleep(SECOND).await;
    let error = world.alice.send("@bobby", "a").timeout(2 * SECOND).await.unwrap_err();
    assert!(!error.may_have_been_executed(), "{error}");
    assert!(error.to_string().ends_with("nothing was sent\n  there was no connection"), "{error}");
}
