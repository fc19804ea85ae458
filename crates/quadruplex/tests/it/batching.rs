//! How many packets calls take that are made at the same time. Counts, not times: they are the same on every machine.

use std::future::IntoFuture as _;

use quadruplex::Client;
use quadruplex::api::functions::help;
use quadruplex_sandbox::Sandbox;
use tokio::task::JoinSet;

use crate::common::{person, signed_in};

async fn alice() -> (Sandbox, Client) {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let alice = signed_in(&telegram, "15550001").await;
    // The configuration has come, so that nothing else is on its way while packets are counted.
    alice.call(help::GetConfig).await.unwrap();
    (telegram, alice)
}

#[tokio::test]
async fn a_thousand_calls_joined_in_one_task_share_two_packets() {
    let (_telegram, alice) = alice().await;
    let before = alice.traffic();
    let calls = (0..1000).map(|_| alice.call(help::GetNearestDc).into_future());
    let answers = awaitkit::join_all(calls, awaitkit::Unlimited).await;
    assert!(answers.iter().all(Result::is_ok));
    let packets = alice.traffic().packets_with_calls - before.packets_with_calls;
    assert!(packets <= 2, "{packets} packets");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_calls_of_a_thousand_tasks_share_twenty_packets() {
    let (_telegram, alice) = alice().await;
    let before = alice.traffic();
    let mut tasks = JoinSet::new();
    for _ in 0..1000 {
        let alice = alice.clone();
        tasks.spawn(async move { alice.call(help::GetNearestDc).await });
    }
    let answers = tasks.join_all().await;
    assert!(answers.iter().all(Result::is_ok));
    let packets = alice.traffic().packets_with_calls - before.packets_with_calls;
    assert!(packets <= 20, "{packets} packets, fewer than 50 calls in each");
}

#[tokio::test]
async fn calls_one_after_another_do_not_wait_for_company() {
    let (_telegram, alice) = alice().await;
    let before = alice.traffic();
    for _ in 0..20 {
        alice.call(help::GetNearestDc).await.unwrap();
    }
    let after = alice.traffic();
    assert_eq!(after.calls - before.calls, 20);
    assert_eq!(after.packets_with_calls - before.packets_with_calls, 20);
}
