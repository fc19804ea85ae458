//! Which way a request takes, and how often.

use std::sync::Arc;

use awaitkit_http::reqwest::Method;
use awaitkit_http::reqwest::redirect::Policy as Redirects;
use awaitkit_http::{Error, Http, Order, Policy};

use crate::server::{Here, Proxy, Server, closed_port};

fn http(policy: &str) -> Http {
    Http::builder().policy(policy.parse().unwrap()).names(Arc::new(Here)).build().unwrap()
}

#[tokio::test]
async fn what_cannot_be_reached_directly_goes_through_the_proxy() {
    let (proxy, dead) = (Server::start("proxy").await, closed_port());
    let http = http(&format!("direct, then http://127.0.0.1:{}", proxy.port));
    let answer = http.send(http.post(format!("http://site.test:{dead}/form")).body("x=1")).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "/form by proxy");
    assert_eq!(http.file_get_contents(format!("http://site.test:{dead}/page")).await.unwrap(), "/page by proxy");
    assert_eq!(
        proxy.requests(),
        [format!("POST http://site.test:{dead}/form HTTP/1.1"), format!("GET http://site.test:{dead}/page HTTP/1.1")]
    );
    assert_eq!(http.standings()[0].failures, 1, "the direct way was not tried again so soon");
}

#[tokio::test]
async fn what_was_sent_is_not_sent_again_unless_it_only_reads() {
    let (server, proxy) = (Server::start("server").await, Server::start("proxy").await);
    let policy = format!("direct, then http://127.0.0.1:{}", proxy.port);
    server.cut();
    let posting = http(&policy);
    let error = posting.send(posting.post(server.url("/form")).body("x=1")).await.unwrap_err();
    assert!(matches!(error, Error::Http(_)), "{error}");
    assert_eq!((server.requests().len(), proxy.requests().len()), (1, 0), "a POST is made once");

    server.cut();
    assert_eq!(http(&policy).file_get_contents(server.url("/page")).await.unwrap(), "/page by proxy");
    assert_eq!(proxy.requests().len(), 1, "a GET may be made again");

    server.cut();
    let heading = http(&policy);
    heading.send(heading.request(Method::HEAD, server.url("/empty"))).await.unwrap();
    assert_eq!(proxy.requests().len(), 2, "so may a HEAD");
    for method in [Method::PUT, Method::DELETE, Method::PATCH, Method::OPTIONS] {
        server.cut();
        let http = http(&policy);
        assert!(http.send(http.request(method.clone(), server.url("/form"))).await.is_err());
        assert_eq!(proxy.requests().len(), 2, "a {method} may not");
    }
}

/// The first server has executed it and sends the client on to one that nobody reaches: that is no reason to begin anew.
#[tokio::test]
async fn what_was_answered_with_a_redirect_is_not_sent_again_unless_it_only_reads() {
    let (server, proxy, dead) = (Server::start("server").await, Server::start("proxy").await, closed_port());
    let http = http(&format!("direct, then http://127.0.0.1:{}", proxy.port));
    for status in [302, 307] {
        let error = http.send(http.post(server.url(&format!("/{status}/{dead}"))).body("x=1")).await.unwrap_err();
        assert!(matches!(error, Error::Http(_)), "{error}");
    }
    assert_eq!((server.requests().len(), proxy.requests().len()), (2, 0), "each POST is made once");
    assert_eq!(http.standings()[0].failures, 0, "the way works");

    let page = http.file_get_contents(server.url(&format!("/302/{dead}"))).await.unwrap();
    assert_eq!((page, proxy.requests().len()), ("/form by proxy".into(), 2), "a GET may be made again");
}

#[tokio::test]
async fn redirects_are_followed_as_told() {
    let server = Server::start("server").await;
    let http = Http::builder().redirects(Redirects::none()).build().unwrap();
    assert_eq!(http.send(http.get(server.url("/moved"))).await.unwrap().status(), 302);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn the_order_is_the_policys() {
    let (server, proxy) = (Server::start("server").await, Server::start("proxy").await);
    let get = async |order: Order, proxy: u16| {
        let proxy = format!("http://127.0.0.1:{proxy}").parse().unwrap();
        let http = Http::builder().policy(Policy::new(order, [proxy])).build().unwrap();
        http.file_get_contents(server.url("/")).await.map(|page| String::from_utf8(page.to_vec()).unwrap())
    };
    assert_eq!(get(Order::DirectFirst, proxy.port).await.unwrap(), "/ by server");
    assert_eq!(get(Order::ProxyFirst, proxy.port).await.unwrap(), "/ by proxy");
    assert_eq!(get(Order::Never, proxy.port).await.unwrap(), "/ by server");
    let dead = closed_port();
    assert_eq!(get(Order::ProxyFirst, dead).await.unwrap(), "/ by server");
    let before = server.connections();
    let error = get(Order::Only, dead).await.unwrap_err().to_string();
    assert!(error.contains("no way to http://127.0.0.1") && error.contains("refused"), "{error}");
    assert_eq!(server.connections(), before, "with `only` nothing goes out directly");
}

#[tokio::test]
async fn a_socks5_proxy_looks_the_name_up_itself() {
    let (server, proxy) = (Server::start("server").await, Proxy::socks5(None).await);
    let http = http(&format!("socks5h://127.0.0.1:{}", proxy.port));
    assert_eq!(http.file_get_contents(format!("http://hidden.test:{}/page", server.port)).await.unwrap(), "/page by server");
    assert_eq!(proxy.led_to(), [format!("hidden.test:{}", server.port)]);
}

#[tokio::test]
async fn names_are_looked_up_as_told() {
    let server = Server::start("server").await;
    let page = http("direct").file_get_contents(format!("http://no-such-name.test:{}/", server.port)).await;
    assert_eq!(page.unwrap(), "/ by server");
}

#[test]
fn what_cannot_be_done_is_said_when_the_client_is_made() {
    let build = |policy: Policy| Http::builder().policy(policy).build().map(drop);
    assert!(matches!(build(Policy::new(Order::Only, [])), Err(Error::Policy(_))));
    assert!("ftp://10.0.0.1".parse::<Policy>().is_err());
    let secret = Http::builder().policy("socks5://me:s3cret@10.0.0.1:1080".parse().unwrap()).build().unwrap();
    assert!(!format!("{secret:?} {}", secret.policy()).contains("s3cret"));
}
