//! What runs again because it has failed: nothing is asked, sent or answered a second time.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use quadruplex::prelude::*;
use tokio::time::sleep;

use super::support::{Runs, count, expect};

/// Order something.
#[derive(Command)]
struct Order;

/// Fails behind the first answer, and behind the last one.
async fn order(_: Order, chat: Chat, State(runs): State<Runs>) -> Result {
    let run = count(&runs);
    chat.send("Welcome.").await?;
    let what = chat.ask("What?").text().await?;
    if run == 1 {
        return Err("the shop is closed".into());
    }
    let many: u8 = chat.ask("How many?").parse().or_say("A number, please.").await?;
    if run == 2 {
        return Err("the shop is closed".into());
    }
    chat.send(format!("{many} times {what}")).await?;
    Ok(())
}

async fn heard(msg: Text) -> Option<String> {
    (!msg.text().starts_with('/')).then(|| format!("heard {}", msg.text()))
}

#[quadruplex::test]
async fn a_conversation_that_fails_goes_on_where_it_was(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let router = Router::new().on_command(order).on_message(heard).state(Arc::clone(&runs));
    let bot = telegram.bot(router).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/order").await?;
    expect(&mut chat, "Welcome.").await?;
    expect(&mut chat, "What?").await?;
    chat.say("tea").await?;
    expect(&mut chat, "How many?").await?;
    chat.say("some").await?;
    expect(&mut chat, "A number, please.").await?;
    chat.say("7").await?;
    expect(&mut chat, "7 times tea").await?;
    chat.say("thanks").await?;
    expect(&mut chat, "heard thanks").await?;
    chat.silence().await?;
    assert_eq!(runs.load(Ordering::Relaxed), 3, "{}", chat.transcript());
    Ok(())
}

#[quadruplex::test]
async fn a_conversation_that_goes_on_failing_is_a_dead_letter_in_the_end(telegram: Sandbox) -> Result {
    async fn never(_: Order, chat: Chat, State(runs): State<Runs>) -> Result {
        count(&runs);
        chat.ask("What?").text().await?;
        Err("the shop is closed".into())
    }
    let runs = Runs::default();
    let bot = telegram.bot(Router::new().on_command(never).on_message(heard).state(Arc::clone(&runs))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/order").await?;
    expect(&mut chat, "What?").await?;
    chat.say("tea").await?;
    chat.say("hello").await?;
    expect(&mut chat, "heard hello").await?;
    chat.silence().await?;
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    Ok(())
}

/// What others say is handled while a conversation waits for its next attempt; what its own chat says comes after it.
#[quadruplex::test]
async fn it_holds_up_its_chat_alone(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let router = Router::new().on_command(order).on_message(heard).state(Arc::clone(&runs));
    let bot = telegram.app(App::new(router).backoff(3 * SECOND, 3 * SECOND)).await?;
    let mut alice = telegram.user("alice").await?.open(&bot).await?;
    let mut bobby = telegram.user("bobby").await?.open(&bot).await?;
    alice.say("/order").await?;
    expect(&mut alice, "Welcome.").await?;
    expect(&mut alice, "What?").await?;
    alice.say("tea").await?;
    telegram.advance(SECOND).await;
    alice.say("7").await?;
    bobby.say("hello").await?;
    expect(&mut bobby, "heard hello").await?;
    expect(&mut alice, "How many?").await?;
    expect(&mut alice, "7 times tea").await?;
    Ok(())
}

/// Half a conversation fails, and the process ends before the next attempt.
#[quadruplex::test]
async fn a_failure_and_a_restart(telegram: Sandbox) -> Result {
    let runs = Runs::default();
    let router = || Router::new().on_command(order).on_message(heard).state(Arc::clone(&runs));
    let mut bot = telegram.bot(router()).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/order").await?;
    expect(&mut chat, "Welcome.").await?;
    expect(&mut chat, "What?").await?;
    chat.say("tea").await?;
    telegram.advance(SECOND / 2).await;
    bot.restart(router()).await?;
    expect(&mut chat, "How many?").await?;
    chat.say("7").await?;
    telegram.advance(SECOND / 2).await;
    bot.restart(router()).await?;
    expect(&mut chat, "7 times tea").await?;
    chat.silence().await?;
    Ok(())
}

/// Yes or no.
#[derive(Callback)]
struct Sure;

#[quadruplex::test]
async fn a_button_that_begins_a_conversation_is_answered_at_once(telegram: Sandbox) -> Result {
    async fn offer(_: Order, chat: Chat) -> Result {
        chat.send("Sure?").buttons(Buttons::row([("Yes", Sure)])).await?;
        Ok(())
    }
    async fn begin(_: Sure, chat: Chat) -> Result<String> {
        Ok(format!("Hello, {}", chat.ask("Your name?").text().await?))
    }
    let bot = telegram.bot(Router::new().on_command(offer).on_callback(begin)).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("/order").await?;
    expect(&mut chat, "Sure?").await?;
    let began = tokio::time::Instant::now();
    let pressed = chat.press("Yes").await?;
    assert!(began.elapsed() < SECOND, "{:?}", began.elapsed());
    assert_eq!(pressed.toast, None);
    expect(&mut chat, "Your name?").await?;
    chat.say("Alice").await?;
    expect(&mut chat, "Hello, Alice").await?;
    Ok(())
}

#[quadruplex::test]
async fn what_is_sent_beside_the_handler_is_sent_once(telegram: Sandbox) -> Result {
    async fn beside(msg: Text, client: Client, State(runs): State<Runs>) -> Result {
        let run = count(&runs);
        let chat = msg.chat();
        msg.respond("detached").detach();
        let tasks = (0..3).map(|task| {
            let (client, chat) = (client.clone(), chat.clone());
            spawn(async move {
                // In another order each time.
                sleep(SECOND * ((task * run) % 5)).await;
                for part in 0..2 {
                    client.send(chat.clone(), format!("{task} {part}")).await?;
                }
                // Work that work starts.
                spawn(client.send(chat, format!("{task} deep"))).await.expect("it does not panic")
            })
        });
        let tasks: Vec<_> = tasks.collect();
        msg.respond("handler").await?;
        for task in tasks {
            task.await??;
        }
        if run < 3 { Err("again".into()) } else { Ok(()) }
    }
    let runs = Runs::default();
    let bot = telegram.bot(Router::new().on_message(beside).state(Arc::clone(&runs))).await?;
    let mut chat = telegram.user("alice").await?.open(&bot).await?;
    chat.say("go").await?;
    let mut texts = Vec::new();
    for _ in 0..11 {
        texts.push(chat.reply().await?.text().to_owned());
    }
    texts.sort();
    assert_eq!(texts, ["0 0", "0 1", "0 deep", "1 0", "1 1", "1 deep", "2 0", "2 1", "2 deep", "detached", "handler"]);
    telegram.advance(MINUTE).await;
    chat.silence().await?;
    assert_eq!(runs.load(Ordering::Relaxed), 3);
    Ok(())
}
