//! Generates Rust from a TL schema.
//!
//! The code is frugal, for the time it takes to compile: concrete sinks, `#[inline]` on everything so that only what is used becomes
//! machine code, two derives, and one walk over the fields of each type instead of derives for everything else.
//! `cargo xtask codegen` writes what this crate returns.

mod emit;
mod fields;
mod model;
mod names;
mod tables;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use quadruplex_tl_schema::{Kind, Schema, Type};

use crate::emit::Emitter;
use crate::model::Model;

/// Files by their path below the directory of generated code.
pub type Files = BTreeMap<String, String>;

/// The code of `quadruplex-api`: one file per namespace; types, enums and functions apart; and tables.
pub fn api(schema: &Schema) -> Files {
    let model = Model::new(schema);
    let emitter = Emitter { model: &model };
    let mut files = Files::new();
    let imports = "use std::fmt;\nuse quadruplex_tl as tl;\nuse quadruplex_tl::{Identifiable as _, Serialize as _};\n\
                   use crate::read::optional;\nuse crate::request::{Encode, Lookups, Request, Wrapper};\n\
                   use crate::walk::{Object, Unit, Value as _, Visit, Walk, debug, node};\nuse crate::{Arg, Peers, enums, types};\n";
    for (part, kind) in [("types", Part::Types), ("enums", Part::Enums), ("functions", Part::Functions)] {
        modules(&mut files, part, imports, &by_namespace(schema, &emitter, kind), schema.layer());
    }
    files.insert("tables.rs".to_owned(), file("", &tables::tables(schema), schema.layer()));
    files.insert("mod.rs".to_owned(), file(API_LINTS, &format!("{PARTS}\npub(crate) mod tables;\n"), schema.layer()));
    files
}

const PARTS: &str = "\
/// One enum for each type with several constructors; the others are the struct of their only one.
pub mod enums;
/// One struct for each function.
pub mod functions;
/// One struct for each constructor that has fields.
pub mod types;";

const API_LINTS: &str = "\
#![allow(
    missing_docs,
    unused_imports,
    unused_qualifications,
    clippy::too_many_arguments,
    clippy::new_without_default,
    clippy::wrong_self_convention,
    clippy::identity_op,
    reason = \"Telegram documents its fields, on the page of each type; every file has the same imports; the shapes are the schema's\"
)]
";

/// One line for every type and every request of the API, for the test that sends a random value of each through its type.
pub fn api_test(schema: &Schema) -> String {
    let mut text = String::from("pub(crate) static TYPES: &[(&str, Trip)] = &[\n");
    let model = Model::new(schema);
    for ty in schema.types() {
        let how = if model.has_lookups(ty) { "encoded" } else { "serialized" };
        let _ = writeln!(text, "({:?}, {how}::<{}>),", ty.as_str(), fields::path(&Type::Boxed(ty.clone())));
    }
    text.push_str("];\n\npub(crate) static FUNCTIONS: &[(&str, Trip)] = &[\n");
    for definition in schema.definitions().iter().filter(|definition| definition.kind == Kind::Function) {
        let how = if definition.is_wrapper() { "serialized" } else { "encoded" };
        let path = fields::path(&Type::Bare(definition.name.clone())).replacen("types", "functions", 1);
        let _ = writeln!(text, "({:?}, {how}::<{path}>),", definition.name.as_str());
    }
    text.push_str("];\n");
    file("use quadruplex_api::{enums, functions};\nuse super::round_trip::{Trip, encoded, serialized};\n", &text, schema.layer())
}

#[derive(Clone, Copy)]
enum Part {
    Types,
    Enums,
    Functions,
}

/// The text of each namespace.
fn by_namespace(schema: &Schema, emitter: &Emitter<'_>, part: Part) -> BTreeMap<String, String> {
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let mut add = |namespace: &str, text: String| texts.entry(namespace.to_owned()).or_default().push_str(&text);
    match part {
        Part::Enums => {
            let mut seen = BTreeSet::new();
            for definition in schema.definitions() {
                if let (Kind::Constructor, Type::Boxed(ty)) = (definition.kind, &definition.result)
                    && seen.insert(ty)
                {
                    add(ty.split_once('.').map_or("", |(namespace, _)| namespace), emitter.enumeration(ty));
                }
            }
        }
        Part::Types | Part::Functions => {
            for definition in schema.definitions() {
                match (part, definition.kind) {
                    (Part::Types, Kind::Constructor) => add(definition.namespace(), emitter.structure(definition)),
                    (Part::Functions, Kind::Function) => add(definition.namespace(), emitter.function(definition)),
                    _ => {}
                }
            }
        }
    }
    texts.retain(|namespace, text| namespace.is_empty() || !text.is_empty());
    texts
}

/// A module with a file for each namespace.
fn modules(files: &mut Files, part: &str, imports: &str, texts: &BTreeMap<String, String>, layer: Option<u32>) {
    for (namespace, text) in texts {
        if namespace.is_empty() {
            let modules: String = texts.keys().filter(|name| !name.is_empty()).map(|name| format!("pub mod {name};\n")).collect();
            files.insert(format!("{part}/mod.rs"), file(&format!("{modules}\n{imports}"), text, layer));
        } else {
            files.insert(format!("{part}/{namespace}.rs"), file(imports, text, layer));
        }
    }
}

/// A file: header, those imports of which something is used, text; indented.
fn file(imports: &str, text: &str, layer: Option<u32>) -> String {
    let source = layer.map_or_else(|| "schema/mtproto.tl".to_owned(), |layer| format!("schema/api.tl, layer {layer}"));
    let mut out = format!("// @generated by `cargo xtask codegen` from {source}. Do not edit.\n\n");
    out.push_str(imports);
    out.push('\n');
    let mut depth = 0_usize;
    for line in text.lines() {
        let closes = line.chars().take_while(|c| matches!(c, '}' | ')' | ']')).count();
        let _ = writeln!(out, "{:1$}{line}", "", 4 * depth.saturating_sub(closes));
        if !line.starts_with("//") {
            let (open, close) = (line.matches(['{', '(', '[']).count(), line.matches(['}', ')', ']']).count());
            depth = (depth + open).saturating_sub(close);
        }
    }
    out
}
