//! A network in memory, with faults: everything above [`Connect`] and [`Resolve`] runs on it without a socket, under virtual time.

#[cfg(feature = "testing-doh")]
mod doh;
mod proxies;
#[cfg(feature = "testing-tls")]
mod tls;

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, copy, duplex};

use crate::{BoxFuture, BoxStream, Connect, Network, Resolve};
#[cfg(feature = "testing-doh")]
pub use doh::Resolver;
pub use proxies::{serve_http_proxy, serve_socks5};
#[cfg(feature = "testing-tls")]
pub use tls::TlsServer;

/// What goes wrong at an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Nobody listens.
    Refused,
    /// Packets vanish: connecting never ends.
    Unreachable,
    /// The connection stands, and nothing ever comes.
    Stalled,
    /// The server is there, and cuts the connection after it has written so many bytes.
    CutAfter(usize),
    /// Whoever is there says this, whatever it is asked, and nothing else.
    Speaks(Vec<u8>),
}

type Serve = Arc<dyn Fn(DuplexStream) + Send + Sync>;

/// Servers in memory, by address. Cheap to clone; clones are the same network.
#[derive(Clone, Default)]
pub struct MemoryNet(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    servers: HashMap<SocketAddr, Serve>,
    faults: HashMap<SocketAddr, Fault>,
    names: HashMap<String, Vec<IpAddr>>,
    connected: Vec<SocketAddr>,
    resolved: Vec<String>,
}

impl MemoryNet {
    /// A network with nobody in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a server at an address: every connection becomes a task of its own.
    pub fn serve<F: Future<Output = ()> + Send + 'static>(
        &self,
        address: SocketAddr,
        serve: impl Fn(DuplexStream) -> F + Send + Sync + 'static,
    ) {
        let serve: Serve = Arc::new(move |stream| drop(tokio::spawn(serve(stream))));
        self.lock().servers.insert(address, serve);
    }

    /// Makes something go wrong at an address from now on.
    pub fn fault(&self, address: SocketAddr, fault: Fault) {
        self.lock().faults.insert(address, fault);
    }

    /// Takes the fault away.
    pub fn heal(&self, address: SocketAddr) {
        self.lock().faults.remove(&address);
    }

    /// Gives a name addresses.
    pub fn name(&self, name: &str, addresses: &[IpAddr]) {
        self.lock().names.insert(name.to_owned(), addresses.to_vec());
    }

    /// The addresses to which connections were tried, in that order.
    pub fn connected(&self) -> Vec<SocketAddr> {
        self.lock().connected.clone()
    }

    /// The names that were asked for, in that order.
    pub fn resolved(&self) -> Vec<String> {
        self.lock().resolved.clone()
    }

    /// This network as what is below routes.
    pub fn network(&self) -> Network {
        Network { connect: Arc::new(self.clone()), names: Arc::new(self.clone()), ..Network::default() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Connect for MemoryNet {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<BoxStream>> {
        Box::pin(async move {
            let (fault, server) = {
                let mut state = self.lock();
                state.connected.push(address);
                (state.faults.get(&address).cloned(), state.servers.get(&address).cloned())
            };
            let (near, far) = duplex(64 << 10);
            match (fault, server) {
                (Some(Fault::Unreachable), _) => std::future::pending().await,
                (Some(Fault::Stalled), _) => drop(tokio::spawn(stall(far))),
                (Some(Fault::Speaks(words)), _) => drop(tokio::spawn(speak(far, words))),
                (Some(Fault::Refused), _) | (_, None) => return Err(io::ErrorKind::ConnectionRefused.into()),
                (Some(Fault::CutAfter(count)), Some(serve)) => {
                    let (server, relay) = duplex(64 << 10);
                    serve(server);
                    tokio::spawn(cut_after(relay, far, count as u64));
                }
                (None, Some(serve)) => serve(far),
            }
            Ok(Box::new(near) as BoxStream)
        })
    }
}

async fn stall(mut stream: DuplexStream) {
    // Takes what comes until the other side gives up.
    let _ = copy(&mut stream, &mut tokio::io::sink()).await;
}

async fn speak(mut stream: DuplexStream, words: Vec<u8>) {
    if stream.write_all(&words).await.is_ok() {
        stall(stream).await;
    }
}

async fn cut_after(server: DuplexStream, client: DuplexStream, count: u64) {
    let (from_server, mut to_server) = tokio::io::split(server);
    let (mut from_client, mut to_client) = tokio::io::split(client);
    let mut answers = from_server.take(count);
    tokio::select! {
        _ = copy(&mut from_client, &mut to_server) => {}
        _ = copy(&mut answers, &mut to_client) => {}
    }
}

impl Resolve for MemoryNet {
    fn resolve<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<IpAddr>>> {
        let mut state = self.lock();
        state.resolved.push(name.to_owned());
        let found = state.names.get(name).cloned();
        Box::pin(async move { found.ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no such name in this network")) })
    }
}

impl fmt::Debug for MemoryNet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryNet")
    }
}
