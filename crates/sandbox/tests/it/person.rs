//! An account with a connection of its own to a sandbox in memory.

use std::time::Duration;

use bytes::Bytes;
use quadruplex_mtproto::framing::Transport;
use quadruplex_net::{CallError, Connection, Environment, Event, Options, Pending, Repeat, Request, StoredKey};
use quadruplex_sandbox::Sandbox;
use quadruplex_sandbox::world::Caller;
use quadruplex_tl::Reader;
use quadruplex_tl_schema::builtin::api;
use quadruplex_tl_schema::{Object, Value};
use tokio::sync::mpsc;

/// When the worlds of these tests begin, in Unix time.
pub(crate) const EPOCH: Duration = Duration::from_secs(1_800_000_000);
const LAYER: i32 = 230;

/// A signed-in account with a connection of its own.
pub(crate) struct Person {
    pub(crate) id: i64,
    pub(crate) connection: Connection,
    pub(crate) key: StoredKey,
    pub(crate) events: mpsc::Receiver<Event>,
}

pub(crate) fn encode(function: &Object) -> Bytes {
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
    /// Signs an account in with a new key.
    pub(crate) async fn new(telegram: &Sandbox, id: i64, seed: u64) -> Self {
        let (connection, mut events) = connect(telegram, seed, None);
        let Some(Event::Key(key)) = events.recv().await else { panic!("the key comes first") };
        let caller = Caller { auth_key_id: key.auth_key.id(), dc: 1, layer: LAYER, ..Caller::default() };
        telegram.world().login_session(&caller, id, telegram.now()).unwrap();
        let person = Self { id, connection, key: *key, events };
        person.call(&Object::new("updates.getState")).await.unwrap();
        person
    }

    /// One more connection with the same key, on which nothing has been asked yet.
    pub(crate) fn again(&self, telegram: &Sandbox, seed: u64) -> Self {
        let (connection, events) = connect(telegram, seed, Some(self.key.clone()));
        Self { id: self.id, connection, key: self.key.clone(), events }
    }

    pub(crate) fn send(&self, function: &Object) -> Pending {
        self.connection.send(Request::new(encode(function), Repeat::Unsafe))
    }

    pub(crate) async fn call(&self, function: &Object) -> Result<Value, String> {
        read(function, self.send(function).await)
    }

    /// The next update of this name.
    pub(crate) async fn told(&mut self, name: &str) -> Object {
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
    pub(crate) async fn hears(&mut self, text: &str) {
        while self.told("updateNewMessage").await.object("message").unwrap().string("message") != Some(text) {}
    }
}

/// The answer to a function, or the name of the error.
pub(crate) fn read(function: &Object, answer: Result<Bytes, CallError>) -> Result<Value, String> {
    let body = answer.map_err(|error| error.to_string())?;
    Ok(api(LAYER as u32).unwrap().decode_result(function, &mut Reader::new(&body)).unwrap())
}

fn connect(telegram: &Sandbox, seed: u64, key: Option<StoredKey>) -> (Connection, mpsc::Receiver<Event>) {
    let options = Options {
        addresses: vec![telegram.addresses()[0].1],
        dc: 1,
        transport: Transport::Intermediate,
        obfuscated: true,
        server_keys: vec![telegram.public_key()],
        init: introduction().into(),
        key,
        is_update: |_| false,
        event_capacity: 100,
    };
    Connection::open(options, telegram.dialer(), Environment::simulated(EPOCH, seed))
}
