//! HTTPS: certificates, and names by DNS over HTTPS.

use std::sync::Arc;

use awaitkit_dial::testing::Resolver;
use awaitkit_dial::{Dialer, Doh, DohServer, Tls};
use awaitkit_http::reqwest::Certificate;
use awaitkit_http::{Error, Http};
use tokio::net::TcpListener;

use crate::server::Server;

/// A client that trusts this certificate, too.
fn trusting(certificate: &[u8], policy: &str, names: Option<Doh>) -> Http {
    let certificate = Certificate::from_der(certificate).unwrap();
    let builder = Http::builder().policy(policy.parse().unwrap());
    let builder = builder.configure(move |builder| builder.tls_certs_merge([certificate.clone()]));
    match names {
        Some(names) => builder.names(Arc::new(names)).build().unwrap(),
        None => builder.build().unwrap(),
    }
}

/// Names by a resolver of our own on a real port, who knows this machine by every name.
async fn doh(name: &str) -> (Doh, Resolver) {
    let resolver = Resolver::knowing(name, [127, 0, 0, 1], 60).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut server = DohServer::new("one.example", []);
    server.addresses = vec![listener.local_addr().unwrap()];
    let served = resolver.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let resolver = served.clone();
            tokio::spawn(async move { drop(resolver.serve(stream).await) });
        }
    });
    let tls = Tls::trusting([resolver.certificate()]).unwrap();
    (Doh::new(Dialer::default()).servers([server]).tls(tls).fallback(None), resolver)
}

#[tokio::test]
async fn names_come_from_a_resolver_over_https_and_pages_over_tls() {
    let (server, certificate) = Server::start_tls("server", "site.example").await;
    let (names, resolver) = doh("one.example").await;
    let http = trusting(&certificate, "direct", Some(names));
    let url = format!("https://site.example:{}", server.port);
    assert_eq!(http.file_get_contents(format!("{url}/a")).await.unwrap(), "/a by server");
    assert_eq!(http.file_get_contents(format!("{url}/b")).await.unwrap(), "/b by server");
    assert_eq!(resolver.asked(), 2, "asked once, for both kinds of addresses, and remembered");
}

#[tokio::test]
async fn a_resolver_that_cannot_be_trusted_is_not_believed() {
    let (server, certificate) = Server::start_tls("server", "site.example").await;
    let (names, resolver) = doh("other.example").await;
    let http = trusting(&certificate, "direct", Some(names));
    let error = http.file_get_contents(format!("https://site.example:{}/a", server.port)).await.unwrap_err().to_string();
    assert!(error.contains("one.example: TLS: invalid peer certificate"), "{error}");
    assert_eq!((resolver.asked(), server.connections()), (0, 0));
}

#[tokio::test]
async fn a_wrong_certificate_ends_it_before_anything_is_asked() {
    let (server, certificate) = Server::start_tls("server", "other.example").await;
    let (good, of_good) = Server::start_tls("good", "localhost").await;
    let url = |server: &Server, path: &str| format!("https://localhost:{}{path}", server.port);
    // Trusted, but for another name; and for this name, but trusted by nobody.
    for http in [trusting(&certificate, "direct", None), Http::new().unwrap()] {
        for request in [http.get(url(&server, "/page")), http.post(url(&server, "/form")).body("x=1")] {
            let error = http.send(request).await.unwrap_err();
            assert!(matches!(error, Error::NoRoute { .. }), "{error}");
            assert!(error.to_string().contains("invalid peer certificate"), "{error}");
        }
    }
    assert_eq!(server.requests().len(), 0, "not a byte of a request has come");
    assert_eq!(trusting(&of_good, "direct", None).file_get_contents(url(&good, "/page")).await.unwrap(), "/page by good");
}
