//! Proxies that others wrote: `microsocks` and `tinyproxy`, where the environment says where they are (see `.ci/servers`).

use std::io::Write;
use std::net::SocketAddr;

use awaitkit_dial::{Chain, Dialer, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use crate::fixture::contains;

/// The proxy that a variable names; `None`, and a line that says so, where it names none.
fn proxy(variable: &str) -> Option<Chain> {
    match std::env::var(variable) {
        Ok(link) => Some(link.parse().unwrap_or_else(|error| panic!("{variable}: {error}"))),
        Err(_) => {
            // Unlike eprintln, this is seen also when the test passes.
            let _ = writeln!(std::io::stderr(), "skipped: no real proxy, since {variable} names none; `.ci/servers` starts one");
            None
        }
    }
}

/// A server that repeats what it is told.
async fn echo() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                let _ = tokio::io::copy(&mut read, &mut write).await;
            });
        }
    });
    address
}

fn dialer(link: &str) -> Dialer {
    Dialer::new(link.parse().unwrap())
}

/// What goes right, and what goes wrong, through a proxy that wants a password.
async fn check(chain: &Chain, refused: &str) {
    let server = echo().await;
    let by_name = Target::new("localhost", server.port()).unwrap();
    for target in [Target::from(server), by_name] {
        let mut stream = dialer(&chain.to_link()).dial(&target).await.unwrap().stream;
        let said = vec![7; 300_000];
        let (mut read, mut write) = tokio::io::split(&mut stream);
        let mut heard = vec![0; said.len()];
        let (wrote, read) = tokio::join!(write.write_all(&said), read.read_exact(&mut heard));
        wrote.and(read.map(drop)).unwrap();
        assert!(heard == said, "{target}");
    }
    // Bound, so that nobody else gets the port, and not listening.
    let closed = TcpSocket::new_v4().unwrap();
    closed.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nobody = closed.local_addr().unwrap();
    let error = dialer(&chain.to_link()).dial(&nobody.into()).await.unwrap_err().to_string();
    contains(&error, &[&format!("through {chain}: the proxy "), &nobody.to_string(), refused]);

    let last = chain.hops().last().unwrap().clone();
    let mut stranger = last.clone();
    stranger.credentials.as_mut().unwrap().password = "wrong".to_owned();
    let error = dialer(&Chain::new(stranger).to_link()).dial(&server.into()).await.unwrap_err().to_string();
    contains(&error, &["the proxy refuses this user and password"]);
    let mut nameless = last;
    nameless.credentials = None;
    let error = dialer(&Chain::new(nameless).to_link()).dial(&server.into()).await.unwrap_err().to_string();
    contains(&error, &["password"]);
}

#[tokio::test]
async fn microsocks() {
    if let Some(chain) = proxy("QUADRUPLEX_TEST_SOCKS5") {
        check(&chain, "(reply 5)").await;
    }
}

#[tokio::test]
async fn tinyproxy() {
    if let Some(chain) = proxy("QUADRUPLEX_TEST_HTTP_PROXY") {
        check(&chain, "500 Unable to connect").await;
    }
}

#[tokio::test]
async fn one_through_the_other() {
    let (Some(socks), Some(http)) = (proxy("QUADRUPLEX_TEST_SOCKS5"), proxy("QUADRUPLEX_TEST_HTTP_PROXY")) else { return };
    let server = echo().await;
    for [first, second] in [[&socks, &http], [&http, &socks]] {
        let mut stream = dialer(&format!("{}+{}", first.to_link(), second.to_link())).dial(&server.into()).await.unwrap().stream;
        stream.write_all(b"hello").await.unwrap();
        let mut heard = [0; 5];
        stream.read_exact(&mut heard).await.unwrap();
        assert_eq!(&heard, b"hello");
        let error = dialer(&format!("{}+{}", first.to_link(), "socks5://127.0.0.1:1")).dial(&server.into()).await.unwrap_err();
        contains(&error.to_string(), &["cannot reach socks5://127.0.0.1:1: through "]);
    }
}
