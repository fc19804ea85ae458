//! Answers that have to wait, and what happens by itself, through the server: under virtual time.

use std::sync::Arc;
use std::time::Duration;

use quadruplex_net::{Environment, Repeat, Request, Ticket};
use quadruplex_sandbox::world::Peer;
use quadruplex_sandbox::{NewBot, NewUser, Sandbox};
use quadruplex_tl_schema::{Object, Value};
use tokio::time::Instant;

use super::person::{EPOCH, Person, encode, read};

/// Alice, and a bot that has sent her a button: how she presses it.
async fn scene() -> (Arc<Sandbox>, Person, Person, Object) {
    let environment = Environment::simulated(EPOCH, 1);
    let telegram = Sandbox::builder().environment(environment).start().await.unwrap();
    let alice = telegram.create_user(NewUser { first_name: "Alice".into(), ..NewUser::default() }).unwrap();
    let (bot, _) = telegram.create_bot(NewBot { name: "Quiz".into(), username: "quiz_bot".into(), ..NewBot::default() }).unwrap();
    let (alice, bot) = (Person::new(&telegram, alice, 2).await, Person::new(&telegram, bot, 3).await);
    telegram.world().say(alice.id, Peer::User(bot.id), "/start", telegram.now()).unwrap();
    telegram.deliver();
    let kind = Object::new("inlineButtonTypeCallback").with("data", &b"x"[..]);
    let row = Object::new("keyboardInlineButtonRow")
        .with("buttons", vec![Object::new("keyboardInlineButton").with("text", "Press").with("type", kind)]);
    let send = Object::new("messages.sendMessage")
        .with("peer", Object::new("inputPeerUser").with("user_id", alice.id).with("access_hash", 0i64))
        .with("message", "Well?")
        .with("random_id", 1i64)
        .with("reply_markup", Object::new("replyInlineMarkup").with("rows", vec![row]));
    bot.call(&send).await.unwrap();
    let resolve = Object::new("contacts.resolveUsername").with("username", "quiz_bot");
    let found = alice.call(&resolve).await.unwrap();
    let hash = found.as_object().unwrap().objects("users").next().unwrap().long("access_hash").unwrap();
    let id = telegram.world().messages(alice.id, Peer::User(bot.id)).iter().map(|said| said.id).max().unwrap();
    let press = Object::new("messages.getBotCallbackAnswer")
        .with("peer", Object::new("inputPeerUser").with("user_id", bot.id).with("access_hash", hash))
        .with("msg_id", id)
        .with("data", &b"x"[..]);
    (Arc::new(telegram), alice, bot, press)
}

#[tokio::test(start_paused = true)]
async fn a_press_is_answered_when_the_bot_has() {
    let (_telegram, alice, mut bot, press) = scene().await;
    let pending = alice.send(&press);
    let asked = bot.told("updateBotCallbackQuery").await;
    let answer = Object::new("messages.setBotCallbackAnswer")
        .with("query_id", asked.long("query_id").unwrap())
        .with("message", "Right!")
        .with("cache_time", 0);
    assert_eq!(bot.call(&answer).await, Ok(Value::Bool(true)));
    let got = read(&press, pending.await).unwrap();
    assert_eq!(got.as_object().unwrap().string("message"), Some("Right!"));
}

#[tokio::test(start_paused = true)]
async fn a_bot_that_does_not_answer_is_given_up() {
    let (_telegram, alice, _bot, press) = scene().await;
    let began = Instant::now();
    assert_eq!(alice.call(&press).await, Err("BOT_RESPONSE_TIMEOUT (400)".to_owned()));
    let took = began.elapsed().as_secs_f64();
    assert!((10.0..11.0).contains(&took), "{took}");
}

/// A call, and one that is to be executed after it, in one packet: what the second is answered, and when.
async fn after(alice: &Person, first: &Object, second: &Object) -> (Result<Value, String>, Duration) {
    let ticket = Ticket::default();
    let request = |function: &Object| Request::new(encode(function), Repeat::Unsafe);
    let began = Instant::now();
    let mut calls = alice
        .connection
        .send_all([Request { ticket: Some(ticket.clone()), ..request(first) }, Request { after: Some(ticket), ..request(second) }]);
    let (second_call, _first_call) = (calls.pop().unwrap(), calls.pop().unwrap());
    (read(second, second_call.await), began.elapsed())
}

#[tokio::test(start_paused = true)]
async fn a_query_waits_for_the_one_before_it() {
    let (_telegram, alice, _bot, press) = scene().await;
    let (good, bad) = (Object::new("updates.getState"), Object::new("account.updateUsername").with("username", "?"));
    let (answer, _) = after(&alice, &good, &good).await;
    assert!(answer.is_ok(), "the one before has succeeded");
    let (answer, _) = after(&alice, &bad, &good).await;
    assert_eq!(answer, Err("MSG_WAIT_FAILED (400)".to_owned()), "it has failed");
    let (answer, waited) = after(&alice, &press, &good).await;
    assert_eq!(answer, Err("MSG_WAIT_TIMEOUT (400)".to_owned()), "it runs");
    assert!((0.5..0.6).contains(&waited.as_secs_f64()), "{waited:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_scheduled_comes_when_the_clock_says_so() {
    let (telegram, mut alice, _bot, _) = scene().await;
    let send = |random_id: i64, seconds: i32| {
        Object::new("messages.sendMessage")
            .with("peer", Object::new("inputPeerSelf"))
            .with("message", "later")
            .with("random_id", random_id)
            .with("schedule_date", telegram.now().seconds() + seconds)
    };
    let began = Instant::now();
    alice.call(&send(1, 3600)).await.unwrap();
    alice.hears("later").await;
    assert!((3598.0..3602.0).contains(&began.elapsed().as_secs_f64()), "{:?}", began.elapsed());
    // The clock may be set, too. The client hears of it with its next ping: it does not believe what comes from the future.
    let began = Instant::now();
    alice.call(&send(2, 86_400)).await.unwrap();
    telegram.set_clock_ahead(86_500);
    alice.hears("later").await;
    assert!(began.elapsed() < Duration::from_secs(300), "{:?}", began.elapsed());
}
