use std::time::Duration;

use quadruplex::api::functions::messages;
use quadruplex_sandbox::RpcError;
use quadruplex_sandbox::world::ErrorRule;
use tokio::time::Instant;

use super::World;

fn trouble(world: &World, times: u32, code: i32, error: &'static str) {
    let rule = ErrorRule { method: "*".into(), peer: None, account: None, skip: 0, times, error: RpcError::new(code, error) };
    world.telegram.world().faults_mut().errors = vec![rule];
}

/// The server is in trouble three times: what only reads and what has a `random_id` is made again with growing pauses.
#[tokio::test(start_paused = true)]
async fn what_may_be_repeated_is() {
    for (code, error) in [(500, "RPC_CALL_FAIL"), (-503, "Timeout"), (500, "TIMEDOUT")] {
        let world = World::new().await;
        let (began, before) = (Instant::now(), world.alice.traffic().calls);
        trouble(&world, 3, code, error);
        world.alice.me().await.unwrap();
        assert_eq!((began.elapsed().as_secs(), world.alice.traffic().calls - before), (1 + 2 + 4, 4), "{error}");
        trouble(&world, 3, code, error);
        world.alice.send("@bobby", "once").await.unwrap();
        assert_eq!(world.written(), ["once"]);
    }
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_to_a_minute_and_end() {
    let world = World::new().await;
    let began = Instant::now();
    trouble(&world, u32::MAX, 500, "RPC_CALL_FAIL");
    let error = world.alice.me().await.unwrap_err();
    assert!(error.is("RPC_CALL_FAIL"), "{error}");
    assert_eq!(began.elapsed(), Duration::from_secs(1 + 2 + 4 + 8 + 16 + 32 + 60 + 60));
}

/// An edit may do harm twice, and who pressed a button does not wait.
#[tokio::test(start_paused = true)]
async fn what_may_not_be_repeated_fails_at_once() {
    let world = World::new().await;
    let sent = world.alice.send("@bobby", "text").await.unwrap();
    let before = world.alice.traffic().calls;
    trouble(&world, u32::MAX, 500, "RPC_CALL_FAIL");
    assert!(world.alice.call(messages::EditMessage::new("@bobby", sent.id())).await.unwrap_err().is("RPC_CALL_FAIL"));
    assert!(world.alice.call(messages::GetBotCallbackAnswer::new("@bobby", sent.id())).await.unwrap_err().is("RPC_CALL_FAIL"));
    assert_eq!(world.alice.traffic().calls - before, 2);
    trouble(&world, 1, 500, "RPC_CALL_FAIL");
    let edit = messages::EditMessage { message: Some("changed".into()), ..messages::EditMessage::new("@bobby", sent.id()) };
    world.alice.call(edit).repeatable().await.unwrap();
    assert_eq!(world.written(), ["changed"]);
}
