//! Proxies and WebSockets, over real sockets.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use serde_json::Value;

use crate::command::Place;

const KEY: &str = "000102030405060708090a0b0c0d0e0f";
const DOMAIN: &str = "7777772e6578616d706c652e6f7267";

/// A sandbox with a proxy, killed when the test is over.
struct Running(Child);

impl Running {
    fn start(place: &Place, secret: &str) -> (Self, String) {
        let words = ["sandbox", "--dcs", "2", "--mtproxy", secret];
        let mut child = place.command().args(words).stdout(Stdio::piped()).spawn().expect("it can be started");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line).expect("it says when it is ready");
        let ready: Value = serde_json::from_str(&line).expect("one line of JSON");
        (Self(child), ready["mtproxy"].as_str().expect("the link of the proxy").to_owned())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn every_way_leads_to_the_sandbox() {
    let place = Place::new("proxies");
    let disguised = format!("ee{KEY}{DOMAIN}");
    let (_running, link) = Running::start(&place, &disguised);
    assert!(link.starts_with("tg://proxy?server=127.0.0.1&port=") && link.ends_with(&disguised), "{link}");
    place.run(["send", "me", "through the proxy", "--sandbox", "--proxy", &link]).done();
    place.run(["send", "me", "by WebSocket", "--sandbox", "--websocket"]).done();
    let nobody = "socks5://127.0.0.1:1";
    place.run(["send", "me", "without", "--sandbox", "--proxy", nobody, "--proxy-order", "proxy-first"]).done();
    place.run(["send", "me", "never", "--sandbox", "--proxy", nobody, "--proxy-order", "never"]).done();
    place.run(["send", "me", "the second", "--sandbox", "--proxy", nobody, "--proxy", &link]).done();

    let wrong = link.replace(KEY, &KEY.replace("0f", "0e"));
    let ended = place.run(["send", "me", "hi", "--sandbox", "--proxy", &wrong, "--timeout", "500ms"]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    assert!(ended.err.contains("it may know another secret, or another time"), "{}", ended.err);
    assert!(!ended.err.contains("0e"), "the secret is shown: {}", ended.err);
    let ended = place.run(["send", "me", "hi", "--sandbox", "--proxy", nobody, "--timeout", "500ms"]);
    assert!(ended.err.contains("cannot reach socks5://127.0.0.1:1: 127.0.0.1:1: Connection refused"), "{}", ended.err);
}

#[test]
fn what_is_no_link_is_said_before_anything_is_dialled() {
    let place = Place::new("no-links");
    let check = |words: &[&str], expect: &str| {
        let ended = place.run(words);
        assert_eq!(ended.code, Some(2), "{}", ended.err);
        assert!(ended.err.contains(expect), "{}", ended.err);
    };
    check(&["send", "me", "hi", "--proxy", "ftp://a"], "only socks5, socks5h and http proxies are known");
    check(&["send", "me", "hi", "--proxy", "tg://proxy?server=a&port=1"], "the secret is missing");
    check(&["send", "me", "hi", "--proxy", "http://a", "--proxy-order", "last"], "direct-first, proxy-first, only or never");
    check(&["sandbox", "--mtproxy", "xyz"], "neither hexadecimal nor base64");
}
