//! DNS over HTTPS: resolvers in memory with certificates of the test's own, under virtual time.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use awaitkit_dial::testing::{Fault, MemoryNet, Resolver};
use awaitkit_dial::{Dialer, Doh, DohServer, Policy, Resolve, Tls};
use tokio::io::DuplexStream;
use tokio::time::{Instant, advance};
use tokio_rustls::rustls::pki_types::CertificateDer;

use crate::fixture::{address, contains};

const ONE: &str = "9.0.0.1:443";
const TWO: &str = "9.0.0.2:443";

/// How a resolver answers a question.
type Answer = fn(&[u8]) -> http::Response<Vec<u8>>;

fn dns(message: Vec<u8>) -> http::Response<Vec<u8>> {
    Resolver::dns(message)
}

fn good(question: &[u8]) -> http::Response<Vec<u8>> {
    dns(Resolver::record(question, 60, [1, 2, 3, 4]))
}

/// A resolver at an address, with a certificate for a name.
fn resolver(net: &MemoryNet, at: &str, name: &str, answer: Answer) -> (CertificateDer<'static>, Resolver) {
    let resolver = Resolver::new(name, answer).unwrap();
    let served = resolver.clone();
    net.serve(address(at), move |stream: DuplexStream| {
        let resolver = served.clone();
        async move { drop(resolver.serve(stream).await) }
    });
    (resolver.certificate(), resolver)
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
    assert_eq!((asked.asked(), net.connected().len()), (2, 1), "both kinds of addresses over one connection");
    advance(Duration::from_secs(59)).await;
    resolve().await;
    assert_eq!(asked.asked(), 2);
    advance(Duration::from_secs(2)).await;
    resolve().await;
    assert_eq!((asked.asked(), net.connected().len()), (4, 1), "asked again, over the same connection");
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
        assert_eq!((began.elapsed().as_secs(), asked.asked()), (seconds, 2));
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
    assert_eq!((asked.asked(), net.resolved()), (2, Vec::<String>::new()), "one name, and nothing for the system");

    net.name("router.", &ips(&["10.0.0.1"]));
    net.name("nas.local.", &ips(&["10.0.0.2"]));
    assert_eq!(doh.resolve("router.").await.unwrap(), ips(&["10.0.0.1"]));
    assert_eq!(doh.resolve("nas.local.").await.unwrap(), ips(&["10.0.0.2"]));
    assert_eq!(asked.asked(), 2, "names of this place are told to nobody");
}

#[test]
fn resolvers_and_certificates_that_are_named() {
    let check = |text: &str, expect: Result<&[&str], &str>| match (text.parse::<DohServer>(), expect) {
        (Ok(server), Ok(addresses)) => {
            let addresses = addresses.iter().map(|text| address(text)).collect();
            assert_eq!(server, DohServer { name: "dns.example".to_owned(), path: "/dns-query".to_owned(), addresses });
        }
        (Err(error), Err(expect)) => contains(&error.to_string(), &[expect]),
        (read, _) => panic!("{text}: {read:?}"),
    };
    check("dns.example@192.0.2.1", Ok(&["192.0.2.1:443"]));
    check("dns.example@192.0.2.1:8443,[2001:db8::1]:443,2001:db8::2", Ok(&["192.0.2.1:8443", "[2001:db8::1]:443", "[2001:db8::2]:443"]));
    check("dns.example", Err("a resolver is written dns.example@192.0.2.1:443"));
    check("192.0.2.1@192.0.2.1", Err("before the @ stands the name"));
    check("dns.example@other.example", Err("so that nobody has to be asked for them"));
    check("dns.example@", Err("behind the @ stand addresses"));

    let resolver = Resolver::knowing("dns.example", [1, 2, 3, 4], 60).unwrap();
    assert!(Tls::trusting_pem(resolver.pem().as_bytes()).is_ok());
    for wrong in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert!(Tls::trusting_pem(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
