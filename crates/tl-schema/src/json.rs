use data_encoding::{BASE64, HEXLOWER, HEXLOWER_PERMISSIVE};
use quadruplex_tl::MAX_DEPTH;
use serde_json::{Map, Number, Value as Json};

use crate::encode::{no_field, unknown};
use crate::error::{At, JsonError};
use crate::model::{Definition, Schema, Type};
use crate::suggest::nearest;
use crate::value::{Object, Value};

/// Types for which a name or an id may stand, to be looked up before the value is encoded.
const REFERENCES: [&str; 3] = ["InputPeer", "InputUser", "InputChannel"];

impl Value {
    /// The JSON form: `_` holds the name of a constructor, `bytes` are base64, `int128` and `int256` hex, a `double` that JSON has no
    /// number for is a string.
    ///
    /// ```
    /// use quadruplex_tl_schema::{Object, Value};
    ///
    /// let photo = Object::new("inputPhoto").with("id", 5_i64).with("file_reference", b"abc".as_slice());
    /// assert_eq!(Value::from(photo).to_json().to_string(), r#"{"_":"inputPhoto","file_reference":"YWJj","id":5}"#);
    /// ```
    pub fn to_json(&self) -> Json {
        match self {
            Self::Bool(value) => Json::Bool(*value),
            Self::Int(value) => Json::from(*value),
            Self::Long(value) => Json::from(*value),
            Self::Double(value) => Number::from_f64(*value).map_or_else(|| Json::String(value.to_string()), Json::Number),
            Self::Int128(value) => Json::String(HEXLOWER.encode(value)),
            Self::Int256(value) => Json::String(HEXLOWER.encode(value)),
            Self::String(value) => Json::String(value.clone()),
            Self::Bytes(value) => Json::String(BASE64.encode(value)),
            Self::Vector(items) => items.iter().map(Self::to_json).collect(),
            Self::Object(object) => object.to_json(),
        }
    }
}

impl Object {
    /// The JSON form, as [`Value::to_json`].
    pub fn to_json(&self) -> Json {
        let mut fields = Map::new();
        fields.insert("_".to_owned(), Json::String(self.name.to_string()));
        fields.extend(self.fields.iter().map(|(name, value)| (name.to_string(), value.to_json())));
        Json::Object(fields)
    }
}

impl Schema {
    /// A function with its fields from a JSON object. Required fields may be missing: that is for
    /// [`encode_function`](Self::encode_function) to say, so that a `random_id` can be filled in first.
    ///
    /// A long may be a number or a string. `_` may be left out where a type has a single constructor. Where an `InputPeer`,
    /// `InputUser` or `InputChannel` belongs, a string or a number stays a [`Value::String`] or [`Value::Long`], for the caller to
    /// look up; [`walk`](Self::walk) finds them.
    ///
    /// # Errors
    /// The field that does not fit, what it should be, and the nearest name if one is misspelt.
    pub fn function_from_json(&self, name: &str, fields: &Json) -> Result<Object, JsonError> {
        match self.function(name) {
            Some(definition) => self.object_from_json(definition, fields, 0),
            None => Err(JsonError::new(unknown("function", name, self.layer, self.suggest_function(name)))),
        }
    }

    /// A value of the type `ty` from JSON, as [`function_from_json`](Self::function_from_json).
    ///
    /// # Errors
    /// As there.
    pub fn value_from_json(&self, ty: &Type, json: &Json) -> Result<Value, JsonError> {
        self.read_json(ty, json, 0)
    }

    fn read_json(&self, ty: &Type, json: &Json, depth: u16) -> Result<Value, JsonError> {
        if depth > MAX_DEPTH {
            return Err(JsonError::new("is nested too deeply"));
        }
        let value = match (ty, json) {
            (Type::True | Type::Bool, Json::Bool(value)) => Some(Value::Bool(*value)),
            (Type::Int | Type::Flags, Json::Number(_) | Json::String(_)) => integer(json).and_then(|n| n.try_into().ok()).map(Value::Int),
            (Type::Long, Json::Number(_) | Json::String(_)) => integer(json).map(Value::Long),
            (Type::Double, Json::Number(value)) => value.as_f64().map(Value::Double),
            (Type::Double, Json::String(value)) => value.parse().ok().map(Value::Double),
            (Type::Int128, Json::String(value)) => hex(value).map(Value::Int128),
            (Type::Int256, Json::String(value)) => hex(value).map(Value::Int256),
            (Type::String, Json::String(value)) => Some(Value::String(value.clone())),
            (Type::Bytes, Json::String(value)) => BASE64.decode(value.as_bytes()).ok().map(Value::Bytes),
            (Type::Vector { item, .. }, Json::Array(items)) => {
                let items = items.iter().enumerate();
                let items: Result<_, _> =
                    items.map(|(index, json)| self.read_json(item, json, depth + 1).map_err(|error| error.item(index))).collect();
                Some(Value::Vector(items?))
            }
            (Type::Boxed(name), Json::String(text)) if REFERENCES.contains(&name.as_str()) => Some(Value::String(text.clone())),
            (Type::Boxed(name), Json::Number(id)) if REFERENCES.contains(&name.as_str()) => id.as_i64().map(Value::Long),
            (Type::Boxed(name), Json::Object(fields)) => {
                let definition = self.constructor_of_json(name, fields)?;
                Some(Value::Object(self.object_from_json(definition, json, depth)?))
            }
            (Type::Bare(name), Json::Object(_)) => match self.constructor(name) {
                Some(definition) => Some(Value::Object(self.object_from_json(definition, json, depth)?)),
                None => None,
            },
            (Type::Query, Json::Object(fields)) => {
                let name = fields.get("_").and_then(Json::as_str).ok_or_else(|| JsonError::new("needs the name of a function as `_`"))?;
                let definition = self
                    .function(name)
                    .ok_or_else(|| JsonError::new(unknown("function", name, self.layer, self.suggest_function(name))))?;
                Some(Value::Object(self.object_from_json(definition, json, depth)?))
            }
            _ => None,
        };
        value.ok_or_else(|| JsonError::new(format!("wants {}, not {}", wanted(ty), excerpt(json))))
    }

