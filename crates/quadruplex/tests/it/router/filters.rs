//! Which handlers an update starts: by arguments, by values, in routers inside routers.

use quadruplex::UploadSource;
use quadruplex::api::types;
use quadruplex::prelude::*;

use super::support::{Person, World, world};

/// Says each of these to the router, one after another, and gets the answers of each, sorted.
async fn answers(world: &World, alice: &mut Person, router: Router, said: &[(&str, usize)]) -> Vec<Vec<String>> {
    let bot = world.run(router).await;
    let mut all = Vec::new();
    for (text, count) in said {
        alice.say(text).await;
        let mut texts = alice.replies(*count).await;
        texts.sort();
        all.push(texts);
    }
    bot.stop().await;
    all
}

#[tokio::test(start_paused = true)]
async fn filters_look_at_the_words() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let router = Router::new()
        .on_message((async || "equal").when(filter::text("Hello")))
        .on_message((async || "equal, any case").when(filter::text("HELLO").ignore_case()))
        .on_message((async || "contains").when(filter::contains("ell")))
        .on_message((async || "starts").when(filter::starts_with("He")))
        .on_message((async || "ends").when(filter::ends_with("lo")))
        .on_message((async || "regex").when(filter::regex(r"^\w{5}$")))
        .on_message((async || "regex, any case").when(filter::regex("ПРИВЕТ").ignore_case()))
        .on_message((async || "no l").when(filter::contains("l").not()))
        .on_message((async || "both").when(filter::contains("o").and(filter::contains("h").ignore_case())))
        .on_message((async || "either").when(filter::text("Hello").or(filter::text("Oho"))));
    let said = [("Hello", 8), ("Привет", 2), ("Oho", 3)];
    let answers = answers(&world, &mut alice, router, &said).await;
    assert_eq!(answers[0], ["both", "contains", "either", "ends", "equal", "equal, any case", "regex", "starts"]);
    assert_eq!(answers[1], ["no l", "regex, any case"]);
    assert_eq!(answers[2], ["both", "either", "no l"]);
}

#[tokio::test(start_paused = true)]
async fn filters_look_at_people_and_chats() {
    let world = world().await;
    let (mut alice, mut bobby) = (world.person("alice").await, world.person("bobby").await);
    let everybody = Router::new().on_message(async || "anybody");
    let router = Router::new()
        .on_message((async || "alice").when(filter::from_users(["@alice"])))
        .on_message((async || "bobby's chat").when(filter::in_chats(["@bobby"])))
        .on_message(async |_: Private<Text>| "private")
        .on_message(async |_: Group<Text>| "group")
        .on_message(async |_: FromAdmin<Text>| "admin")
        .group(Router::new().only(filter::from_users(["@bobby"])).merge(everybody));
    let _bot = App::new(router).client(world.bot().await).admins(["@bobby"]).start().await.unwrap();
    alice.say("hi").await;
    let mut texts = alice.replies(2).await;
    texts.sort();
    assert_eq!(texts, ["alice", "private"]);
    bobby.say("hi").await;
    let mut texts = bobby.replies(4).await;
    texts.sort();
    assert_eq!(texts, ["admin", "anybody", "bobby's chat", "private"]);
    let group = bobby.client.create_group("Group", ["@our_bot"]).await.unwrap();
    bobby.client.send(group, "hi").await.unwrap();
    let mut texts = bobby.replies(3).await;
    texts.sort();
    assert_eq!(texts, ["admin", "anybody", "group"]);
}

#[tokio::test(start_paused = true)]
async fn what_is_not_found_is_told_at_the_start() {
    let world = world().await;
    let router = Router::new().on_message((async || "hi").when(filter::from_users(["@nobody_here"])));
    let refused = App::new(router).client(world.bot().await).start().await.unwrap_err();
    assert!(refused.to_string().contains("@nobody_here"), "{refused}");
}

#[tokio::test(start_paused = true)]
async fn arguments_look_at_the_media() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let router = Router::new()
        .on_message(async |_: Text| "text")
        .on_message(async |_: Photo| "photo")
        .on_message(async |_: Document| "document")
        .on_message(async |_: Media, text: Option<Text>| format!("media, {}", text.map_or("no text".into(), |text| text.text().to_owned())))
        .on_message((async || "a document by value").when(filter::media(MediaKind::Document)))
        .on_message((async || "no media").when(filter::has_media.not()));
    let _bot = world.run(router).await;
    let file = || UploadSource::bytes("notes.txt", b"notes".as_slice());
    alice.client.send_file("@our_bot", file()).await.unwrap();
    let mut texts = alice.replies(3).await;
    texts.sort();
    assert_eq!(texts, ["a document by value", "document", "media, no text"]);
    alice.client.send_file("@our_bot", file()).caption("mine").await.unwrap();
    let mut texts = alice.replies(4).await;
    texts.sort();
    assert_eq!(texts, ["a document by value", "document", "media, mine", "text"]);
    alice.say("hi").await;
    let mut texts = alice.replies(2).await;
    texts.sort();
    assert_eq!(texts, ["no media", "text"]);
}

#[tokio::test(start_paused = true)]
async fn an_answer_brings_what_it_answers() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let router = Router::new().on_message(async |Reply { message, to }: Reply<Text>| format!("{} to {}", message.text(), to.text()));
    let _bot = world.run(router).await;
    let first = alice.say("first").await;
    first.reply("second").await.unwrap();
    assert_eq!(alice.reply().await.text(), "second to first");
}

#[tokio::test(start_paused = true)]
async fn edits_deletions_and_all_else_have_their_methods() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    async fn edited(msg: Text) -> String {
        format!("edited: {}", msg.text())
    }
    async fn deleted(update: types::UpdateDeleteMessages, client: Client) -> Result {
        client.send("@alice", format!("deleted: {}", update.messages.len())).await?;
        Ok(())
    }
    async fn typing(update: types::UpdateUserTyping, client: Client) -> Result {
        client.send(update.user_id, "typing").await?;
        Ok(())
    }
    let router = Router::new().on_edited(edited).on_delete_messages(deleted).on_user_typing(typing);
    let _bot = world.run(router).await;
    let message = alice.say("first").await;
    message.edit("second").await.unwrap();
    assert_eq!(alice.reply().await.text(), "edited: second");
    message.delete().await.unwrap();
    assert_eq!(alice.reply().await.text(), "deleted: 1");
}

#[tokio::test(start_paused = true)]
async fn service_messages_are_for_those_who_ask() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let router = Router::new()
        .on_message(async || "a message")
        .on_service((async || "created").when(filter::service(filter::ServiceKind::Created)))
        .on_service((async || "pinned").when(filter::service(filter::ServiceKind::Pinned)));
    let _bot = world.run(router).await;
    let group = alice.client.create_group("Group", ["@our_bot"]).await.unwrap();
    assert_eq!(alice.reply().await.text(), "created");
    let message = alice.client.send(group, "hi").await.unwrap();
    assert_eq!(alice.reply().await.text(), "a message");
    message.pin().await.unwrap();
    assert_eq!(alice.reply().await.text(), "pinned");
}
