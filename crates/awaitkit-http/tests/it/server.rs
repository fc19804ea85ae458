//! An HTTP server that is also an HTTP proxy and answers for everybody, and proxies.

use std::collections::VecDeque;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use awaitkit_dial::testing::{serve_http_proxy, serve_socks5};
use awaitkit_dial::{BoxFuture, BoxStream, Connect, Credentials, Network, Resolve, Tcp};
use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpSocket};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

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

    /// The same in TLS, for this name; its certificate beside it.
    pub(crate) async fn start_tls(name: &'static str, host: &str) -> (Self, Vec<u8>) {
        let CertifiedKey { cert, signing_key } = generate_simple_self_signed(vec![host.to_owned()]).unwrap();
        let key = PrivatePkcs8KeyDer::from(signing_key.serialize_der()).into();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider())).with_safe_default_protocol_versions().unwrap();
        let config = config.with_no_client_auth().with_single_cert(vec![cert.der().clone()], key).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State { name, connections: AtomicUsize::new(0), requests: Mutex::default(), cuts: Mutex::default() });
        let shared = Arc::clone(&state);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
                tokio::spawn(async move { serve(shared, acceptor.accept(stream).await.ok()?).await });
            }
        });
        (Self { port, state }, cert.der().to_vec())
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

async fn serve(state: Arc<State>, stream: impl AsyncRead + AsyncWrite + Unpin) -> Option<()> {
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

/// A proxy that leads to this machine, whatever name it is told, and says where it was asked to lead.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    led_to: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    pub(crate) async fn socks5(password: Option<&str>) -> Self {
        Self::start(password, true).await
    }

    pub(crate) async fn http(password: Option<&str>) -> Self {
        Self::start(password, false).await
    }

    /// The targets so far.
    pub(crate) fn led_to(&self) -> Vec<String> {
        self.led_to.lock().unwrap().clone()
    }

    async fn start(password: Option<&str>, socks: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let led_to = Arc::new(Mutex::new(Vec::new()));
        let names = Arc::new(Noted(Arc::clone(&led_to)));
        let network = Network { connect: names.clone(), names, ..Network::default() };
        let credentials = password.map(|password| Credentials { user: "me".to_owned(), password: password.to_owned() });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (network, credentials) = (network.clone(), credentials.clone());
                tokio::spawn(async move {
                    match socks {
                        true => drop(serve_socks5(stream, credentials.as_ref(), &network).await),
                        false => drop(serve_http_proxy(stream, credentials.as_ref(), &network).await),
                    }
                });
            }
        });
        Self { port, led_to }
    }
}

/// TCP to this machine, which notes where it leads. A name is noted with the port when that is dialled.
#[derive(Debug)]
struct Noted(Arc<Mutex<Vec<String>>>);

impl Resolve for Noted {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, std::io::Result<Vec<IpAddr>>> {
        self.0.lock().unwrap().push(name.to_owned());
        Here.resolve(name)
    }
}

impl Connect for Noted {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, std::io::Result<BoxStream>> {
        let mut noted = self.0.lock().unwrap();
        match noted.last_mut().filter(|last| !last.contains(':')) {
            Some(name) => *name = format!("{name}:{}", address.port()),
            None => noted.push(address.to_string()),
        }
        Tcp.connect(address)
    }
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
