//! What stands around handlers: middleware, error handlers, switches.

use std::sync::{Arc, Mutex};

use quadruplex::prelude::*;
use quadruplex::router::Next;

use super::support::world;

#[tokio::test(start_paused = true)]
async fn middleware_runs_around_handlers() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let log: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = |name: &'static str| {
        let log = Arc::clone(&log);
        move |update: Update, next: Next| {
            let log = Arc::clone(&log);
            async move {
                let handler = next.handler().rsplit("::").next().unwrap_or_default();
                log.lock().unwrap().push(format!("{name} before {handler}"));
                let outcome = next.run(update).await;
                log.lock().unwrap().push(format!("{name} after {handler}"));
                outcome
            }
        }
    };
    async fn hello(_: Text) -> &'static str {
        "hello"
    }
    async fn nothing(_: Photo) -> &'static str {
        "a photo"
    }
    let inner = Router::new().with(note("inner")).on_message(hello).on_message(nothing);
    let _bot = world.run(Router::new().with(note("outer")).merge(inner)).await;
    alice.say("hi").await;
    assert_eq!(alice.reply().await.text(), "hello");
    let expected = ["outer before hello", "inner before hello", "inner after hello", "outer after hello"];
    assert_eq!(*log.lock().unwrap(), expected);
}

#[tokio::test(start_paused = true)]
async fn middleware_may_answer_itself() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    async fn closed(_: Update, _: Next) -> Result<Outcome, Refusal> {
        Err(Refusal::Answer("closed".into()))
    }
    let _bot = world.run(Router::new().with(closed).on_message(async |_: Text| "open")).await;
    alice.say("hi").await;
    assert_eq!(alice.reply().await.text(), "closed");
}

#[tokio::test(start_paused = true)]
async fn failures_go_to_error_handlers_from_the_inside_out() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    async fn number(msg: Text) -> Result<String> {
        let number: i64 = msg.text().parse()?;
        assert!(number != 13, "unlucky");
        Ok(format!("{}", number + 1))
    }
    async fn inner(failure: Failure) -> Result<String> {
        let text = failure.error().to_string();
        if text.contains("unlucky") { Err("worse".into()) } else { Ok(format!("inner: {text}")) }
    }
    async fn outer(failure: Failure) -> String {
        format!("outer: {} in {}", failure.error(), failure.handler().rsplit("::").next().unwrap_or_default())
    }
    let router = Router::new().on_error(outer).merge(Router::new().on_message(number).on_error(inner));
    let _bot = world.run(router).await;
    for (said, answer) in [("1", "2"), ("one", "inner: invalid digit found in string"), ("13", "outer: worse in number")] {
        alice.say(said).await;
        assert_eq!(alice.reply().await.text(), answer);
    }
}

#[tokio::test(start_paused = true)]
async fn plugins_are_switched_while_the_program_runs() {
    let world = world().await;
    let mut alice = world.person("alice").await;
    let switch = Switch::on("greetings");
    let plugin = Router::new().on_message(async |_: Text| "hello");
    let _bot = world.run(Router::new().plugin(&switch, plugin).on_message(async |_: Text| "always")).await;
    let mut seen = Vec::new();
    for (is_on, count) in [(true, 2), (false, 1), (true, 2)] {
        switch.set(is_on);
        alice.say("hi").await;
        let mut texts = alice.replies(count).await;
        texts.sort();
        seen.push(texts.join(" "));
    }
    assert_eq!(seen, ["always hello", "always", "always hello"]);
}
