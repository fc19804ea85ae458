//! Queries as they stand on the wire: wrappers, layers, and what they are answered with.

use std::sync::OnceLock;

use bytes::Bytes;
use quadruplex_mtproto::{GZIP_PACKED, gunzip};
use quadruplex_net::Target;
use quadruplex_tl::Reader;
use quadruplex_tl_schema::builtin::{self, LAYERS};
use quadruplex_tl_schema::{EncodeError, Missing, Object, Schema, Value};
use tracing::error;

use super::key::Intro;
use crate::world::{self, RpcError};

/// The newest layer that the sandbox speaks.
const NEWEST_LAYER: i32 = 230;
/// The oldest that it tries.
const OLDEST_LAYER: i32 = 200;
/// More wrappers than anybody has reason to use.
const MAX_WRAPPERS: usize = 16;

/// A query without its wrappers.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) function: Object,
    pub(crate) layer: i32,
    /// Set when `invokeWithLayer` and `initConnection` were there.
    pub(crate) intro: Option<Intro>,
    /// To be executed only after these messages.
    pub(crate) after: Vec<i64>,
    pub(crate) without_updates: bool,
}

/// Takes the wrappers off a query and reads it in the layer that they name, or else in that of an earlier query.
pub(crate) fn read(body: Bytes, known: Option<&Intro>) -> Result<Query, RpcError> {
    let mut layer = known.map(|intro| intro.layer);
    let mut intro = None;
    let mut after = Vec::new();
    let mut without_updates = false;
    let mut rest = body;
    for _ in 0..MAX_WRAPPERS {
        rest = unpack(rest)?;
        let schema = forgiving(layer.unwrap_or(NEWEST_LAYER));
        let mut reader = Reader::new(&rest);
        let head = schema.decode_head(&mut reader).map_err(|error| unreadable(schema, &rest, &error.to_string()))?;
        let is_wrapper = schema.function(head.name.as_str()).is_some_and(|function| function.is_wrapper());
        if !is_wrapper {
            if reader.finish().is_err() {
                return Err(RpcError::new(400, "INPUT_FETCH_ERROR"));
            }
            let layer = layer.ok_or(RpcError::new(400, "CONNECTION_NOT_INITED"))?;
            return Ok(Query { function: head, layer, intro, after, without_updates });
        }
        match head.name.as_str() {
            "invokeWithLayer" => layer = Some(check_layer(head.int("layer").unwrap_or_default())?),
            "initConnection" => intro = Some(introduction(&head, layer)?),
            "invokeAfterMsg" => after.extend(head.long("msg_id")),
            "invokeAfterMsgs" => after.extend(head.longs("msg_ids")),
            "invokeWithoutUpdates" => without_updates = true,
            _ => {}
        }
        rest = rest.slice_ref(reader.rest());
    }
    Err(RpcError::new(400, "INPUT_FETCH_ERROR"))
}

/// The answer in the layer of the query.
pub(crate) fn encode_answer(query: &Query, value: &Value) -> Result<Bytes, RpcError> {
    let method = query.function.name.as_str();
    let encoded = encode(query.layer, value, |schema, value, out| schema.encode_result(method, value, Missing::Default, out));
    encoded.map_err(|error| {
        error!(method, layer = query.layer, %error, "the answer does not fit the caller's layer");
        RpcError::new(500, "RPC_CALL_FAIL")
    })
}

/// Updates in the layer of a session; `None`, with a line in the log, for what that layer cannot say.
pub(crate) fn encode_update(update: &Value, layer: i32) -> Option<Bytes> {
    let encoded = encode(layer, update, |schema, value, out| schema.encode("Updates", value, Missing::Default, out));
    encoded.inspect_err(|error| error!(layer, %error, "an update does not fit the receiver's layer")).ok()
}

/// Encodes in a layer; what that layer does not know is left out of the value before it is tried again.
fn encode(
    layer: i32,
    value: &Value,
    write: impl Fn(&Schema, &Value, &mut Vec<u8>) -> Result<(), EncodeError>,
) -> Result<Bytes, EncodeError> {
    let schema = schema(layer);
    let mut out = Vec::new();
    if write(schema, value, &mut out).is_err() {
        out.clear();
        let mut value = value.clone();
        world::fit(schema, &mut value);
        write(schema, &value, &mut out)?;
    }
    Ok(out.into())
}

/// Whether answers to this function are file contents: not worth packing.
pub(crate) fn is_file(function: &str) -> bool {
    function.starts_with("upload.")
}

fn unpack(body: Bytes) -> Result<Bytes, RpcError> {
    if Reader::new(&body).peek_id() == Some(GZIP_PACKED) {
        gunzip(body).map_err(|_| RpcError::new(400, "INPUT_FETCH_ERROR"))
    } else {
        Ok(body)
    }
}

