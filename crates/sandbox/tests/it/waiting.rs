//! Answers that have to wait, and what happens by itself, through the server: under virtual time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quadruplex_mtproto::framing::Transport;
use quadruplex_net::{CallError, Connection, Environment, Event, Options, Pending, Repeat, Request};
use quadruplex_sandbox::world::{Caller, Peer};
use quadruplex_sandbox::{NewBot, NewUser, Sandbox};
use quadruplex_tl::Reader;
use quadruplex_tl_schema::builtin::api;
use quadruplex_tl_schema::{Object, Value};
use tokio::sync::mpsc;
use tokio::time::Instant;

const LAYER: i32 = 230;

/// A signed-in account with a connection of its own.
struct Person {
    id: i64,
    connection: Connection,
    events: mpsc::Receiver<Event>,
}

fn encode(function: &Object) -> Bytes {
    let mut out = Vec::new();
    api(LAYER as u32).unwrap().encode_function(function, &mut out).unwrap();
    out.into()
}

/// `invokeWithLayer(initConnection(` up to where the query begins.
fn introduction() -> Bytes {
    let query = Object::new("help.getConfig");
    let init = ["device_model", "system_version", "app_version", "system_lang_code", "lang_code"]
        .into_iter()
        .fold(Object::new("initConnection").with("api_id", 1).with("lang_pack", ""), |init, field| init.with(field, "en"));
    let whole = encode(&Object::new("invokeWithLayer").with("layer", LAYER).with("query", init.with("query", query.clone())));
    whole.slice(..whole.len() - encode(&query).len())
}

impl Person {
    async fn new(telegram: &Sandbox, id: i64, seed: u64) -> Self {
        let options = Options {
            addresses: vec![telegram.addresses()[0].1],
            dc: 1,
            transport: Transport::Intermediate,
            obfuscated: true,
            server_keys: vec![telegram.public_key()],
            init: introduction(),
            key: None,
            is_update: |_| false,
            event_capacity: 100,
        };
        let environment = Environment::simulated(Duration::from_secs(1_800_000_000), seed);
        let (connection, mut events) = Connection::open(options, telegram.dialer(), environment);
        let Some(Event::Key(key)) = events.recv().await else { panic!("the key comes first") };
        let caller = Caller { auth_key_id: key.auth_key.id(), dc: 1, layer: LAYER, ..Caller::default() };
        telegram.world().login_session(&caller, id, telegram.now()).unwrap();
        let person = Self { id, connection, events };
        person.call(&Object::new("updates.getState")).await.unwrap();
        person
    }

    fn send(&self, function: &Object) -> Pending {
        self.connection.send(Request::new(encode(function), Repeat::Unsafe))
    }

    async fn call(&self, function: &Object) -> Result<Value, String> {
        read(function, self.send(function).await)
    }

    /// The next update of this name.
    async fn told(&mut self, name: &str) -> Object {
        loop {
            let Some(Event::Update(body, _)) = self.events.recv().await else { continue };
            let updates = api(LAYER as u32).unwrap().decode("Updates", &mut Reader::new(&body)).unwrap();
            let found = updates.as_object().unwrap().objects("updates").find(|update| update.is(name)).cloned();
            if let Some(update) = found {
                return update;
            }
        }
    }

    /// Waits for a new message of this text.
    async fn hears(&mut self, text: &str) {
        while self.told("updateNewMessage").await.object("message").unwrap().string("message") != Some(text) {}
    }
}

fn read(function: &Object, answer: Result<Bytes, CallError>) -> Result<Value, String> {
    let body = answer.map_err(|error| error.to_string())?;
    Ok(api(LAYER as u32).unwrap().decode_result(function, &mut Reader::new(&body)).unwrap())
}

/// Alice, and a bot that has sent her a button: how she presses it.
async fn scene() -> (Arc<Sandbox>, Person, Person, Object) {
    let environment = Environment::simulated(Duration::from_secs(1_800_000_000), 1);
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
