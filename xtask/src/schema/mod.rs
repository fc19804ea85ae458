//! `schema import` and `schema diff`: interface facts into the one form in which they are kept.

mod errors;
mod json;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use quadruplex_tl_schema::{Definition, Kind, ParseError, ParseErrors, Schema};
use serde_json::Value;

use crate::{Result, read, root, write};

const HEADER: &str =
    "// Interface facts of Telegram, one per line, sorted by namespace. Written by `cargo xtask schema import`: do not edit.";

/// Normalises `file` into `schema/`: our layer and newer ones to `api.tl`, older ones to `api-N.tl`, a schema without a layer to
/// `mtproto.tl`. What a JSON file tells about errors is merged into `errors.tsv`.
pub(crate) fn import(file: &Path, skip: &[&str]) -> Result {
    let text = read(file)?;
    let within = |error: &dyn std::fmt::Display| format!("{}: {error}", file.display());
    if !text.trim_start().starts_with(['{', '[']) {
        return import_tl(&text, skip).map_err(|error| within(&error));
    }
    let json: Value = serde_json::from_str(&text).map_err(|error| within(&error))?;
    if json.get("errors").is_none() {
        let text = json::to_tl(&json).map_err(|error| within(&error))?;
        import_tl(&text, skip).map_err(|error| within(&error))?;
    }
    import_errors(&json).map_err(|error| within(&error))
}

fn import_tl(text: &str, skip: &[&str]) -> Result {
    let schema = parse(&without(text, skip))?;
    let ours = read(&root().join("schema/api.tl")).ok().and_then(|text| Schema::parse(&text).ok()?.layer());
    let name = match schema.layer() {
        None => "mtproto.tl".to_owned(),
        Some(layer) if ours.is_none_or(|ours| ours <= layer) => "api.tl".to_owned(),
        Some(layer) => format!("api-{layer}.tl"),
    };
    save(&name, &normalise(&schema))
}

/// A schema that can be somebody's: empty files and parts of schemas would overwrite what is there.
fn parse(text: &str) -> Result<Schema> {
    let name = |line: usize| text.lines().nth(line - 1).and_then(|line| line.split([' ', '#']).next()).unwrap_or_default();
    let told = |errors: ParseErrors| {
        let each = errors.0.iter().map(|ParseError { line, reason }| format!("\n  line {line}, `{}`: {reason}", name(*line)));
        let help = "\n  help: --skip NAME,… leaves out what is not Telegram's own";
        format!("{} lines are not TL{}{help}", errors.0.len(), each.collect::<String>())
    };
    let schema = Schema::parse(text).map_err(told)?;
    match schema.layer() {
        _ if schema.definitions().is_empty() => Err("defines nothing".to_owned()),
        None if schema.constructor("resPQ").is_none() => {
            Err("names no layer (`// LAYER 230`), which only the schema of MTProto itself lacks".to_owned())
        }
        _ => Ok(schema),
    }
}

fn import_errors(json: &Value) -> Result {
    let mut errors = errors::read(&read(&root().join("schema/errors.tsv")).unwrap_or_default())?;
    errors::add(json, &mut errors);
    save("errors.tsv", &errors::text(&errors))?;
    errors::audience(json).map_or(Ok(()), |text| save("methods.tsv", &text))
}

fn save(name: &str, text: &str) -> Result {
    write(&root().join("schema").join(name), text)?;
    println!("schema/{name}: {} lines", text.lines().count());
    Ok(())
}

