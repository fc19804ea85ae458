use quadruplex::api::functions::{help, messages};
use quadruplex::store::Memory;
use quadruplex::{Client, Error, Message, UploadSource};

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

/// What is refused because Telegram has it is found: by what updates have told, and by what the messages say.
#[tokio::test(start_paused = true)]
async fn repeated_forwards_and_albums_find_their_messages() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for text in ["one", "two", "one"] {
        ids.push(world.alice.send("me", text).await.unwrap().id());
    }
    let pictures = || ["a.jpg", "b.jpg"].map(|name| UploadSource::bytes(name, vec![0xff, 0xd8, 0xff]));
    let forward = async |client: &Client| client.forward("@bobby", "me", ids.clone()).once("f").await.unwrap();
    let album = async |client: &Client| client.send_album("@bobby", pictures()).caption("two pictures").once("a").await.unwrap();
    let first = (forward(&world.alice).await, album(&world.alice).await);
    let known = |sent: &[Message]| sent.iter().map(|message| (message.id(), message.text().to_owned())).collect::<Vec<_>>();
    assert_eq!(known(&first.0).iter().map(|(_, text)| &**text).collect::<Vec<_>>(), ["one", "two", "one"]);
    for text in ["one", "two"] {
        world.alice.send("@bobby", text).await.unwrap();
    }
    let written = world.written().len();
    let session = world.alice.session().unwrap();
    let again = |client: Client| {
        world.refuse("messages.forwardMessages", 0, 1, "RANDOM_ID_DUPLICATE");
        world.refuse("messages.sendMultiMedia", 0, 1, "RANDOM_ID_DUPLICATE");
        async move { (forward(&client).await, album(&client).await) }
    };
    let second = again(world.alice.clone()).await;
    assert_eq!((known(&second.0), known(&second.1)), (known(&first.0), known(&first.1)));
    // A process that was told of nothing.
    world.alice.close().await;
    let other = builder(&world.telegram).session(session).connect(Memory::new()).await.unwrap();
    let third = again(other).await;
    assert_eq!((known(&third.0), known(&third.1)), (known(&first.0), known(&first.1)));
    assert_eq!(world.written().len(), written);
}

#[tokio::test(start_paused = true)]
async fn what_was_never_sent_is_not_found() {
    let world = World::new().await;
    let id = world.alice.send("me", "one").await.unwrap().id();
    world.refuse("messages.forwardMessages", 0, 1, "RANDOM_ID_DUPLICATE");
    let error = world.alice.forward("@bobby", "me", [id]).await.unwrap_err();
    assert!(error.is("RANDOM_ID_DUPLICATE"), "{error}");
}
