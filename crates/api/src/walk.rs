use std::fmt;

use data_encoding::{BASE64, HEXLOWER};
use serde_json::{Map, Number, Value as Json};

use crate::peer_ref::PeerRef;

/// A struct of this crate, field by field. Debug, JSON and lookups by name are written over this, once.
pub trait Walk {
    /// The name of the constructor or function, as in the schema.
    fn name(&self) -> &'static str;

    /// Shows every field to `visit`, in the order of the schema.
    fn walk<'a>(&'a self, visit: &mut dyn Visit<'a>);
}

/// What wants to see fields.
pub trait Visit<'a> {
    /// A field; [`Field::Absent`] if it is optional and not there.
    fn field(&mut self, name: &'static str, value: Field<'a>);

    /// A `flags.N?true`.
    fn flag(&mut self, name: &'static str, is_set: bool) {
        self.field(name, if is_set { Field::Bool(true) } else { Field::Absent });
    }
}

/// The value of a field.
#[derive(Clone, Copy)]
pub enum Field<'a> {
    /// An optional field that is not there.
    Absent,
    /// `Bool`, or a flag that is set.
    Bool(bool),
    /// `int`
    Int(i32),
    /// `long`
    Long(i64),
    /// `double`
    Double(f64),
    /// `int128` or `int256`
    Fixed(&'a [u8]),
    /// `string`
    String(&'a str),
    /// `bytes`
    Bytes(&'a [u8]),
    /// `Vector<…>`
    Vector(&'a dyn Items),
    /// Anything with a constructor.
    Object(&'a dyn Walk),
    /// A peer, user or channel that has still to be looked up.
    Reference(&'a PeerRef),
}

/// The items of a vector.
pub trait Items {
    /// How many there are.
    fn len(&self) -> usize;

    /// One of them, by its place.
    fn item(&self, at: usize) -> Option<Field<'_>>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A value with a constructor: a struct is its own, an enum is the one that it holds.
pub trait Object {
    /// The constructor with its fields.
    fn object(&self) -> &dyn Walk;
}

/// The JSON form: `_` holds the name of the constructor, `bytes` are base64, `int128` and `int256` hex; what is absent is left out.
///
/// ```
/// use quadruplex_api::{to_json, types};
///
/// let user = types::InputPeerUser::new(5, -7);
/// assert_eq!(to_json(&user).to_string(), r#"{"_":"inputPeerUser","access_hash":-7,"user_id":5}"#);
/// ```
pub fn to_json(value: &(impl Value + ?Sized)) -> Json {
    field_to_json(value.field()).unwrap_or(Json::Null)
}

/// The value of a field by name; `None` if there is no such field or it is absent.
///
/// ```
/// use quadruplex_api::{Field, enums, get, types};
///
/// let peer = enums::InputPeer::from(types::InputPeerUser::new(5, 7));
/// assert!(matches!(get(&peer, "user_id"), Some(Field::Long(5))));
/// assert!(get(&peer, "channel_id").is_none());
/// ```
pub fn get<'a>(value: &'a (impl Object + ?Sized), name: &str) -> Option<Field<'a>> {
    struct Get<'a, 'n> {
        name: &'n str,
        found: Option<Field<'a>>,
    }
    impl<'a> Visit<'a> for Get<'a, '_> {
        fn field(&mut self, name: &'static str, value: Field<'a>) {
            if name == self.name && !matches!(value, Field::Absent) {
                self.found = Some(value);
            }
        }
    }
    let mut get = Get { name, found: None };
    value.object().walk(&mut get);
    get.found
}

fn object_to_json(object: &dyn Walk) -> Json {
    struct Fields(Map<String, Json>);
    impl<'a> Visit<'a> for Fields {
        fn field(&mut self, name: &'static str, value: Field<'a>) {
            if let Some(json) = field_to_json(value) {
                self.0.insert(name.to_owned(), json);
            }
        }
    }
    let mut fields = Fields(Map::new());
    fields.0.insert("_".to_owned(), Json::from(object.name()));
    object.walk(&mut fields);
    Json::Object(fields.0)
}

fn field_to_json(value: Field<'_>) -> Option<Json> {
    Some(match value {
        Field::Absent => return None,
        Field::Bool(value) => Json::Bool(value),
        Field::Int(value) => Json::from(value),
        Field::Long(value) => Json::from(value),
        Field::Double(value) => Number::from_f64(value).map_or_else(|| Json::String(value.to_string()), Json::Number),
        Field::Fixed(value) => Json::String(HEXLOWER.encode(value)),
        Field::String(value) => Json::from(value),
        Field::Bytes(value) => Json::String(BASE64.encode(value)),
        Field::Vector(items) => (0..items.len()).filter_map(|at| items.item(at)).filter_map(field_to_json).collect(),
        Field::Object(object) => object_to_json(object),
        Field::Reference(peer) => Json::String(peer.to_string()),
    })
}

/// Fields that let somebody sign in: Debug does not show them.
const SECRET: [&str; 7] = ["api_hash", "bot_auth_token", "phone_code", "phone_code_hash", "future_auth_token", "password_hash", "token"];

/// `Debug` of every type: the name of the constructor and the fields that are there.
pub(crate) fn debug(object: &dyn Walk, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    struct Struct<'b, 'f, 's>(&'b mut fmt::DebugStruct<'s, 'f>);
    impl<'a> Visit<'a> for Struct<'_, '_, '_> {
        fn field(&mut self, name: &'static str, value: Field<'a>) {
            match value {
                Field::Absent => {}
                _ if SECRET.contains(&name) => drop(self.0.field(name, &format_args!("…"))),
                value => drop(self.0.field(name, &value)),
            }
        }
    }
    let mut out = f.debug_struct(object.name());
    object.walk(&mut Struct(&mut out));
    out.finish()
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("absent"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) => value.fmt(f),
            Self::Long(value) => value.fmt(f),
            Self::Double(value) => value.fmt(f),
            Self::Fixed(value) => f.write_str(&HEXLOWER.encode(value)),
            Self::String(value) => value.fmt(f),
            Self::Bytes(value) if value.len() > 32 => write!(f, "{}… ({} bytes)", HEXLOWER.encode(&value[..32]), value.len()),
            Self::Bytes(value) => f.write_str(&HEXLOWER.encode(value)),
            Self::Vector(items) => f.debug_list().entries((0..items.len()).filter_map(|at| items.item(at))).finish(),
            Self::Object(object) => debug(*object, f),
            Self::Reference(peer) => fmt::Display::fmt(peer, f),
        }
    }
}

