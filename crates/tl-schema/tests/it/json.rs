use quadruplex_tl_schema::{Object, Schema, Value, builtin};
use serde_json::json;

fn api() -> &'static Schema {
    builtin::api(230).expect("is built in")
}

fn refused(function: &str, fields: serde_json::Value, expect: &str) {
    let error = api().function_from_json(function, &fields).expect_err(expect);
    assert_eq!(error.to_string(), expect);
}

#[test]
fn a_function_from_json() {
    let fields =
        json!({"peer": {"_": "inputPeerUser", "user_id": 5, "access_hash": "-7"}, "message": "hi", "silent": true, "reply_to": null});
    let expect = Object::new("messages.sendMessage")
        .with("peer", Object::new("inputPeerUser").with("user_id", 5_i64).with("access_hash", -7_i64))
        .with("message", "hi")
        .with("silent", true);
    assert_eq!(api().function_from_json("messages.sendMessage", &fields), Ok(expect));
}

#[test]
fn the_only_constructor_needs_no_name() {
    let fields = json!({"settings": {"allow_flashcall": true}, "phone_number": "1", "api_id": 1, "api_hash": "x"});
    let function = api().function_from_json("auth.sendCode", &fields).expect("CodeSettings has one constructor");
    assert!(function.object("settings").is_some_and(|settings| settings.is("codeSettings") && settings.flag("allow_flashcall")));
}

#[test]
fn names_and_ids_wait_to_be_looked_up() {
    let fields = json!({"from_peer": "@quad", "to_peer": 12, "id": [1], "random_id": [2]});
    let mut function = api().function_from_json("messages.forwardMessages", &fields).expect("references are kept");
    assert_eq!(function.get("from_peer"), Some(&Value::String("@quad".into())));
    let mut seen = Vec::new();
    api().walk(&mut function, &mut |ty, value| {
        if ty.to_string() == "InputPeer" {
            seen.push(std::mem::replace(value, Object::new("inputPeerSelf").into()));
        }
    });
    seen.sort_by_key(|value| value.as_long());
    assert_eq!(seen, [Value::from("@quad"), Value::Long(12)]);
    assert!(api().encode_function(&function, &mut Vec::new()).is_ok());
}

#[test]
fn what_json_cannot_be() {
    refused(
        "messages.sendMessag",
        json!({}),
        "there is no function `messages.sendMessag` in layer 230; did you mean `messages.sendMessage`?",
    );
    refused("messages.sendMessage", json!({"mesage": ""}), "messages.sendMessage: has no field `mesage`; did you mean `message`?");
    refused(
        "messages.sendMessage",
        json!({"flags": 1, "message": ""}),
        "messages.sendMessage: has no field `flags`; it has no_webpage, silent, background, clear_draft, noforwards, update_stickersets_order, invert_media, allow_paid_floodskip, peer, reply_to, message, random_id, reply_markup, entities, schedule_date, schedule_repeat_period, send_as, quick_reply_shortcut, effect, allow_paid_stars, suggested_post, rich_message",
    );
    refused("messages.sendMessage", json!({"message": 5}), "messages.sendMessage.message: wants a string, not 5");
    refused("messages.sendMessage", json!([]), "messages.sendMessage: wants an object with its fields, not []");
    refused("messages.sendMessage", json!({"message": null}), "messages.sendMessage.message: wants a string, not null");
    refused(
        "messages.sendMessage",
        json!({"peer": {"_": "inputPeerUsr"}}),
        "messages.sendMessage.peer: `inputPeerUsr` is not a constructor of InputPeer; did you mean `inputPeerUser`?",
    );
    refused(
        "messages.sendMessage",
        json!({"peer": {}}),
        "messages.sendMessage.peer: needs `_`, one of inputPeerEmpty, inputPeerSelf, inputPeerChat, inputPeerUser, inputPeerChannel, \
         inputPeerUserFromMessage, inputPeerChannelFromMessage",
    );
    refused(
        "messages.deleteMessages",
        json!({"id": [1, 2_147_483_648_i64]}),
        "messages.deleteMessages.id[1]: wants a whole number of 32 bits, not 2147483648",
    );
    refused("upload.saveFilePart", json!({"bytes": "?"}), "upload.saveFilePart.bytes: wants bytes as base64, not \"?\"");
}

#[test]
fn numbers_that_json_lacks() {
    for number in [f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e300] {
        let json = Value::Double(number).to_json();
        let ty = api().ty("double").expect("a primitive");
        assert_eq!(api().value_from_json(&ty, &json), Ok(Value::Double(number)), "{json}");
    }
    assert_eq!(Value::Double(f64::NAN).to_json(), json!("NaN"));
}
