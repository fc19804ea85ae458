//! API objects that are kept as they came: entities, attributes, keyboards, unusual media.

use quadruplex_tl_schema::{Object, Value};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value as Json};

/// An object in a JSON form that can be read back without a schema.
///
/// Numbers of the type `int`, strings and `Bool`s are themselves; everything else is an array that begins with its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Json", try_from = "Json")]
pub(crate) struct Tl(pub(crate) Object);

impl From<Tl> for Json {
    fn from(tl: Tl) -> Self {
        object_to_json(&tl.0)
    }
}

impl TryFrom<Json> for Tl {
    type Error = String;

    fn try_from(json: Json) -> Result<Self, String> {
        match value_from_json(&json)? {
            Value::Object(object) => Ok(Self(object)),
            _ => Err("an API object was expected".to_owned()),
        }
    }
}

fn object_to_json(object: &Object) -> Json {
    let mut map = Map::new();
    map.insert("_".to_owned(), Json::from(object.name.as_str()));
    for (name, value) in &object.fields {
        map.insert(name.as_str().to_owned(), value_to_json(value));
    }
    Json::Object(map)
}

fn value_to_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::from(*value),
        Value::Int(number) => Json::from(*number),
        Value::String(text) => Json::from(text.as_str()),
        Value::Object(object) => object_to_json(object),
        Value::Long(number) => Json::from(vec![Json::from("l"), Json::from(*number)]),
        Value::Double(number) => Json::from(vec![Json::from("d"), Json::from(number.to_bits())]),
        Value::Bytes(bytes) => tagged("b", bytes),
        Value::Int128(bytes) => tagged("x", bytes),
        Value::Int256(bytes) => tagged("y", bytes),
        Value::Vector(items) => std::iter::once(Json::from("v")).chain(items.iter().map(value_to_json)).collect(),
    }
}

fn tagged(kind: &str, bytes: &[u8]) -> Json {
    Json::from(vec![Json::from(kind), Json::from(hex::encode(bytes))])
}

fn value_from_json(json: &Json) -> Result<Value, String> {
    Ok(match json {
        Json::Bool(value) => Value::Bool(*value),
        Json::String(text) => Value::String(text.clone()),
        Json::Number(number) => Value::Int(number.as_i64().and_then(|n| i32::try_from(n).ok()).ok_or("a number is no int")?),
        Json::Object(map) => {
            let name = map.get("_").and_then(Json::as_str).ok_or("an object has no name")?;
            let mut object = Object::new(name.to_owned());
            for (name, value) in map.iter().filter(|(name, _)| *name != "_") {
                object.set(name.clone(), value_from_json(value)?);
            }
            Value::Object(object)
        }
        Json::Array(items) => {
            let (kind, rest) = items.split_first().ok_or("an empty array")?;
            array_from_json(kind.as_str().unwrap_or_default(), rest)?
        }
        Json::Null => return Err("null is no value".to_owned()),
    })
}

fn array_from_json(kind: &str, rest: &[Json]) -> Result<Value, String> {
    if kind == "v" {
        return rest.iter().map(value_from_json).collect::<Result<_, _>>().map(Value::Vector);
    }
    let [item] = rest else { return Err(format!("{} items after {kind:?}", rest.len())) };
    match kind {
        "l" => item.as_i64().map(Value::Long),
        "d" => item.as_u64().map(|bits| Value::Double(f64::from_bits(bits))),
        "b" => bytes(item).map(Value::Bytes),
        "x" => bytes(item).and_then(|bytes| bytes.try_into().ok()).map(Value::Int128),
        "y" => bytes(item).and_then(|bytes| bytes.try_into().ok()).map(Value::Int256),
        _ => None,
    }
    .ok_or_else(|| format!("not a value of kind {kind:?}"))
}

fn bytes(json: &Json) -> Option<Vec<u8>> {
    json.as_str().and_then(hex::decode)
}

/// Bytes as hexadecimal text: in rows, where an array of numbers would take twice the room.
pub(crate) mod hex {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    /// The lower case hexadecimal form.
    pub(crate) fn encode(bytes: &[u8]) -> String {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        bytes.iter().flat_map(|byte| [DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]).map(char::from).collect()
    }

    /// The bytes of a hexadecimal form.
    pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
        let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return None;
        }
        pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
    }

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&encode(bytes))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        let text = String::deserialize(deserializer)?;
        decode(&text).ok_or_else(|| D::Error::custom("not hexadecimal"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_value_comes_back() {
        let inner = Object::new("inner").with("text", "ä\"\n").with("flag", true);
        let object = Object::new("outer")
            .with("int", i32::MIN)
            .with("long", i64::MAX)
            .with("double", -0.0)
            .with("bytes", vec![0u8, 255])
            .with("int128", [7u8; 16])
            .with("int256", [9u8; 32])
            .with("vector", vec![inner.clone()])
            .with("object", inner);
        let text = serde_json::to_string(&Tl(object.clone())).unwrap();
        assert_eq!(serde_json::from_str::<Tl>(&text).unwrap().0, object);
    }

    #[test]
    fn nonsense_is_refused() {
        for text in
            ["5", "null", "[]", r#"{"x":1}"#, r#"{"_":"a","x":["b","0"]}"#, r#"{"_":"a","x":["q",1]}"#, r#"{"_":"a","x":5000000000}"#]
        {
            assert!(serde_json::from_str::<Tl>(text).is_err(), "{text}");
        }
    }
}