/// A constructor without fields.
pub(crate) struct Unit(pub(crate) &'static str);

impl Walk for Unit {
    fn name(&self) -> &'static str {
        self.0
    }

    fn walk<'a>(&'a self, _: &mut dyn Visit<'a>) {}
}

/// What every generated struct has besides its fields: an id and a name, itself as its object, and Debug over the walk.
macro_rules! node {
    ($type:ident, $id:literal, $name:literal) => {
        impl quadruplex_tl::Identifiable for $type {
            const ID: u32 = $id;
            const NAME: &'static str = $name;
        }

        impl crate::walk::Object for $type {
            #[inline]
            fn object(&self) -> &dyn crate::walk::Walk {
                self
            }
        }

        impl std::fmt::Debug for $type {
            #[inline]
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                crate::walk::debug(self, f)
            }
        }
    };
}
pub(crate) use node;

impl<T: Object> Object for Box<T> {
    #[inline]
    fn object(&self) -> &dyn Walk {
        (**self).object()
    }
}

/// What can be a field and what can be an answer: primitives, vectors, everything with a constructor.
pub trait Value {
    /// The value as a field.
    fn field(&self) -> Field<'_>;
}

macro_rules! value {
    ($($type:ty: $value:ident => $field:expr),+ $(,)?) => {$(
        impl Value for $type {
            #[inline]
            fn field(&self) -> Field<'_> {
                let $value = self;
                $field
            }
        }
    )+};
}
value! {
    bool: value => Field::Bool(*value), i32: value => Field::Int(*value), i64: value => Field::Long(*value), f64: value => Field::Double(*value),
    [u8; 16]: value => Field::Fixed(value), [u8; 32]: value => Field::Fixed(value),
    String: value => Field::String(value), Vec<u8>: value => Field::Bytes(value),
}

impl<T: Object> Value for T {
    #[inline]
    fn field(&self) -> Field<'_> {
        Field::Object(self.object())
    }
}

impl<T: Value> Value for Option<T> {
    #[inline]
    fn field(&self) -> Field<'_> {
        self.as_ref().map_or(Field::Absent, Value::field)
    }
}

impl<T: Value> Value for Vec<T> {
    #[inline]
    fn field(&self) -> Field<'_> {
        Field::Vector(self)
    }
}

impl<T: Value> Items for Vec<T> {
    #[inline]
    fn len(&self) -> usize {
        self.len()
    }

    #[inline]
    fn item(&self, at: usize) -> Option<Field<'_>> {
        self.get(at).map(Value::field)
    }
}
