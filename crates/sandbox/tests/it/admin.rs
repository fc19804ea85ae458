//! The HTTP interface, over a real socket.

use std::net::SocketAddr;

use quadruplex_sandbox::{Sandbox, admin};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

async fn start() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let sandbox = Sandbox::builder().dcs(2).start().await.unwrap();
    tokio::spawn(admin::serve(sandbox, listener));
    address
}

/// The status and the body of the answer.
async fn ask(address: SocketAddr, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
    let body = body.map(|body| body.to_string()).unwrap_or_default();
    let kind = if body.is_empty() { "" } else { "content-type: application/json\r\n" };
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.1\r\nhost: x\r\n{kind}content-length: {length}\r\nconnection: close\r\n\r\n{body}");
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap_or_else(|_| json!(body)))
}

#[tokio::test]
async fn a_world_is_made_and_looked_at() {
    let address = start().await;
    let post = async |path: &str, body: Value| ask(address, "POST", path, Some(body)).await;
    let (_, about) = ask(address, "GET", "/", None).await;
    assert_eq!(about["dcs"].as_array().unwrap().len(), 2);
    assert_eq!(about["fingerprint"].as_str().unwrap().len(), 16);

    let (status, alice) = post("/users", json!({ "first_name": "Alice", "username": "alice", "phone": "+44 7700 900001" })).await;
    assert_eq!(status, 200, "{alice}");
    let (_, bob) = post("/users", json!({ "first_name": "Bob", "phone": "447700900002" })).await;
    let (status, bot) = post("/bots", json!({ "name": "Echo", "username": "echo_bot", "privacy": false })).await;
    assert_eq!((status, bot["token"].as_str().unwrap().contains(':')), (200, true));
    assert_eq!(post("/users", json!({ "first_name": "A", "username": "alice" })).await, (400, json!({ "error": "USERNAME_OCCUPIED" })));

    let inline = |bot: &str| json!({ "bot": bot, "placeholder": "Search" });
    assert_eq!(ask(address, "PUT", "/inline", Some(inline("echo_bot"))).await, (200, json!({})));
    assert_eq!(ask(address, "PUT", "/inline", Some(inline("alice"))).await, (400, json!({ "error": "BOT_INVALID" })));
    let (_, group) = post("/groups", json!({ "creator": "@alice", "title": "Club", "members": [bob["id"], "echo_bot"] })).await;
    let (_, channel) = post("/channels", json!({ "creator": alice["id"], "title": "News", "username": "news_here" })).await;
    for (to, from) in [
        (json!({ "group": group["id"] }), json!("447700900002")),
        (json!({ "channel": channel["id"] }), json!("alice")),
        (json!("alice"), bob["id"].clone()),
    ] {
        let (status, answer) = post("/messages", json!({ "from": from, "to": to, "text": "hello" })).await;
        assert_eq!(status, 200, "{answer}");
    }
    let (status, answer) = post("/messages", json!({ "from": "nobody", "to": "alice", "text": "x" })).await;
    assert_eq!((status, answer), (400, json!({ "error": "there is no account \"nobody\"" })));

    let (_, messages) = ask(address, "GET", "/messages?account=alice&user=447700900002", None).await;
    assert_eq!(messages[0]["text"], "hello");
    let (_, messages) = ask(address, "GET", &format!("/messages?account=echo_bot&group={}", group["id"]), None).await;
    assert_eq!(messages[1]["text"], "hello");
    let (status, _) = ask(address, "GET", "/messages?account=alice", None).await;
    assert_eq!(status, 400);
    let (_, digest) = ask(address, "GET", "/digest?account=alice", None).await;
    assert_eq!(digest["messages"].as_array().unwrap().len(), 5);
    assert_eq!(ask(address, "GET", "/codes", None).await, (200, json!([])));
    let (status, answer) = ask(address, "GET", "/nowhere", None).await;
    assert_eq!((status, answer["error"].as_str()), (404, Some("there is no such path")));
}

#[tokio::test]
async fn what_the_api_refuses_is_refused_here_too() {
    let address = start().await;
    let post = async |path: &str, body: Value| ask(address, "POST", path, Some(body)).await;
    post("/users", json!({ "first_name": "Alice", "username": "alice" })).await;
    let say = |text: &str| json!({ "from": "alice", "to": "alice", "text": text });
    for (path, body, error) in [
        ("/messages", say(""), "MESSAGE_EMPTY"),
        ("/messages", say(" \n"), "MESSAGE_EMPTY"),
        ("/messages", say(&"x".repeat(4097)), "MESSAGE_TOO_LONG"),
        ("/groups", json!({ "creator": "alice", "title": " " }), "CHAT_TITLE_EMPTY"),
        ("/channels", json!({ "creator": "alice", "title": "" }), "CHAT_TITLE_EMPTY"),
    ] {
        assert_eq!(post(path, body).await, (400, json!({ "error": error })), "{path}");
    }
    assert_eq!(post("/messages", say(&"x".repeat(4096))).await.0, 200);
}

