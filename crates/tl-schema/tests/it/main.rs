//! A schema at run time: parsing, bytes and JSON.

mod parsing;
