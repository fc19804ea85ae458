//! MTProto proxies that fail only after the TCP connection stands.

use std::net::SocketAddr;
use std::time::Duration;

use awaitkit_dial::testing::MemoryNet;
use quadruplex_net::{Dial, Dialer, Environment, Policy, Server};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::advance;

use crate::fixture::WALL;

const DEAD: ([u8; 4], u16) = ([10, 0, 0, 1], 443);
const GOOD: ([u8; 4], u16) = ([10, 0, 0, 2], 443);

#[tokio::test(start_paused = true)]
async fn one_that_takes_connections_and_nothing_more_is_left_for_the_next() {
    let net = MemoryNet::new();
    net.serve(DEAD.into(), |mut stream: DuplexStream| async move {
        let _ = stream.read(&mut [0; 64]).await;
    });
    net.serve(GOOD.into(), |mut stream: DuplexStream| async move {
        let mut said = [0; 64];
        while stream.read_exact(&mut said).await.is_ok() && stream.write_all(&said).await.is_ok() {}
    });
    let [dead, good] = [1, 2].map(|host| format!("tg://proxy?server=10.0.0.{host}&port=443&secret=000102030405060708090a0b0c0d0e0f"));
    let policy: Policy = format!("{dead}, then {good}").parse().unwrap();
    let dialer = Dialer::new(policy, net.network(), Environment::simulated(WALL, 1));
    let server = [SocketAddr::from(([149, 154, 167, 51], 443))];
    let try_once = async || {
        let mut stream = dialer.dial(Server { dc: 2, addresses: &server }).await.unwrap().stream;
        stream.write_all(&[1; 64]).await.unwrap();
        stream.read_exact(&mut [0; 64]).await.is_ok()
    };
    let mut tries = 1;
    while !try_once().await {
        // As long as a connection waits after a few failures: longer than a proxy is held back after the first.
        advance(Duration::from_secs(3)).await;
        tries += 1;
        assert!(tries < 10, "only {:?} are tried", net.connected());
    }
    assert_eq!(tries, 3, "{:?}", net.connected());
    assert_eq!(dialer.standings().iter().map(|standing| standing.failures).collect::<Vec<_>>(), [2, 0]);
}