fn schema(layer: i32) -> &'static Schema {
    builtin::nearest_api(layer.unsigned_abs())
}

/// The schema by which queries are read. Telegram takes a user or a channel also in the form that a conversation has, which Telethon
/// writes into mentions.
fn forgiving(layer: i32) -> &'static Schema {
    static FORGIVING: [OnceLock<Schema>; LAYERS.len()] = [const { OnceLock::new() }; LAYERS.len()];
    const STAND_INS: [(&str, &str); 5] = [
        ("inputPeerSelf", "inputUserSelf"),
        ("inputPeerUser", "inputUser"),
        ("inputPeerUserFromMessage", "inputUserFromMessage"),
        ("inputPeerChannel", "inputChannel"),
        ("inputPeerChannelFromMessage", "inputChannelFromMessage"),
    ];
    let strict = schema(layer);
    let at = LAYERS.iter().position(|known| Some(*known) == strict.layer()).unwrap_or_default();
    FORGIVING[at].get_or_init(|| STAND_INS.iter().fold(strict.clone(), |schema, (given, meant)| schema.with_stand_in(given, meant)))
}

fn check_layer(layer: i32) -> Result<i32, RpcError> {
    if (OLDEST_LAYER..=NEWEST_LAYER).contains(&layer) { Ok(layer) } else { Err(RpcError::new(400, "CONNECTION_LAYER_INVALID")) }
}

/// <https://core.telegram.org/method/initConnection>
fn introduction(head: &Object, layer: Option<i32>) -> Result<Intro, RpcError> {
    let text = |name: &str| head.string(name).unwrap_or_default().to_owned();
    let intro = Intro {
        layer: layer.ok_or(RpcError::new(400, "CONNECTION_LAYER_INVALID"))?,
        api_id: head.int("api_id").unwrap_or_default(),
        device_model: text("device_model"),
        system_version: text("system_version"),
        app_version: text("app_version"),
        lang_code: text("lang_code"),
        proxy: head.object("proxy").and_then(|proxy| {
            let port = u16::try_from(proxy.int("port")?).ok()?;
            Target::new(proxy.string("address")?, port).ok()
        }),
    };
    let lang_pack = text("lang_pack");
    let wrong = match () {
        () if intro.api_id <= 0 => "CONNECTION_API_ID_INVALID",
        () if intro.device_model.is_empty() => "CONNECTION_DEVICE_MODEL_EMPTY",
        () if intro.system_version.is_empty() => "CONNECTION_SYSTEM_EMPTY",
        () if intro.app_version.is_empty() => "CONNECTION_APP_VERSION_EMPTY",
        () if text("system_lang_code").is_empty() => "CONNECTION_SYSTEM_LANG_CODE_EMPTY",
        () if !lang_pack.is_empty() => "CONNECTION_LANG_PACK_INVALID",
        () => return Ok(intro),
    };
    Err(RpcError::new(400, wrong))
}

