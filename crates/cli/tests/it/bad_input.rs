//! Wrong inputs: each with its text and its exit code.

use crate::command::{Ended, Place};

fn check(test: &str, arguments: &[&str], code: i32, err: &str) {
    let ended = Place::new(test).run(arguments);
    assert_eq!(ended, Ended { code: Some(code), out: String::new(), err: err.to_owned() }, "{arguments:?}");
}

#[test]
fn without_an_api_id() {
    let text = "error: missing API_ID\n  \
        MTProto needs an application id. Get one in two minutes: https://my.telegram.org/apps\n  \
        then: export API_ID=… API_HASH=…      or try without: add --sandbox\n";
    check("no-api-id", &["send", "me", "hi"], 3, text);
}

#[test]
fn an_api_id_that_is_no_number() {
    let text = "error: the API id \"abc\" is not a number\n  help: it is the `App api_id` at https://my.telegram.org/apps\n";
    check("api-id", &["send", "me", "hi", "--api-id", "abc", "--api-hash", "x"], 3, text);
}

#[test]
fn an_address_at_which_nobody_listens() {
    let place = Place::new("address");
    // Writes the key file.
    place.run(["send", "me", "hi", "--sandbox"]).done();
    // Bound, so that nobody else gets the port, and not listening.
    let socket = tokio::net::TcpSocket::new_v4().expect("there are sockets");
    socket.bind(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).expect("there is a free port");
    let address = socket.local_addr().expect("it has one").to_string();
    let ended = place.run(["send", "me", "hi", "--server", &address, "--rsa-key", "state/sandbox.pem", "--timeout", "3s"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(5), ""), "{}", ended.err);
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines[0], format!("error: no connection to {address} (data centre 1)"));
    assert!(lines[1].starts_with(&format!("  tried for 3s; the last attempt: {address}: ")), "{}", ended.err);
    assert_eq!(lines[2..], ["  help: is the server running, at this address and with this key?"]);
}

