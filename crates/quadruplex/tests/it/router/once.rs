//! What a handler does has happened once, whatever made it run again: presses, edits, files, updates that look alike, a new version of the
//! program.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use quadruplex::UploadSource;
use quadruplex::api::enums::SendMessageAction;
use quadruplex::prelude::*;
use quadruplex::testing::Chat as Seen;
use quadruplex_sandbox::world::Peer;
use tokio::io::{AsyncWriteExt, duplex};
use tokio::time::sleep;

use super::support::{Runs, count, expect, world};
use crate::common::{person, signed_in};

#[derive(Callback)]
enum Press {
    Late,
    Twice,
    Never,
    Long,
    Edit,
    Begin,
}

async fn offer(_: Text, chat: Chat) -> Result {
    let buttons = Buttons::row([("late", Press::Late), ("twice", Press::Twice), ("never", Press::Never)]);
    chat.send("Which?").buttons(buttons.and_row([("long", Press::Long), ("edit", Press::Edit), ("begin", Press::Begin)])).await?;
    Ok(())
}

async fn pressed(press: Press, query: CallbackQuery, chat: Chat, State(runs): State<Runs>) -> Result<Option<String>> {
    let run = count(&runs);
    match press {
        Press::Late if run == 1 => return Err("not yet".into()),
        Press::Late => return Ok(Some("late".to_owned())),
        Press::Twice => {
            query.toast("seen").await?;
            chat.send("sent").await?;
            if run == 1 {
                return Err("after the toast".into());
            }
        }
        Press::Never => return Err("never".into()),
        Press::Long => return Ok(Some("word ".repeat(1000))),
        Press::Edit => query.message().edit("edited").await?,
        Press::Begin => {
            let name = chat.ask("Name?").text().await?;
            if run == 2 {
                return Err("behind the answer".into());
            }
            return Ok(Some(format!("Hello, {name}")));
        }
    }
    Ok(Some("done".to_owned()))
}

fn buttons(runs: &Runs) -> Router {
    Router::new().on_callback(pressed).on_message(offer).state(Arc::clone(runs))
}