fn unreadable(schema: &Schema, body: &[u8], error: &str) -> RpcError {
    let id = Reader::new(body).peek_id().unwrap_or_default();
    tracing::debug!(id = format_args!("{id:#010x}"), error, "unreadable query");
    if schema.by_id(id).is_none() { RpcError::new(400, "INPUT_METHOD_INVALID") } else { RpcError::new(400, "INPUT_FETCH_ERROR") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(query: &Object) -> Bytes {
        let mut out = Vec::new();
        schema(230).encode_function(query, &mut out).expect("the query is complete");
        out.into()
    }

    fn introducing(query: Object) -> Object {
        Object::new("initConnection")
            .with("api_id", 1)
            .with("device_model", "test")
            .with("system_version", "1")
            .with("app_version", "1")
            .with("system_lang_code", "en")
            .with("lang_pack", "")
            .with("lang_code", "en")
            .with("query", query)
    }

    fn introduced(query: Object) -> Object {
        Object::new("invokeWithLayer").with("layer", 230).with("query", introducing(query))
    }

    #[test]
    fn wrappers_come_off_in_any_order() {
        let get_config = Object::new("help.getConfig");
        let after = Object::new("invokeAfterMsg").with("msg_id", 8_i64).with("query", introduced(get_config.clone()));
        let query = read(encode(&after), None).expect("the query is well formed");
        assert_eq!((query.function, query.layer, query.after), (get_config, 230, vec![8]));
        assert_eq!(query.intro.map(|intro| intro.api_id), Some(1));
    }

    #[test]
    fn a_query_needs_an_introduction() {
        let bare = encode(&Object::new("help.getConfig"));
        assert_eq!(read(bare.clone(), None).unwrap_err().name, "CONNECTION_NOT_INITED");
        assert!(read(bare, Some(&Intro { layer: 229, ..Intro::default() })).is_ok());
        assert_eq!(read(Bytes::from_static(&[1, 2, 3, 4]), None).unwrap_err().name, "INPUT_METHOD_INVALID");
        assert_eq!(read(encode(&introducing(Object::new("help.getConfig"))), None).unwrap_err().name, "CONNECTION_LAYER_INVALID");
        for (layer, known) in [(3, false), (OLDEST_LAYER - 1, false), (OLDEST_LAYER, true), (NEWEST_LAYER, true), (NEWEST_LAYER + 1, false)]
        {
            let mut query = introduced(Object::new("help.getConfig"));
            query.set("layer", layer);
            // Layers differ in what they say of a connection, so only whether the number is taken is looked at.
            let refused = read(encode(&query), None).err().is_some_and(|error| error.name == "CONNECTION_LAYER_INVALID");
            assert_eq!(refused, !known, "layer {layer}");
        }
    }

    /// As Telethon writes it: a user, in a mention too, or a channel as the conversation it is.
    #[test]
    fn a_conversation_may_stand_for_a_user_or_channel() {
        let user = Object::new("inputUser").with("user_id", 7_i64).with("access_hash", 8_i64);
        let channel = Object::new("inputChannel").with("channel_id", 7_i64).with("access_hash", 8_i64);
        let seen = |name: &'static str, id: &'static str| {
            let peer = Object::new("inputPeerChat").with("chat_id", 1_i64);
            Object::new(name).with("peer", peer).with("msg_id", 2).with(id, 7_i64)
        };
        let mention = |user: Object| {
            let mention = Object::new("inputMessageEntityMentionName").with("offset", 0).with("length", 1).with("user_id", user);
            let message = Object::new("messages.sendMessage").with("peer", Object::new("inputPeerSelf")).with("message", "B");
            message.with("random_id", 1_i64).with("entities", vec![mention])
        };
        let of_channel = |channel: Object| Object::new("channels.getFullChannel").with("channel", channel);
        for (query, strict, given) in [
            (mention(user.clone()), "inputUser", "inputPeerUser"),
            (mention(Object::new("inputUserSelf")), "inputUserSelf", "inputPeerSelf"),
            (mention(seen("inputUserFromMessage", "user_id")), "inputUserFromMessage", "inputPeerUserFromMessage"),
            (of_channel(channel), "inputChannel", "inputPeerChannel"),
            (of_channel(seen("inputChannelFromMessage", "channel_id")), "inputChannelFromMessage", "inputPeerChannelFromMessage"),
        ] {
            for layer in LAYERS {
                let as_peer = replaced(&encode(&introduced(query.clone())), layer, strict, given);
                let read = read(as_peer, None).unwrap_or_else(|error| panic!("{given} in layer {layer}: {}", error.name));
                assert_eq!(read.function, query, "{given} in layer {layer}");
            }
        }
        // Nobody is no user, and a user is no channel.
        let wrong = replaced(&encode(&introduced(mention(user.clone()))), 230, "inputUser", "inputPeerChannel");
        assert_eq!(read(wrong, None).unwrap_err().name, "INPUT_FETCH_ERROR");
        let empty = replaced(&encode(&introduced(mention(Object::new("inputUserEmpty")))), 230, "inputUserEmpty", "inputPeerEmpty");
        assert_eq!(read(empty, None).unwrap_err().name, "INPUT_FETCH_ERROR");
    }

    /// A query in a layer, with another constructor in the place of the last of this name.
    fn replaced(query: &[u8], layer: u32, strict: &str, given: &str) -> Bytes {
        let id = |name: &str| schema(230).constructor(name).expect("it is in the schema").id.to_le_bytes();
        let at = query.windows(4).rposition(|word| word == id(strict)).expect("it is in the query");
        let mut query = query.to_vec();
        query[at..at + 4].copy_from_slice(&id(given));
        query[4..8].copy_from_slice(&layer.to_le_bytes());
        query.into()
    }

    #[test]
    fn an_introduction_is_checked_field_by_field() {
        for (field, wrong, expected) in [
            ("api_id", Value::Int(0), "CONNECTION_API_ID_INVALID"),
            ("api_id", Value::Int(-1), "CONNECTION_API_ID_INVALID"),
            ("device_model", "".into(), "CONNECTION_DEVICE_MODEL_EMPTY"),
            ("system_version", "".into(), "CONNECTION_SYSTEM_EMPTY"),
            ("app_version", "".into(), "CONNECTION_APP_VERSION_EMPTY"),
            ("system_lang_code", "".into(), "CONNECTION_SYSTEM_LANG_CODE_EMPTY"),
            ("lang_pack", "android".into(), "CONNECTION_LANG_PACK_INVALID"),
        ] {
            let mut init = introducing(Object::new("help.getConfig"));
            init.set(field, wrong);
            let query = Object::new("invokeWithLayer").with("layer", 230).with("query", init);
            assert_eq!(read(encode(&query), None).unwrap_err().name, expected);
        }
    }
}
