//! A world with a clock and sessions that speak one layer each.

use quadruplex_sandbox::world::{Caller, Config, Dc, NewBot, NewUser, Now, Push, Reply, World, fit};
use quadruplex_tl::Reader;
use quadruplex_tl_schema::builtin::{LAYERS, api};
use quadruplex_tl_schema::{Missing, Object, Schema, Value};

/// A world and its clock.
pub(crate) struct Fixture {
    pub(crate) world: World,
    pub(crate) now: Now,
    keys: u64,
}

/// A session of a client.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) caller: Caller,
    /// The account, once known.
    pub(crate) id: i64,
}

pub(crate) fn config() -> Config {
    let dcs = (1..=3).map(|id| Dc { id, ip: "127.0.0.1".to_owned(), port: 8000 + id as u16 }).collect();
    Config { dcs, code: Some("12345".to_owned()), ..Config::default() }
}

impl Fixture {
    pub(crate) fn new() -> Self {
        Self::with(config())
    }

    pub(crate) fn with(config: Config) -> Self {
        Self::of(World::new(config))
    }

    pub(crate) fn of(world: World) -> Self {
        Self { world, now: Now { ms: 1_800_000_000_000 }, keys: 0 }
    }

    /// A session that has not signed in, at a DC. Sessions speak the layers in turn.
    pub(crate) fn session(&mut self, dc: i32) -> Session {
        self.keys += 1;
        let layer = LAYERS[self.keys as usize % LAYERS.len()] as i32;
        let caller = Caller {
            auth_key_id: 0xf000_0000_0000_0000 + self.keys,
            session_id: self.keys as i64,
            dc,
            layer,
            api_id: 1,
            device_model: "test".to_owned(),
            ..Caller::default()
        };
        Session { caller, id: 0 }
    }

    /// A person who is signed in at DC 1.
    pub(crate) fn user(&mut self, name: &str) -> Session {
        let phone = format!("4477{:08}", self.keys + 1);
        let new = NewUser { first_name: name.to_owned(), username: Some(format!("{name}_name")), phone: Some(phone), ..NewUser::default() };
        let id = self.world.create_user(new, self.now).unwrap();
        self.again(id)
    }

    /// One more session of an account.
    pub(crate) fn again(&mut self, id: i64) -> Session {
        let mut session = self.session(self.world.home_dc(id).unwrap());
        session.id = id;
        self.world.login_session(&session.caller, id, self.now).unwrap();
        session
    }

    /// A bot that is signed in.
    pub(crate) fn bot(&mut self, name: &str, privacy: bool) -> Session {
        let new = NewBot { name: name.to_owned(), username: format!("{name}_bot"), privacy, dc: None };
        let (id, _) = self.world.create_bot(new, self.now).unwrap();
        self.again(id)
    }

    /// Executes a request, having proved that it and its answer can be encoded in every layer.
    pub(crate) fn call(&mut self, session: &Session, request: Object) -> Result<Value, String> {
        self.now.ms += 1000;
        let mut decoded = None;
        for layer in LAYERS {
            let schema = api(layer).unwrap();
            let mut bytes = Vec::new();
            let old = schema.encode_function(&request, &mut bytes).err().map(|_| fitted(schema, request.clone().into()));
            if let Some(old) = old {
                bytes.clear();
                let encoded = schema.encode_function(&object(old), &mut bytes);
                encoded.unwrap_or_else(|error| panic!("layer {layer}: {error}\n{request:#?}"));
            }
            if layer as i32 == session.caller.layer {
                decoded = Some(schema.decode_function(&mut Reader::new(&bytes)).unwrap());
            }
        }
        let answer = match self.world.call(&session.caller, &decoded.unwrap(), self.now) {
            Reply::Done(result) => result.map_err(|error| error.to_string())?,
            Reply::Later(number) => return Err(format!("later {number}")),
        };
        Ok(self.in_every_layer(session, &request, &answer))
    }

    /// The answer to a request that had to wait.
    pub(crate) fn late(&mut self, session: &Session, request: &Object) -> Result<Value, String> {
        let [(_, answer)] = <[_; 1]>::try_from(self.world.take_answers()).unwrap();
        let answer = answer.map_err(|error| error.to_string())?;
        Ok(self.in_every_layer(session, request, &answer))
    }

