use quadruplex_tl::{Deserialize, ErrorKind, MAX_DEPTH, Reader};

use crate::error::{At, DecodeError};
use crate::model::{Definition, Kind, Schema, Type};
use crate::parse::MAX_WORDS;
use crate::value::{Object, Value};

/// Reading, by the schema. Nothing here panics, and what is allocated is bounded by the bytes that are there: every item of a
/// vector takes at least four.
impl Schema {
    /// Reads a function with everything in it; a query inside a wrapper becomes a [`Value::Object`] of this same schema.
    ///
    /// # Errors
    /// Whatever the bytes break.
    pub fn decode_function(&self, reader: &mut Reader<'_>) -> Result<Object, DecodeError> {
        self.query(reader, 0)
    }

    /// Reads a function up to the query that it wraps, if it [is a wrapper](Definition::is_wrapper): the reader then stands at the
    /// query, which may be of another layer or compressed. Of other functions it reads everything.
    ///
    /// ```
    /// use quadruplex_tl::Reader;
    /// use quadruplex_tl_schema::{Object, Schema};
    ///
    /// let schema = Schema::parse("---functions---\ninvokeWithLayer {X:Type} layer:int query:!X = X;\nping id:long = Bool;")?;
    /// let ping = Object::new("ping").with("id", 7_i64);
    /// let mut bytes = Vec::new();
    /// schema.encode_function(&Object::new("invokeWithLayer").with("layer", 230).with("query", ping.clone()), &mut bytes)?;
    ///
    /// let mut reader = Reader::new(&bytes);
    /// let head = schema.decode_head(&mut reader)?;
    /// assert_eq!(head, Object::new("invokeWithLayer").with("layer", 230));
    /// assert_eq!(reader.offset(), 8);
    /// assert_eq!(schema.decode_function(&mut reader)?, ping);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Whatever the bytes break.
    pub fn decode_head(&self, reader: &mut Reader<'_>) -> Result<Object, DecodeError> {
        let function = self.function_id(reader)?;
        self.fields(function, reader, 0, Query::Leave)
    }

    /// Reads a value of the type named by `ty`: `Message`, `Vector<int>`.
    ///
    /// # Errors
    /// Whatever the bytes break. A type that this schema does not have has no constructors: every id is unknown.
    pub fn decode(&self, ty: &str, reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
        match crate::parse::ty(ty) {
            Ok(ty) => self.decode_type(&ty, reader),
            Err(_) => Err(reader.unknown("type", reader.peek_id().unwrap_or_default()).into()),
        }
    }

