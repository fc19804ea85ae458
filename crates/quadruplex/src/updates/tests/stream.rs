use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quadruplex_api::{enums, types};
use quadruplex_net::{Event as Arrived, Receipt};
use quadruplex_store::testing::Wrapped;
use quadruplex_store::{Commit, Lane, Peer, PeerId, PeerKind, Row, Store};
use quadruplex_tl::Serialize;
use tokio::time::{sleep, timeout};

use super::support::{Disk, HOME, Life, Telegram, envelope, message_id, short_message, store};
use crate::updates::gap::{Failure, Request};
use crate::updates::journal::Limits;
use crate::updates::{Delivery, Event, Gap, GapReason, UpdateStream};

/// The next event, if there is one without waiting for anything but what is under way.
async fn next(stream: &mut UpdateStream) -> Option<Delivery> {
    timeout(Duration::from_millis(100), stream.next()).await.ok().flatten()
}

/// All message ids that come now; each is done.
async fn taken(stream: &mut UpdateStream) -> Vec<i32> {
    let mut ids = Vec::new();
    while let Some(delivery) = next(stream).await {
        ids.push(id(&delivery));
        delivery.done();
    }
    ids
}

fn id(delivery: &Delivery) -> i32 {
    delivery.update().and_then(message_id).map_or(0, |(_, id)| id)
}

