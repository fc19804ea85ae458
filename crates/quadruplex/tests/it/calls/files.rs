//! Files have the options that other calls have.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex::{AfterFailure, CancellationToken, Error, UploadSource};
use tokio::time::Instant;

use super::World;

const MINUTE: Duration = Duration::from_secs(60);

fn picture(name: &str) -> UploadSource {
    UploadSource::bytes(name, vec![0xff, 0xd8, 0xff])
}

#[tokio::test(start_paused = true)]
async fn a_file_keeps_its_place_in_a_queue() {
    let world = World::new().await;
    let file = world.alice.send_file("@bobby", picture("a.jpg")).caption("first").queue("q");
    let text = world.alice.send("@bobby", "second").queue("q");
    let album = world.alice.send_album("@bobby", [picture("b.jpg"), picture("c.jpg")]).caption("third").queue("q");
    let (file, text, album) = tokio::join!(file.into_future(), text.into_future(), album.into_future());
    assert!(file.is_ok() && text.is_ok() && album.is_ok(), "{file:?} {text:?} {album:?}");
    assert_eq!(world.written(), ["first", "second", "third", ""]);
    assert!(world.alice.queues().is_empty());
}

#[tokio::test(start_paused = true)]
async fn who_stands_behind_an_upload_that_fails_is_told() {
    let world = World::new().await;
    let empty = world.alice.send_file("@bobby", UploadSource::bytes("empty", Vec::new())).queue("q");
    let behind = world.alice.send("@bobby", "second").queue("q").after_failure(AfterFailure::Stop);
    let (empty, behind) = tokio::join!(empty.into_future(), behind.into_future());
    assert!(matches!(empty, Err(Error::Invalid(_))), "{empty:?}");
    assert!(matches!(behind, Err(Error::Queue { .. })), "{behind:?}");
    assert!(world.written().is_empty() && world.alice.queues().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_for_all_of_it() {
    let world = World::new().await;
    world.refuse("messages.sendMedia", 0, 1, "FLOOD_WAIT_25");
    let began = Instant::now();
    let error = world.alice.send_file("@bobby", picture("a.jpg")).timeout(MINUTE / 3).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "{error}");
    assert_eq!(began.elapsed(), MINUTE / 3);

    let stop = CancellationToken::new();
    stop.cancel();
    let error = world.alice.send_file("@bobby", picture("a.jpg")).cancel(&stop).await.unwrap_err();
    assert!(matches!(error, Error::Cancelled { .. }), "{error}");
    let error = world.alice.send_file("@bobby", picture("a.jpg")).flood_wait(Duration::ZERO).await;
    assert!(error.is_err() || began.elapsed() >= Duration::from_secs(25), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn detached_a_file_keeps_its_place_and_its_error_reaches_the_sink() {
    let failed = Arc::<Mutex<Vec<String>>>::default();
    let sink = failed.clone();
    let world = World::with(1, 1, |builder| {
        let sink = sink.clone();
        builder.on_error(move |unhandled| sink.lock().unwrap().push(unhandled.to_string()))
    })
    .await;
    world.alice.send_file("@bobby", picture("a.jpg")).caption("first").queue("q").detach();
    world.alice.send("@bobby", "second").queue("q").await.unwrap();
    assert_eq!(world.written(), ["first", "second"]);
    world.alice.send_file("@bobby", UploadSource::bytes("empty", Vec::new())).detach();
    tokio::time::sleep(MINUTE).await;
    let failed = failed.lock().unwrap().clone();
    assert!(matches!(&failed[..], [error] if error.contains("Telegram takes no empty files")), "{failed:?}");
}

#[tokio::test(start_paused = true)]
async fn under_a_key_a_file_is_sent_once() {
    let world = World::new().await;
    let send = || world.alice.send_file("@bobby", picture("a.jpg")).caption("the bill").once("bill-7");
    let (first, second) = (send().await.unwrap(), send().await.unwrap());
    assert_eq!(first.id(), second.id());
    assert_eq!(world.written(), ["the bill"]);
}
