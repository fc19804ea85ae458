use quadruplex_tl::{MAX_DEPTH, Serialize, VECTOR, serialize_bytes};

use crate::error::{At, EncodeError};
use crate::model::{Definition, Param, Schema, Type};
use crate::parse::MAX_WORDS;
use crate::value::{Object, Value};

/// What becomes of fields that are missing or that the layer does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// A required field that is absent is written as 0, an empty text or vector, false, or the first constructor without required
    /// fields. A field that the layer does not have is left out. So one answer serves many layers.
    Default,
    /// Both are errors.
    Error,
}

/// Writing, by the schema.
impl Schema {
    /// Appends a function with its id, strictly.
    ///
    /// # Errors
    /// A function, constructor or field that this schema does not have, a required field that is absent, a value of the wrong type.
    pub fn encode_function(&self, function: &Object, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        Encoder { schema: self, missing: Missing::Error }.query(function, out, 0)
    }

    /// Appends a value of the type named by `ty`: `Message`, `Vector<int>`.
    ///
    /// # Errors
    /// As [`encode_function`](Self::encode_function), as far as `missing` says so; and a type that does not exist.
    pub fn encode(&self, ty: &str, value: &Value, missing: Missing, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match crate::parse::ty(ty) {
            Ok(ty) => self.encode_type(&ty, value, missing, out),
            Err(reason) => Err(EncodeError::new(reason)),
        }
    }

    /// Appends a value of the type `ty`.
    ///
    /// # Errors
    /// As [`encode`](Self::encode).
    pub fn encode_type(&self, ty: &Type, value: &Value, missing: Missing, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        Encoder { schema: self, missing }.value(ty, value, out, 0)
    }

    /// Appends the answer to the function of this name.
    ///
    /// # Errors
    /// As [`encode`](Self::encode); also a wrapper, whose answer is that of the query inside it.
    pub fn encode_result(&self, function: &str, value: &Value, missing: Missing, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self.function(function) {
            Some(definition) if definition.result != Type::Query => self.encode_type(&definition.result, value, missing, out),
            Some(_) => Err(EncodeError::new(format!("`{function}` is a wrapper; its answer is that of the query inside"))),
            None => Err(self.no_function(function)),
        }
    }

    fn no_function(&self, name: &str) -> EncodeError {
        EncodeError::new(unknown("function", name, self.layer, self.suggest_function(name)))
    }
}

/// The text of "there is no such thing", with the nearest name.
pub(crate) fn unknown(what: &str, name: &str, layer: Option<u32>, nearest: Option<&str>) -> String {
    let layer = layer.map_or_else(|| "this schema".to_owned(), |layer| format!("layer {layer}"));
    match nearest {
        Some(nearest) => format!("there is no {what} `{name}` in {layer}; did you mean `{nearest}`?"),
        None => format!("there is no {what} `{name}` in {layer}"),
    }
}

struct Encoder<'a> {
    schema: &'a Schema,
    missing: Missing,
}

