//! Tables over all ids.

use std::fmt::Write as _;

use quadruplex_tl_schema::{Definition, Kind, Schema, Type};

use crate::model::boxed;

/// Functions whose names sound like reading, but which do something that must not happen twice.
const NOT_READS: [&str; 6] = [
    "auth.checkPassword",
    "auth.checkRecoveryPassword",
    "auth.checkPaidAuth",
    "channels.searchPosts",          // may cost Stars
    "messages.getBotCallbackAnswer", // presses a button
    "messages.getInlineBotResults",  // asks a bot
];

/// How the names of reading functions start.
const READS: [&str; 7] = ["get", "search", "resolve", "check", "load", "can", "is"];

pub(crate) fn tables(schema: &Schema) -> String {
    let mut all: Vec<&Definition> = schema.definitions().iter().collect();
    all.sort_by_key(|definition| definition.id);
    // Without a pointer for each name: pointers are written anew whenever a program starts, and take memory of their own then.
    let mut text = String::from(
        "/// Every id with the place in `NAMES` where its name ends, sorted by id.\npub(crate) static IDS: &[(u32, u32)] = &[\n",
    );
    let mut end = 0;
    for definition in &all {
        end += definition.name.len();
        let _ = writeln!(text, "(0x{:08x}, {end}),", definition.id);
    }
    text.push_str("];\n\n/// The names of all ids, in their order.\npub(crate) static NAMES: &str = \"\\\n");
    for definition in &all {
        let _ = writeln!(text, "{}\\", definition.name);
    }
    text.push_str("\";\n\n");
    let mut ids = |name: &str, doc: &str, is: &dyn Fn(&Definition) -> bool| {
        let _ = writeln!(text, "/// {doc}\npub(crate) static {name}: &[u32] = &[");
        for definition in all.iter().filter(|definition| is(definition)) {
            let _ = writeln!(text, "0x{:08x}, // {}", definition.id, definition.name);
        }
        text.push_str("];\n\n");
    };
    ids("READ_ONLY", "Functions that only read, by their names.", &|definition| {
        definition.kind == Kind::Function && is_read(&definition.name)
    });
    ids("RANDOM_ID", "Functions that carry a random id, so that Telegram knows a repeated one.", &has_random_id);
    ids("UPDATES", "Constructors of `Updates`.", &|definition| {
        matches!(&definition.result, Type::Boxed(ty) if ty == "Updates") && definition.kind == Kind::Constructor
    });
    ids("AFFECTED", "Constructors of answers that move a pts.", &|definition| {
        let name = definition.name.rsplit('.').next().unwrap_or_default();
        definition.kind == Kind::Constructor && name.starts_with("affected")
    });
    text
}

fn is_read(name: &str) -> bool {
    let verb = name.rsplit('.').next().unwrap_or_default();
    let starts = |read: &str| verb.strip_prefix(read).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()));
    READS.iter().any(|read| starts(read)) && !NOT_READS.contains(&name)
}

fn has_random_id(definition: &Definition) -> bool {
    let is_id = |ty: &Type| match ty {
        Type::Vector { item, .. } => matches!(**item, Type::Long | Type::Int),
        ty => matches!(ty, Type::Long | Type::Int),
    };
    definition.kind == Kind::Function
        && definition
            .params
            .iter()
            .any(|param| param.name == "random_id" && is_id(&param.ty) || boxed(&param.ty) == Some("InputSingleMedia"))
}
