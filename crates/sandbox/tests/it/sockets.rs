//! The server at its socket: what a client meets before it has a session.

use std::time::Duration;

use quadruplex_net::Server;
use quadruplex_sandbox::{NewUser, Sandbox};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The longest packet that is read: 1,044,404 bytes of payload and what is around it.
const LONGEST: usize = 1_044_404 + 1024;

async fn listening() -> Sandbox {
    Sandbox::builder().listen("127.0.0.1:0".parse().unwrap()).start().await.unwrap()
}

/// Sends one packet over the intermediate transport, and returns everything that comes until the server closes.
async fn told(sandbox: &Sandbox, packet: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(sandbox.addresses()[0].1).await.unwrap();
    let header = [[0xee; 4], (packet.len() as u32).to_le_bytes()].concat();
    // The server may close before it has read everything.
    let _ = stream.write_all(&[&header, packet].concat()).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    answer
}

fn transport_error(code: i32) -> Vec<u8> {
    [4_u32.to_le_bytes(), code.to_le_bytes()].concat()
}

#[tokio::test]
async fn an_unknown_key_is_refused_and_the_link_closed() {
    let sandbox = listening().await;
    assert_eq!(told(&sandbox, &[9; 96]).await, transport_error(-404));
    assert_eq!(told(&sandbox, &[9; 4]).await, transport_error(-404), "too short for the id of a key");
}

#[tokio::test]
async fn a_plain_message_that_is_no_key_exchange_is_refused() {
    let sandbox = listening().await;
    assert_eq!(told(&sandbox, &[0; 96]).await, transport_error(-404));
}

#[tokio::test]
async fn a_packet_that_is_too_long_closes_the_link_without_a_word() {
    let sandbox = listening().await;
    assert_eq!(told(&sandbox, &vec![9; LONGEST / 4 * 4]).await, transport_error(-404), "the longest is read");
    assert_eq!(told(&sandbox, &vec![9; LONGEST / 4 * 4 + 4]).await, b"");
}

#[tokio::test]
async fn bytes_that_are_no_transport_close_the_link() {
    let sandbox = listening().await;
    for hello in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 0x03, 0x01, 0x02, 0, 1, 0, 1]] {
        let mut stream = TcpStream::connect(sandbox.addresses()[0].1).await.unwrap();
        stream.write_all(hello).await.unwrap();
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer).await;
        assert_eq!(answer, b"");
    }
}

/// On one thread: no task of the sandbox before has ended when the next one starts.
#[tokio::test]
async fn the_next_one_may_have_its_file_at_once() {
    let place = tempfile::tempdir().unwrap();
    let start = || Sandbox::builder().dcs(2).state(place.path().join("state")).start();
    let sandbox = start().await.unwrap();
    let stream = sandbox.dialer().dial(Server { dc: 1, addresses: &[sandbox.addresses()[0].1] }).await.unwrap();
    let new = NewUser { first_name: "Alice".into(), username: Some("alice".into()), ..NewUser::default() };
    let alice = sandbox.create_user(new).unwrap();
    let taken = start().await.unwrap_err().to_string();
    assert!(taken.contains("another sandbox is using it"), "{taken}");
    drop(sandbox);
    let next = start().await.unwrap();
    assert_eq!(next.world().find_user("alice"), Some(alice));
    drop((stream, next));
}

#[tokio::test]
async fn the_last_handle_stops_it_whoever_is_connected() {
    let sandbox = listening().await;
    let address = sandbox.addresses()[0].1;
    let dialer = sandbox.dialer();
    let mut stream = TcpStream::connect(address).await.unwrap();
    let other = sandbox.clone();
    drop(sandbox);
    stream.write_all(&[0xee; 4]).await.unwrap();
    assert!(dialer.dial(Server { dc: 1, addresses: &[address] }).await.is_ok(), "one handle is left");
    drop(other);
    let mut rest = Vec::new();
    // A reset is an end too: the server did not read what came last.
    let _ = tokio::time::timeout(Duration::from_secs(10), stream.read_to_end(&mut rest)).await.expect("the link is closed");
    assert_eq!(rest, b"");
    assert!(dialer.dial(Server { dc: 1, addresses: &[address] }).await.is_err(), "the dialler does not keep it alive");
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn ports_end_at_65535() {
    let first = "127.0.0.1:65534".parse().unwrap();
    let error = Sandbox::builder().dcs(3).listen(first).start().await.map(drop).unwrap_err();
    assert_eq!(error.to_string(), "cannot listen at 3 ports in a row from 127.0.0.1:65534 on: the last port there is, is 65535");
}