/// The text without the definitions of these names; their lines stay, empty, so that errors name the right ones.
fn without(text: &str, skip: &[&str]) -> String {
    let is_skipped = |line: &str| line.split(['#', ' ']).next().is_some_and(|name| skip.contains(&name));
    text.lines().map(|line| if is_skipped(line) { "\n" } else { line }).fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// The schema as text, sorted by namespace; inside one, Telegram's order, which groups the constructors of a type.
pub(crate) fn normalise(schema: &Schema) -> String {
    let mut out = String::new();
    if let Some(layer) = schema.layer() {
        let _ = writeln!(out, "// LAYER {layer}");
    }
    let _ = writeln!(out, "{HEADER}");
    for (kind, title) in [(Kind::Constructor, ""), (Kind::Function, "---functions---\n")] {
        let mut all: Vec<&Definition> = schema.definitions().iter().filter(|definition| definition.kind == kind).collect();
        all.sort_by_key(|definition| definition.namespace().to_owned());
        let _ = write!(out, "{title}");
        for definition in all {
            let _ = writeln!(out, "{definition};");
        }
    }
    out
}

/// Prints what was added, removed and changed.
pub(crate) fn diff(a: &Path, b: &Path) -> Result {
    let lines = |path: &Path| -> Result<BTreeMap<(String, &str), String>> {
        let schema = Schema::parse(&read(path)?).map_err(|errors| format!("{}:\n{errors}", path.display()))?;
        let key = |definition: &Definition| (definition.name.to_string(), kind(definition.kind));
        Ok(schema.definitions().iter().map(|definition| (key(definition), definition.to_string())).collect())
    };
    let (a, b) = (lines(a)?, lines(b)?);
    let mut out = String::new();
    for (key, old) in &a {
        let _ = match b.get(key) {
            None => writeln!(out, "- {} {old}", key.1),
            Some(new) if new != old => writeln!(out, "- {} {old}\n+ {} {new}", key.1, key.1),
            Some(_) => Ok(()),
        };
    }
    for (key, new) in b.iter().filter(|(key, _)| !a.contains_key(*key)) {
        let _ = writeln!(out, "+ {} {new}", key.1);
    }
    // Whoever reads only the first lines closes the pipe.
    match std::io::stdout().write_all(out.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Constructor => "type",
        Kind::Function => "function",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sorted_by_namespace_in_the_order_given() {
        let schema = Schema::parse("// LAYER 3\nb.two = b.T;\nzebra = T;\nb.one = b.T;\napple = T;\n---functions---\na.f = T;\ng = T;")
            .expect("a schema");
        let text = normalise(&schema);
        let names: Vec<&str> =
            text.lines().filter(|line| !line.starts_with(HEADER)).map(|line| line.split('#').next().unwrap_or(line)).collect();
        assert_eq!(names, ["// LAYER 3", "zebra", "apple", "b.two", "b.one", "---functions---", "g", "a.f"]);
        assert_eq!(normalise(&Schema::parse(&text).expect("its own form")), text);
    }

    #[test]
    fn what_is_in_schema_is_normalised() {
        for name in ["api.tl", "api-229.tl", "api-228.tl", "api-227.tl", "mtproto.tl"] {
            let text = read(&root().join("schema").join(name)).expect("is there");
            assert!(Schema::parse(&text).is_ok_and(|schema| normalise(&schema) == text), "{name}");
        }
        let table = read(&root().join("schema/errors.tsv")).expect("is there");
        assert_eq!(errors::read(&table).map(|errors| errors::text(&errors)), Ok(table));
    }

    #[test]
    fn the_form_of_mtcute() {
        let json = serde_json::json!({"l": 7, "e": [
            {"kind": "class", "name": "user", "id": 1, "type": "User", "arguments": [
                {"name": "flags", "type": "#"},
                {"name": "id", "type": "int53"},
                {"name": "tags", "type": "string", "typeModifiers": {"predicate": "flags.2", "isVector": true}},
            ]},
            {"kind": "class", "name": "mtcute.dummyUpdate", "id": 2, "type": "Update", "arguments": []},
            {"kind": "method", "name": "wrap", "id": 255, "type": "X", "generics": [{"name": "X", "type": "Type"}],
             "arguments": [{"name": "query", "type": "!X"}], "throws": [{"code": 420, "name": "FLOOD_WAIT_%d"}, {"code": 400, "name": "not a name"}]},
        ]});
        let expect = "// LAYER 7\n---types---\nuser#1 flags:# id:long tags:flags.2?Vector<string> = User;\n---functions---\nwrap#ff {X:Type} query:!X = X;\n";
        assert_eq!(json::to_tl(&json).as_deref(), Ok(expect));
        let strange = json::to_tl(&serde_json::json!({ "e": [json["e"][0], { "kind": "union", "name": "x" }] }));
        assert_eq!(strange, Err(r#"entry 2 is neither a class nor a method: {"kind":"union","name":"x"}"#.to_owned()));

        let mut known = errors::read("420\tFLOOD_WAIT_X\tother\n").expect("a row");
        errors::add(&json, &mut known);
        assert!(errors::text(&known).ends_with("\n420\tFLOOD_WAIT_X\tother wrap\n"));
        errors::add(&serde_json::json!({ "errors": { "FLOOD_WAIT_%d": { "code": 400, "name": "FLOOD_WAIT_%d" } } }), &mut known);
        assert_eq!(known.len(), 1, "a name that is known keeps its codes");
        let all: Vec<_> = (0..300).map(|n| (format!("f{n}"), serde_json::json!(["OFF"]))).collect();
        let all: serde_json::Map<String, Value> = all.into_iter().collect();
        errors::add(&serde_json::json!({ "errors": { "OFF": { "code": 400, "name": "OFF" } }, "throws": all }), &mut known);
        assert!(errors::text(&known).ends_with("\n400\tOFF\t\n"), "any function may answer it");
    }

    #[test]
    fn what_is_no_schema_overwrites_nothing() {
        let check = |text: &str, expect: &str| assert_eq!(parse(text).map(drop), Err(expect.to_owned()));
        check("", "defines nothing");
        check("// LAYER 230\n", "defines nothing");
        check("boolTrue = Bool;", "names no layer (`// LAYER 230`), which only the schema of MTProto itself lacks");
        check(
            "// LAYER 230\nuser id:long = User\nboolTrue = Bool;\nfoo#zz = Foo;",
            "2 lines are not TL\n  line 2, `user`: does not end in `;`\n  line 4, `foo`: `#zz` is not an id of up to 8 hex digits\n  \
             help: --skip NAME,… leaves out what is not Telegram's own",
        );
    }

    #[test]
    fn skipped_names_keep_the_lines_of_the_rest() {
        assert_eq!(without("a#1 = A;\nbad\n", &["a"]), "\nbad\n");
    }
}
