//! A bot whose disk is full: it goes on answering, and when there is room again nothing is lost and nothing is done twice.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quadruplex::prelude::*;
use quadruplex::store::testing::gated;
use quadruplex::store::{Error as StoreError, Memory, Store};
use tokio::time::{sleep, timeout};

use crate::common::builder;
use crate::router::support::{Person, World, world};

fn disk(memory: &Memory, is_full: &Arc<AtomicBool>) -> impl Store {
    let is_full = Arc::clone(is_full);
    gated(memory.clone(), move |_| {
        let is_full = is_full.load(Ordering::Relaxed);
        Box::pin(async move { if is_full { Err(StoreError::Full { place: "the test's disk".to_owned() }) } else { Ok(()) } })
    })
}

async fn live(world: &World, memory: &Memory, is_full: &Arc<AtomicBool>) -> Running {
    let client = builder(&world.telegram).connect(disk(memory, is_full)).await.unwrap();
    if client.own_user().is_none() {
        client.sign_in_bot(&world.token).await.unwrap();
    }
    let router = Router::new().on_message(async |msg: Text| format!("re {}", msg.text()));
    App::new(router).client(client).metrics("127.0.0.1:0").start().await.unwrap()
}

async fn answered(person: &mut Person, text: &str) {
    person.say(text).await;
    assert_eq!(person.reply().await.text(), format!("re {text}"));
}

/// Time is virtual: the pauses between attempts to write take none.
#[tokio::test(start_paused = true)]
async fn it_answers_says_so_and_loses_nothing() {
    let (world, memory, is_full) = (world().await, Memory::new(), Arc::default());
    let running = live(&world, &memory, &is_full).await;
    let mut alice = world.person("alice").await;
    let mut bobby = world.person("bobby").await;
    answered(&mut alice, "before").await;

    is_full.store(true, Ordering::Relaxed);
    for round in 0..3 {
        answered(&mut alice, &format!("full {round}")).await;
        answered(&mut bobby, &format!("full {round}")).await;
    }
    sleep(MINUTE).await;
    let (status, health) = crate::metrics::ask(running.metrics_address().unwrap(), "GET", "/health").await;
    assert_eq!(status, 503, "{health}");
    assert!(health.contains("nothing can be stored: ") && health.contains("the test's disk"), "{health}");
    answered(&mut alice, "still full").await;

    is_full.store(false, Ordering::Relaxed);
    let client = running.client().clone();
    running.stop().await;
    client.close().await;
    let rows = memory.rows(0, 100).await.unwrap();
    assert!(rows.is_empty(), "all of it is handled, and that is written: {rows:?}");

    let _again = live(&world, &memory, &is_full).await;
    // Were anything handled twice, its answer would come first.
    answered(&mut alice, "after").await;
    answered(&mut bobby, "after").await;
}

/// A program that is told to end ends, and the next one does what this one could not write down.
#[tokio::test(start_paused = true)]
async fn it_can_be_ended() {
    let (world, memory, is_full) = (world().await, Memory::new(), Arc::default());
    let running = live(&world, &memory, &is_full).await;
    let mut alice = world.person("alice").await;
    answered(&mut alice, "before").await;
    is_full.store(true, Ordering::Relaxed);
    answered(&mut alice, "full").await;
    sleep(MINUTE).await;
    let client = running.client().clone();
    let ending = async {
        running.stop().await;
        client.close().await;
    };
    assert!(timeout(MINUTE, ending).await.is_ok(), "it waits for room on the disk");

    is_full.store(false, Ordering::Relaxed);
    let _again = live(&world, &memory, &is_full).await;
    // Were what could not be written answered twice, the answer would come first.
    answered(&mut alice, "after").await;
}