    /// The answer as the session reads it, having proved that it can be said in every layer.
    fn in_every_layer(&self, session: &Session, request: &Object, answer: &Value) -> Value {
        let mut decoded = None;
        for layer in LAYERS {
            let schema = api(layer).unwrap();
            let mut bytes = Vec::new();
            if schema.encode_result(&request.name, answer, Missing::Error, &mut bytes).is_err() {
                bytes.clear();
                let encoded = schema.encode_result(&request.name, &fitted(schema, answer.clone()), Missing::Error, &mut bytes);
                encoded.unwrap_or_else(|error| panic!("layer {layer}, answer to {}: {error}\n{answer:#?}", request.name));
            }
            let mut reader = Reader::new(&bytes);
            let value = schema.decode_result(request, &mut reader).unwrap();
            reader.finish().unwrap();
            if layer as i32 == session.caller.layer {
                decoded = Some(value);
            }
        }
        decoded.unwrap()
    }

    /// Executes a request that must be answered with an object.
    pub(crate) fn ok(&mut self, session: &Session, request: Object) -> Object {
        match self.call(session, request.clone()) {
            Ok(Value::Object(object)) => object,
            other => panic!("{request:?} was answered {other:?}"),
        }
    }

    /// Executes a request that must be refused with this code and name.
    #[track_caller]
    pub(crate) fn refused(&mut self, session: &Session, request: Object, error: &str) {
        assert_eq!(self.call(session, request.clone()), Err(error.to_owned()), "{request:?}");
    }

    /// The updates that have come up for a session, each proved to be encodable in every layer.
    pub(crate) fn pushes(&mut self) -> Vec<Push> {
        let pushes = self.world.take_pushes();
        for push in &pushes {
            for layer in LAYERS {
                let (schema, mut bytes) = (api(layer).unwrap(), Vec::new());
                if schema.encode("Updates", &push.update, Missing::Error, &mut bytes).is_err() {
                    bytes.clear();
                    let encoded = schema.encode("Updates", &fitted(schema, push.update.clone()), Missing::Error, &mut bytes);
                    encoded.unwrap_or_else(|error| panic!("layer {layer}: {error}\n{:#?}", push.update));
                }
            }
        }
        pushes
    }

    /// The updates that a session gets live since the last time; those of other sessions are dropped.
    pub(crate) fn live(&mut self, session: &Session) -> Vec<Object> {
        let mine = |push: &Push| push.auth_key_id == session.caller.auth_key_id && push.except_session != Some(session.caller.session_id);
        self.pushes().into_iter().filter(mine).map(|push| object(push.update)).collect()
    }
}

/// What of a value a layer can say.
fn fitted(schema: &Schema, mut value: Value) -> Value {
    fit(schema, &mut value);
    value
}

/// The object that a value is.
pub(crate) fn object(value: Value) -> Object {
    match value {
        Value::Object(object) => object,
        other => panic!("{other:?} is no object"),
    }
}

/// A session's way to name an account it has looked up by its name.
pub(crate) fn peer_of(fixture: &mut Fixture, session: &Session, name: &str) -> Object {
    let found = fixture.ok(session, Object::new("contacts.resolveUsername").with("username", name));
    input(found.objects("users").chain(found.objects("chats")).next().unwrap())
}

/// The `InputPeer` of a `User` or `Chat`.
pub(crate) fn input(found: &Object) -> Object {
    let id = found.long("id").unwrap();
    match found.name.as_str() {
        "user" => Object::new("inputPeerUser").with("user_id", id).with("access_hash", found.long("access_hash").unwrap()),
        "channel" => Object::new("inputPeerChannel").with("channel_id", id).with("access_hash", found.long("access_hash").unwrap()),
        _ => Object::new("inputPeerChat").with("chat_id", id),
    }
}

/// An `InputUser` from an `InputPeer` of a user.
pub(crate) fn as_user(peer: &Object) -> Object {
    Object { name: "inputUser".into(), fields: peer.fields.clone() }
}

/// An `InputChannel` from an `InputPeer` of a channel.
pub(crate) fn as_channel(peer: &Object) -> Object {
    Object { name: "inputChannel".into(), fields: peer.fields.clone() }
}

pub(crate) fn send(peer: &Object, text: &str, random_id: i64) -> Object {
    Object::new("messages.sendMessage").with("peer", peer.clone()).with("message", text).with("random_id", random_id)
}

pub(crate) fn history(peer: &Object) -> Object {
    let object = Object::new("messages.getHistory").with("peer", peer.clone()).with("limit", 100).with("hash", 0);
    ["offset_id", "offset_date", "add_offset", "max_id", "min_id"].into_iter().fold(object, |object, field| object.with(field, 0))
}

/// The texts of the messages of an answer.
pub(crate) fn texts(answer: &Object) -> Vec<String> {
    answer.objects("messages").map(|message| message.string("message").unwrap_or("*").to_owned()).collect()
}

pub(crate) fn difference(state: &Object) -> Object {
    let object = Object::new("updates.getDifference");
    ["pts", "date", "qts"].into_iter().fold(object, |object, field| object.with(field, state.int(field).unwrap()))
}
