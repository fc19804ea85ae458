use std::future::IntoFuture as _;
use std::time::Duration;

use quadruplex::api::functions::help;
use quadruplex::{AfterFailure, CancellationToken, Error};
use quadruplex_sandbox::LinkScript;
use tokio::time::{Instant, sleep};

use super::{World, numbered};

#[tokio::test(start_paused = true)]
async fn detached_calls_of_a_queue_are_executed_in_order() {
    let world = World::new().await;
    world.refuse("messages.sendMessage", 3, 1, "FLOOD_WAIT_5");
    world.refuse("messages.sendMessage", 20, 2, "FLOOD_WAIT_2");
    for text in numbered(50) {
        world.alice.send("@bobby", text).queue("hello").detach();
    }
    assert_eq!(world.alice.queues(), [("hello".into(), 50)]);
    sleep(Duration::from_secs(60)).await;
    assert_eq!(world.written(), numbered(50));
    assert!(world.alice.queues().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_thousand_queues_are_freed() {
    let world = World::new().await;
    let calls = (0..1000).map(|n| world.alice.call(help::GetNearestDc).queue(format!("queue {n}")));
    let running: Vec<_> = calls.map(|call| tokio::spawn(call.into_future())).collect();
    assert_eq!(world.alice.queues().len(), 1000);
    for call in running {
        call.await.unwrap().unwrap();
    }
    assert!(world.alice.queues().is_empty());
}

/// The second of four fails; which of those behind it are made, and how the others fail.
#[tokio::test(start_paused = true)]
async fn after_a_failure() {
    let check = async |after_failure, expected: &[&str], not_made: usize| {
        let world = World::new().await;
        world.refuse("messages.sendMessage", 1, 1, "USER_IS_BLOCKED");
        let calls = ["a", "b", "c", "d"].map(|text| world.alice.send("@bobby", text));
        let results = world.alice.multiple(calls).queue("q").after_failure(after_failure).await;
        assert_eq!(world.written(), expected, "{after_failure:?}");
        let refused = results.iter().filter(|sent| matches!(sent, Err(Error::Queue { method: "messages.sendMessage", .. }))).count();
        assert_eq!(refused, not_made, "{results:?}");
        assert!(world.alice.queues().is_empty());
    };
    check(AfterFailure::Continue, &["a", "c", "d"], 0).await;
    check(AfterFailure::Stop, &["a"], 2).await;
    check(AfterFailure::Skip, &["a", "d"], 1).await;
}

/// A flood wait is no failure: those behind wait for what comes of it.
#[tokio::test(start_paused = true)]
async fn a_flood_wait_stops_nobody() {
    let world = World::new().await;
    world.refuse("messages.sendMessage", 1, 1, "FLOOD_WAIT_7");
    let calls = ["a", "b", "c", "d"].map(|text| world.alice.send("@bobby", text));
    let results = world.alice.multiple(calls).queue("q").after_failure(AfterFailure::Stop).await;
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(world.written(), ["a", "b", "c", "d"]);
}

#[tokio::test(start_paused = true)]
async fn a_queue_goes_across_data_centres() {
    let world = World::with(2, 1, |builder| builder).await;
    world.alice.call(help::GetNearestDc).dc(2).await.unwrap();
    world.telegram.set_link(LinkScript { delay: Duration::from_millis(200), ..LinkScript::default() });
    // Connections made before the link was slow stay fast: the second data centre is reached anew.
    world.telegram.restart(false);
    let alice = &world.alice;
    let (far, near) = (alice.call(help::GetNearestDc).dc(2), alice.send("@bobby", "near"));
    let began = Instant::now();
    let far = tokio::spawn({
        let far = far.queue("q").into_future();
        async move {
            far.await.unwrap();
            Instant::now()
        }
    });
    near.queue("q").await.unwrap();
    let near_done = Instant::now();
    let far_done = far.await.unwrap();
    // Both round trips, one after the other.
    assert!(far_done < near_done && near_done - began >= Duration::from_millis(800), "{:?}", near_done - began);
}

#[tokio::test(start_paused = true)]
async fn who_goes_away_does_not_hold_the_others_up() {
    let world = World::new().await;
    world.refuse("messages.sendMessage", 0, 1, "FLOOD_WAIT_20");
    let alice = world.alice.clone();
    let (stop, second_stop) = (CancellationToken::new(), CancellationToken::new());
    let send = |text: &'static str| alice.send("@bobby", text).queue("q");
    let first = tokio::spawn(send("first").cancel(&stop).into_future());
    let second = tokio::spawn(send("second").cancel(&second_stop).into_future());
    let dropped = tokio::spawn(send("dropped").into_future());
    let timed = tokio::spawn(send("timed").timeout(Duration::from_secs(3)).into_future());
    let last = tokio::spawn(send("last").flood_wait(Duration::from_secs(60)).into_future());
    sleep(Duration::from_secs(1)).await;
    dropped.abort();
    second_stop.cancel();
    let error = second.await.unwrap().unwrap_err();
    assert!(matches!(error, Error::Cancelled { .. }) && !error.may_have_been_executed(), "{error}");
    let error = timed.await.unwrap().unwrap_err();
    assert!(error.to_string().ends_with("nothing was sent\n  it waited for its turn in its queue"), "{error}");
    stop.cancel();
    let error = first.await.unwrap().unwrap_err();
    assert!(error.to_string().ends_with("nothing was sent\n  it waited because Telegram wanted it to"), "{error}");
    last.await.unwrap().unwrap();
    assert_eq!(world.written(), ["last"]);
    assert!(world.alice.queues().is_empty());
}