    /// Reads a value of the type `ty`.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_type(&self, ty: &Type, reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
        self.value(ty, reader, 0)
    }

    /// Reads the answer to a function. The answer of a wrapper is the answer of the query inside it.
    ///
    /// # Errors
    /// As [`decode`](Self::decode).
    pub fn decode_result(&self, function: &Object, reader: &mut Reader<'_>) -> Result<Value, DecodeError> {
        match self.answer_type(function) {
            Some(ty) => self.decode_type(ty, reader),
            None => Err(reader.unknown("answer", reader.peek_id().unwrap_or_default()).into()),
        }
    }

    /// The type of the answer to a function; for a wrapper, that of the query inside it.
    pub fn answer_type(&self, function: &Object) -> Option<&Type> {
        let mut function = function;
        loop {
            let definition = self.function(&function.name)?;
            if definition.result != Type::Query {
                return Some(&definition.result);
            }
            let query = definition.params.iter().find(|param| param.ty == Type::Query)?;
            function = function.object(&query.name)?;
        }
    }

    fn value(&self, ty: &Type, reader: &mut Reader<'_>, depth: u16) -> Result<Value, DecodeError> {
        Ok(match ty {
            Type::Flags | Type::Int => Value::Int(i32::deserialize(reader)?),
            Type::True => Value::Bool(true),
            Type::Bool => Value::Bool(bool::deserialize(reader)?),
            Type::Long => Value::Long(i64::deserialize(reader)?),
            Type::Double => Value::Double(f64::deserialize(reader)?),
            Type::Int128 => Value::Int128(reader.array("int128")?),
            Type::Int256 => Value::Int256(reader.array("int256")?),
            Type::String => Value::String(String::deserialize(reader)?),
            Type::Bytes => Value::Bytes(Vec::deserialize(reader)?),
            Type::Vector { bare, item } => self.vector(*bare, item, reader, depth)?,
            Type::Boxed(name) => self.boxed(name, reader, depth)?,
            Type::Bare(name) => match self.constructor(name) {
                Some(definition) => Value::Object(self.fields(definition, reader, depth, Query::Read)?),
                None => return Err(reader.unknown("bare type", 0).into()),
            },
            Type::Query => Value::Object(self.query(reader, depth)?),
        })
    }

    fn vector(&self, bare: bool, item: &Type, reader: &mut Reader<'_>, depth: u16) -> Result<Value, DecodeError> {
        let len = if bare { reader.bare_vector_len(4, "vector")? } else { reader.vector_len(4, "vector")? };
        let mut items = Vec::new();
        for index in 0..len {
            items.push(self.value(item, reader, depth + 1).map_err(|error| error.item(index))?);
        }
        Ok(Value::Vector(items))
    }

    fn boxed(&self, ty: &str, reader: &mut Reader<'_>, depth: u16) -> Result<Value, DecodeError> {
        let id = reader.u32("constructor")?;
        match self.by_id(id) {
            Some(definition) if definition.constructs(ty) => self.fields(definition, reader, depth, Query::Read).map(Value::Object),
            _ => match self.stand_in(id, ty) {
                Some(meant) => self.fields(meant, reader, depth, Query::Read).map(Value::Object),
                None => Err(reader.unknown("constructor", id).into()),
            },
        }
    }

    /// What is meant by a constructor of another type, where it may stand.
    fn stand_in(&self, id: u32, ty: &str) -> Option<&Definition> {
        let meant = self.stand_ins.iter().filter(|(given, _)| *given == id).map(|&(_, meant)| &self.definitions[meant]);
        meant.into_iter().find(|meant| meant.constructs(ty))
    }

    fn query(&self, reader: &mut Reader<'_>, depth: u16) -> Result<Object, DecodeError> {
        let function = self.function_id(reader)?;
        self.fields(function, reader, depth, Query::Read)
    }

    fn function_id(&self, reader: &mut Reader<'_>) -> Result<&Definition, DecodeError> {
        let id = reader.u32("function")?;
        match self.by_id(id) {
            Some(definition) if definition.kind == Kind::Function => Ok(definition),
            _ => Err(reader.unknown("function", id).into()),
        }
    }

    fn fields(&self, definition: &Definition, reader: &mut Reader<'_>, depth: u16, query: Query) -> Result<Object, DecodeError> {
        let mut object = Object { name: definition.name.clone(), fields: Vec::new() };
        let within = |error: DecodeError| error.within(&definition.name);
        if depth >= MAX_DEPTH {
            return Err(within(reader.error("object", ErrorKind::TooDeep).into()));
        }
        let mut words = [0; MAX_WORDS];
        let mut slot = 0;
        for param in &definition.params {
            if param.ty == Type::Flags {
                let word = reader.u32("flags").map_err(|error| within(error.into()))?;
                if let Some(slot) = words.get_mut(slot) {
                    *slot = word;
                }
                slot += 1;
                continue;
            }
            if let Some(flag) = &param.flag
                && words[usize::from(flag.slot)] & 1 << flag.bit == 0
            {
                continue;
            }
            if param.ty == Type::Query && query == Query::Leave {
                break;
            }
            let value = self.value(&param.ty, reader, depth + 1).map_err(|error| within(error.within(&param.name)))?;
            object.fields.push((param.name.clone(), value));
        }
        Ok(object)
    }
}

/// What to do at the query inside a wrapper.
#[derive(Clone, Copy, PartialEq)]
enum Query {
    Read,
    Leave,
}

impl Definition {
    /// Whether this is a constructor of the type `ty`.
    pub(crate) fn constructs(&self, ty: &str) -> bool {
        self.kind == Kind::Constructor && matches!(&self.result, Type::Boxed(name) if name == ty)
    }
}
