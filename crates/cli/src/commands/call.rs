use quadruplex::schema::{Definition, Schema, Type};
use serde_json::{Map, Value};

use crate::Context;
use crate::failure::{Failure, Kind};
use crate::layer::Layer;
use crate::output::say;
use crate::target::Target;

/// Call any function of the API and print its answer as JSON.
///
/// Where a peer belongs a name, a link or an id may stand; a `random_id` may be left out.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The function: `messages.sendMessage`.
    name: String,
    /// Its fields: `key=value`, each a piece of JSON or plain text, or all of them as one JSON object.
    #[arg(value_name = "KEY=VALUE|JSON")]
    fields: Vec<String>,
    #[command(flatten)]
    layer: Layer,
    #[command(flatten)]
    target: Target,
}

pub(crate) async fn run(arguments: Arguments, context: &Context) -> Result<(), Failure> {
    let Arguments { name, fields, layer, target } = arguments;
    let schema = layer.schema()?;
    let fields = parse(schema, &name, &fields)?;
    // Checked before anything is connected; peers are looked up later.
    schema.function_from_json(&name, &fields).map_err(|error| unfit(&name, error))?;
    let connected = target.sign_in_if_possible(context).await?;
    let call = connected.client.call_by_name(schema, &name, &fields).map_err(|error| unfit(&name, error))?;
    let answer = connected.while_connected(async { Ok(call.await?) }).await?;
    say(if context.json { answer.to_string() } else { format!("{answer:#}") })?;
    connected.close().await;
    Ok(())
}

const METHODS: &str = "https://core.telegram.org/methods lists them";

fn unfit(name: &str, error: impl std::fmt::Display) -> Failure {
    Failure::new(Kind::Usage, format!("{error}\n  help: quadruplex schema {name}"))
}

/// The fields of a function from the words of the command line.
fn parse(schema: &Schema, name: &str, words: &[String]) -> Result<Value, Failure> {
    let Some(definition) = schema.function(name) else {
        let place = schema.layer().map_or_else(|| "the schema".to_owned(), |layer| format!("layer {layer}"));
        let help = schema.suggest_function(name).map_or_else(|| METHODS.to_owned(), |near| format!("did you mean `{near}`?"));
        return Err(Failure::new(Kind::Usage, format!("there is no function `{name}` in {place}\n  help: {help}")));
    };
    if let [json] = words
        && json.trim_start().starts_with('{')
    {
        return serde_json::from_str(json).map_err(|error| {
            Failure::new(Kind::Usage, format!("the fields of {name} are not JSON: {error}\n  help: quadruplex schema {name}"))
        });
    }
    let mut fields = Map::new();
    for word in words {
        let (key, value) = word.split_once('=').ok_or_else(|| {
            let text = format!("{word:?} is not key=value\n  help: fields are written peer=@lena message=hi, or as one JSON object");
            Failure::new(Kind::Usage, text)
        })?;
        if fields.insert(key.to_owned(), field(definition, key, value)).is_some() {
            return Err(Failure::new(Kind::Usage, format!("{key} is given twice\n  help: several values are one list: {key}=[1,2]")));
        }
    }
    Ok(fields.into())
}

/// Text stays text where text belongs; elsewhere it may be JSON.
fn field(definition: &Definition, key: &str, value: &str) -> Value {
    let takes_text = definition.param(key).is_some_and(|param| matches!(param.ty, Type::String | Type::Bytes));
    let json = if takes_text { None } else { serde_json::from_str(value).ok() };
    json.unwrap_or_else(|| Value::String(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use quadruplex::schema::builtin;
    use serde_json::json;

    use super::*;

    #[test]
    fn words_become_fields() {
        let check = |words: &[&str], expect: Value| {
            let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
            assert_eq!(parse(builtin::nearest_api(230), "messages.sendMessage", &words).ok(), Some(expect), "{words:?}");
        };
        check(&["peer=@lena", "message=17", "silent=true"], json!({ "peer": "@lena", "message": "17", "silent": true }));
        check(&["peer=5", "message=a=b"], json!({ "peer": 5, "message": "a=b" }));
        check(&[r#"peer={"_":"inputPeerSelf"}"#], json!({ "peer": { "_": "inputPeerSelf" } }));
        check(&[r#" {"peer":"me"}"#], json!({ "peer": "me" }));
        check(&[], json!({}));
    }

    #[test]
    fn a_field_is_given_once() {
        let words = ["message=one".to_owned(), "message=two".to_owned()];
        let failure = parse(builtin::nearest_api(230), "messages.sendMessage", &words).unwrap_err();
        assert!(failure.to_string().starts_with("message is given twice"), "{failure}");
    }
}
