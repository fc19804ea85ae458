//! Updates through everything: the sandbox, the connection, the gap engine, the journal, the stream.

use std::future::IntoFuture as _;
use std::time::Duration;

use futures_util::future::join_all;
use quadruplex::api::functions::{channels, messages};
use quadruplex::api::{enums, types};
use quadruplex::store::Memory;
use quadruplex::{Client, Delivery, UpdateStream};
use quadruplex_sandbox::Sandbox;
use quadruplex_sandbox::world::{ErrorRule, RpcError, UpdateFaults};
use tokio::time::timeout;

use crate::common::{builder, person, signed_in};

async fn two() -> (Sandbox, Client, Client) {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    telegram.create_user(person("Bobby", "15550002")).unwrap();
    let (alice, bobby) = (signed_in(&telegram, "15550001").await, signed_in(&telegram, "15550002").await);
    (telegram, alice, bobby)
}

async fn say(from: &Client, text: &str) {
    from.call(messages::SendMessage::new("@bobby", text)).await.unwrap();
}

/// The next new message with a text; other updates on the way are done.
async fn next(stream: &mut UpdateStream) -> (String, Delivery) {
    loop {
        let delivery = timeout(Duration::from_secs(20), stream.next()).await.expect("a message was sent").expect("the client is open");
        let message = match delivery.update() {
            Some(enums::Update::NewMessage(new)) => Some(&new.message),
            Some(enums::Update::NewChannelMessage(new)) => Some(&new.message),
            Some(_) => None,
            None => panic!("{delivery:?}"),
        };
        match message {
            Some(enums::Message::Message(message)) => return (message.message.clone(), delivery),
            _ => delivery.done(),
        }
    }
}

/// Exactly these texts come, in this order; each is done.
async fn expect(stream: &mut UpdateStream, texts: impl IntoIterator<Item = String>) {
    for expected in texts {
        let (text, delivery) = next(stream).await;
        assert_eq!(text, expected);
        delivery.done();
    }
}

fn numbered(prefix: &'static str, count: usize) -> impl Iterator<Item = String> {
    (0..count).map(move |n| format!("{prefix}{n}"))
}

#[tokio::test]
async fn updates_begin_with_the_sign_in() {
    let (_telegram, alice, bobby) = two().await;
    say(&alice, "before anybody listens").await;
    let mut stream = bobby.updates().await.unwrap();
    expect(&mut stream, ["before anybody listens".to_owned()]).await;
}

#[tokio::test]
async fn a_stream_that_could_not_begin_can_be_asked_for_again() {
    let (telegram, _alice, first) = two().await;
    let session = first.session().unwrap();
    first.close().await;
    let bobby = builder(&telegram).session(session).connect_in_memory().await.unwrap();
    let error = RpcError::new(400, "PERSISTENT_TIMESTAMP_EMPTY");
    let rule = ErrorRule { method: "updates.getState".to_owned(), peer: None, account: None, skip: 0, times: 1, error };
    telegram.world().faults_mut().errors.push(rule);
    assert!(bobby.updates().await.unwrap_err().is("PERSISTENT_TIMESTAMP_EMPTY"));
    let _stream = bobby.updates().await.expect("it was not taken");
    assert!(bobby.updates().await.unwrap_err().to_string().contains("taken already"));
}

#[tokio::test]
async fn messages_come_in_order() {
    let (_telegram, alice, bobby) = two().await;
    let mut stream = bobby.updates().await.unwrap();
    for text in numbered("one by one ", 30) {
        say(&alice, &text).await;
    }
    expect(&mut stream, numbered("one by one ", 30)).await;
    let sends = numbered("at once ", 30).map(|text| alice.call(messages::SendMessage::new("@bobby", text)).into_future());
    join_all(sends).await.into_iter().for_each(|sent| drop(sent.unwrap()));
    for _ in 0..30 {
        next(&mut stream).await.1.done();
    }
    say(&alice, "last").await;
    expect(&mut stream, ["last".to_owned()]).await;
}

#[tokio::test]
async fn groups_have_a_box_of_their_own() {
    let (_telegram, alice, bobby) = two().await;
    let mut stream = bobby.updates().await.unwrap();
    let created = alice.call(channels::CreateChannel { megagroup: true, ..channels::CreateChannel::new("Group", "") }).await.unwrap();
    let enums::Updates::Updates(created) = created else { panic!("{created:?}") };
    let enums::Chat::Channel(group) = &created.chats[0] else { panic!("{created:?}") };
    let hash = group.access_hash.unwrap();
    alice.call(channels::InviteToChannel::new(types::InputChannel::new(group.id, hash), ["@bobby"])).await.unwrap();
    for text in numbered("group ", 20) {
        alice.call(messages::SendMessage::new(types::InputPeerChannel::new(group.id, hash), text)).await.unwrap();
    }
    expect(&mut stream, numbered("group ", 20)).await;
}

#[tokio::test]
async fn lost_repeated_and_delayed_updates_come_once_in_order() {
    let (telegram, alice, bobby) = two().await;
    let mut stream = bobby.updates().await.unwrap();
    telegram.world().faults_mut().updates = UpdateFaults { drop: 200, duplicate: 200, delay: 200 };
    for text in numbered("m", 60) {
        say(&alice, &text).await;
    }
    telegram.world().faults_mut().updates = UpdateFaults::default();
    say(&alice, "m60").await;
    expect(&mut stream, numbered("m", 61)).await;
}

#[tokio::test]
async fn a_restarted_server_loses_nothing() {
    let (telegram, alice, bobby) = two().await;
    let mut stream = bobby.updates().await.unwrap();
    for (n, text) in numbered("m", 30).enumerate() {
        if n % 10 == 5 {
            telegram.restart(n == 15);
        }
        say(&alice, &text).await;
    }
    expect(&mut stream, numbered("m", 30)).await;
}

/// Bobby goes, with one message handled, one in hand and one waiting; more is written; Bobby comes back.
#[tokio::test]
async fn a_restarted_client_gets_what_it_did_not_finish_and_what_it_missed() {
    let (telegram, alice, first) = two().await;
    let session = first.session().unwrap();
    first.close().await;
    let store = Memory::new();
    {
        let bobby = builder(&telegram).session(session).connect(store.clone()).await.unwrap();
        let mut stream = bobby.updates().await.unwrap();
        for text in ["handled", "in hand", "waiting"] {
            say(&alice, text).await;
        }
        expect(&mut stream, ["handled".to_owned()]).await;
        let (text, _in_hand) = next(&mut stream).await;
        assert_eq!(text, "in hand");
        bobby.close().await;
    }
    say(&alice, "missed").await;
    let bobby = builder(&telegram).connect(store).await.unwrap();
    let mut stream = bobby.updates().await.unwrap();
    for (expected, redelivered) in [("in hand", true), ("waiting", true), ("missed", false)] {
        let (text, delivery) = next(&mut stream).await;
        assert_eq!((text.as_str(), delivery.redelivered), (expected, redelivered));
        delivery.done();
    }
}