async fn offered(telegram: &Sandbox, runs: &Runs) -> Result<(quadruplex::testing::Bot, Seen)> {
    let bot = telegram.bot(buttons(runs)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("hello").await?;
    expect(&mut chat, "Which?").await?;
    Ok((bot, chat))
}

#[quadruplex::test]
async fn a_press_is_answered_when_its_handler_has_succeeded(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let (_bot, chat) = offered(&telegram, &runs).await?;
    assert_eq!(chat.press("late").await?.toast.as_deref(), Some("late"));
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    Ok(())
}

#[quadruplex::test]
async fn a_press_that_was_answered_before_is_no_failure(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let (_bot, mut chat) = offered(&telegram, &runs).await?;
    assert_eq!(chat.press("twice").await?.toast.as_deref(), Some("seen"));
    expect(&mut chat, "sent").await?;
    expect(&mut chat, "done").await?;
    chat.silence().await?;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    Ok(())
}

#[quadruplex::test]
async fn a_press_whose_handler_never_succeeds_is_answered_in_the_end(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let (_bot, chat) = offered(&telegram, &runs).await?;
    assert_eq!(chat.press("never").await?.toast, None);
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    Ok(())
}

#[quadruplex::test]
async fn what_is_too_long_for_a_toast_goes_to_the_chat(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let (_bot, mut chat) = offered(&telegram, &runs).await?;
    assert_eq!(chat.press("long").await?.toast, None);
    let mut text = String::new();
    for _ in 0..2 {
        text += chat.reply().await?.text();
        text.push(' ');
    }
    assert_eq!(text.split_whitespace().count(), 1000);
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    Ok(())
}

/// Two people press one button, and the text that results is the same.
#[quadruplex::test]
async fn a_message_that_says_it_already_is_no_failure(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let (_bot, chat) = offered(&telegram, &runs).await?;
    let again = chat.clone();
    let (one, two) = tokio::join!(chat.press("edit"), again.press("edit"));
    assert_eq!([one?.toast, two?.toast], [Some("done".to_owned()), Some("done".to_owned())]);
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    Ok(())
}

/// The button has its answer when the question is asked: what is returned goes to the chat, whatever made the handler run again.
#[quadruplex::test]
async fn a_press_that_begins_a_conversation_is_answered_before_it_ends(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let (mut bot, mut chat) = offered(&telegram, &runs).await?;
    assert_eq!(chat.press("begin").await?.toast, None);
    expect(&mut chat, "Name?").await?;
    bot.restart(buttons(&runs)).await?;
    chat.silence().await?;
    chat.say("Alice").await?;
    expect(&mut chat, "Hello, Alice").await?;
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    Ok(())
}

#[quadruplex::test]
async fn an_edit_that_was_made_before_is_no_failure(telegram: Sandbox) -> Result {
    async fn edit(msg: Text, State(runs): State<Runs>) -> Result<String> {
        let sent = msg.respond("working").await?;
        let edited = sent.edit("done").await?;
        if count(&runs) == 1 {
            return Err("killed".into());
        }
        Ok(format!("it says {:?}", edited.text()))
    }
    let runs = Runs::default();
    let bot = telegram.bot(Router::new().on_message(edit).state(Arc::clone(&runs))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("go").await?;
    expect(&mut chat, "working").await?;
    expect(&mut chat, "it says \"done\"").await?;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    Ok(())
}

/// Nothing in such an update tells it from the one before.
#[tokio::test(start_paused = true)]
async fn updates_that_look_alike_are_each_answered() {
    async fn typing(update: Update, chat: Chat, State(runs): State<Runs>) -> Result {
        if update.name() == "updateUserTyping" {
            chat.send("I see you").await?;
            // The first time, it is sent and the handler fails.
            if count(&runs) == 1 {
                return Err("again".into());
            }
        }
        Ok(())
    }
    let runs = Runs::default();
    let world = world().await;
    let mut bobby = world.person("bobby").await;
    world.telegram.create_user(person("Alice", "15559999")).unwrap();
    let alice = signed_in(&world.telegram, "15559999").await;
    let _running = App::new(Router::new().on_any(typing).state(Arc::clone(&runs))).client(alice).start().await.unwrap();
    bobby.client.send("@alice", "hello").await.unwrap();
    for _ in 0..3 {
        bobby.client.call(messages::SetTyping::new("@alice", SendMessageAction::SendMessageTypingAction)).await.unwrap();
        assert_eq!(bobby.reply().await.text(), "I see you");
        sleep(10 * SECOND).await;
    }
    assert_eq!(runs.load(Ordering::Relaxed), 4);
    let (bobby, alice) = (bobby.client.own_user().unwrap().id, world.telegram.world().find_user("alice").unwrap());
    let said = world.telegram.world().messages(bobby, Peer::User(alice));
    assert_eq!(said.len(), 4, "hello, and three answers");
}

#[quadruplex::test]
async fn files_that_are_sent_side_by_side_arrive_once_each(telegram: Sandbox) -> Result {
    /// A file that is there after so many seconds.
    fn slow(name: &str, seconds: u64) -> UploadSource {
        let (near, mut far) = duplex(64);
        tokio::spawn(async move {
            sleep(Duration::from_secs(seconds)).await;
            let _ = far.write_all(b"content").await;
        });
        UploadSource::stream(name, near).size(7)
    }
    async fn send(msg: Text, client: Client, State(runs): State<Runs>) -> Result {
        let run = count(&runs);
        // In another order each time.
        let (first, second) = if run == 1 { (1, 0) } else { (0, 1) };
        let chat = msg.chat();
        let file = |name: &str, seconds| client.send_file(chat.clone(), slow(name, seconds)).caption(name);
        let albums = |name: &str, seconds| client.send_album(chat.clone(), [slow(name, seconds), slow(name, seconds)]).caption(name);
        let (a, b) = tokio::join!(file("a", first).into_future(), file("b", second).into_future());
        let (a, b) = (a?, b?);
        assert_eq!((a.text(), b.text()), ("a", "b"));
        let (c, d) = tokio::join!(albums("c", first).into_future(), albums("d", second).into_future());
        let (c, d) = (c?, d?);
        assert_eq!((c[0].text(), d[0].text()), ("c", "d"));
        if run == 1 {
            return Err("again".into());
        }
        Ok(())
    }
    let runs = Runs::default();
    let bot = telegram.bot(Router::new().on_message(send).state(Arc::clone(&runs))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("go").await?;
    telegram.advance(10 * SECOND).await;
    let mut captions = Vec::new();
    for _ in 0..6 {
        captions.push(chat.reply().await?.text().to_owned());
    }
    captions.sort();
    assert_eq!(captions, ["", "", "a", "b", "c", "d"]);
    chat.silence().await?;
    assert_eq!(runs.load(Ordering::Relaxed), 2);
    Ok(())
}

/// Handlers are known by their names, not by their places.
#[quadruplex::test]
async fn a_new_version_of_the_program_goes_on_with_conversations(telegram: Sandbox) -> Result {
    async fn register(_: Text, chat: Chat) -> Result<String> {
        chat.send("Welcome.").await?;
        let name = chat.ask("Name?").text().await?;
        let place = chat.ask("Place?").text().await?;
        Ok(format!("{name} of {place}"))
    }
    async fn log(_: Text) {}
    async fn edited(_: Text) {}
    let mut bot = telegram.bot(Router::new().on_message(register)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("hello").await?;
    expect(&mut chat, "Welcome.").await?;
    expect(&mut chat, "Name?").await?;
    bot.restart(Router::new().on_edited(edited).on_message(log).on_message(register)).await?;
    chat.silence().await?;
    chat.say("Alice").await?;
    expect(&mut chat, "Place?").await?;
    bot.restart(Router::new().merge(Router::new().on_message(log)).group(Router::new().on_message(register)).on_message(log)).await?;
    chat.silence().await?;
    chat.say("Bergen").await?;
    expect(&mut chat, "Alice of Bergen").await?;
    chat.silence().await?;
    Ok(())
}

#[quadruplex::test]
async fn what_error_handlers_send_is_told_apart(telegram: Sandbox) -> Result {
    async fn fail(msg: Text) -> Result {
        msg.respond("handler").await?;
        Err("it fails".into())
    }
    async fn inner(_: Failure, chat: Chat) -> Result {
        chat.send("inner").await?;
        Err("so does this".into())
    }
    async fn outer(_: Failure, chat: Chat) -> Result {
        chat.send("outer").await?;
        Ok(())
    }
    let bot = telegram.bot(Router::new().on_error(outer).merge(Router::new().on_message(fail).on_error(inner))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("go").await?;
    for text in ["handler", "inner", "outer"] {
        expect(&mut chat, text).await?;
    }
    chat.silence().await?;
    Ok(())
}

/// The next attempt begins before the answer that was just given is written.
#[quadruplex::test]
async fn an_attempt_that_follows_at_once_has_the_answers(telegram: Sandbox) -> Result {
    async fn ask(_: Text, chat: Chat, State(runs): State<Runs>) -> Result<String> {
        let name = chat.ask("Name?").text().await?;
        if count(&runs) == 1 { Err("again".into()) } else { Ok(format!("Hello, {name}")) }
    }
    for order in [Order::PerChat, Order::None] {
        let runs = Runs::default();
        let app = App::new(Router::new().on_message(ask).state(Arc::clone(&runs))).order(order).backoff(Duration::ZERO, Duration::ZERO);
        let bot = telegram.app(app).await?;
        let mut chat = telegram.user("alice").await?.open(&bot).await?;
        chat.say("hello").await?;
        expect(&mut chat, "Name?").await?;
        chat.say("Alice").await?;
        expect(&mut chat, "Hello, Alice").await?;
        chat.silence().await?;
        assert_eq!(runs.load(Ordering::Relaxed), 2, "{order:?}");
    }
    Ok(())
}
