//! Proxies, WebSockets and HTTP, over real sockets.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use awaitkit_dial::testing::{Resolver, serve_socks5};
use quadruplex::net::Network;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

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
    place.run(["send", "me", "over HTTP", "--sandbox", "--http"]).done();
    let nobody = "socks5://127.0.0.1:1";
    place.run(["send", "me", "without", "--sandbox", "--proxy", nobody, "--proxy-order", "proxy-first"]).done();
    place.run(["send", "me", "never", "--sandbox", "--proxy", nobody, "--proxy-order", "never"]).done();
    place.run(["send", "me", "the second", "--sandbox", "--proxy", nobody, "--proxy", &link]).done();

    let wrong = link.replace(KEY, &KEY.replace("0f", "0e"));
    let ended = place.run(["send", "me", "hi", "--sandbox", "--proxy", &wrong, "--timeout", "3s"]);
    assert_eq!(ended.code, Some(5), "{}", ended.err);
    assert!(ended.err.contains("it may know another secret, or another time"), "{}", ended.err);
    assert!(!ended.err.contains("0e"), "the secret is shown: {}", ended.err);
    let ended = place.run(["send", "me", "hi", "--sandbox", "--proxy", nobody, "--timeout", "3s"]);
    assert!(ended.err.contains("cannot reach socks5://127.0.0.1:1: 127.0.0.1:1: Connection refused"), "{}", ended.err);
}

#[test]
fn the_name_of_a_proxy_is_asked_of_a_resolver_of_ones_own() {
    let place = Place::new("doh");
    let (_running, _) = Running::start(&place, KEY);
    // Who knows this machine by every name, and a proxy on it.
    let resolver = Resolver::knowing("dns.example", [127, 0, 0, 1], 60).expect("a certificate can be made");
    let runtime = Runtime::new().expect("there are threads");
    let listen = || runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port is free");
    let (of_names, of_proxy) = (listen(), listen());
    let at = |listener: &TcpListener| listener.local_addr().expect("it listens");
    let (names, port) = (at(&of_names), at(&of_proxy).port());
    let served = resolver.clone();
    runtime.spawn(async move {
        while let Ok((stream, _)) = of_names.accept().await {
            let resolver = served.clone();
            tokio::spawn(async move { drop(resolver.serve(stream).await) });
        }
    });
    runtime.spawn(async move {
        while let Ok((stream, _)) = of_proxy.accept().await {
            tokio::spawn(async move { drop(serve_socks5(stream, None, &Network::default()).await) });
        }
    });
    std::fs::write(place.path().join("dns.pem"), resolver.pem()).expect("the place can be written to");
    let (proxy, server) = (format!("socks5://proxy.example:{port}"), format!("dns.example@{names}"));
    let doh = ["--doh", "--doh-server", &server, "--doh-certificate", "dns.pem"];
    place.run([&["send", "me", "by name", "--sandbox", "--proxy", &proxy][..], &doh].concat()).done();
    assert_eq!(resolver.asked(), 2, "once for each kind of addresses");

    let check = |words: &[&str], expect: &str| {
        let ended = place.run([&["send", "me", "hi", "--sandbox"][..], words].concat());
        assert!(ended.code == Some(2) && ended.err.contains(expect), "{}", ended.err);
    };
    check(&["--doh", "--doh-server", "dns.example"], "a resolver is written dns.example@192.0.2.1:443");
    check(&["--doh-server", "dns.example@127.0.0.1"], "--doh");
    check(&["--doh", "--doh-server", &server, "--doh-certificate", "none.pem"], "--doh-certificate none.pem: No such file");
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
