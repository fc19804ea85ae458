//! What goes wrong in one chat: it is named, and others are handled as ever.
//!
//! Elsewhere: a handler that never returns (`lanes`), malformed data of buttons (`commands`, `buttons`), a session that is used twice or was
//! ended (`bad_input`, `endings`), a full disk (`updates` of the library).

use std::sync::{Arc, Mutex};

use quadruplex::api::functions::{auth, channels, messages};
use quadruplex::api::{PeerRef, enums};
use quadruplex::prelude::*;
use quadruplex::router::Handlers;
use quadruplex::testing::Chat as Seen;
use tokio::sync::Notify;

use super::support::world;
use crate::common::builder;

/// Greet.
#[derive(Command)]
struct Hello;

async fn hello(_: Hello) -> &'static str {
    "hello"
}

/// Somebody else is answered; and so is whoever had trouble, as soon as that has become a dead letter.
async fn all_is_well(other: &mut Seen, own: Option<&mut Seen>) -> Result {
    for chat in [Some(other), own].into_iter().flatten() {
        chat.say("/hello").await?;
        assert_eq!(chat.reply().await?.text(), "hello", "{}", chat.transcript());
    }
    Ok(())
}

/// Bad things, by their name.
async fn bad(msg: Text, chat: Chat) -> Result {
    match msg.text() {
        "panic" => panic!("boom {}", msg.text()),
        "long" => drop(chat.send("x".repeat(1 << 20)).await?),
        "entities" => {
            let mut text = FormattedText::from("short");
            text.entities = html!("<b>much longer than what it is put on</b>").entities;
            chat.send(text).await?;
        }
        _ => {}
    }
    Ok(())
}

#[quadruplex::test]
async fn what_a_handler_does_wrong_is_named_and_disturbs_nobody(telegram: Sandbox) -> Result {
    let bot = telegram.bot(Router::new().on_command(hello).on_message(bad)).await?;
    let mut bobby = telegram.user("bobby").await?.open(&bot).await?;
    for (text, expect) in
        [("panic", "trouble::bad`: panicked: boom panic"), ("long", "MESSAGE_TOO_LONG"), ("entities", "ENTITY_BOUNDS_INVALID")]
    {
        let mut alice = telegram.user(&format!("alice_{text}")).await?.open(&bot).await?;
        alice.say(text).await?;
        let error = alice.reply().await.unwrap_err().to_string();
        assert!(error.contains(expect), "{text}: {error}");
        all_is_well(&mut bobby, Some(&mut alice)).await?;
    }
    Ok(())
}

#[quadruplex::test]
async fn a_person_cannot_send_what_is_too_long(telegram: Sandbox) -> Result {
    let bot = telegram.bot(Router::new().on_command(hello).on_message(bad)).await?;
    let mut alice = telegram.user("alice").await?.open(&bot).await?;
    let error = alice.say("x".repeat(1 << 20)).await.unwrap_err().to_string();
    assert!(error.contains("MESSAGE_TOO_LONG"), "{error}");
    let mut bobby = telegram.user("bobby").await?.open(&bot).await?;
    all_is_well(&mut bobby, Some(&mut alice)).await
}

/// Whatever a server says of the places of entities, and however long a text is, handlers get it and can show it.
#[quadruplex::test]
async fn malformed_entities_and_long_texts_from_the_server_are_read(telegram: Sandbox) -> Result {
    async fn keep(update: Update, State(kept): State<Arc<Mutex<Vec<enums::Update>>>>) {
        kept.lock().unwrap().extend(update.raw());
    }
    async fn show(msg: Text, State(shown): State<Arc<Mutex<Vec<usize>>>>) {
        let _ = msg.html();
        shown.lock().unwrap().push(msg.text().len());
    }
    let kept = Arc::<Mutex<Vec<enums::Update>>>::default();
    let bot = telegram.bot(Router::new().on_message(keep).state(Arc::clone(&kept))).await?;
    let chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say(html!("<b>bold</b> 👍")).await?;
    telegram.advance(SECOND).await;
    let raw = kept.lock().unwrap().pop().ok_or("it has come")?;
    let shown = Arc::<Mutex<Vec<usize>>>::default();
    let handlers = Handlers::new(Router::new().on_message(show).state(Arc::clone(&shown)), bot.client()).await?;
    let change = |change: &dyn Fn(&mut quadruplex::api::types::Message)| {
        let mut raw = raw.clone();
        let enums::Update::NewMessage(new) = &mut raw else { panic!("{raw:?}") };
        let enums::Message::Message(message) = &mut new.message else { panic!("{raw:?}") };
        change(message);
        handlers.update(raw)
    };
    let places = [i32::MIN, -1, 0, 3, 6, 7, 8, i32::MAX];
    for (offset, length) in places.into_iter().flat_map(|offset| places.map(|length| (offset, length))) {
        let update = change(&|message| {
            for entity in message.entities.iter_mut().flatten() {
                let enums::MessageEntity::Bold(bold) = entity else { panic!("{entity:?}") };
                (bold.offset, bold.length) = (offset, length);
            }
        });
        handlers.handle(&update).await.map_err(|error| format!("{offset} {length}: {error}"))?;
    }
    handlers.handle(&change(&|message| message.message = "x".repeat(1 << 20))).await?;
    let shown = shown.lock().unwrap();
    assert_eq!((shown.len(), shown.last()), (65, Some(&(1 << 20))));
    Ok(())
}