#[tokio::test(start_paused = true)]
async fn what_was_missed_comes_first_and_then_what_happens() {
    let telegram = Telegram::default();
    (0..8).for_each(|_| drop(telegram.message(7)));
    let memory = store(2, false, &[7]).await;
    let (life, mut stream) = Life::start(memory.clone(), &telegram, Limits::default()).await;
    assert_eq!(taken(&mut stream).await, [3, 4, 5, 6, 7, 8]);
    life.arrive(envelope([telegram.message(7).into()])).await;
    assert_eq!(taken(&mut stream).await, [9]);
    assert_eq!(telegram.logs().asked.len(), 2, "two slices, and nothing for what came by itself");
    life.writer.flush().await;
    assert_eq!(memory.load().await.unwrap().common.unwrap().pts, 9);
    assert!(memory.rows(0, 9).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_not_done_comes_again_at_the_next_start() {
    let telegram = Telegram::default();
    let memory = store(0, false, &[7]).await;
    {
        let (life, mut stream) = Life::start(memory.clone(), &telegram, Limits::default()).await;
        for _ in 0..3 {
            life.arrive(envelope([telegram.message(7).into()])).await;
        }
        let first = next(&mut stream).await.unwrap();
        assert!(!first.redelivered);
        drop(first);
        next(&mut stream).await.unwrap().done();
        life.writer.flush().await;
    }
    let (_life, mut stream) = Life::start(memory.clone(), &telegram, Limits::default()).await;
    let first = next(&mut stream).await.unwrap();
    assert_eq!((id(&first), first.redelivered), (1, true));
    first.done();
    assert_eq!(taken(&mut stream).await, [3]);
}

#[tokio::test(start_paused = true)]
async fn chats_come_side_by_side_and_each_in_order() {
    let telegram = Telegram::default();
    let memory = store(0, false, &[7, 8]).await;
    let (life, mut stream) = Life::start(memory, &telegram, Limits::default()).await;
    for user in [7, 7, 8] {
        life.arrive(envelope([telegram.message(user).into()])).await;
    }
    let (a, b) = (next(&mut stream).await.unwrap(), next(&mut stream).await.unwrap());
    assert_eq!((id(&a), id(&b)), (1, 3));
    assert!(next(&mut stream).await.is_none(), "the second of a chat waits for the first");
    a.done();
    assert_eq!(taken(&mut stream).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn failures_come_again_and_end_as_dead_letters() {
    let telegram = Telegram::default();
    let memory = store(0, false, &[7]).await;
    let (life, mut stream) = Life::start(memory.clone(), &telegram, Limits::default()).await;
    life.arrive(envelope([telegram.message(7).into(), telegram.message(7).into()])).await;
    for (attempts, pause) in [(0, 0), (1, 1), (2, 2)] {
        let delivery = timeout(Duration::from_secs(pause + 1), stream.next()).await.unwrap().unwrap();
        assert_eq!((id(&delivery), delivery.attempts), (1, attempts));
        delivery.failed("connection refused");
    }
    assert_eq!(taken(&mut stream).await, [2], "the chat goes on");
    life.writer.flush().await;
    let letters = memory.dead_letters(0, 9).await.unwrap();
    assert_eq!((letters.len(), letters[0].error.as_str(), letters[0].row.attempts), (1, "connection refused", 3));
    assert!(matches!(Event::from_bytes(&letters[0].row.bytes).unwrap(), Event::Update(enums::Update::NewMessage(_))));
}

#[tokio::test(start_paused = true)]
async fn a_sender_who_is_known_needs_no_difference() {
    let telegram = Telegram::default();
    let (life, mut stream) = Life::start(store(0, false, &[7]).await, &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    telegram.message(7);
    life.arrive(enums::Updates::UpdateShortMessage(Box::new(short_message(7, 1)))).await;
    assert_eq!(taken(&mut stream).await, [1]);
    assert_eq!(telegram.logs().asked.len(), 1, "the one of the start");

    telegram.message(8);
    life.arrive(enums::Updates::UpdateShortMessage(Box::new(short_message(8, 2)))).await;
    assert_eq!(taken(&mut stream).await, [2]);
    assert_eq!(telegram.logs().asked.len(), 2, "a stranger comes with the difference");
}

#[tokio::test(start_paused = true)]
async fn a_bot_needs_to_know_nobody() {
    let telegram = Telegram::default();
    let (life, mut stream) = Life::start(store(0, true, &[]).await, &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    telegram.message(8);
    life.arrive(enums::Updates::UpdateShortMessage(Box::new(short_message(8, 1)))).await;
    assert_eq!(taken(&mut stream).await, [1]);
    assert_eq!(telegram.logs().asked.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn what_cannot_be_read_or_was_dropped_is_asked_for() {
    let telegram = Telegram::default();
    let (life, mut stream) = Life::start(store(0, false, &[7]).await, &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    let unreadable = || Arrived::Update(vec![1, 2, 3, 4].into(), Receipt::default());
    let arrivals: [&dyn Fn() -> Arrived; 4] = [&unreadable, &|| Arrived::Lost, &|| Arrived::NewSession, &unreadable];
    for (expect, arrived) in (1..).zip(arrivals) {
        telegram.message(7);
        life.arrivals.send((HOME + 1, arrived())).await.unwrap();
        assert!(taken(&mut stream).await.is_empty(), "the word of another data centre");
        life.arrivals.send((HOME, arrived())).await.unwrap();
        assert_eq!(taken(&mut stream).await, [expect]);
    }
    assert_eq!(telegram.logs().reopened, 1, "the server is told our layer again, but not at each of them");
}

#[tokio::test(start_paused = true)]
async fn updates_are_acknowledged_when_they_are_stored() {
    let telegram = Telegram::default();
    let disk = Disk { memory: store(0, false, &[7]).await, is_full: Arc::new(AtomicBool::new(true)), ..Disk::default() };
    let is_full = disk.is_full.clone();
    let (life, mut stream) = Life::start(Wrapped(disk), &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    let (told, acknowledged) = tokio::sync::oneshot::channel();
    let bytes = enums::Updates::from(envelope([telegram.message(7).into()])).to_bytes();
    let receipt = Receipt::new(move || told.send(()).unwrap());
    life.arrivals.send((HOME, Arrived::Update(bytes.into(), receipt))).await.unwrap();
    assert_eq!(next(&mut stream).await.map(|delivery| delivery.number), Some(0), "who handles it does not wait for the disk");
    let mut acknowledged = acknowledged;
    assert!(timeout(Duration::from_secs(60), &mut acknowledged).await.is_err(), "a full disk keeps it unacknowledged");
    is_full.store(false, Ordering::Relaxed);
    timeout(Duration::from_secs(11), acknowledged).await.unwrap().unwrap();
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_when_the_login_does() {
    let telegram = Telegram::default();
    let (_life, mut stream) = Life::start(store(0, false, &[7]).await, &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    telegram.message(7);
    telegram.logs().is_over = true;
    telegram.reconnect();
    let ended = timeout(Duration::from_secs(1), stream.next()).await;
    assert!(matches!(ended, Ok(None)), "{ended:?}");
    assert_eq!(telegram.logs().asked.len(), 2, "asked once, and not again");
}

#[tokio::test(start_paused = true)]
async fn a_new_connection_asks_what_was_missed() {
    let telegram = Telegram::default();
    let (_life, mut stream) = Life::start(store(0, false, &[7]).await, &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    telegram.message(7);
    telegram.reconnect();
    assert_eq!(taken(&mut stream).await, [1]);
    assert_eq!(telegram.logs().asked.len(), 2);
}

#[tokio::test(start_paused = true)]
async fn an_own_call_moves_its_box() {
    let telegram = Telegram::default();
    let (life, mut stream) = Life::start(store(0, false, &[7]).await, &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    telegram.message(7);
    let affected = types::messages::AffectedMessages { pts: 1, pts_count: 1 };
    life.bring(affected.to_bytes()).await;
    life.shared.affected(None, 1, 1);
    life.arrive(envelope([telegram.message(7).into()])).await;
    assert_eq!(taken(&mut stream).await, [2]);
    sleep(Duration::from_secs(5)).await;
    assert_eq!(telegram.logs().asked.len(), 1, "no gap");
}

#[tokio::test(start_paused = true)]
async fn a_gap_is_told_in_its_lane() {
    let telegram = Telegram::default();
    let (life, mut stream) = Life::start(store(0, false, &[7]).await, &telegram, Limits::default()).await;
    assert!(taken(&mut stream).await.is_empty());
    telegram.post(9);
    life.arrive(envelope([types::UpdateChannelTooLong { channel_id: 9, pts: Some(1) }.into()])).await;
    let delivery = next(&mut stream).await.unwrap();
    assert_eq!(delivery.event, Event::Gap(Gap { channel: Some(9), from: None, to: Some(1), reason: GapReason::TooLong }));
    assert!(delivery.update().is_none());
    delivery.done();
    life.arrive(envelope([telegram.post(9).into()])).await;
    assert_eq!(taken(&mut stream).await, [2]);
}

#[tokio::test(start_paused = true)]
async fn above_high_water_updates_are_left_with_the_server() {
    let telegram = Telegram::default();
    let memory = store(0, false, &[7]).await;
    let limits = Limits { high_water: 10, ..Limits::default() };
    let (life, mut stream) = Life::start(memory.clone(), &telegram, limits).await;
    for _ in 0..100 {
        life.arrive(envelope([telegram.message(7).into()])).await;
    }
    sleep(Duration::from_secs(1)).await;
    life.writer.flush().await;
    let waiting = memory.rows(0, 1000).await.unwrap().len();
    assert!((10..=20).contains(&waiting), "{waiting} rows: the mark, what was held back, and the answer that was on its way");
    assert_eq!(taken(&mut stream).await, (1..=100).collect::<Vec<_>>(), "all of it comes when there is room");
}

#[tokio::test(start_paused = true)]
async fn failing_answers_are_asked_for_again() {
    let telegram = Telegram::default();
    telegram.message(7);
    telegram.logs().failure = Some(Failure::Later(None));
    let (_life, mut stream) = Life::start(store(0, false, &[7]).await, &telegram, Limits::default()).await;
    assert!(next(&mut stream).await.is_none());
    telegram.logs().failure = None;
    sleep(Duration::from_secs(2)).await;
    assert_eq!(taken(&mut stream).await, [1]);
    assert_eq!(telegram.logs().asked, [Request::Difference { pts: 0, qts: 0, date: 1 }; 2]);
}

#[tokio::test(start_paused = true)]
async fn a_row_of_another_layer_is_kept_and_told() {
    let memory = store(0, false, &[7]).await;
    let mut commit = Commit::default();
    let lane = Lane::Peer(PeerId::Channel(9));
    commit.add_row(Row { number: 5, lane, attempts: 0, bytes: vec![1, 2, 3, 4] });
    memory.commit(commit.into()).await.unwrap();
    // What replaces it is written while the rest is read.
    let disk = Disk { memory: memory.clone(), reads: Duration::from_secs(1), ..Disk::default() };
    let (life, mut stream) = Life::start(Wrapped(disk), &Telegram::default(), Limits::default()).await;
    let delivery = next(&mut stream).await.unwrap();
    assert_eq!(delivery.event, Event::Gap(Gap { channel: Some(9), from: None, to: None, reason: GapReason::Undecodable }));
    delivery.done();
    assert!(next(&mut stream).await.is_none(), "it is told once");
    life.writer.flush().await;
    let letters = memory.dead_letters(0, 9).await.unwrap();
    assert_eq!((letters.len(), letters[0].row.number, letters[0].row.bytes.clone()), (1, 5, vec![1, 2, 3, 4]));
    assert!(memory.rows(0, 9).await.unwrap().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_stream_ends_with_the_connections_and_leaves_the_rest() {
    let telegram = Telegram::default();
    let memory = store(0, false, &[7, 8]).await;
    {
        let (life, mut stream) = Life::start(memory.clone(), &telegram, Limits::default().attempts(1)).await;
        for user in [7, 7, 8, 9] {
            life.arrive(envelope([telegram.message(user).into()])).await;
        }
        let (first, other) = (next(&mut stream).await.unwrap(), next(&mut stream).await.unwrap());
        let writer = life.writer.clone();
        drop(life);
        sleep(Duration::from_secs(1)).await;
        assert!(stream.next().await.is_none() && stream.next().await.is_none());
        first.failed("the client is closed");
        other.done();
        assert!(stream.next().await.is_none());
        writer.flush().await;
    }
    assert!(memory.dead_letters(0, 9).await.unwrap().is_empty());
    let (_life, mut stream) = Life::start(memory, &telegram, Limits::default()).await;
    let mut left = Vec::new();
    while let Some(delivery) = next(&mut stream).await {
        left.push((id(&delivery), delivery.attempts));
        delivery.done();
    }
    left.sort();
    assert_eq!(left, [(1, 0), (2, 0), (4, 0)]);
}

#[tokio::test(start_paused = true)]
async fn without_a_stream_nothing_is_taken() {
    let telegram = Telegram::default();
    let memory = store(0, false, &[7]).await;
    let (life, stream) = Life::start(memory.clone(), &telegram, Limits::default()).await;
    drop(stream);
    life.arrivals.closed().await;
    life.writer.flush().await;
    assert_eq!(memory.load().await.unwrap().common.unwrap().pts, 0, "the next start goes on from here");
}

#[tokio::test(start_paused = true)]
async fn peers_that_come_with_updates_are_there_before_the_update() {
    let telegram = Telegram::default();
    let (life, mut stream) = Life::start(store(0, false, &[]).await, &telegram, Limits::default()).await;
    let now = tokio::time::Instant::now().into_std();
    let stranger = Peer::new(PeerId::User(8), PeerKind::User, Some(5));
    assert!(taken(&mut stream).await.is_empty());
    life.shared.take(now, envelope([telegram.message(8).into()]).into(), vec![stranger.clone()]);
    next(&mut stream).await.unwrap().done();
    assert_eq!(life.writer.peers(vec![PeerId::User(8).into()]).await.unwrap(), [Some(stranger)]);
    life.arrive(enums::Updates::UpdateShortMessage(Box::new(short_message(8, 2)))).await;
    telegram.message(8);
    assert_eq!(taken(&mut stream).await, [2]);
    assert_eq!(telegram.logs().asked.len(), 1, "met once, known from then on");
}
