//! The JSON form in which mtcute ships its schema.

use std::fmt::Write as _;

use serde_json::Value;

/// The namespace of what mtcute adds for its own use, such as `mtcute.dummyUpdate`. Telegram knows none of it.
const OWN: &str = "mtcute.";

/// The same schema as TL text.
pub(super) fn to_tl(json: &Value) -> Result<String, String> {
    let entries = json.get("e").unwrap_or(json).as_array().ok_or("has no list of entries `e`")?;
    let is_known = |entry: &Value| matches!(entry.get("kind").and_then(Value::as_str), Some("class" | "method"));
    if let Some(at) = entries.iter().position(|entry| !is_known(entry)) {
        return Err(format!("entry {} is neither a class nor a method: {}", at + 1, entries[at]));
    }
    let mut out = String::new();
    if let Some(layer) = json.get("l").and_then(Value::as_u64) {
        let _ = writeln!(out, "// LAYER {layer}");
    }
    for (kind, title) in [("class", "---types---"), ("method", "---functions---")] {
        let _ = writeln!(out, "{title}");
        for entry in entries.iter().filter(|entry| entry.get("kind").and_then(Value::as_str) == Some(kind)) {
            let definition = definition(entry)?;
            if !definition.starts_with(OWN) {
                let _ = writeln!(out, "{definition};");
            }
        }
    }
    Ok(out)
}

fn definition(entry: &Value) -> Result<String, String> {
    let name = text(entry, "name")?;
    let id = entry.get("id").and_then(Value::as_u64).ok_or_else(|| format!("`{name}` has no id"))?;
    let mut line = format!("{name}#{id:x}");
    for generic in entry.get("generics").and_then(Value::as_array).into_iter().flatten() {
        let _ = write!(line, " {{{}:Type}}", text(generic, "name")?);
    }
    for argument in entry.get("arguments").and_then(Value::as_array).into_iter().flatten() {
        let predicate = argument.pointer("/typeModifiers/predicate").and_then(Value::as_str);
        let _ =
            write!(line, " {}:{}{}", text(argument, "name")?, predicate.map(|flag| format!("{flag}?")).unwrap_or_default(), ty(argument)?);
    }
    let _ = write!(line, " = {}", ty(entry)?);
    Ok(line)
}

/// A type with its modifiers; `int53` is a long of which JavaScript can hold every value.
fn ty(of: &Value) -> Result<String, String> {
    let name = match text(of, "type")? {
        "int53" => "long",
        name => name,
    };
    let is = |modifier: &str| of.pointer(&format!("/typeModifiers/{modifier}")).and_then(Value::as_bool) == Some(true);
    Ok(match (is("isVector"), is("isBareVector")) {
        (true, _) => format!("Vector<{name}>"),
        (_, true) => format!("vector<{name}>"),
        _ => name.to_owned(),
    })
}

fn text<'a>(of: &'a Value, field: &str) -> Result<&'a str, String> {
    of.get(field).and_then(Value::as_str).ok_or_else(|| format!("an entry has no `{field}`: {of}"))
}
