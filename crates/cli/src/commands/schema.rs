use quadruplex::schema::builtin::{self, Audience};
use quadruplex::schema::{Definition, Kind as What, Schema};
use serde_json::{Value, json};

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::layer::Layer;
use crate::output::say;

/// Show a function, a constructor or a type of the API, with the errors that a function is known to answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// `messages.sendMessage`, `inputPeerUser`, `InputPeer`, or an id such as 0xfef48f62.
    name: String,
    #[command(flatten)]
    layer: Layer,
}

pub(crate) fn run(arguments: &Arguments, context: &Context) -> Result<(), Failure> {
    let schema = arguments.layer.schema()?;
    let found = find(schema, &arguments.name);
    if found.is_empty() {
        return Err(unknown(schema, &arguments.name));
    }
    for definition in found {
        if context.json {
            say(to_json(definition))?;
        } else {
            print(definition)?;
        }
    }
    Ok(())
}

/// Whatever has this name: a type is all its constructors.
fn find<'s>(schema: &'s Schema, name: &str) -> Vec<&'s Definition> {
    let id = name.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    if let Some(definition) = id.and_then(|id| schema.by_id(id)) {
        return vec![definition];
    }
    let named = schema.function(name).into_iter().chain(schema.constructor(name));
    named.chain(schema.constructors_of(name)).collect()
}

const SCHEMA: &str = "https://core.telegram.org/schema lists what there is";

fn unknown(schema: &Schema, name: &str) -> Failure {
    let types = schema.types();
    let of_other_case = types.iter().map(|ty| ty.as_str()).find(|ty| ty.eq_ignore_ascii_case(name));
    let suggestion = of_other_case.or_else(|| schema.suggest_function(name)).or_else(|| schema.suggest_constructor(name));
    let place = schema.layer().map_or_else(|| "the schema".to_owned(), |layer| format!("layer {layer}"));
    let help = suggestion.map_or_else(|| SCHEMA.to_owned(), |suggestion| format!("did you mean `{suggestion}`?"));
    Failure::new(Kind::Usage, format!("there is nothing called `{name}` in {place}\n  help: {help}"))
}

fn print(definition: &Definition) -> Result<(), Failure> {
    say(format_args!("{definition}"))?;
    let errors: Vec<String> = errors(definition).map(|(code, name)| format!("{name} ({code})")).collect();
    if let Some(who) = audience(definition) {
        say(format_args!("  for {who} only"))?;
    }
    if !errors.is_empty() {
        say(format_args!("  errors: {}", errors.join(", ")))?;
    }
    Ok(())
}

fn to_json(definition: &Definition) -> Value {
    let field = |param: &quadruplex::schema::Param| {
        let flag = param.flag.as_ref().map(|flag| format!("{}.{}", flag.word, flag.bit));
        json!({ "name": param.name.as_str(), "type": param.ty.to_string(), "flag": flag })
    };
    let errors = errors(definition).map(|(code, name)| json!({ "code": code, "name": name }));
    json!({
        "name": definition.name.as_str(),
        "id": format!("{:08x}", definition.id),
        "kind": if definition.kind == What::Function { "function" } else { "constructor" },
        "fields": definition.fields().map(field).collect::<Value>(),
        "result": definition.result.to_string(),
        "for": audience(definition),
        "errors": errors.collect::<Value>(),
    })
}

fn errors(definition: &Definition) -> impl Iterator<Item = (i32, &'static str)> {
    let known = (definition.kind == What::Function).then(|| builtin::errors().of_function(&definition.name));
    known.into_iter().flatten().map(|error| (error.code, error.name.as_str()))
}

fn audience(definition: &Definition) -> Option<&'static str> {
    match (definition.kind, builtin::audience(&definition.name)) {
        (What::Function, Audience::User) => Some("users"),
        (What::Function, Audience::Bot) => Some("bots"),
        _ => None,
    }
}
