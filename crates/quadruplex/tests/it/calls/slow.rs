//! Slow mode is learned: a chat is not asked each time whether it is time again.

use quadruplex::api::functions::channels;
use quadruplex::api::{Arg, PeerRef};
use quadruplex::{Client, Wait};
use tokio::time::Instant;

use super::World;
use crate::common::signed_in;

fn group<T>() -> Arg<T> {
    Arg::Lookup(Box::new(PeerRef::from("@group_x")))
}

/// A group of Bobby's, in slow mode, of which Alice is a member.
async fn slow_group(world: &World) -> Client {
    let now = world.telegram.now();
    world.telegram.world().create_channel(world.bobby, "Group", true, Some("group_x"), &[world.me], now).unwrap();
    let bobby = signed_in(&world.telegram, "15550002").await;
    set(&bobby, 30).await;
    bobby
}

async fn set(bobby: &Client, seconds: i32) {
    bobby.call(channels::ToggleSlowMode { channel: group(), seconds }).await.unwrap();
}

/// Sends, and says how long that took and how many calls it has made.
async fn send(world: &World) -> (u64, u64) {
    let (began, before) = (Instant::now(), world.alice.traffic().calls);
    world.alice.send("@group_x", "again").flood_wait(Wait::Reschedule).await.unwrap();
    (began.elapsed().as_secs(), world.alice.traffic().calls - before)
}

#[tokio::test(start_paused = true)]
async fn from_a_refusal() {
    let world = World::new().await;
    let bobby = slow_group(&world).await;
    world.alice.input_peer("@group_x").await.unwrap();
    assert_eq!(send(&world).await, (0, 1));
    let (took, asked) = send(&world).await;
    assert!((29..=31).contains(&took) && asked == 2, "{took} s, {asked} calls");
    for _ in 0..3 {
        let (took, asked) = send(&world).await;
        assert!((29..=31).contains(&took) && asked == 1, "{took} s, {asked} calls");
    }
    // It is over when the chat says so.
    set(&bobby, 0).await;
    world.alice.call(channels::GetChannels::new([group()])).await.unwrap();
    assert_eq!(send(&world).await, (0, 1));
    assert_eq!(send(&world).await, (0, 1));
}

#[tokio::test(start_paused = true)]
async fn from_the_chat_itself() {
    let world = World::new().await;
    let bobby = slow_group(&world).await;
    world.alice.call(channels::GetFullChannel { channel: group() }).await.unwrap();
    assert_eq!(send(&world).await, (0, 1));
    let (took, asked) = send(&world).await;
    assert!((30..=31).contains(&took) && asked == 1, "{took} s, {asked} calls");
    // Admins write as often as they like.
    bobby.call(channels::GetFullChannel { channel: group() }).await.unwrap();
    let began = Instant::now();
    for _ in 0..3 {
        bobby.send("@group_x", "an admin").await.unwrap();
    }
    assert!(began.elapsed().as_secs() < 1 && bobby.limits().is_empty());
}
