use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::Deref;
use std::sync::Arc;

/// The name of a constructor or a field: a literal of the program, or shared with the schema it came from. Cheap to clone.
#[derive(Clone)]
pub struct Name(Text);

#[derive(Clone)]
enum Text {
    Static(&'static str),
    Shared(Arc<str>),
}

impl Name {
    /// The name as text, with its namespace.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Static(text) => text,
            Text::Shared(text) => text,
        }
    }
}

/// A value of any TL type.
///
/// Numbers widen when they are encoded: an [`Int`](Self::Int) may stand where the schema wants a `long`, so that
/// `with("id", 5)` needs no suffix.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `Bool`, and a `flags.N?true`.
    Bool(bool),
    /// `int`
    Int(i32),
    /// `long`
    Long(i64),
    /// `double`
    Double(f64),
    /// `int128`
    Int128([u8; 16]),
    /// `int256`
    Int256([u8; 32]),
    /// `string`
    String(String),
    /// `bytes`
    Bytes(Vec<u8>),
    /// `Vector<…>`
    Vector(Vec<Value>),
    /// Anything with a constructor; also a query inside a wrapper such as `invokeWithLayer`.
    Object(Object),
}

/// A constructor or function with its fields. Flags words are never fields; an absent optional field is simply not there.
///
/// ```
/// use quadruplex_tl_schema::Object;
///
/// let user = Object::new("user").with("id", 5).with("self", true).with("first_name", "Lena");
/// assert_eq!(user.long("id"), Some(5));
/// assert_eq!(user.string("first_name"), Some("Lena"));
/// assert!(user.flag("self") && !user.flag("bot"));
/// ```
#[derive(Clone)]
pub struct Object {
    /// The name with its namespace, as in the schema: `inputPeerSelf`, `messages.sendMessage`.
    pub name: Name,
    /// The fields that are there. Their order means nothing.
    pub fields: Vec<(Name, Value)>,
}

impl Object {
    /// An object without fields.
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), fields: Vec::new() }
    }

    /// Adds a field, or replaces it.
    #[must_use]
    pub fn with(mut self, name: impl Into<Name>, value: impl Into<Value>) -> Self {
        self.set(name, value);
        self
    }

    /// Adds a field if there is a value for it.
    #[must_use]
    pub fn with_some(self, name: impl Into<Name>, value: Option<impl Into<Value>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// Adds a field, or replaces it.
    pub fn set(&mut self, name: impl Into<Name>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.get_mut(&name) {
            Some(there) => *there = value,
            None => self.fields.push((name, value)),
        }
    }

    /// Takes a field out.
    pub fn remove(&mut self, name: &str) -> Option<Value> {
        let at = self.fields.iter().position(|(n, _)| n == name)?;
        Some(self.fields.swap_remove(at).1)
    }

    /// The value of a field.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// The value of a field, to change it.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.fields.iter_mut().find(|(n, _)| n == name).map(|(_, value)| value)
    }

    /// Whether this is the constructor or function `name`.
    pub fn is(&self, name: &str) -> bool {
        self.name == name
    }

    /// An `int`.
    pub fn int(&self, name: &str) -> Option<i32> {
        self.get(name)?.as_int()
    }

    /// A `long`, or an `int` as one.
    pub fn long(&self, name: &str) -> Option<i64> {
        self.get(name)?.as_long()
    }

    /// A `double`.
    pub fn double(&self, name: &str) -> Option<f64> {
        match self.get(name)? {
            Value::Double(number) => Some(*number),
            _ => None,
        }
    }

    /// A `string`.
    pub fn string(&self, name: &str) -> Option<&str> {
        self.get(name)?.as_str()
    }

    /// The bytes of a `bytes`, `string`, `int128` or `int256`.
    pub fn bytes(&self, name: &str) -> Option<&[u8]> {
        self.get(name)?.as_bytes()
    }

    /// An object.
    pub fn object(&self, name: &str) -> Option<&Object> {
        self.get(name)?.as_object()
    }

    /// A vector; `None` if the field is absent or something else.
    pub fn vector(&self, name: &str) -> Option<&[Value]> {
        self.get(name)?.as_vector()
    }

    /// The objects of a vector; nothing if the field is absent.
    pub fn objects(&self, name: &str) -> impl Iterator<Item = &Object> {
        self.vector(name).unwrap_or_default().iter().filter_map(Value::as_object)
    }

    /// The numbers of a vector; nothing if the field is absent.
    pub fn longs(&self, name: &str) -> impl Iterator<Item = i64> {
        self.vector(name).unwrap_or_default().iter().filter_map(Value::as_long)
    }

    /// A `flags.N?true` or a `Bool`; an absent one is false.
    pub fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), Some(Value::Bool(true)))
    }
}

