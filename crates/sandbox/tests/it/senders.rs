//! Several connections with one key: what they may, and what destroys the login.

use std::time::Duration;

use quadruplex_net::{Environment, Event};
use quadruplex_sandbox::world::Peer;
use quadruplex_sandbox::{NewUser, Sandbox};
use quadruplex_tl_schema::Object;
use tokio::time::sleep;

use super::person::{EPOCH, Person};

async fn alice() -> (Sandbox, Person) {
    let telegram = Sandbox::builder().environment(Environment::simulated(EPOCH, 1)).start().await.unwrap();
    let id = telegram.create_user(NewUser { first_name: "Alice".into(), ..NewUser::default() }).unwrap();
    let alice = Person::new(&telegram, id, 2).await;
    (telegram, alice)
}

fn state() -> Object {
    Object::new("updates.getState")
}

fn part(number: i32) -> Object {
    Object::new("upload.saveFilePart").with("file_id", 7i64).with("file_part", number).with("bytes", vec![1u8; 1024])
}

#[tokio::test(start_paused = true)]
async fn two_connections_that_send_in_parallel_destroy_the_login() {
    let (telegram, first) = alice().await;
    let second = first.again(&telegram, 3);
    second.call(&state()).await.unwrap();
    let error = first.call(&state()).await;
    assert_eq!(error, Err("AUTH_KEY_DUPLICATED (406)".to_owned()), "the first sends on while the second does");
    assert_eq!(second.call(&state()).await, Err("AUTH_KEY_DUPLICATED (406)".to_owned()), "it is gone for both");
}

#[tokio::test(start_paused = true)]
async fn a_connection_may_take_the_place_of_another() {
    let (telegram, first) = alice().await;
    let second = first.again(&telegram, 3);
    first.connection.close();
    first.connection.closed().await;
    sleep(Duration::from_secs(1)).await;
    for _ in 0..3 {
        second.call(&state()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn further_connections_may_carry_files() {
    let (telegram, first) = alice().await;
    let second = first.again(&telegram, 3);
    for number in 0..3 {
        second.call(&part(number)).await.unwrap();
        first.call(&state()).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn updates_come_only_where_something_was_asked() {
    let (telegram, mut first) = alice().await;
    let mut files = first.again(&telegram, 3);
    files.call(&part(0)).await.unwrap();
    telegram.world().say(first.id, Peer::User(first.id), "hello", telegram.now()).unwrap();
    telegram.deliver();
    first.hears("hello").await;
    sleep(Duration::from_secs(10)).await;
    while let Ok(event) = files.events.try_recv() {
        assert!(!matches!(event, Event::Update(..)), "a connection for files gets no updates");
    }
}
