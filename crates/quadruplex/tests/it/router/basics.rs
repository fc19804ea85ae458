use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quadruplex::prelude::*;

use super::support::world;

async fn echo(msg: Text) -> Result {
    msg.respond(msg.text()).await?;
    Ok(())
}

async fn shout(msg: Text) -> String {
    msg.text().to_uppercase()
}

#[tokio::test(start_paused = true)]
async fn a_bot_echoes() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let bot = world.run(Router::new().on_message(echo)).await;
    alice.say("hello").await;
    assert_eq!(alice.reply().await.text(), "hello");
    bot.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_update_starts_every_handler_that_it_fits_and_in_a_group_the_first() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let group = Router::new().on_edited(async || "edited").on_message(async |_: Text| "first").on_message(async || "second");
    let _bot = world.run(Router::new().on_message(echo).on_message(shout).group(group)).await;
    alice.say("hello").await;
    let mut texts = alice.replies(3).await;
    texts.sort();
    assert_eq!(texts, ["HELLO", "first", "hello"]);
    alice.say("bye").await;
    let mut texts = alice.replies(3).await;
    texts.sort();
    assert_eq!(texts, ["BYE", "bye", "first"], "and nothing came of the others");
}

#[tokio::test(start_paused = true)]
async fn handlers_share_a_state() {
    async fn count(_: Text, State(seen): State<Arc<AtomicU32>>) -> String {
        seen.fetch_add(1, Ordering::Relaxed).to_string()
    }
    let world = world().await;
    let mut alice = world.person("alice").await;
    let _bot = world.run(Router::new().on_message(count).state(Arc::new(AtomicU32::new(7)))).await;
    alice.say("a").await;
    alice.say("b").await;
    assert_eq!(alice.replies(2).await, ["7", "8"]);
}

#[tokio::test(start_paused = true)]
async fn a_state_that_is_missing_is_named_at_the_start() {
    async fn count(_: State<u32>) {}
    let world = world().await;
    let refused = App::new(Router::new().on_message(count)).client(world.bot().await).start().await.unwrap_err();
    let text = refused.to_string();
    assert!(text.contains("::count` takes State<u32>, which the router does not have"), "{text}");
}

/// Fails twice, the second time by a panic, and sends two messages each time before it does.
#[tokio::test(start_paused = true)]
async fn what_fails_is_tried_again_and_replies_once() {
    async fn third_time(update: Update, msg: Text) -> Result<&'static str> {
        msg.respond("one").await?;
        msg.respond(format!("two, attempt {}", update.attempts())).await?;
        match update.attempts() {
            0 => Err("no".into()),
            1 => panic!("not yet"),
            _ => Ok("three"),
        }
    }
    let world = world().await;
    let mut alice = world.person("alice").await;
    let _bot = world.run(Router::new().on_message(third_time)).await;
    alice.say("go").await;
    assert_eq!(alice.replies(3).await, ["one", "two, attempt 0", "three"]);
}
