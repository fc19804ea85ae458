//! Calls by name, for programs that learn while they run what to call.

use std::collections::BTreeSet;
use std::sync::Mutex;

use quadruplex_api::functions::InvokeWithLayer;
use quadruplex_api::{InputPosition, Lookup, Lookups, PeerRef, Peers, Position, enums};
use quadruplex_tl::{Reader, Serialize};
use quadruplex_tl_schema::{Definition, Object, Schema, Type, Value};
use serde_json::Value as Json;

use super::call::Erased;
use super::pool::lock;
use super::{Call, Client, shorthand};
use crate::Error;

impl Client {
    /// Calls a function by its name, with its fields as JSON, in the form of [`to_json`](quadruplex_api::to_json): `_` names a
    /// constructor, bytes are base64. A `random_id` that is left out is drawn; where a peer, user or channel belongs a name, link
    /// or id may stand, which is looked up. With a `parse_mode`, `HTML` or `Markdown`, the `message` is markup; `reply_to` may be the id of a
    /// message. The answer is JSON too.
    ///
    /// The schema may be one that is [built in](quadruplex_tl_schema::builtin) or any other; one of another layer is asked in that
    /// layer. Whom the answer names is not remembered.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// use quadruplex::schema::builtin;
    /// use serde_json::json;
    ///
    /// let schema = builtin::nearest_api(230);
    /// let sent = client.call_by_name(schema, "messages.sendMessage", &json!({ "peer": "@lena", "message": "hi" }))?.await?;
    /// assert!(sent["_"].as_str().is_some_and(|name| name.starts_with("update")));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] says which field does not fit, and what would.
    pub fn call_by_name(&self, schema: &'static Schema, name: &str, fields: &Json) -> Result<Call<Json>, Error> {
        let fields = match schema.function(name) {
            Some(function) => shorthand::expand(function, fields)?,
            // Whose name is near is told below.
            None => fields.clone(),
        };
        let function = schema.function_from_json(name, &fields).map_err(|error| Error::Invalid(error.to_string()))?;
        let call = ByName::new(schema, function)?;
        let (method, function) = (call.name, call.function.clone());
        let finish = move |answer: &[u8]| {
            let value = schema.decode_result(&function, &mut Reader::new(answer)).map_err(|error| Error::Unreadable {
                method,
                error: quadruplex_tl::Error { what: method, offset: error.offset, kind: error.kind },
            })?;
            Ok(value.to_json())
        };
        Ok(Call::erased(self.clone(), Box::new(call), move |_, answer| finish(&answer)))
    }
}

/// A function that is known at run time only.
struct ByName {
    schema: &'static Schema,
    name: &'static str,
    id: u32,
    /// References to peers stand in it as they were written.
    function: Object,
    lookups: Lookups,
}

impl ByName {
    fn new(schema: &'static Schema, mut function: Object) -> Result<Self, Error> {
        let unknown = || Error::Invalid(format!("there is no function `{}`", function.name));
        let definition = schema.function(&function.name).ok_or_else(unknown)?;
        let mut lookups = Lookups::new();
        schema.walk(&mut function, &mut |ty, value| lookups.extend(reference(ty, value)));
        let call = Self { schema, name: intern(definition), id: definition.id, function, lookups };
        // What is missing or does not fit is found before anything is sent: whatever peers and random ids will be, they have a
        // form of their own.
        let mut trial = call.resolved(&Peers::new());
        fill_random(schema, &mut trial, &mut || 1);
        schema.encode_function(&trial, &mut Vec::new()).map_err(|error| Error::Invalid(error.to_string()))?;
        Ok(call)
    }

    /// The function with peers in place of references.
    fn resolved(&self, peers: &Peers) -> Object {
        let mut function = self.function.clone();
        self.schema.walk(&mut function, &mut |ty, value| {
            let Some(Lookup { position, peer }) = reference(ty, value) else { return };
            let found = peers.get(&peer);
            let bytes = match position {
                Position::Peer => on_wire::<enums::InputPeer>(found),
                Position::User => on_wire::<enums::InputUser>(found),
                Position::Channel => on_wire::<enums::InputChannel>(found),
            };
            if let Ok(known) = self.schema.decode_type(ty, &mut Reader::new(&bytes)) {
                *value = known;
            }
        });
        function
    }
}

impl Erased for ByName {
    fn erased(&mut self) -> &mut dyn Erased {
        self
    }

    fn id(&self) -> u32 {
        self.id
    }

    fn name(&self) -> &'static str {
        self.name
    }

    fn encode(&self, peers: &Peers, out: &mut Vec<u8>) {
        if let Some(layer) = self.schema.layer().and_then(|layer| i32::try_from(layer).ok()).filter(|layer| *layer != quadruplex_api::LAYER)
        {
            InvokeWithLayer::new(layer).serialize(out);
        }
        // The trial has shown that it can be written.
        if let Err(error) = self.schema.encode_function(&self.resolved(peers), out) {
            tracing::error!(method = self.name, %error, "the request is incomplete");
        }
    }

    fn lookups(&self, found: &mut Lookups) {
        found.extend(self.lookups.iter().cloned());
    }

    fn fill_random(&mut self, next: &mut dyn FnMut() -> i64) {
        fill_random(self.schema, &mut self.function, next);
    }
}

/// What has to be looked up where `value` stands, if that is so.
fn reference(ty: &Type, value: &Value) -> Option<Lookup> {
    let Type::Boxed(name) = ty else { return None };
    let position = match name.as_str() {
        "InputPeer" => Position::Peer,
        "InputUser" => Position::User,
        "InputChannel" => Position::Channel,
        _ => return None,
    };
    let peer = match value {
        Value::String(text) => PeerRef::from(text),
        Value::Long(id) => PeerRef::Id(*id),
        _ => return None,
    };
    Some(Lookup { position, peer })
}

fn on_wire<T: InputPosition>(found: Option<&enums::InputPeer>) -> Vec<u8> {
    found.and_then(T::from_input_peer).unwrap_or_else(T::empty).to_bytes()
}

/// Draws every `random_id` that is missing: one, or one for each `id` of a function that forwards.
fn fill_random(schema: &Schema, function: &mut Object, next: &mut dyn FnMut() -> i64) {
    schema.walk(function, &mut |_, value| {
        if let Value::Object(object) = value {
            draw(schema.constructor(&object.name), object, next);
        }
    });
    draw(schema.function(&function.name), function, next);
}

fn draw(definition: Option<&Definition>, object: &mut Object, next: &mut dyn FnMut() -> i64) {
    let Some(param) = definition.and_then(|definition| definition.param("random_id")) else { return };
    if param.flag.is_some() || object.get("random_id").is_some() {
        return;
    }
    match &param.ty {
        Type::Long => object.set("random_id", next()),
        Type::Vector { .. } => {
            let count = object.vector("id").map_or(0, <[Value]>::len);
            object.set("random_id", (0..count).map(|_| Value::Long(next())).collect::<Value>());
        }
        _ => {}
    }
}

/// The name for as long as the process lives. Functions of schemas that are not built in are kept once each.
fn intern(definition: &Definition) -> &'static str {
    static NAMES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let name = definition.name.as_str();
    if let Some(known) = quadruplex_api::name_for_id(definition.id).filter(|known| *known == name) {
        return known;
    }
    let mut names = lock(&NAMES);
    if let Some(known) = names.get(name) {
        return known;
    }
    let kept: &'static str = Box::leak(name.to_owned().into_boxed_str());
    names.insert(kept);
    kept
}
