//! TCP, over real sockets.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use quadruplex_net::{Dial, TcpDialer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// An address at which nobody listens.
async fn nobody() -> SocketAddr {
    listener().await.1
}

#[tokio::test]
async fn the_first_address_that_answers_wins_and_only_it_is_spoken_to() {
    let dialer = TcpDialer { head_start: Duration::from_millis(1), patience: Duration::from_secs(10) };
    let (server, address) = listener().await;
    let mut stream = dialer.dial(&[nobody().await, address]).await.unwrap();
    stream.write_all(b"hello").await.unwrap();
    let (mut accepted, _) = server.accept().await.unwrap();
    let mut said = [0; 5];
    accepted.read_exact(&mut said).await.unwrap();
    assert_eq!(&said, b"hello");
}

#[tokio::test]
async fn a_preferred_address_that_answers_is_taken_though_another_would() {
    let dialer = TcpDialer { head_start: Duration::from_secs(3600), patience: Duration::from_secs(10) };
    let ((preferred, first), (other, second)) = (listener().await, listener().await);
    let stream = dialer.dial(&[first, second]).await.unwrap();
    preferred.accept().await.unwrap();
    drop(stream);
    let nobody_came = tokio::select! {
        biased;
        _ = other.accept() => false,
        () = tokio::task::yield_now() => true,
    };
    assert!(nobody_came, "the other address was dialled during the head start");
}

#[tokio::test]
async fn an_error_names_the_address() {
    let dialer = TcpDialer { head_start: Duration::ZERO, ..TcpDialer::default() };
    let address = nobody().await;
    let error = dialer.dial(&[address]).await.err().unwrap();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
    assert!(error.to_string().contains(&address.to_string()), "{error}");
    assert_eq!(dialer.dial(&[]).await.err().unwrap().kind(), io::ErrorKind::InvalidInput);
}
