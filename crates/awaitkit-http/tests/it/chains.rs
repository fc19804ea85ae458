//! Routes through several proxies, one behind the other.

use awaitkit_http::{Error, Http};

use crate::server::{Proxy, Server, closed_port};

fn http(policy: &str) -> Http {
    Http::builder().policy(policy.parse().unwrap()).build().unwrap()
}

#[tokio::test]
async fn a_page_comes_through_all_of_them_in_order() {
    let server = Server::start("server").await;
    let (first, second) = (Proxy::socks5(Some("secret")).await, Proxy::http(None).await);
    let http = http(&format!("socks5h://me:secret@127.0.0.1:{}+http://127.0.0.1:{}", first.port, second.port));
    assert_eq!(http.file_get_contents(server.url("/page")).await.unwrap(), "/page by server");
    let answer = http.send(http.post(server.url("/form")).body("x=1")).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "/form by server");
    // A client that has just read an answer may open another connection before it has noticed that this one is free.
    assert!(first.led_to().iter().all(|target| *target == format!("127.0.0.1:{}", second.port)), "{:?}", first.led_to());
    assert!(second.led_to().iter().all(|target| *target == format!("127.0.0.1:{}", server.port)), "{:?}", second.led_to());
    assert_eq!((first.led_to().is_empty(), second.led_to().is_empty()), (false, false));
}

#[tokio::test]
async fn the_last_one_looks_the_name_up() {
    let server = Server::start("server").await;
    let (first, second) = (Proxy::http(None).await, Proxy::socks5(None).await);
    let http = http(&format!("http://127.0.0.1:{}+socks5h://127.0.0.1:{}", first.port, second.port));
    assert_eq!(http.file_get_contents(format!("http://hidden.test:{}/page", server.port)).await.unwrap(), "/page by server");
    assert_eq!(second.led_to(), [format!("hidden.test:{}", server.port)]);
}

#[tokio::test]
async fn which_of_them_refused_is_said_and_the_next_route_taken() {
    let (server, dead) = (Server::start("server").await, closed_port());
    let first = Proxy::socks5(None).await;
    let chain = format!("socks5://127.0.0.1:{}+http://127.0.0.1:{dead}", first.port);
    let error = http(&chain).send(http(&chain).post(server.url("/form"))).await.unwrap_err();
    assert!(matches!(error, Error::NoRoute { .. }), "{error}");
    let error = error.to_string();
    assert!(error.contains(&format!("cannot reach http://127.0.0.1:{dead}: through socks5://127.0.0.1:{}", first.port)), "{error}");
    assert_eq!(server.requests().len(), 0);

    let http = http(&format!("{chain}, then direct"));
    let answer = http.send(http.post(server.url("/form"))).await.unwrap();
    assert_eq!(answer.text().await.unwrap(), "/form by server");
    assert_eq!(http.standings()[0].failures, 1);
}
