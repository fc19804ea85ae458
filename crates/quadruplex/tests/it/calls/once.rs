use quadruplex::Error;
use quadruplex::api::functions::{help, messages};
use quadruplex::store::Memory;

use super::World;
use crate::common::builder;

#[tokio::test(start_paused = true)]
async fn twice_is_once() {
    let world = World::new().await;
    let send = || world.alice.send("@bobby", "Order 7 is on its way").once("order-7");
    let first = send().await.unwrap();
    let second = send().await.unwrap();
    assert_eq!((first.id(), first.text()), (second.id(), second.text()));
    world.alice.send("@bobby", "Order 7 is on its way").once("order-8").await.unwrap();
    assert_eq!(world.written().len(), 2);
    // Another process of the account.
    let session = world.alice.session().unwrap();
    world.alice.close().await;
    let other = builder(&world.telegram).session(session).connect(Memory::new()).await.unwrap();
    let third = other.send("@bobby", "Order 7 is on its way").once("order-7").await.unwrap();
    assert_eq!(third.id(), first.id());
    assert_eq!(world.written().len(), 2);
}

/// Telegram refuses to say which message it was; an update has told.
#[tokio::test(start_paused = true)]
async fn a_repeated_id_finds_the_very_message() {
    let world = World::new().await;
    let now = world.telegram.now();
    world.telegram.world().create_channel(world.me, "Group", true, Some("group_x"), &[], now).unwrap();
    let first = world.alice.send("@group_x", "same").once("k").await.unwrap();
    for _ in 0..3 {
        world.alice.send("@group_x", "same").await.unwrap();
    }
    world.refuse("messages.sendMessage", 0, 1, "RANDOM_ID_DUPLICATE");
    let again = world.alice.send("@group_x", "same").once("k").await.unwrap();
    assert_eq!(again.id(), first.id());
}

#[tokio::test(start_paused = true)]
async fn only_what_is_sent_has_a_key() {
    let world = World::new().await;
    let error = world.alice.call(help::GetNearestDc).once("k").await.unwrap_err();
    assert!(matches!(error, Error::Invalid(_)), "{error}");
    world.alice.call(messages::SendMessage::new("@bobby", "raw")).once("k").await.unwrap();
    world.alice.call(messages::SendMessage::new("@bobby", "raw")).once("k").await.unwrap();
    assert_eq!(world.written(), ["raw"]);
}
