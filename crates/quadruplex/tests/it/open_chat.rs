//! Channels that are open: what Telegram does not send by itself is asked for, as often as it wants. Under virtual time.

use std::time::Duration;

use quadruplex::api::enums::{Message, Update};
use quadruplex::net::Environment;
use quadruplex::{Client, Event, GapReason, UpdateStream};
use quadruplex_sandbox::world::{ErrorRule, Peer};
use quadruplex_sandbox::{RpcError, Sandbox};
use tokio::time::{Instant, sleep, timeout};

use crate::common::{builder, person};

const EPOCH: Duration = Duration::from_secs(1_800_000_000);
/// What the sandbox says in its differences.
const PAUSE: Duration = Duration::from_secs(30);

/// Alice has a public channel; Bobby has not joined it.
struct World {
    telegram: Sandbox,
    alice: i64,
    channel: i64,
    bobby: Client,
    updates: UpdateStream,
}

impl World {
    async fn new() -> Self {
        let telegram = Sandbox::builder().environment(Environment::simulated(EPOCH, 1)).start().await.unwrap();
        let alice = telegram.create_user(person("Alice", "15550001")).unwrap();
        telegram.create_user(person("Bobby", "15550002")).unwrap();
        let now = telegram.now();
        let channel = telegram.world().create_channel(alice, "News", false, Some("news_of_alice"), &[], now).unwrap();
        let bobby = builder(&telegram).environment(Environment::simulated(EPOCH, 2)).connect_in_memory().await.unwrap();
        let code = bobby.request_code("15550002").await.unwrap();
        let typed = telegram.world().codes().last().unwrap().code.clone();
        bobby.sign_in(&code, &typed).await.unwrap();
        let updates = bobby.updates().await.unwrap();
        Self { telegram, alice, channel, bobby, updates }
    }

    fn say(&self, text: &str) {
        let peer = Peer::Channel(self.channel);
        let now = self.telegram.now();
        self.telegram.world().say(self.alice, peer, text, now).unwrap();
        self.telegram.deliver();
    }

    /// What comes within a time, and when.
    async fn heard(&mut self, within: Duration) -> Vec<String> {
        let end = Instant::now() + within;
        let mut heard = Vec::new();
        while let Ok(Some(delivery)) = timeout(end - Instant::now(), self.updates.next()).await {
            match &delivery.event {
                Event::Update(Update::NewChannelMessage(new)) => {
                    if let Message::Message(message) = &new.message {
                        heard.push(message.message.clone());
                    }
                }
                Event::Gap(gap) => heard.push(format!("{:?}", gap.reason)),
                _ => {}
            }
            delivery.done();
        }
        heard
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_sent_is_asked_for_while_the_chat_is_open() {
    let mut world = World::new().await;
    world.say("before");
    assert!(world.heard(2 * PAUSE).await.is_empty(), "Bobby has not joined");
    let open = world.bobby.open_chat("@news_of_alice").await.unwrap();
    assert!(world.heard(PAUSE / 2).await.is_empty(), "it begins where the channel is, without a gap");
    world.say("one");
    world.say("two");
    assert_eq!(world.heard(PAUSE + PAUSE / 10).await, ["one", "two"], "in order, once");
    world.say("three");
    assert_eq!(world.heard(PAUSE + PAUSE / 10).await, ["three"]);

    let asked = world.bobby.traffic().calls;
    sleep(10 * PAUSE).await;
    let asked = world.bobby.traffic().calls - asked;
    assert!((9..=11).contains(&asked), "one call each pause, no more: {asked}");

    drop(open);
    world.say("four");
    let asked = world.bobby.traffic().calls;
    assert!(world.heard(4 * PAUSE).await.is_empty(), "it is closed");
    assert_eq!(world.bobby.traffic().calls, asked, "and not asked");
    let _again = world.bobby.open_chat("@news_of_alice").await.unwrap();
    assert_eq!(world.heard(PAUSE / 2).await, ["four"], "what was followed goes on where it was");
}

#[tokio::test(start_paused = true)]
async fn two_that_have_it_open_are_one_request() {
    let mut world = World::new().await;
    let first = world.bobby.open_chat("@news_of_alice").await.unwrap();
    let second = world.bobby.open_chat("@news_of_alice").await.unwrap();
    sleep(PAUSE / 2).await;
    let asked = world.bobby.traffic().calls;
    sleep(10 * PAUSE).await;
    let asked = world.bobby.traffic().calls - asked;
    assert!((9..=11).contains(&asked), "{asked}");
    drop(first);
    world.say("still open");
    assert_eq!(world.heard(PAUSE + PAUSE / 10).await, ["still open"]);
    drop(second);
    world.say("not any more");
    assert!(world.heard(4 * PAUSE).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_channel_that_is_closed_to_the_account_ends_the_asking() {
    let mut world = World::new().await;
    let _open = world.bobby.open_chat("@news_of_alice").await.unwrap();
    sleep(PAUSE / 2).await;
    let error = RpcError::new(400, "CHANNEL_PRIVATE");
    let method = "updates.getChannelDifference".to_owned();
    let rule = ErrorRule { method, peer: None, account: None, skip: 0, times: 1, error };
    world.telegram.world().faults_mut().errors.push(rule);
    assert_eq!(world.heard(2 * PAUSE).await, [format!("{:?}", GapReason::Gone)]);
    let asked = world.bobby.traffic().calls;
    sleep(10 * PAUSE).await;
    assert_eq!(world.bobby.traffic().calls, asked);
}

#[tokio::test(start_paused = true)]
async fn other_chats_need_no_asking() {
    let world = World::new().await;
    let _open = world.bobby.open_chat("me").await.unwrap();
    sleep(PAUSE / 2).await;
    let asked = world.bobby.traffic().calls;
    sleep(10 * PAUSE).await;
    assert_eq!(world.bobby.traffic().calls, asked);
    let World { bobby, updates, .. } = world;
    drop(updates);
    let error = bobby.open_chat("@news_of_alice").await.unwrap_err();
    assert!(error.to_string().contains("nobody takes them"), "{error}");
}
