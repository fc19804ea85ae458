//! What a call by name may say more shortly than the schema: formatted text as markup, a reply by the id of the message.

use quadruplex_api::{enums, to_json};
use quadruplex_tl_schema::{Definition, Type};
use serde_json::{Map, Value as Json, json};

use crate::{Error, FormattedText};

/// The fields as the schema has them.
pub(super) fn expand(function: &Definition, fields: &Json) -> Result<Json, Error> {
    let Json::Object(given) = fields else { return Ok(fields.clone()) };
    let mut given = given.clone();
    if function.param("parse_mode").is_none()
        && let Some(mode) = given.remove("parse_mode")
    {
        format(function, &mode, &mut given)?;
    }
    let reply = function.param("reply_to").filter(|param| matches!(&param.ty, Type::Boxed(name) if name.as_str() == "InputReplyTo"));
    if let (Some(_), Some(id)) = (reply, given.get("reply_to").and_then(Json::as_i64)) {
        given.insert("reply_to".to_owned(), json!({ "_": "inputReplyToMessage", "reply_to_msg_id": id }));
    }
    Ok(given.into())
}

fn format(function: &Definition, mode: &Json, given: &mut Map<String, Json>) -> Result<(), Error> {
    let Some(text) = given.get("message").and_then(Json::as_str).filter(|_| function.param("entities").is_some()) else {
        return Err(Error::Invalid(format!("parse_mode: {} has no `message` with `entities` that it could be about", function.name)));
    };
    let parsed = match mode.as_str().map(str::to_lowercase).as_deref() {
        Some("html") => FormattedText::from_html(text),
        Some("markdown" | "markdownv2") => FormattedText::from_markdown(text),
        _ => return Err(Error::Invalid(format!("parse_mode is HTML or Markdown, and not {mode}"))),
    };
    let FormattedText { text, entities, .. } = parsed.map_err(|error| Error::Invalid(format!("message: {error}")))?;
    given.insert("message".to_owned(), text.into());
    if !entities.is_empty() {
        given.insert("entities".to_owned(), entities.iter().map(entity).collect());
    }
    Ok(())
}

/// A mention names its user as any user can be named in a call by name; the access hash is looked up.
fn entity(entity: &enums::MessageEntity) -> Json {
    match entity {
        enums::MessageEntity::MentionName(mention) => {
            let (offset, length, user) = (mention.offset, mention.length, mention.user_id);
            json!({ "_": "inputMessageEntityMentionName", "offset": offset, "length": length, "user_id": user })
        }
        entity => to_json(entity),
    }
}

#[cfg(test)]
mod tests {
    use quadruplex_tl_schema::builtin;

    use super::*;

    #[test]
    fn markup_and_replies() {
        let check = |name: &str, fields: Json, expect: Result<Json, &str>| {
            let function = builtin::nearest_api(230).function(name).unwrap();
            assert_eq!(expand(function, &fields).map_err(|error| error.to_string()), expect.map_err(str::to_owned), "{fields}");
        };
        let send = "messages.sendMessage";
        let plain = json!({ "peer": "@lena", "message": "<b>hi</b>" });
        check(send, plain.clone(), Ok(plain));
        let bold = json!({ "_": "messageEntityBold", "offset": 0, "length": 2 });
        let formatted = json!({ "message": "hi", "entities": [bold], "reply_to": { "_": "inputReplyToMessage", "reply_to_msg_id": 42 } });
        check(send, json!({ "message": "<b>hi</b>", "parse_mode": "HTML", "reply_to": 42 }), Ok(formatted.clone()));
        check(send, json!({ "message": "*hi*", "parse_mode": "markdown", "reply_to": 42 }), Ok(formatted));
        check(send, json!({ "message": "hi", "parse_mode": "html" }), Ok(json!({ "message": "hi" })));
        let mention = json!({ "_": "inputMessageEntityMentionName", "offset": 0, "length": 2, "user_id": 7 });
        let mentioned = json!({ "message": "hi", "entities": [mention] });
        check(send, json!({ "message": "<a href=\"tg://user?id=7\">hi</a>", "parse_mode": "HTML" }), Ok(mentioned));
        check(send, json!({ "message": "hi", "parse_mode": "rtf" }), Err("parse_mode is HTML or Markdown, and not \"rtf\""));
        let nothing = "parse_mode: help.getConfig has no `message` with `entities` that it could be about";
        check("help.getConfig", json!({ "parse_mode": "HTML" }), Err(nothing));
    }
}
