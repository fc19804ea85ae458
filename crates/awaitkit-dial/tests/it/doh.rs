//! DNS over HTTPS: resolvers in memory with certificates of the test's own, under virtual time.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use awaitkit_dial::testing::{Fault, MemoryNet};
use awaitkit_dial::{Dialer, Doh, DohServer, Policy, Resolve, Tls};
use bytes::Bytes;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::DuplexStream;
use tokio::time::{Instant, advance};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer};

use crate::fixture::{address, contains};

const ONE: &str = "9.0.0.1:443";
const TWO: &str = "9.0.0.2:443";

/// How a resolver answers a question.
type Answer = fn(&[u8]) -> http::Response<Vec<u8>>;

fn dns(message: Vec<u8>) -> http::Response<Vec<u8>> {
    http::Response::builder().header("content-type", "application/dns-message").body(message).unwrap()
}

/// What is asked with a header of an answer and a record behind it, if that kind is asked for.
fn with_record(question: &[u8], ttl: u8, v4: [u8; 4]) -> Vec<u8> {
    let mut message = question.to_vec();
    (message[2], message[3]) = (0x81, 0x80);
    if question[question.len() - 3] == 1 {
        message[7] = 1;
        message.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, ttl, 0, 4]);
        message.extend(v4);
    }
    message
}

fn good(question: &[u8]) -> http::Response<Vec<u8>> {
    dns(with_record(question, 60, [1, 2, 3, 4]))
}

/// A resolver at an address, with a certificate for a name. Returns the certificate, and counts what it was asked.
fn resolver(net: &MemoryNet, at: &str, name: &str, answer: Answer) -> (CertificateDer<'static>, Arc<AtomicUsize>) {
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![name.to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate.clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    net.serve(address(at), move |stream: DuplexStream| {
        let (acceptor, count) = (acceptor.clone(), count.clone());
        async move {
            let Ok(stream) = acceptor.accept(stream).await else { return };
            let Ok(mut connection) = h2::server::handshake(stream).await else { return };
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let count = count.clone();
                tokio::spawn(async move {
                    assert_eq!((request.method().as_str(), request.uri().path()), ("POST", "/dns-query"));
                    let mut body = request.into_body();
                    let mut question = Vec::new();
                    while let Some(Ok(chunk)) = body.data().await {
                        question.extend_from_slice(&chunk);
                    }
                    count.fetch_add(1, Ordering::Relaxed);
                    let (head, body) = answer(&question).into_parts();
                    if let Ok(mut stream) = respond.send_response(http::Response::from_parts(head, ()), false) {
                        let _ = stream.send_data(Bytes::from(body), true);
                    }
                });
            }
        }
    });
    (certificate, asked)
}

