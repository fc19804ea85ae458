//! Packets as requests of HTTP.

use std::net::SocketAddr;
use std::time::Duration;

use awaitkit_dial::testing::{Fault, MemoryNet};
use bytes::BytesMut;
use proptest::prelude::*;
use quadruplex_mtproto::framing::{ClientFramer, Frame, Transport};
use quadruplex_net::http::{Asked, HttpError, Told, read_answer, read_request, write_answer, write_request};
use quadruplex_net::{Carrier, Dial, Dialer, Environment, Policy, Random, Server, Stream, Way};
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::{Instant, timeout};

const AT: &str = "10.0.0.1:80";

fn address() -> SocketAddr {
    AT.parse().unwrap()
}

#[test]
fn requests_that_can_be_read() {
    let check = |text: &str, path: &str, body: &[u8], keeps: bool| {
        let whole = [text.as_bytes(), body].concat();
        for cut in 0..whole.len() {
            assert_eq!(read_request(&mut BytesMut::from(&whole[..cut]), 100), Ok(None), "{text:?} cut at {cut}");
        }
        let mut input = BytesMut::from(&[&whole[..], b"next"].concat()[..]);
        let asked = Asked { method: "POST".to_owned(), path: path.to_owned(), body: body.into(), keeps };
        assert_eq!(read_request(&mut input, 100), Ok(Some(asked)), "{text:?}");
        assert_eq!(input, &b"next"[..]);
    };
    check("POST /api HTTP/1.1\r\nHost: \r\nContent-Length: 4\r\n\r\n", "/api", b"abcd", true);
    check("POST /api HTTP/1.1\r\ncontent-length:4\r\nconnection: close\r\n\r\n", "/api", b"abcd", false);
    check("POST /api HTTP/1.0\r\nContent-Length: 4\r\n\r\n", "/api", b"abcd", false);
    check("POST /api HTTP/1.0\r\nConnection: Keep-Alive\r\nContent-Length: 4\r\n\r\n", "/api", b"abcd", true);
    check("POST http://1.2.3.4:80/api?x=1 HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "/api", b"", true);
    check("POST http://1.2.3.4 HTTP/1.1\r\n\r\n", "/", b"", true);
    let mut written = Vec::new();
    write_request("1.2.3.4:80", 4, &mut written);
    check(std::str::from_utf8(&written).unwrap(), "/api", b"abcd", true);
}

#[test]
fn answers_that_can_be_read() {
    let check = |text: &str, status: u16, body: &[u8], keeps: bool| {
        let whole = [text.as_bytes(), body].concat();
        for cut in 0..whole.len() {
            assert_eq!(read_answer(&mut BytesMut::from(&whole[..cut]), 100), Ok(None), "{text:?} cut at {cut}");
        }
        assert_eq!(read_answer(&mut BytesMut::from(&whole[..]), 100), Ok(Some(Told { status, body: body.into(), keeps })), "{text:?}");
    };
    check("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", 200, b"abcd", true);
    check("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", 404, b"", false);
    check("HTTP/1.0 200 OK\r\nContent-Length: 4\r\n\r\n", 200, b"abcd", false);
    check("HTTP/1.1 204 No Content\r\n\r\n", 204, b"", true);
    check("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n", 200, b"abcd", true);
    for keeps in [true, false] {
        let mut written = Vec::new();
        write_answer(200, 4, keeps, &mut written);
        check(std::str::from_utf8(&written).unwrap(), 200, b"abcd", keeps);
    }
}

#[test]
fn what_is_no_http_is_refused() {
    let check = |rest: &str, expect: HttpError| {
        let (request, answer) = (format!("POST /api HTTP/1.1\r\n{rest}"), format!("HTTP/1.1 200 OK\r\n{rest}"));
        assert_eq!(read_request(&mut BytesMut::from(request.as_bytes()), 100), Err(expect), "{rest}");
        assert_eq!(read_answer(&mut BytesMut::from(answer.as_bytes()), 100), Err(expect), "{rest}");
    };
    check("Content-Length: 101\r\n\r\n", HttpError::TooLong);
    check("Content-Length: 99999999999999999999999\r\n\r\n", HttpError::TooLong);
    check("Content-Length: -1\r\n\r\n", HttpError::NoLength);
    check("Content-Length: \r\n\r\n", HttpError::NoLength);
    check("Transfer-Encoding: chunked\r\n\r\n", HttpError::NoLength);
    check("\0: x\r\n\r\n", HttpError::NotHttp);
    check(&format!("X: {}", "x".repeat(20_000)), HttpError::EndlessHead);
    check(&"X: y\r\n".repeat(100), HttpError::NotHttp);
    assert_eq!(read_answer(&mut BytesMut::from("HTTP/1.1 200 OK\r\n\r\n"), 100), Err(HttpError::NoLength));
    assert_eq!(read_answer(&mut BytesMut::from("SSH-2.0-x\r\n"), 100), Err(HttpError::NotHttp));
}

proptest! {
    #[test]
    fn no_bytes_are_too_strange(bytes: Vec<u8>, head in 0_usize..3) {
        let head: &[u8] = [&b""[..], b"POST /api HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"][head];
        drop(read_request(&mut BytesMut::from(&[head, &bytes].concat()[..]), 100));
        drop(read_answer(&mut BytesMut::from(&[head, &bytes].concat()[..]), 100));
    }
}

/// The link's end.
struct Link {
    stream: Box<dyn Stream>,
    framer: ClientFramer,
    input: BytesMut,
}

impl Link {
    async fn dial(net: &MemoryNet) -> Self {
        let dialer = Dialer::new(Policy::default(), net.network(), Environment::simulated(Duration::ZERO, 1)).carrier(Carrier::Http);
        // Port 443 is not where HTTP is spoken.
        let addresses = [SocketAddr::new(address().ip(), 443)];
        let dialed = dialer.dial(Server { dc: 2, addresses: &addresses }).await.unwrap();
        assert_eq!(dialed.way, Way::Requests);
        Self { stream: dialed.stream, framer: ClientFramer::new(Transport::Intermediate), input: BytesMut::new() }
    }

    async fn send(&mut self, packet: &[u8]) {
        let mut out = Vec::new();
        let frame = self.framer.begin(&mut out);
        out.extend_from_slice(packet);
        self.framer.finish(frame, &mut out, &mut Random::from_seed([0; 32])).unwrap();
        self.stream.write_all(&out).await.unwrap();
    }

    async fn next(&mut self) -> std::io::Result<Option<Frame>> {
        loop {
            if let Some(frame) = self.framer.next(&mut self.input).unwrap() {
                return Ok(Some(frame));
            }
            if self.stream.read_buf(&mut self.input).await? == 0 {
                return Ok(None);
            }
        }
    }
}

fn packet(number: u8) -> Vec<u8> {
    vec![number; 40]
}

/// What a server says to a request: a status and a body, or nothing and closes.
type Answer = Option<(u16, Vec<u8>)>;
/// A request that waits for its answer.
type Waiting = (u8, tokio::sync::oneshot::Sender<Answer>);

/// A server that hands each request to the test: the first byte of its packet, and how it is answered.
fn server(net: &MemoryNet) -> mpsc::UnboundedReceiver<Waiting> {
    let (tell, told) = mpsc::unbounded_channel();
    net.serve(address(), move |mut stream: DuplexStream| {
        let tell = tell.clone();
        async move {
            let mut input = BytesMut::new();
            loop {
                while let Some(asked) = read_request(&mut input, 1000).unwrap() {
                    let (answer, answered) = tokio::sync::oneshot::channel::<Answer>();
                    assert_eq!(asked.path, "/api");
                    tell.send((asked.body[0], answer)).unwrap();
                    let Ok(Some((status, body))) = answered.await else { return };
                    let mut out = Vec::new();
                    write_answer(status, body.len(), true, &mut out);
                    out.extend_from_slice(&body);
                    stream.write_all(&out).await.unwrap();
                }
                if stream.read_buf(&mut input).await.unwrap_or(0) == 0 {
                    return;
                }
            }
        }
    });
    told
}

async fn asked(requests: &mut mpsc::UnboundedReceiver<Waiting>) -> Waiting {
    timeout(Duration::from_secs(1), requests.recv()).await.expect("a request comes").unwrap()
}

#[tokio::test(start_paused = true)]
async fn two_requests_are_out_at_the_most() {
    let net = MemoryNet::new();
    let mut requests = server(&net);
    let mut link = Link::dial(&net).await;
    for number in [1, 2, 3] {
        link.send(&packet(number)).await;
    }
    let (first, answer_first) = asked(&mut requests).await;
    let (second, answer_second) = asked(&mut requests).await;
    assert_eq!((first, second), (1, 2));
    assert!(timeout(Duration::from_secs(1), requests.recv()).await.is_err(), "the third waits");
    // The one that came later may be answered earlier.
    answer_second.send(Some((200, packet(12)))).unwrap();
    assert_eq!(link.next().await.unwrap(), Some(Frame::Packet(packet(12)[..].into())));
    let (third, answer_third) = asked(&mut requests).await;
    assert_eq!(third, 3);
    answer_third.send(Some((200, Vec::new()))).unwrap();
    assert_eq!(link.next().await.unwrap(), Some(Frame::Nothing));
    answer_first.send(Some((404, vec![1, 2, 3, 4]))).unwrap();
    assert_eq!(link.next().await.unwrap(), Some(Frame::TransportError(-404)));
    assert_eq!(net.connected(), [address(); 2], "connections are kept");
}

#[tokio::test(start_paused = true)]
async fn a_connection_that_the_server_has_closed_is_replaced() {
    let net = MemoryNet::new();
    let mut requests = server(&net);
    let mut link = Link::dial(&net).await;
    link.send(&packet(1)).await;
    asked(&mut requests).await.1.send(Some((200, packet(11)))).unwrap();
    assert_eq!(link.next().await.unwrap(), Some(Frame::Packet(packet(11)[..].into())));
    link.send(&packet(2)).await;
    asked(&mut requests).await.1.send(None).unwrap();
    let (again, answer) = asked(&mut requests).await;
    assert_eq!((again, net.connected().len()), (2, 2), "the same packet over another connection");
    answer.send(Some((200, packet(12)))).unwrap();
    assert_eq!(link.next().await.unwrap(), Some(Frame::Packet(packet(12)[..].into())));
    // On a new connection it is no accident.
    link.send(&packet(3)).await;
    link.send(&packet(4)).await;
    asked(&mut requests).await;
    drop(asked(&mut requests).await);
    while let Ok((_, answer)) = timeout(Duration::from_secs(1), requests.recv()).await.map(Option::unwrap) {
        drop(answer);
    }
    let error = link.next().await.unwrap_err().to_string();
    assert!(error.contains("closed the connection instead of answering a request"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_fails_is_told_to_the_link() {
    let check = async |answer: Answer, expect: &str, after: u64| {
        let net = MemoryNet::new();
        let mut requests = server(&net);
        let mut link = Link::dial(&net).await;
        let began = Instant::now();
        link.send(&packet(1)).await;
        let waiting = asked(&mut requests).await;
        let kept = match answer {
            None => Some(waiting),
            answer => waiting.1.send(answer).map(|()| None).unwrap(),
        };
        let error = link.next().await.unwrap_err().to_string();
        assert!(error.contains(expect), "{error}");
        assert_eq!(began.elapsed().as_secs(), after, "{expect}");
        drop(kept);
    };
    check(Some((502, Vec::new())), "HTTP: the server answers 502", 0).await;
    check(Some((302, Vec::new())), "HTTP: the server answers 302", 0).await;
    check(None, "HTTP: a request has had no answer for 40s", 40).await;
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_dropped_takes_its_requests_along() {
    let net = MemoryNet::new();
    let mut requests = server(&net);
    let mut link = Link::dial(&net).await;
    link.send(&packet(1)).await;
    let (_, answer) = asked(&mut requests).await;
    drop(link);
    // The other end of the connection is gone once the task is.
    tokio::task::yield_now().await;
    drop(answer);
    net.fault(address(), Fault::Refused);
    assert!(timeout(Duration::from_secs(60), requests.recv()).await.is_err(), "nothing is asked any more");
    assert_eq!(net.connected().len(), 1);
}
