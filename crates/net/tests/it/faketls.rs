//! The stream that passes for TLS, both ends, over pipes of any width.

use bytes::BytesMut;
use quadruplex_net::{FakeTls, Random};
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

const SECRET: [u8; 16] = [7; 16];
const NOW: u32 = 1_800_000_000;

#[tokio::test]
async fn bytes_go_both_ways_over_any_pipe() {
    for width in [1, 7, 1000, 1 << 20] {
        let (near, far) = duplex(width);
        let server = tokio::spawn(async move {
            let random = &mut Random::seed_from_u64(2);
            let (mut stream, _) = FakeTls::accept(far, BytesMut::new(), &SECRET, "example.org", NOW, random).await.unwrap();
            let mut said = vec![0; 10_000];
            stream.read_exact(&mut said).await.unwrap();
            // Nobody flushes: reading sends on what is left.
            stream.write_all(&said).await.unwrap();
            stream.write_all(&said).await.unwrap();
            assert_eq!(stream.read(&mut [0; 8]).await.unwrap(), 0, "the client closes");
        });
        let mut stream = FakeTls::connect(near, &SECRET, "example.org", NOW, &mut Random::seed_from_u64(1)).await.unwrap();
        let words: Vec<u8> = (0..10_000_u32).map(|at| at as u8).collect();
        stream.write_all(&words).await.unwrap();
        let mut answer = vec![0; 20_000];
        stream.read_exact(&mut answer).await.unwrap();
        assert!(answer == [&words[..], &words].concat(), "{width}");
        drop(stream);
        server.await.unwrap();
    }
}

#[tokio::test]
async fn handshakes_that_fail_say_why() {
    let fails = async |answer: &'static [u8], expect: &str| {
        let (near, mut far) = duplex(1 << 16);
        far.write_all(answer).await.unwrap();
        let server = tokio::spawn(async move {
            let mut hello = vec![0; 4096];
            let _ = far.read(&mut hello).await;
        });
        let error = FakeTls::connect(near, &SECRET, "example.org", NOW, &mut Random::seed_from_u64(1)).await.unwrap_err().to_string();
        server.await.unwrap();
        assert!(error.contains(expect), "{error}");
    };
    fails(b"", "closed the connection during the handshake: it may know another secret, or another time").await;
    fails(b"\x15\x03\x03\x00\x02\x02\x28", "refused with TLS alert 40: perhaps the server is no proxy").await;
    fails(b"HTTP/1.1 400 Bad Request\r\n\r\n", "no TLS record: it begins with [48, 54, 54]").await;
    fails(b"\x16\x03\x03\x00\x01\x02\x14\x03\x03\x00\x01\x01\x17\x03\x03\x00\x40", "closed the connection during the handshake").await;
}

#[tokio::test]
async fn a_client_with_another_secret_is_refused() {
    let (near, far) = duplex(1 << 16);
    let client = tokio::spawn(async move {
        let connected = FakeTls::connect(near, &[8; 16], "example.org", NOW, &mut Random::seed_from_u64(1)).await;
        connected.unwrap_err().to_string()
    });
    let accepted = FakeTls::accept(far, BytesMut::new(), &SECRET, "example.org", NOW, &mut Random::seed_from_u64(2)).await;
    assert!(accepted.unwrap_err().to_string().contains("was not made with this secret"));
    assert!(client.await.unwrap().contains("it may know another secret"));
}