    /// The constructor that `_` names, or the only one there is.
    fn constructor_of_json(&self, ty: &str, fields: &Map<String, Json>) -> Result<&Definition, JsonError> {
        let all = || self.constructors_of(ty);
        let names = || all().map(|definition| definition.name.as_str());
        match fields.get("_").and_then(Json::as_str) {
            Some(name) => all().find(|definition| definition.name == name).ok_or_else(|| {
                JsonError::new(match nearest(name, names()) {
                    Some(nearest) => format!("`{name}` is not a constructor of {ty}; did you mean `{nearest}`?"),
                    None => format!("`{name}` is not a constructor of {ty}; its constructors are {}", list(names())),
                })
            }),
            None => match (all().next(), all().nth(1)) {
                (Some(only), None) => Ok(only),
                _ => Err(JsonError::new(format!("needs `_`, one of {}", list(names())))),
            },
        }
    }

    fn object_from_json(&self, definition: &Definition, json: &Json, depth: u16) -> Result<Object, JsonError> {
        let within = |error: JsonError| error.within(&definition.name);
        let Json::Object(fields) = json else {
            return Err(within(JsonError::new(format!("wants an object with its fields, not {}", excerpt(json)))));
        };
        let mut object = Object { name: definition.name.clone(), fields: Vec::with_capacity(fields.len()) };
        for (name, json) in fields {
            if name == "_" {
                continue;
            }
            let param = definition.param(name).ok_or_else(|| within(JsonError::new(no_field(definition, name))))?;
            if json.is_null() && param.flag.is_some() {
                continue;
            }
            let value = self.read_json(&param.ty, json, depth + 1).map_err(|error| within(error.within(&param.name)))?;
            object.fields.push((param.name.clone(), value));
        }
        Ok(object)
    }

    /// Visits every field of a function or constructor with the type that the schema gives it, what is inside before what holds it.
    pub fn walk(&self, object: &mut Object, visit: &mut dyn FnMut(&Type, &mut Value)) {
        let Some(definition) = self.function(&object.name).or_else(|| self.constructor(&object.name)) else { return };
        for (name, value) in &mut object.fields {
            if let Some(param) = definition.param(name) {
                self.walk_value(&param.ty, value, visit);
            }
        }
    }

    fn walk_value(&self, ty: &Type, value: &mut Value, visit: &mut dyn FnMut(&Type, &mut Value)) {
        match (ty, &mut *value) {
            (Type::Vector { item, .. }, Value::Vector(items)) => items.iter_mut().for_each(|value| self.walk_value(item, value, visit)),
            (_, Value::Object(object)) => self.walk(object, visit),
            _ => {}
        }
        visit(ty, value);
    }
}

/// A whole number, or a string of one.
fn integer(json: &Json) -> Option<i64> {
    match json {
        Json::Number(number) => number.as_i64(),
        Json::String(text) => text.parse().ok(),
        _ => None,
    }
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    HEXLOWER_PERMISSIVE.decode(text.as_bytes()).ok()?.try_into().ok()
}

fn wanted(ty: &Type) -> String {
    match ty {
        Type::True | Type::Bool => "true or false".to_owned(),
        Type::Int => "a whole number of 32 bits".to_owned(),
        Type::Long => "a whole number of 64 bits".to_owned(),
        Type::Double => "a number".to_owned(),
        Type::Int128 => "32 hex digits".to_owned(),
        Type::Int256 => "64 hex digits".to_owned(),
        Type::Bytes => "bytes as base64".to_owned(),
        Type::Vector { item, .. } => format!("an array of {item}"),
        Type::Query => "a function as an object with `_`".to_owned(),
        ty => format!("a {ty}"),
    }
}

/// The start of a piece of JSON.
fn excerpt(json: &Json) -> String {
    let text = json.to_string();
    match text.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    match names.len() {
        0..=12 => names.join(", "),
        more => format!("{}, … ({more} in all)", names[..10].join(", ")),
    }
}
