//! An HTTP server that is also an HTTP proxy and answers for everybody, and a SOCKS5 proxy.

use std::collections::VecDeque;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use awaitkit_dial::{BoxFuture, Resolve};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) port: u16,
    state: Arc<State>,
}

struct State {
    name: &'static str,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    /// How many connections are closed when they have read a request.
    cuts: Mutex<VecDeque<()>>,
}

impl Server {
    pub(crate) async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { name, connections: AtomicUsize::new(0), requests: Mutex::default(), cuts: Mutex::default() });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                tokio::spawn(serve(Arc::clone(&shared), stream));
            }
        });
        Self { port, state }
    }

    /// The next connection breaks when its request is there.
    pub(crate) fn cut(&self) {
        self.state.cuts.lock().unwrap().push_back(());
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn connections(&self) -> usize {
        self.state.connections.load(Ordering::Relaxed)
    }

    /// First line and cookie of each request so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.requests.lock().unwrap().clone()
    }
}

async fn serve(state: Arc<State>, stream: TcpStream) -> Option<()> {
    let mut stream = BufReader::new(stream);
    loop {
        let (mut first, mut cookie, mut length) = (String::new(), String::new(), 0);
        loop {
            let mut line = String::new();
            stream.read_line(&mut line).await.ok().filter(|length| *length > 0)?;
            let line = line.trim_end();
            match line.to_ascii_lowercase() {
                _ if first.is_empty() => first = line.to_owned(),
                lower if lower.starts_with("cookie:") => cookie = line.to_owned(),
                lower => length = lower.strip_prefix("content-length: ").map_or(length, |length| length.parse().unwrap()),
            }
            if line.is_empty() {
                break;
            }
        }
        stream.read_exact(&mut vec![0; length]).await.ok()?;
        state.requests.lock().unwrap().push(format!("{first} {cookie}").trim_end().to_owned());
        if state.cuts.lock().unwrap().pop_front().is_some() {
            return None;
        }
        let path = first.split(' ').nth(1)?;
        let path = path.strip_prefix("http://").map_or(path, |rest| &rest[rest.find('/').unwrap_or(0)..]);
        let away = |status: &str, port: &str| {
            format!("HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:{port}/form\r\ncontent-length: 0\r\n\r\n")
        };
        let answer = match path {
            _ if path.starts_with("/302/") => away("302", &path[5..]),
            _ if path.starts_with("/307/") => away("307", &path[5..]),
            "/moved" => "HTTP/1.1 302 Found\r\nset-cookie: seen=yes\r\nlocation: /here\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "/none" => "HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n".to_owned(),
            "/chunked" => "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nabcde\r\n5\r\nfghij\r\n0\r\n\r\n".to_owned(),
            "/cut" => "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nonly this".to_owned(),
            _ => {
                let body = format!("{path} by {}", state.name);
                format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len())
            }
        };
        stream.write_all(answer.as_bytes()).await.ok()?;
        if path == "/cut" {
            return None;
        }
    }
}

/// A SOCKS5 proxy for one user, which says where it was asked to lead.
pub(crate) async fn socks5(to: u16) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let seen = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let seen = Arc::clone(&seen);
            tokio::spawn(async move {
                let mut head = [0; 2];
                stream.read_exact(&mut head).await.ok()?;
                stream.read_exact(&mut vec![0; head[1].into()]).await.ok()?;
                stream.write_all(&[5, 0]).await.ok()?;
                let mut request = [0; 5];
                stream.read_exact(&mut request).await.ok()?;
                let mut name = vec![0; usize::from(request[4]) + 2];
                stream.read_exact(&mut name).await.ok()?;
                seen.lock().unwrap().push(String::from_utf8_lossy(&name[..name.len() - 2]).into_owned());
                stream.write_all(&[5, 0, 0, 1, 0, 0, 0, 0, 0, 0]).await.ok()?;
                let mut server = TcpStream::connect(("127.0.0.1", to)).await.ok()?;
                tokio::io::copy_bidirectional(&mut stream, &mut server).await.ok()
            });
        }
    });
    (port, asked)
}

/// Every name is this machine.
#[derive(Debug)]
pub(crate) struct Here;

impl Resolve for Here {
    fn resolve<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        Box::pin(async { Ok(vec![IpAddr::from([127, 0, 0, 1])]) })
    }
}

/// A port on which nobody listens, nor will as long as the test runs.
pub(crate) fn closed_port() -> u16 {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let port = socket.local_addr().unwrap().port();
    std::mem::forget(socket);
    port
}
