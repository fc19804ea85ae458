//! The errors of Telegram: which code and name, from which functions. Lists are merged: what is known stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use quadruplex_tl_schema::ErrorTable;
use serde_json::Value;

/// The functions of each error, by name and code.
pub(super) type Errors = BTreeMap<(String, i32), BTreeSet<String>>;

/// What so many functions answer, any may.
const ANY: usize = 300;

/// Adds what mtcute's lists tell: `raw-errors.json`, and `throws` at the functions of its schema. They have one code for each name, whichever
/// was seen last: a name that is known keeps its codes.
pub(super) fn add(json: &Value, errors: &mut Errors) {
    let mut told = Errors::new();
    collect(json, &mut told);
    let codes: BTreeMap<String, BTreeSet<i32>> = errors.keys().fold(BTreeMap::new(), |mut codes, (name, code)| {
        codes.entry(name.clone()).or_insert_with(BTreeSet::new).insert(*code);
        codes
    });
    for ((name, code), functions) in told {
        if codes.get(&name).is_none_or(|codes| codes.contains(&code)) {
            errors.entry((name, code)).or_default().extend(functions);
        }
    }
    errors.values_mut().filter(|functions| functions.len() >= ANY).for_each(BTreeSet::clear);
}

fn collect(json: &Value, errors: &mut Errors) {
    let known = json.get("errors").and_then(Value::as_object);
    for error in known.iter().flat_map(|all| all.values()) {
        add_one(error, None, errors);
    }
    for (function, names) in json.get("throws").and_then(Value::as_object).into_iter().flatten() {
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
            if let Some(error) = known.and_then(|all| all.get(name)) {
                add_one(error, Some(function), errors);
            }
        }
    }
    for function in json.get("e").and_then(Value::as_array).into_iter().flatten() {
        for error in function.get("throws").and_then(Value::as_array).into_iter().flatten() {
            add_one(error, function.get("name").and_then(Value::as_str), errors);
        }
    }
}

fn add_one(error: &Value, function: Option<&str>, errors: &mut Errors) {
    let name = error.get("name").and_then(Value::as_str).unwrap_or_default().replace("%d", "X");
    let code = error.get("code").and_then(Value::as_i64).and_then(|code| i32::try_from(code).ok());
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    let Some(code) = code.filter(|_| is_name) else { return };
    let functions = errors.entry((name, code)).or_default();
    functions.extend(function.filter(|name| name.starts_with(|c: char| c.is_ascii_lowercase())).map(str::to_owned));
}

/// What `errors.tsv` holds already.
pub(super) fn read(table: &str) -> Result<Errors, String> {
    let table = ErrorTable::parse(table).map_err(|errors| errors.to_string())?;
    let entry = |error: &quadruplex_tl_schema::RpcErrorKind| {
        ((error.name.clone(), error.code), error.functions.iter().cloned().collect::<BTreeSet<_>>())
    };
    Ok(table.all().iter().map(entry).collect())
}

/// The lines of `errors.tsv`.
pub(super) fn text(errors: &Errors) -> String {
    let mut out =
        String::from("# code, name (X is a number), functions that answer it as far as known. Written by `cargo xtask schema import`.\n");
    for ((name, code), functions) in errors {
        let functions: Vec<&str> = functions.iter().map(String::as_str).collect();
        let _ = writeln!(out, "{code}\t{name}\t{}", functions.join(" "));
    }
    out
}

/// The lines of `methods.tsv`: what only a user or only a bot may call.
pub(super) fn audience(json: &Value) -> Option<String> {
    let names = |key: &str| Some(json.get(key)?.as_object()?.keys().cloned().collect::<BTreeSet<String>>());
    let all: BTreeMap<String, &str> =
        names("userOnly")?.into_iter().map(|name| (name, "user")).chain(names("botOnly")?.into_iter().map(|name| (name, "bot"))).collect();
    let mut out = String::from("# function, who alone may call it. Written by `cargo xtask schema import`.\n");
    for (name, who) in all {
        let _ = writeln!(out, "{name}\t{who}");
    }
    Some(out)
}