impl Value {
    /// An `int`, or a `long` that fits into one.
    pub fn as_int(&self) -> Option<i32> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Long(number) => i32::try_from(*number).ok(),
            _ => None,
        }
    }

    /// A `long`, or an `int` as one.
    pub fn as_long(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(i64::from(*number)),
            Self::Long(number) => Some(*number),
            _ => None,
        }
    }

    /// A `string`.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            _ => None,
        }
    }

    /// The bytes of a `bytes`, `string`, `int128` or `int256`.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            Self::String(text) => Some(text.as_bytes()),
            Self::Int128(bytes) => Some(bytes),
            Self::Int256(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// A `Bool`.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// An object.
    pub fn as_object(&self) -> Option<&Object> {
        match self {
            Self::Object(object) => Some(object),
            _ => None,
        }
    }

    /// A vector.
    pub fn as_vector(&self) -> Option<&[Value]> {
        match self {
            Self::Vector(items) => Some(items),
            _ => None,
        }
    }

    /// What kind of value this is, for error texts.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a Bool",
            Self::Int(_) => "an int",
            Self::Long(_) => "a long",
            Self::Double(_) => "a double",
            Self::Int128(_) => "an int128",
            Self::Int256(_) => "an int256",
            Self::String(_) => "a string",
            Self::Bytes(_) => "bytes",
            Self::Vector(_) => "a vector",
            Self::Object(_) => "an object",
        }
    }
}

/// Two objects are equal when they have the same name and the same fields, in any order.
impl PartialEq for Object {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
            && self.fields.len() == other.fields.len()
            && self.fields.iter().all(|(name, value)| other.get(name) == Some(value))
    }
}

impl fmt::Debug for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct(&self.name);
        for (name, value) in &self.fields {
            out.field(name, value);
        }
        out.finish()
    }
}

macro_rules! from {
    ($($type:ty => $make:expr),+ $(,)?) => {$(
        impl From<$type> for Value {
            fn from(value: $type) -> Self {
                $make(value)
            }
        }
    )+};
}
from! {
    bool => Self::Bool, i32 => Self::Int, i64 => Self::Long, f64 => Self::Double, [u8; 16] => Self::Int128, [u8; 32] => Self::Int256,
    String => Self::String, Vec<u8> => Self::Bytes, Object => Self::Object, Vec<Value> => Self::Vector,
    &str => |text: &str| Self::String(text.to_owned()), &[u8] => |bytes: &[u8]| Self::Bytes(bytes.to_vec()),
    Vec<Object> => collect, Vec<i32> => collect, Vec<i64> => collect, Vec<String> => collect, Vec<&str> => collect,
}

fn collect<T: Into<Value>>(items: Vec<T>) -> Value {
    items.into_iter().collect()
}

impl<T: Into<Value>> FromIterator<T> for Value {
    fn from_iter<I: IntoIterator<Item = T>>(items: I) -> Self {
        Self::Vector(items.into_iter().map(Into::into).collect())
    }
}

impl Deref for Name {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl From<&'static str> for Name {
    fn from(text: &'static str) -> Self {
        Self(Text::Static(text))
    }
}

impl From<String> for Name {
    fn from(text: String) -> Self {
        Self(Text::Shared(text.into()))
    }
}

impl From<&Name> for Name {
    fn from(name: &Name) -> Self {
        name.clone()
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other)
    }
}

impl PartialEq<str> for Name {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for Name {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl Hash for Name {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl std::borrow::Borrow<str> for Name {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}