fn doh(net: &MemoryNet, trusted: &[CertificateDer<'static>]) -> Doh {
    let dialer = Dialer::over(net.network(), Policy::default());
    let server = |name, at: &str| DohServer::new(name, [address(at).ip()]);
    Doh::new(dialer)
        .tls(Tls::trusting(trusted.iter().cloned()).unwrap())
        .servers([server("one.example", ONE), server("two.example", TWO)])
        .fallback(Some(Arc::new(net.clone())))
}

fn ips(texts: &[&str]) -> Vec<IpAddr> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

#[tokio::test(start_paused = true)]
async fn answers_are_kept_as_long_as_they_say_and_nobody_else_is_asked() {
    let net = MemoryNet::new();
    let (certificate, asked) = resolver(&net, ONE, "one.example", good);
    let doh = doh(&net, &[certificate]);
    let resolve = async || doh.resolve("example.org").await.unwrap();
    assert_eq!(resolve().await, ips(&["1.2.3.4"]));
    assert_eq!(resolve().await, ips(&["1.2.3.4"]));
    assert_eq!((asked.load(Ordering::Relaxed), net.connected().len()), (2, 1), "both kinds of addresses over one connection");
    advance(Duration::from_secs(59)).await;
    resolve().await;
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    advance(Duration::from_secs(2)).await;
    resolve().await;
    assert_eq!((asked.load(Ordering::Relaxed), net.connected().len()), (4, 1), "asked again, over the same connection");
    assert_eq!(net.resolved(), [""; 0], "the system was asked nothing, not even for the resolver's own name");
}

#[tokio::test(start_paused = true)]
async fn when_one_fails_the_next_is_asked() {
    let check = async |answer: Answer, fault: Option<Fault>, name: &str, seconds: u64| {
        let net = MemoryNet::new();
        let (first, _) = resolver(&net, ONE, name, answer);
        let (second, asked) = resolver(&net, TWO, "two.example", good);
        fault.into_iter().for_each(|fault| net.fault(address(ONE), fault));
        let began = Instant::now();
        assert_eq!(doh(&net, &[first, second]).resolve("example.org").await.unwrap(), ips(&["1.2.3.4"]));
        assert_eq!((began.elapsed().as_secs(), asked.load(Ordering::Relaxed)), (seconds, 2));
    };
    check(good, Some(Fault::Refused), "one.example", 0).await;
    check(good, Some(Fault::Stalled), "one.example", 3).await;
    check(good, Some(Fault::Unreachable), "one.example", 3).await;
    check(good, Some(Fault::CutAfter(0)), "one.example", 0).await;
    check(good, Some(Fault::CutAfter(500)), "one.example", 0).await;
    check(good, Some(Fault::Speaks(b"SSH-2.0-x\r\n".to_vec())), "one.example", 0).await;
    check(good, None, "other.example", 0).await;
    check(|_| dns(b"garbage".to_vec()), None, "one.example", 0).await;
    check(|_| dns(vec![0; 70_000]), None, "one.example", 0).await;
    check(|_| http::Response::builder().status(503).body(Vec::new()).unwrap(), None, "one.example", 0).await;
    check(|_| http::Response::new(b"<html>".to_vec()), None, "one.example", 0).await;
}

#[tokio::test(start_paused = true)]
async fn when_all_fail_the_system_is_asked_and_the_error_names_each() {
    let net = MemoryNet::new();
    let (wrong, _) = resolver(&net, ONE, "other.example", good);
    let (garbage, _) = resolver(&net, TWO, "two.example", |_| dns(b"garbage".to_vec()));
    net.name("example.org", &ips(&["5.6.7.8"]));
    let doh = doh(&net, &[wrong, garbage]);
    assert_eq!(doh.resolve("example.org").await.unwrap(), ips(&["5.6.7.8"]));
    let error = doh.resolve("example.net").await.unwrap_err().to_string();
    let one = "one.example: TLS: invalid peer certificate: certificate not valid for name \"one.example\"";
    contains(&error, &[one, "two.example: its answer is not DNS", "otherwise: there is no such name"]);
    let error = doh.fallback(None).resolve("example.net").await.unwrap_err().to_string();
    assert!(!error.contains("otherwise"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_nobody_vouches_for_is_refused() {
    let net = MemoryNet::new();
    let _ = resolver(&net, ONE, "one.example", good);
    let _ = resolver(&net, TWO, "two.example", good);
    let error = doh(&net, &[]).fallback(None).resolve("example.org").await.unwrap_err().to_string();
    contains(&error, &["one.example: TLS: invalid peer certificate", "two.example: TLS: invalid peer certificate"]);
}

#[tokio::test(start_paused = true)]
async fn that_there_is_no_such_name_is_an_answer() {
    let net = MemoryNet::new();
    let no_name: Answer = |question| {
        let mut message = question.to_vec();
        (message[2], message[3]) = (0x81, 0x83);
        dns(message)
    };
    let (certificate, _) = resolver(&net, ONE, "one.example", no_name);
    let error = doh(&net, &[certificate]).resolve("example.org").await.unwrap_err();
    assert_eq!(error.to_string(), "one.example says that there is no such name");
    assert_eq!((net.connected().len(), net.resolved().len()), (1, 0), "nobody else was asked");
}

#[tokio::test(start_paused = true)]
async fn names_of_this_place_are_told_to_nobody() {
    let net = MemoryNet::new();
    let names = ["localhost", "printer", "nas.local", "db.internal"];
    names.iter().for_each(|name| net.name(name, &ips(&["10.0.0.1"])));
    let doh = doh(&net, &[]);
    for name in names {
        assert_eq!(doh.resolve(name).await.unwrap(), ips(&["10.0.0.1"]));
    }
    assert!(net.connected().is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_dot_at_the_end_changes_nothing() {
    let net = MemoryNet::new();
    let (certificate, asked) = resolver(&net, ONE, "one.example", good);
    let doh = doh(&net, &[certificate]);
    assert_eq!(doh.resolve("example.org.").await.unwrap(), ips(&["1.2.3.4"]));
    assert_eq!(doh.resolve("example.org").await.unwrap(), ips(&["1.2.3.4"]));
    assert_eq!((asked.load(Ordering::Relaxed), net.resolved()), (2, Vec::<String>::new()), "one name, and nothing for the system");

    net.name("router.", &ips(&["10.0.0.1"]));
    net.name("nas.local.", &ips(&["10.0.0.2"]));
    assert_eq!(doh.resolve("router.").await.unwrap(), ips(&["10.0.0.1"]));
    assert_eq!(doh.resolve("nas.local.").await.unwrap(), ips(&["10.0.0.2"]));
    assert_eq!(asked.load(Ordering::Relaxed), 2, "names of this place are told to nobody");
}
