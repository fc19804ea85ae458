//! Through real proxies, where the environment names some (see `.ci/servers`).

use awaitkit_http::{Error, Http};

use crate::server::Server;

#[tokio::test]
async fn real_proxies_lead_to_the_server() {
    for variable in ["QUADRUPLEX_TEST_SOCKS5", "QUADRUPLEX_TEST_HTTP_PROXY"] {
        let Ok(proxy) = std::env::var(variable) else {
            eprintln!("skipped: {variable} names no proxy; `.ci/servers` starts one");
            continue;
        };
        let server = Server::start("server").await;
        let http = Http::builder().policy(proxy.parse().unwrap()).build().unwrap();
        assert_eq!(http.file_get_contents(server.url("/page")).await.unwrap(), "/page by server", "{variable}");
        let answer = http.send(http.post(server.url("/form")).body("x=1")).await.unwrap();
        assert_eq!(answer.text().await.unwrap(), "/form by server", "{variable}");

        let wrong = proxy.replace("secret", "wrong");
        let refused = Http::builder().policy(wrong.parse().unwrap()).build().unwrap().file_get_contents(server.url("/page")).await;
        // A SOCKS5 proxy refuses before anything is asked, an HTTP proxy with an answer.
        assert!(matches!(refused, Err(Error::NoRoute { .. } | Error::Status { .. })), "{refused:?}");
        let said = refused.unwrap_err().to_string();
        assert!(!said.contains("wrong") && server.requests().len() == 2, "{said}");
    }
}
