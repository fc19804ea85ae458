//! Bodies.

use awaitkit::{limit, try_map_concurrent};
use awaitkit_http::{Error, Http, file_get_contents};
use futures_util::StreamExt;

use crate::server::Server;

#[tokio::test]
async fn the_body_of_a_page_and_nothing_else() {
    let server = Server::start("server").await;
    assert_eq!(file_get_contents(server.url("/a")).await.unwrap(), "/a by server");
    let error = file_get_contents(server.url("/none")).await.unwrap_err();
    assert!(matches!(error, Error::Status { status, .. } if status == 404) && error.to_string().ends_with("/none answers 404 Not Found"));
    assert!(matches!(file_get_contents(server.url("/cut")).await, Err(Error::Http(error)) if error.is_body() || error.is_decode()));
    assert!(matches!(file_get_contents("no url").await, Err(Error::Http(error)) if error.is_builder()));
}

#[tokio::test]
async fn a_limit_holds_whether_the_length_is_told_or_not() {
    let server = Server::start("server").await;
    let http = Http::new().unwrap();
    assert_eq!(http.file_get_contents_up_to(server.url("/chunked"), 10).await.unwrap(), "abcdefghij");
    assert!(matches!(http.file_get_contents_up_to(server.url("/chunked"), 9).await, Err(Error::TooLarge { limit: 9, .. })));
    assert_eq!(http.file_get_contents_up_to(server.url("/a"), 12).await.unwrap().len(), 12);
    let error = http.file_get_contents_up_to(server.url("/a"), 11).await.unwrap_err();
    assert!(error.to_string().ends_with("/a is larger than the 11 bytes that it may have"), "{error}");
}

#[tokio::test]
async fn a_body_can_be_taken_as_it_comes() {
    let server = Server::start("server").await;
    let parts: Vec<_> = Http::new().unwrap().stream(server.url("/chunked")).await.unwrap().collect().await;
    let body: Vec<u8> = parts.into_iter().flat_map(|part| part.unwrap().to_vec()).collect();
    assert_eq!(body, b"abcdefghij");
    let parts: Vec<_> = Http::new().unwrap().stream(server.url("/cut")).await.unwrap().collect().await;
    assert!(parts.last().unwrap().is_err(), "a body that ends early ends with an error");
}

#[tokio::test]
async fn redirects_are_followed_and_cookies_kept() {
    let server = Server::start("server").await;
    let http = Http::new().unwrap();
    assert_eq!(http.file_get_contents(server.url("/moved")).await.unwrap(), "/here by server");
    http.file_get_contents(server.url("/later")).await.unwrap();
    let expect = ["GET /moved HTTP/1.1", "GET /here HTTP/1.1 cookie: seen=yes", "GET /later HTTP/1.1 cookie: seen=yes"];
    assert_eq!(server.requests(), expect);
}

#[tokio::test]
async fn many_pages_over_few_connections() {
    let server = Server::start("server").await;
    let http = Http::new().unwrap();
    let urls = (0..40).map(|number| server.url(&format!("/{number}")));
    let pages = try_map_concurrent(urls, limit!(4), async |url| http.file_get_contents(url).await).await.unwrap();
    assert!(pages.iter().enumerate().all(|(number, page)| *page == format!("/{number} by server")));
    assert_eq!(server.requests().len(), 40);
    // Four at a time; a client that has just read a page may open another connection before it has noticed that this one is free.
    assert!(server.connections() < 40, "{} connections", server.connections());
}
