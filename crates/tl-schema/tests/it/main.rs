//! A schema at run time: parsing, bytes and JSON.

mod builtin;
mod bytes;
mod fuzzing;
mod json;
mod parsing;
