//! TL schemas at run time: parser, model, codec and JSON of any layer.
//!
//! A [`Schema`] is read from the text of a `.tl` file. With it a [`Value`] goes to bytes, from bytes, to JSON and from JSON, field by
//! field and by name: whoever speaks several layers, or a layer that is known only at run time, needs no generated code.
//!
//! ```
//! use quadruplex_tl::Reader;
//! use quadruplex_tl_schema::{Missing, Object, Schema, Value};
//!
//! let schema = Schema::parse("dog flags:# good:flags.0?true name:string = Animal;")?;
//! let dog = Value::from(Object::new("dog").with("good", true).with("name", "Rex"));
//! let mut bytes = Vec::new();
//! schema.encode("Animal", &dog, Missing::Error, &mut bytes)?;
//!
//! assert_eq!(schema.decode("Animal", &mut Reader::new(&bytes))?, dog);
//! assert_eq!(dog.to_json().to_string(), r#"{"_":"dog","good":true,"name":"Rex"}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod builtin;
mod crc;
mod decode;
mod encode;
mod error;
mod errors;
#[doc(hidden)]
pub mod fuzzing;
mod json;
mod model;
mod parse;
mod suggest;
#[doc(hidden)]
pub mod testing;
mod value;

pub use encode::Missing;
pub use error::{DecodeError, EncodeError, JsonError, Path};
pub use errors::{ErrorTable, RpcErrorKind};
pub use model::{Definition, Flag, Kind, Param, Schema, Type};
pub use parse::{ParseError, ParseErrors};
pub use value::{Name, Object, Value};