/// The bot is put out of a group, or the group is deleted, while a handler is about to answer there.
#[quadruplex::test]
async fn a_chat_that_is_gone_is_named_and_disturbs_nobody(telegram: Sandbox) -> Result {
    async fn late(_: Hello, chat: Chat, State(gate): State<Arc<Notify>>) -> Result<Option<&'static str>> {
        if chat.id() < 0 {
            gate.notified().await;
        }
        Ok(Some("hello"))
    }
    let gate = Arc::new(Notify::new());
    let bot = telegram.bot(Router::new().on_command(late).state(Arc::clone(&gate))).await?;
    let mut bobby = telegram.user("bobby").await?.open(&bot).await?;
    for (title, kick) in [("Bakers", true), ("Brewers", false)] {
        let group = telegram.group(title, &bot).await?;
        let mut alice = telegram.user("alice").await?.join(&group).await?;
        alice.say("/hello").await?;
        telegram.advance(SECOND).await;
        let owner = telegram.user("owner").await?;
        let channel = format!("@{}", group.username());
        if kick {
            let rights =
                quadruplex::api::types::ChatBannedRights { view_messages: true, ..quadruplex::api::types::ChatBannedRights::new(0) };
            owner.client().call(channels::EditBanned::new(channel.as_str(), bot.username(), rights)).await?;
        } else {
            owner.client().call(channels::DeleteChannel::new(channel.as_str())).await?;
        }
        // All attempts.
        for _ in 0..3 {
            gate.notify_one();
            telegram.advance(3 * SECOND).await;
        }
        let error = alice.reply().await.unwrap_err().to_string();
        assert!(
            error.contains("CHANNEL_PRIVATE") || error.contains("CHANNEL_INVALID") || error.contains("CHAT_WRITE_FORBIDDEN"),
            "{error}"
        );
        all_is_well(&mut bobby, None).await?;
    }
    Ok(())
}

/// Telegram ends the login of an account while its handlers run.
#[tokio::test(start_paused = true)]
async fn an_application_whose_login_was_ended_ends_and_says_why() {
    let world = world().await;
    let alice = world.person("alice").await;
    let session = alice.client.session().unwrap();
    alice.client.close().await;
    let client = builder(&world.telegram).session(session).connect_in_memory().await.unwrap();
    let mut running =
        App::new(Router::new().on_message(async |msg: Text| msg.text().to_owned())).client(client.clone()).start().await.unwrap();
    let other = builder(&world.telegram).connect_in_memory().await.unwrap();
    let phone = "alice".bytes().map(i64::from).sum::<i64>() + 15_550_000;
    let code = other.request_code(&phone.to_string()).await.unwrap();
    let typed = world.telegram.world().codes().last().unwrap().code.clone();
    other.sign_in(&code, &typed).await.unwrap();
    other.call(auth::ResetAuthorizations).await.unwrap();
    let error = client.call(messages::SendMessage::new(PeerRef::Me, "hi")).await.unwrap_err();
    assert!(error.is("SESSION_REVOKED"), "{error}");
    let ended = tokio::time::timeout(MINUTE, running.ended()).await.expect("it ends");
    let error = ended.expect_err("it says why").to_string();
    assert!(error.contains("SESSION_REVOKED"), "{error}");
}
