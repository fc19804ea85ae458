//! The web by the ways of the client, and uploads of what is found there.

use std::sync::{Arc, Mutex};

use quadruplex::awaitkit_http::Error as HttpError;
use quadruplex::{Builder, Client, Error, UploadSource};
use quadruplex_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::common::{builder, person};

/// Not a multiple of any part, and more than one.
const SIZE: usize = 1_300_007;

/// A web server that is a proxy, too: it answers for everybody.
struct Server {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let shared = asked.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone()));
            }
        });
        Self { port, asked }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

async fn serve(mut stream: TcpStream, asked: Arc<Mutex<Vec<String>>>) -> Option<()> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut request).await.ok().filter(|count| *count > 0)?;
    }
    let target = String::from_utf8_lossy(&request).split(' ').nth(1)?.to_owned();
    asked.lock().unwrap().push(target.clone());
    let length = format!("content-length: {SIZE}\r\n");
    let (head, body) = match target.rsplit('/').next()? {
        "sized.bin" => (length, content()),
        "given" => (format!("{length}content-disposition: attachment; filename=\"report 7.pdf\"\r\n"), content()),
        "chunked%20one.bin" => {
            let mut chunks = Vec::new();
            for chunk in content().chunks(70_000) {
                chunks.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
                chunks.extend_from_slice(chunk);
                chunks.extend_from_slice(b"\r\n");
            }
            chunks.extend_from_slice(b"0\r\n\r\n");
            ("transfer-encoding: chunked\r\n".to_owned(), chunks)
        }
        "cut.bin" => (length, content()[..900_000].to_vec()),
        "page" => ("content-length: 5\r\n".to_owned(), b"hello".to_vec()),
        _ => {
            stream.write_all(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").await.ok()?;
            return None;
        }
    };
    stream.write_all(format!("HTTP/1.1 200 OK\r\n{head}connection: close\r\n\r\n").as_bytes()).await.ok()?;
    stream.write_all(&body).await.ok()?;
    stream.shutdown().await.ok()
}

fn content() -> Vec<u8> {
    (0..SIZE).map(|at| (at % 251) as u8).collect()
}

async fn alice(change: impl FnOnce(Builder) -> Builder) -> (Sandbox, Client) {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let client = change(builder(&telegram)).connect_in_memory().await.unwrap();
    let code = client.request_code("15550001").await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    client.sign_in(&code, &typed).await.unwrap();
    (telegram, client)
}

#[tokio::test]
async fn what_is_at_a_url_is_uploaded_as_it_comes() {
    let server = Server::start().await;
    let (_telegram, client) = alice(|builder| builder).await;
    for (path, name, told) in [
        ("/sized.bin", "sized.bin", Some(SIZE as u64)),
        ("/given", "report 7.pdf", Some(SIZE as u64)),
        ("/a/chunked%20one.bin", "chunked one.bin", None),
    ] {
        let mut totals = Vec::new();
        let upload = client.upload(UploadSource::url(server.url(path))).progress(|progress| totals.push(progress.total));
        let file = upload.await.unwrap();
        assert_eq!((file.name(), file.size()), (name, SIZE as u64));
        assert!(totals.len() >= 3 && totals.iter().all(|total| *total == told), "{path}: {totals:?}");
        let sent = client.send_file("me", file).await.unwrap();
        assert!(sent.download().to_memory(2 << 20).await.unwrap() == content(), "{path}");
    }
    let named = client.upload(UploadSource::url(server.url("/sized.bin")).name("mine.bin")).await.unwrap();
    assert_eq!(named.name(), "mine.bin");
    client.close().await;
}

#[tokio::test]
async fn what_is_not_there_or_ends_early_is_no_file() {
    let server = Server::start().await;
    let (_telegram, client) = alice(|builder| builder).await;
    let error = client.upload(UploadSource::url(server.url("/none"))).await.unwrap_err();
    assert!(matches!(&error, Error::Http(error) if matches!(**error, HttpError::Status { status, .. } if status == 404)), "{error}");
    let error = client.upload(UploadSource::url(server.url("/cut.bin"))).await.unwrap_err();
    assert!(error.to_string().starts_with("the upload of cut.bin stopped at byte"), "{error}");
    let error = client.upload(UploadSource::url("no url")).await.unwrap_err();
    assert!(matches!(error, Error::Http(_)), "{error}");
    client.close().await;
}

#[tokio::test]
async fn pages_come_by_the_ways_of_the_client() {
    let (server, proxy) = (Server::start().await, Server::start().await);
    // Bound, so that nobody else gets the port, and not listening.
    let dead = TcpSocket::new_v4().unwrap();
    dead.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let nowhere = format!("http://{}/page", dead.local_addr().unwrap());
    let through = format!("http://127.0.0.1:{}", proxy.port);
    let mtproxy = "tg://proxy?server=127.0.0.1&port=1&secret=dd000102030405060708090a0b0c0d0e0f";

    let (_telegram, client) = alice(|builder| builder).await;
    assert_eq!(client.file_get_contents(server.url("/page")).await.unwrap(), b"hello");
    assert!(matches!(client.file_get_contents(server.url("/none")).await, Err(Error::Http(_))));
    assert_eq!(server.asked(), ["/page", "/none"]);
    client.close().await;

    // What leads to Telegram directly, or else through a proxy, leads to the page so; the dialler of the sandbox needs neither.
    let policy = format!("direct, then {mtproxy}, then {through}");
    let (_telegram, client) = alice(|builder| builder.policy(policy.parse().unwrap())).await;
    assert_eq!(client.http().unwrap().policy().to_string(), format!("direct, then {through}"));
    assert_eq!(client.file_get_contents(&*nowhere).await.unwrap(), b"hello");
    assert_eq!((server.asked().len(), proxy.asked()), (0, vec![nowhere.clone()]));
    client.close().await;

    // Whoever wants nothing to go out without a proxy gets no page without one.
    let (_telegram, client) = alice(|builder| builder.proxy(mtproxy.parse().unwrap())).await;
    let error = client.file_get_contents(server.url("/page")).await.unwrap_err().to_string();
    assert!(error.contains("MTProto proxies carry nothing but Telegram") && error.contains("Builder::http_policy"), "{error}");
    assert_eq!(server.asked().len(), 0);
    client.close().await;

    let (_telegram, client) = alice(|builder| builder.proxy(mtproxy.parse().unwrap()).http_policy("direct".parse().unwrap())).await;
    assert_eq!(client.file_get_contents(server.url("/page")).await.unwrap(), b"hello");
    client.close().await;
}

#[tokio::test]
async fn a_page_in_time_or_nothing() {
    use quadruplex::prelude::*;
    // It accepts, and says nothing.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_telegram, client) = alice(|builder| builder).await;
    let url = format!("http://{}/", silent.local_addr().unwrap());
    let body = timeout_or(SECOND / 100, client.file_get_contents(url), Ok(Vec::new())).await.unwrap();
    assert_eq!(body, b"");
    client.close().await;
}
