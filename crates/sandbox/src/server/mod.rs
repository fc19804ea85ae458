//! The server in front of the world: it speaks MTProto with whoever connects.

mod connection;
mod http;
mod hub;
mod key;
mod link;
mod peer;
mod proxy;
mod query;
mod request;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use bytes::BytesMut;
use quadruplex_mtproto::framing::{FrameError, ServerFramer};
use quadruplex_net::{Secret, Stream};
use tokio::net::TcpListener;
use tokio::sync::watch;
#[cfg(feature = "websocket")]
use tokio::time::timeout;
use tracing::debug;

pub(crate) use hub::Hub;
use hub::lock;
pub use link::LinkScript;
pub(crate) use proxy::Proxy;

/// Where clients come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Door {
    /// A data centre.
    Dc(i32),
    /// The MTProto proxy.
    Proxy,
}

/// Serves one client over a stream of any kind.
pub(crate) fn accept(hub: &Arc<Hub>, door: Door, stream: Box<dyn Stream>) {
    let (script, random) = {
        let mut faults = lock(&hub.faults);
        (faults.script.clone(), faults.stream())
    };
    let stream = if script.delay.is_zero() && !script.split { stream } else { link::slow(stream, &script, random) };
    let hub = hub.clone();
    tokio::spawn(async move {
        let served = match door {
            Door::Dc(dc) => begin(hub, dc, stream).await,
            Door::Proxy => proxy::serve(hub, stream).await,
        };
        if let Err(error) = served {
            debug!(?door, %error, "connection closed");
        }
    });
}

/// How a client has begun, and what came behind that.
enum Begun {
    Packets(Box<dyn Stream>, ServerFramer, BytesMut),
    Requests(Box<dyn Stream>, BytesMut),
}

/// Serves a client of a data centre, whatever it begins with.
async fn begin(hub: Arc<Hub>, dc: i32, stream: Box<dyn Stream>) -> io::Result<()> {
    let (mut stop, mut epoch) = (hub.stop.subscribe(), hub.epoch.subscribe());
    let begun = tokio::select! {
        begun = first(stream) => begun?,
        () = stopped(&mut stop) => return Ok(()),
        _ = epoch.changed() => return Ok(()),
    };
    match begun {
        Begun::Packets(stream, framer, input) => connection::serve(hub, dc, stream, framer, input).await,
        Begun::Requests(stream, input) => http::serve(hub, dc, stream, input).await,
    }
}

/// Finds out how a client begins. Each step has its deadline.
async fn first(mut stream: Box<dyn Stream>) -> io::Result<Begun> {
    let mut input = BytesMut::new();
    match connection::begin(&mut stream, &mut input, None).await {
        Ok(framer) => Ok(Begun::Packets(stream, framer, input)),
        Err(connection::NotBegun::Frame(FrameError::OtherProtocol("HTTP"))) if input.starts_with(b"POST") => {
            Ok(Begun::Requests(stream, input))
        }
        #[cfg(feature = "websocket")]
        Err(connection::NotBegun::Frame(FrameError::OtherProtocol("HTTP"))) => {
            let ahead = quadruplex_net::Prefixed::new(input.to_vec(), stream);
            let accepted = timeout(connection::FIRST_BYTES, quadruplex_net::WebSocket::accept(ahead)).await?;
            let mut socket: Box<dyn Stream> = Box::new(accepted?);
            let mut input = BytesMut::new();
            let framer = connection::begin(&mut socket, &mut input, None).await.map_err(io::Error::from)?;
            match framer.dc() {
                Some(_) => Ok(Begun::Packets(socket, framer, input)),
                None => Err(io::Error::other("a WebSocket has to be obfuscated")),
            }
        }
        Err(error) => Err(error.into()),
    }
}

/// How often free ports in a row are looked for.
const ATTEMPTS: usize = 100;

/// Data centres and a proxy at addresses that nobody but the sandbox's own dialler knows.
pub(crate) fn pretend(hub: &Hub, dcs: i32, secret: Option<Secret>) -> Vec<(i32, SocketAddr)> {
    let at = |port: i32| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port as u16);
    if let Some(secret) = secret {
        hub.open_proxy(Proxy::new(at(dcs + 1), secret));
    }
    (1..=dcs).map(|dc| (dc, at(dc))).collect()
}

/// Listens for all data centres and the proxy, each one port above the one before, until the sandbox stops.
pub(crate) async fn listen(hub: &Arc<Hub>, first: SocketAddr, dcs: i32, secret: Option<Secret>) -> io::Result<Vec<(i32, SocketAddr)>> {
    let mut attempts = if first.port() == 0 { ATTEMPTS } else { 1 };
    let listeners = loop {
        attempts -= 1;
        match bind_row(first, dcs + i32::from(secret.is_some())).await {
            Ok(listeners) => break listeners,
            Err(error) if attempts == 0 => return Err(error),
            Err(_) => {}
        }
    };
    let mut listeners = listeners.into_iter();
    let mut addresses = Vec::new();
    for (dc, listener) in (1..=dcs).zip(listeners.by_ref()) {
        addresses.push((dc, listener.local_addr()?));
        serve(hub, Door::Dc(dc), listener);
    }
    if let (Some(listener), Some(secret)) = (listeners.next(), secret) {
        hub.open_proxy(Proxy::new(listener.local_addr()?, secret));
        serve(hub, Door::Proxy, listener);
    }
    Ok(addresses)
}

async fn bind_row(first: SocketAddr, count: i32) -> io::Result<Vec<TcpListener>> {
    if i32::from(u16::MAX - first.port()) < count - 1 {
        return Err(no_port(first, count));
    }
    let mut listeners: Vec<TcpListener> = Vec::new();
    for _ in 0..count {
        let port = match listeners.last() {
            Some(before) => before.local_addr()?.port().checked_add(1).ok_or_else(|| no_port(first, count))?,
            None => first.port(),
        };
        let address = SocketAddr::new(first.ip(), port);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen at {address}: {error}"));
        listeners.push(TcpListener::bind(address).await.map_err(named)?);
    }
    Ok(listeners)
}

/// The row would go on where there are no ports any more.
fn no_port(first: SocketAddr, count: i32) -> io::Error {
    let text = format!("cannot listen at {count} ports in a row from {first} on: the last port there is, is {}", u16::MAX);
    io::Error::new(io::ErrorKind::AddrNotAvailable, text)
}

/// Serves whoever comes.
fn serve(hub: &Arc<Hub>, door: Door, listener: TcpListener) {
    let mut stop = hub.stop.subscribe();
    let hub = hub.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Answers are written whole; waiting for more would only add delay.
                        let _ = stream.set_nodelay(true);
                        accept(&hub, door, Box::new(stream));
                    }
                    // Too many open files: those that close make room.
                    Err(error) => {
                        debug!(%error, "cannot accept");
                        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
                    }
                },
                () = stopped(&mut stop) => return,
            }
        }
    });
}

/// Resolves when the sandbox stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sandbox is gone altogether.
    let _ = stop.wait_for(|stop| *stop).await;
}