impl Encoder<'_> {
    fn value(&self, ty: &Type, value: &Value, out: &mut Vec<u8>, depth: u16) -> Result<(), EncodeError> {
        match (ty, value) {
            (Type::True, Value::Bool(_)) => {}
            (Type::Bool, Value::Bool(value)) => value.serialize(out),
            (Type::Int | Type::Flags, Value::Int(value)) => value.serialize(out),
            (Type::Int, Value::Long(value)) => match i32::try_from(*value) {
                Ok(value) => value.serialize(out),
                Err(_) => return Err(EncodeError::new(format!("{value} does not fit into an int"))),
            },
            (Type::Long, Value::Long(value)) => value.serialize(out),
            (Type::Long, Value::Int(value)) => i64::from(*value).serialize(out),
            (Type::Double, Value::Double(value)) => value.serialize(out),
            (Type::Double, Value::Int(value)) => f64::from(*value).serialize(out),
            (Type::Int128, Value::Int128(value)) => value.serialize(out),
            (Type::Int256, Value::Int256(value)) => value.serialize(out),
            (Type::String | Type::Bytes, Value::String(value)) => bounded(value.as_bytes(), out)?,
            (Type::Bytes, Value::Bytes(value)) => bounded(value, out)?,
            (Type::Vector { bare, item }, Value::Vector(items)) => {
                if !bare {
                    VECTOR.serialize(out);
                }
                (items.len() as u32).serialize(out);
                for (index, value) in items.iter().enumerate() {
                    self.value(item, value, out, depth + 1).map_err(|error| error.item(index))?;
                }
            }
            (Type::Boxed(ty), Value::Object(object)) => match self.schema.constructor(&object.name) {
                Some(definition) if definition.constructs(ty) => {
                    definition.id.serialize(out);
                    self.fields(definition, object, out, depth)?;
                }
                Some(definition) => return Err(EncodeError::new(format!("`{}` is a {}, not a {ty}", object.name, definition.result))),
                None => return Err(self.no_constructor(ty, &object.name)),
            },
            (Type::Bare(name), Value::Object(object)) => match self.schema.constructor(name) {
                Some(definition) if object.name == *name => self.fields(definition, object, out, depth)?,
                Some(_) => return Err(EncodeError::new(format!("wants a bare `{name}`, not `{}`", object.name))),
                None => return Err(self.no_constructor(name, name)),
            },
            (Type::Query, Value::Object(function)) => self.query(function, out, depth)?,
            (ty, value) => return Err(EncodeError::new(format!("wants {ty}, not {}", value.kind()))),
        }
        Ok(())
    }

    fn query(&self, function: &Object, out: &mut Vec<u8>, depth: u16) -> Result<(), EncodeError> {
        let definition = self.schema.function(&function.name).ok_or_else(|| self.schema.no_function(&function.name))?;
        definition.id.serialize(out);
        self.fields(definition, function, out, depth)
    }

    fn fields(&self, definition: &Definition, object: &Object, out: &mut Vec<u8>, depth: u16) -> Result<(), EncodeError> {
        let within = |error: EncodeError| error.within(&definition.name);
        if depth >= MAX_DEPTH {
            return Err(within(EncodeError::new("is nested too deeply")));
        }
        if self.missing == Missing::Error
            && let Some((name, _)) = object.fields.iter().find(|(name, _)| definition.param(name).is_none())
        {
            return Err(within(EncodeError::new(no_field(definition, name))));
        }
        let words = flags_words(definition, object);
        let mut next_word = words.iter();
        for param in &definition.params {
            if param.ty == Type::Flags {
                next_word.next().copied().unwrap_or_default().serialize(out);
                continue;
            }
            // A field may share its bit with another: then neither can be left out alone.
            let on_the_wire = param.flag.as_ref().is_none_or(|flag| words[usize::from(flag.slot)] & 1 << flag.bit != 0);
            match object.get(&param.name) {
                Some(value) if on_the_wire => self.value(&param.ty, value, out, depth + 1),
                None if on_the_wire => self.default(&param.ty, out),
                _ => Ok(()),
            }
            .map_err(|error| within(error.within(&param.name)))?;
        }
        Ok(())
    }

    /// A required field that is absent.
    fn default(&self, ty: &Type, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        let absent = || Err(EncodeError::new(format!("is missing; it is of type {ty}")));
        match ty {
            Type::Flags | Type::True => {}
            _ if self.missing == Missing::Error => return absent(),
            Type::Bool => false.serialize(out),
            Type::Int | Type::String | Type::Bytes => 0_u32.serialize(out),
            Type::Long | Type::Double => 0_u64.serialize(out),
            Type::Int128 => [0; 16].serialize(out),
            Type::Int256 => [0; 32].serialize(out),
            Type::Vector { bare: false, .. } => {
                VECTOR.serialize(out);
                0_u32.serialize(out);
            }
            Type::Vector { bare: true, .. } => 0_u32.serialize(out),
            Type::Boxed(name) => {
                let all = || self.schema.constructors_of(name);
                let Some(empty) = all().find(|d| d.params.is_empty()).or_else(|| all().find(|d| d.fields().all(|p| p.flag.is_some())))
                else {
                    return absent();
                };
                empty.id.serialize(out);
                empty.params.iter().filter(|param| param.ty == Type::Flags).for_each(|_| 0_u32.serialize(out));
            }
            Type::Bare(_) | Type::Query => return absent(),
        }
        Ok(())
    }

    fn no_constructor(&self, ty: &str, name: &str) -> EncodeError {
        let nearest = crate::suggest::nearest(name, self.schema.constructors_of(ty).map(|definition| definition.name.as_str()));
        EncodeError::new(unknown(&format!("constructor of {ty}"), name, self.schema.layer, nearest))
    }
}

impl Param {
    /// Whether a value that is given counts as there: an optional `true` that is false is absent.
    fn is_set(&self, value: &Value) -> bool {
        self.ty != Type::True || *value != Value::Bool(false)
    }
}

/// The words of flags that the fields which are there make.
fn flags_words(definition: &Definition, object: &Object) -> [u32; MAX_WORDS] {
    let mut words = [0; MAX_WORDS];
    for param in &definition.params {
        if let Some(flag) = &param.flag
            && object.get(&param.name).is_some_and(|value| param.is_set(value))
        {
            words[usize::from(flag.slot)] |= 1 << flag.bit;
        }
    }
    words
}

pub(crate) fn no_field(definition: &Definition, name: &str) -> String {
    match crate::suggest::nearest(name, definition.fields().map(|param| param.name.as_str())) {
        Some(nearest) => format!("has no field `{name}`; did you mean `{nearest}`?"),
        None => {
            let all: Vec<_> = definition.fields().map(|param| param.name.as_str()).collect();
            format!("has no field `{name}`; it has {}", if all.is_empty() { "none".to_owned() } else { all.join(", ") })
        }
    }
}

/// A string that its three bytes of length can tell.
fn bounded(bytes: &[u8], out: &mut Vec<u8>) -> Result<(), EncodeError> {
    if bytes.len() > 0xff_ffff {
        return Err(EncodeError::new(format!("{} bytes do not fit; the form ends at 16 MiB", bytes.len())));
    }
    serialize_bytes(bytes, out);
    Ok(())
}
