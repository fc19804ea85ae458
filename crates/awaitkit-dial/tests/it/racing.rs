//! Happy eyeballs.

use std::io;
use std::time::Duration;

use awaitkit_dial::Dialer;
use awaitkit_dial::testing::{Fault, MemoryNet};
use tokio::time::Instant;

use crate::fixture::{address, contains, dialer, echo, talk, target};

const HEAD_START: Duration = Duration::from_millis(250);

#[tokio::test(start_paused = true)]
async fn the_preferred_address_has_a_head_start() {
    let net = MemoryNet::new();
    echo(&net, "[::1]:443");
    echo(&net, "1.0.0.1:443");
    let began = Instant::now();
    let addresses = [address("[::1]:443"), address("1.0.0.1:443")];
    talk(dialer(&net, "direct").dial_any(&addresses).await.unwrap().stream, "[::1]:443").await;
    assert_eq!(net.connected(), [address("[::1]:443")], "nobody else was dialled");
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn an_address_that_is_silent_costs_a_head_start_and_one_that_refuses_nothing() {
    let net = MemoryNet::new();
    net.name("host", &[address("[::1]:1").ip(), address("[::2]:1").ip(), address("1.0.0.1:1").ip(), address("1.0.0.2:1").ip()]);
    net.fault(address("[::1]:443"), Fault::Unreachable);
    echo(&net, "[::2]:443");
    let began = Instant::now();
    talk(dialer(&net, "direct").dial(&target("host:443")).await.unwrap().stream, "[::2]:443").await;
    // The families take turns: 1.0.0.1 refuses, and the next is dialled at once.
    assert_eq!(net.connected(), ["[::1]:443", "1.0.0.1:443", "[::2]:443"].map(address));
    assert_eq!(began.elapsed(), HEAD_START);
    assert_eq!(net.resolved(), ["host"]);
}

#[tokio::test(start_paused = true)]
async fn all_addresses_that_fail_are_named() {
    let net = MemoryNet::new();
    let error = dialer(&net, "direct").dial_any(&[address("1.0.0.1:1"), address("1.0.0.2:1")]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    contains(
        &error.to_string(),
        &["cannot reach 1.0.0.1:1 (or 1 others)", "direct (0.0 s)", "1.0.0.1:1: connection refused", "1.0.0.2:1: "],
    );
    let error = dialer(&net, "direct").dial_any(&[]).await.unwrap_err();
    contains(&error.to_string(), &["the server has no address"]);
    let error = dialer(&net, "direct").dial(&target("nowhere:1")).await.unwrap_err();
    contains(&error.to_string(), &["cannot reach nowhere:1", "no address for nowhere"]);
}

#[tokio::test]
async fn over_tcp() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    let dialer = Dialer::default();
    let dialled = dialer.dial(&target(&format!("localhost:{}", at.port()))).await.unwrap();
    listener.accept().await.unwrap();
    drop((dialled, listener));
    // Bound, so that nobody else gets the port, and not listening.
    let closed = tokio::net::TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let error = dialer.dial_any(&[closed.local_addr().unwrap()]).await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
}
