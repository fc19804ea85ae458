//! What comes side by side, and what one after another.

use std::sync::Arc;

use quadruplex_api::{enums, types};
use quadruplex_store::{ChannelState, Commit, Store};
use tokio::time::{Duration, timeout};

use super::support::{Life, Telegram, envelope, message_id, store};
use crate::Order;
use crate::updates::journal::Limits;
use crate::updates::{Delivery, UpdateStream};

/// A life that knows where it stands.
async fn quiet(telegram: &Telegram, limits: Limits) -> (Life, UpdateStream) {
    let memory = store(0, true, &[]).await;
    let mut commit = Commit::default();
    [8, 9].into_iter().for_each(|id| commit.channel(id, ChannelState::default()));
    memory.commit(Arc::new(commit)).await.unwrap();
    let (life, mut stream) = Life::start(memory, telegram, limits).await;
    assert!(at_once(&mut stream).await.is_empty());
    (life, stream)
}

/// Two people write twice each in turn, and one of them in two channels.
async fn scene(limits: Limits) -> (Life, UpdateStream) {
    let telegram = Telegram::default();
    let (life, stream) = quiet(&telegram, limits).await;
    let updates: [enums::Update; 6] = [
        telegram.message(1).into(),
        telegram.message(2).into(),
        telegram.message(1).into(),
        telegram.message(2).into(),
        telegram.post(8).into(),
        telegram.post(9).into(),
    ];
    for update in updates {
        life.arrive(envelope([update])).await;
    }
    (life, stream)
}

/// All that comes while nothing is done.
async fn at_once(stream: &mut UpdateStream) -> Vec<Delivery> {
    let mut all = Vec::new();
    while let Ok(Some(delivery)) = timeout(Duration::from_millis(100), stream.next()).await {
        all.push(delivery);
    }
    all
}

fn name(delivery: &Delivery) -> String {
    match delivery.update().and_then(message_id) {
        Some((enums::Peer::User(user), id)) => format!("user {} {id}", user.user_id),
        Some((enums::Peer::Channel(channel), id)) => format!("channel {} {id}", channel.channel_id),
        _ => "something else".to_owned(),
    }
}

async fn check(order: Order, expect: &[&[&str]]) {
    let (_life, mut stream) = scene(Limits::default().order(order)).await;
    for round in expect {
        let all = at_once(&mut stream).await;
        assert_eq!(all.iter().map(name).collect::<Vec<_>>(), *round, "{order:?}");
        all.into_iter().for_each(Delivery::done);
    }
    assert!(at_once(&mut stream).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn each_order_holds() {
    check(Order::PerChat, &[&["user 1 1", "user 2 2", "channel 8 1", "channel 9 1"], &["user 1 3", "user 2 4"]]).await;
    check(Order::PerUser, &[&["user 1 1", "user 2 2"], &["user 1 3", "user 2 4"], &["channel 8 1"], &["channel 9 1"]]).await;
    let one_by_one: [&[&str]; 6] = [&["user 1 1"], &["user 2 2"], &["user 1 3"], &["user 2 4"], &["channel 8 1"], &["channel 9 1"]];
    check(Order::Global, &one_by_one).await;
    check(Order::None, &[&["user 1 1", "user 2 2", "user 1 3", "user 2 4", "channel 8 1", "channel 9 1"]]).await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_holds_up_what_is_behind_it_in_its_order() {
    for (order, others) in [(Order::PerChat, 3), (Order::PerUser, 1), (Order::Global, 0), (Order::None, 5)] {
        let (_life, mut stream) = scene(Limits::default().order(order).backoff(Duration::from_secs(9), Duration::from_secs(9))).await;
        let mut first = at_once(&mut stream).await;
        first.remove(0).failed("no");
        assert_eq!(first.len(), others, "{order:?}");
        first.into_iter().for_each(Delivery::done);
        let next = at_once(&mut stream).await;
        assert!(!next.iter().any(|delivery| name(delivery) == "user 1 1"), "{order:?}");
        assert!(!next.iter().any(|delivery| name(delivery) == "user 1 3"), "{order:?}");
        next.into_iter().for_each(Delivery::done);
        tokio::time::sleep(Duration::from_secs(9)).await;
        let again = at_once(&mut stream).await;
        assert!(again.iter().any(|delivery| name(delivery) == "user 1 1" && delivery.attempts == 1), "{order:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn as_many_come_at_once_as_were_wanted() {
    for bound in [1, 7, 256, 300, 999] {
        let telegram = Telegram::default();
        let (life, mut stream) = quiet(&telegram, Limits::default().at_once(bound)).await;
        for user in 1..=600 {
            life.arrive(envelope([telegram.message(user).into()])).await;
        }
        let all = at_once(&mut stream).await;
        assert_eq!(all.len(), bound.min(600));
        all.into_iter().for_each(Delivery::done);
    }
}

#[tokio::test(start_paused = true)]
async fn albums_stay_together_without_an_order() {
    let telegram = Telegram::default();
    let (life, mut stream) = quiet(&telegram, Limits::default().order(Order::None)).await;
    for _ in 0..3 {
        let types::UpdateNewMessage { message, pts, pts_count } = telegram.message(1);
        let enums::Message::Message(mut message) = message else { unreachable!() };
        message.grouped_id = Some(77);
        let update = types::UpdateNewMessage { message: (*message).into(), pts, pts_count };
        life.arrive(envelope([update.into()])).await;
    }
    life.arrive(envelope([telegram.message(1).into()])).await;
    let all = at_once(&mut stream).await;
    assert_eq!(all.iter().map(name).collect::<Vec<_>>(), ["user 1 1", "user 1 4"]);
    all.into_iter().for_each(Delivery::done);
    assert_eq!(at_once(&mut stream).await.iter().map(name).collect::<Vec<_>>(), ["user 1 2"]);
}