/// A program in another language sees a typing error, not a test that passes for the wrong reason.
#[tokio::test]
async fn what_cannot_be_meant_is_refused_with_a_reason() {
    let address = start().await;
    let fault = |method: &str, code: i32, error: &str| json!({ "errors": [{ "method": method, "code": code, "error": error }] });
    for (method, path, body, expected) in [
        ("POST", "/users", json!({ "name": "Alice" }), "unknown field `name`"),
        ("POST", "/users", json!({ "first_name": "Alice", "dc": 9 }), "DC_ID_INVALID"),
        ("POST", "/users", json!("Alice"), "the body: invalid type"),
        ("POST", "/groups", json!({ "title": "G" }), "missing field `creator`"),
        ("PUT", "/faults", json!({ "typo": 1 }), "unknown field `typo`"),
        ("PUT", "/faults", fault("messages.sendMesage", 420, "FLOOD_WAIT_3"), "did you mean \"messages.sendMessage\"?"),
        ("PUT", "/faults", fault("massages.*", 420, "FLOOD_WAIT_3"), "there is no function \"massages.*\""),
        ("PUT", "/faults", fault("messages.*", 400, "FLOOD_WAIT_3"), "has the code [420], not 400"),
        ("PUT", "/faults", fault("messages.*", 400, "NOPE"), "Telegram has no error \"NOPE\""),
        ("PUT", "/faults", fault("messages.*", 420, "FLOOD_WAIT_X"), "wants a number where the X is"),
        ("PUT", "/faults", fault("messages.*", 420, "FLOOD_WAIT_99999999999999"), "is more than 2147483647"),
        ("PUT", "/faults", json!({ "link": { "drop": 1001 } }), "link.drop is a chance in a thousand, and 1001 is more"),
        ("PUT", "/faults", json!({ "link": { "drop": 600, "cut": 401 } }), "make 1001 of a thousand together"),
        ("PUT", "/faults", json!({ "updates": { "delay": 1001 } }), "updates.delay is a chance in a thousand"),
        ("PUT", "/faults", json!({ "rates": [{ "method": "*", "calls": 0, "per_ms": 0 }] }), "not 0 in 0"),
        ("PUT", "/faults", json!({ "rates": [{ "method": "*", "calls": 1, "per_ms": -1 }] }), "not 1 in -1"),
        ("PUT", "/faults", json!({ "errors": [{ "method": "*", "code": 420, "error": "FLOOD_WAIT_3", "group": 5 }] }), "CHAT_ID_INVALID"),
        (
            "POST",
            "/messages",
            json!({ "from": 1, "to": { "group": 1, "channel": 2 }, "text": "x" }),
            "a peer is an account, {\"group\": id}",
        ),
        ("POST", "/messages", json!({ "from": 1, "to": { "grop": 1 }, "text": "x" }), "and not {\"grop\":1}"),
        ("POST", "/bad_msg", json!({ "code": 99 }), "there is no code 99"),
    ] {
        let (status, answer) = ask(address, method, path, Some(body)).await;
        let told = answer["error"].as_str().unwrap_or_default();
        assert!(status == 400 && told.contains(expected), "{path}: {status} {answer}");
    }
    let (status, answer) = ask(address, "GET", "/digest", None).await;
    assert!(status == 400 && answer["error"].is_string(), "{answer}");
    ask(address, "POST", "/users", Some(json!({ "first_name": "Alice", "username": "alice" }))).await;
    for (place, expected) in [("channel", "CHANNEL_INVALID"), ("group", "CHAT_ID_INVALID")] {
        let answer = ask(address, "GET", &format!("/messages?account=alice&{place}=5"), None).await;
        assert_eq!(answer, (400, json!({ "error": expected })));
    }
    let (status, answer) = ask(address, "DELETE", "/users", None).await;
    assert_eq!((status, answer), (405, json!({ "error": "/users does not know DELETE" })));
}

#[tokio::test]
async fn faults_are_set_and_cleared() {
    let address = start().await;
    ask(address, "POST", "/users", Some(json!({ "first_name": "Alice", "username": "alice" }))).await;
    let script = json!({
        "errors": [{ "method": "messages.*", "user": "alice", "code": 420, "error": "FLOOD_WAIT_3", "times": 2 }],
        "rates": [{ "method": "*", "calls": 5, "per_ms": 1000 }],
        "updates": { "drop": 100 },
        "link": { "delay_ms": 5, "split": true },
        "seed": 7,
    });
    assert_eq!(ask(address, "PUT", "/faults", Some(script)).await, (200, json!({})));
    for (method, path, body) in [
        ("DELETE", "/faults", None),
        ("PUT", "/clock", Some(json!({ "ahead": 60 }))),
        ("POST", "/restart", None),
        ("POST", "/restart", Some(json!({ "lose_sessions": true }))),
        ("POST", "/salts", None),
        ("POST", "/bad_msg", Some(json!({ "code": 16 }))),
        ("POST", "/references", None),
    ] {
        assert_eq!(ask(address, method, path, body).await, (200, json!({})), "{method} {path}");
    }
}