#[test]
fn an_address_that_is_none() {
    for address in ["telegram.org:443", "127.0.0.1", "127.0.0.1:99999"] {
        let ended = Place::new("no-address").run(["send", "me", "hi", "--server", address, "--rsa-key", "key.pem"]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        let line = format!("error: invalid value '{address}' for '--server <ADDR>': it is written 192.0.2.1:443, without a name");
        assert_eq!(ended.err.lines().next(), Some(line.as_str()));
    }
}

#[test]
fn a_number_that_is_none() {
    for (arguments, line) in [
        (["history", "me", "--limit", "x"], "error: invalid value 'x' for '--limit <N>': it is no whole number, or too large"),
        (
            ["download", "me", "99999999999", "--sandbox"],
            "error: invalid value '99999999999' for '<ID>': it is no whole number, or too large",
        ),
    ] {
        let ended = Place::new("no-number").run(arguments);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        assert_eq!(ended.err.lines().next(), Some(line), "{}", ended.err);
    }
}

#[test]
fn a_transport_that_there_is_not() {
    let text = "error: the full transport cannot be obfuscated\n  help: --transport abridged, intermediate or padded can\n";
    check("full", &["send", "me", "hi", "--sandbox", "--transport", "full", "--obfuscated"], 2, text);
}

#[test]
fn a_key_file_that_is_not_there() {
    let text = "error: cannot read the key file none.pem: No such file or directory (os error 2)\n  \
        help: PKCS#1 in PEM, which begins with -----BEGIN RSA PUBLIC KEY-----\n";
    check("no-key", &["send", "me", "hi", "--server", "127.0.0.1:9", "--rsa-key", "none.pem"], 2, text);
}

#[test]
fn a_key_file_that_holds_something_else() {
    let place = Place::new("wrong-key");
    std::fs::write(place.path().join("key.pem"), "ssh-rsa AAAA").expect("it can be written");
    let ended = place.run(["send", "me", "hi", "--server", "127.0.0.1:9", "--rsa-key", "key.pem"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    let lines: Vec<&str> = ended.err.lines().collect();
    assert!(lines[0].starts_with("error: key.pem holds no RSA public key: "), "{}", ended.err);
    assert_eq!(lines.last(), Some(&"  help: PKCS#1 in PEM, which begins with -----BEGIN RSA PUBLIC KEY-----"));
}

#[test]
fn a_function_that_does_not_exist() {
    let text = "error: there is no function `messages.sendMesage` in layer 230\n  help: did you mean `messages.sendMessage`?\n";
    check("function", &["call", "messages.sendMesage", "peer=me", "--sandbox"], 2, text);
}

#[test]
fn a_name_that_the_schema_does_not_have() {
    let text = "error: there is nothing called `inputpeer` in layer 230\n  help: did you mean `InputPeer`?\n";
    check("name", &["schema", "inputpeer"], 2, text);
}

#[test]
fn json_that_is_none() {
    let text = "error: the fields of messages.sendMessage are not JSON: EOF while parsing an object at line 1 column 7\n  \
        help: quadruplex schema messages.sendMessage\n";
    check("json", &["call", "messages.sendMessage", "{\"peer\"", "--sandbox"], 2, text);
}

#[test]
fn a_word_that_is_no_field() {
    let text = "error: \"hi\" is not key=value\n  help: fields are written peer=@lena message=hi, or as one JSON object\n";
    check("word", &["call", "messages.sendMessage", "hi", "--sandbox"], 2, text);
}

#[test]
fn a_field_that_is_missing() {
    let text = "error: messages.sendMessage.message: is missing; it is of type string\n  help: quadruplex schema messages.sendMessage\n";
    check("missing", &["call", "messages.sendMessage", "peer=me", "--sandbox"], 2, text);
}

#[test]
fn a_peer_that_nobody_is() {
    let text = "error: @nobody_here was not found\n  \
        tried: the peers this account has met; contacts.resolveUsername → USERNAME_NOT_OCCUPIED (400)\n  \
        help: who signs in is there: quadruplex login --sandbox --as nobody_here\n";
    check("peer", &["send", "@nobody_here", "hi", "--sandbox"], 4, text);
}

/// Nobody can sign in under such a name, and a bot has a program.
#[test]
fn a_peer_that_nobody_can_be() {
    for (peer, help) in [
        ("two words", "names are matched letter by letter; a plain id works only after this account has met the user"),
        ("@helper_bot", "a bot is there once its program has signed in: start that with --sandbox; quadruplex chat --sandbox has one, too"),
    ] {
        let ended = Place::new("no-peer").run(["send", peer, "hi", "--sandbox"]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(4), ""), "{}", ended.err);
        assert!(ended.err.ends_with(&format!("\n  help: {help}\n")), "{}", ended.err);
    }
}

#[test]
fn a_message_without_a_file() {
    let text = "error: message 7 of me has no file, or is not there\n  help: quadruplex history me shows what is\n";
    check("no-file", &["download", "me", "7", "--sandbox"], 1, text);
}

#[test]
fn an_option_with_a_slip() {
    let ended = Place::new("option").run(["send", "--sandobx", "me", "hi"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
    let lines: Vec<&str> = ended.err.lines().collect();
    assert_eq!(lines[0], "error: unexpected argument '--sandobx' found");
    assert_eq!(lines[2], "  tip: a similar argument exists: '--sandbox'", "{}", ended.err);
}

#[test]
fn nobody_at_all() {
    for peer in ["", "@", " "] {
        let ended = Place::new("nobody").run(["send", peer, "hi", "--sandbox"]);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""));
        let line = format!("error: invalid value '{peer}' for '<PEER>': nobody is named: @name, me, a link, a number, an id");
        assert_eq!(ended.err.lines().next(), Some(line.as_str()));
    }
}

#[test]
fn a_function_like_no_other() {
    let text = "error: there is no function `nope` in layer 230\n  help: https://core.telegram.org/methods lists them\n";
    check("no-function", &["call", "nope", "--sandbox"], 2, text);
    let text = "error: there is nothing called `nope` in layer 230\n  help: https://core.telegram.org/schema lists what there is\n";
    check("no-name", &["schema", "nope"], 2, text);
}

#[test]
fn a_login_that_is_not_there() {
    let text = "error: not signed in\n  there is no login for the account `lena`\n  help: quadruplex login --sandbox --as lena\n";
    check("no-login", &["login", "--out", "--as", "lena", "--sandbox"], 3, text);
}

/// Channels have such ids elsewhere.
#[test]
fn a_negative_id_is_no_option() {
    let ended = Place::new("negative").run(["history", "-1000000000777", "--sandbox"]);
    assert_eq!((ended.code, ended.out.as_str()), (Some(4), ""), "{}", ended.err);
    assert!(ended.err.starts_with("error: 777 was not found\n"), "{}", ended.err);
}
