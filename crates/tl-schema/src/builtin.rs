//! The schemas and tables that this repository carries. Each is read once, when it is first asked for.

use std::collections::HashMap;
use std::sync::OnceLock;

use crate::errors::ErrorTable;
use crate::model::Schema;

/// The layer that the generated types speak.
pub const LAYER: u32 = 230;

/// The layers that are built in, newest first.
pub const LAYERS: [u32; 4] = [230, 229, 228, 227];

/// The API of one of [`LAYERS`]; `None` for another.
pub fn api(layer: u32) -> Option<&'static Schema> {
    static API: [OnceLock<Schema>; LAYERS.len()] = [const { OnceLock::new() }; LAYERS.len()];
    const TEXT: [&str; LAYERS.len()] = [
        include_str!("../../../schema/api.tl"),
        include_str!("../../../schema/api-229.tl"),
        include_str!("../../../schema/api-228.tl"),
        include_str!("../../../schema/api-227.tl"),
    ];
    let at = LAYERS.iter().position(|known| *known == layer)?;
    Some(API[at].get_or_init(|| parse(TEXT[at])))
}

/// The API of the layer nearest to this one, for a client of a layer that is not built in.
pub fn nearest_api(layer: u32) -> &'static Schema {
    let nearest = LAYERS.into_iter().min_by_key(|known| known.abs_diff(layer)).unwrap_or(LAYER);
    api(nearest).unwrap_or_else(|| unreachable!("every one of LAYERS is built in"))
}

/// The service messages of MTProto itself.
pub fn mtproto() -> &'static Schema {
    static MTPROTO: OnceLock<Schema> = OnceLock::new();
    MTPROTO.get_or_init(|| parse(include_str!("../../../schema/mtproto.tl")))
}

/// The errors that Telegram answers.
pub fn errors() -> &'static ErrorTable {
    static ERRORS: OnceLock<ErrorTable> = OnceLock::new();
    ERRORS.get_or_init(|| match ErrorTable::parse(include_str!("../../../schema/errors.tsv")) {
        Ok(table) => table,
        Err(errors) => unreachable!("schema/errors.tsv is checked by a test: {errors}"),
    })
}

/// Who may call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Users and bots.
    All,
    /// Users only.
    User,
    /// Bots only.
    Bot,
}

/// Who may call the function of this name, as far as known.
pub fn audience(function: &str) -> Audience {
    static AUDIENCE: OnceLock<HashMap<&str, Audience>> = OnceLock::new();
    let restricted = AUDIENCE.get_or_init(|| {
        let lines = include_str!("../../../schema/methods.tsv").lines().filter_map(|line| line.split_once('\t'));
        lines.map(|(name, who)| (name, if who == "bot" { Audience::Bot } else { Audience::User })).collect()
    });
    restricted.get(function).copied().unwrap_or(Audience::All)
}

fn parse(text: &str) -> Schema {
    match Schema::parse(text) {
        Ok(schema) => schema,
        Err(errors) => unreachable!("the schemas of this repository are checked by a test: {errors}"),
    }
}
