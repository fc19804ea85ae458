//! A network in memory with a server that answers, and proxies.

use std::net::SocketAddr;

use awaitkit_dial::testing::{MemoryNet, serve_http_proxy, serve_socks5};
use awaitkit_dial::{BoxStream, Credentials, Dialer, Target};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};

pub(crate) fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(crate) fn target(text: &str) -> Target {
    text.parse().unwrap()
}

pub(crate) fn dialer(net: &MemoryNet, policy: &str) -> Dialer {
    Dialer::over(net.network(), policy.parse().unwrap())
}

/// A server that says its name and then repeats what it is told.
pub(crate) fn echo(net: &MemoryNet, at: &str) {
    let name = at.to_owned();
    net.serve(address(at), move |mut stream: DuplexStream| {
        let name = name.clone();
        async move {
            let _ = stream.write_all(name.as_bytes()).await;
            let (mut read, mut write) = tokio::io::split(stream);
            let _ = tokio::io::copy(&mut read, &mut write).await;
        }
    });
}

/// Talks with such a server.
pub(crate) async fn talk(mut stream: BoxStream, at: &str) {
    let mut said = vec![0; at.len()];
    stream.read_exact(&mut said).await.unwrap();
    assert_eq!(said, at.as_bytes());
    stream.write_all(b"hello").await.unwrap();
    let mut answer = [0; 5];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"hello");
}

pub(crate) fn me(password: &str) -> Credentials {
    Credentials { user: "me".to_owned(), password: password.to_owned() }
}

pub(crate) fn socks5(net: &MemoryNet, at: &str, credentials: Option<Credentials>) {
    let network = net.network();
    net.serve(address(at), move |stream| {
        let (network, credentials) = (network.clone(), credentials.clone());
        async move { drop(serve_socks5(stream, credentials.as_ref(), &network).await) }
    });
}

pub(crate) fn http(net: &MemoryNet, at: &str, credentials: Option<Credentials>) {
    let network = net.network();
    net.serve(address(at), move |stream| {
        let (network, credentials) = (network.clone(), credentials.clone());
        async move { drop(serve_http_proxy(stream, credentials.as_ref(), &network).await) }
    });
}

/// Everything that an error says.
pub(crate) async fn error(dialer: &Dialer, to: &str) -> String {
    dialer.dial(&target(to)).await.unwrap_err().to_string()
}

#[track_caller]
pub(crate) fn contains(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in {text:?}");
    }
}
