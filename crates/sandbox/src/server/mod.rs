//! The server in front of the world: it speaks MTProto with whoever connects.

mod connection;
mod hub;
mod link;
mod query;
mod request;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use quadruplex_net::Stream;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tracing::debug;

pub(crate) use hub::Hub;
use hub::lock;
pub use link::LinkScript;

/// Serves one client over a stream of any kind.
pub(crate) fn accept(hub: &Arc<Hub>, dc: i32, stream: Box<dyn Stream>) {
    let (script, random) = {
        let mut faults = lock(&hub.faults);
        (faults.script.clone(), faults.stream())
    };
    let stream = if script.delay.is_zero() && !script.split { stream } else { link::slow(stream, &script, random) };
    let hub = hub.clone();
    tokio::spawn(async move {
        if let Err(error) = connection::serve(hub, dc, stream).await {
            debug!(dc, %error, "connection closed");
        }
    });
}

/// How often free ports in a row are looked for.
const ATTEMPTS: usize = 100;

/// Listens for all data centres, each one port above the one before, until the sandbox stops.
pub(crate) async fn listen(hub: &Arc<Hub>, first: SocketAddr, dcs: i32) -> io::Result<Vec<(i32, SocketAddr)>> {
    let mut attempts = if first.port() == 0 { ATTEMPTS } else { 1 };
    let listeners = loop {
        attempts -= 1;
        match bind_row(first, dcs).await {
            Ok(listeners) => break listeners,
            Err(error) if attempts == 0 => return Err(error),
            Err(_) => {}
        }
    };
    let mut addresses = Vec::new();
    for (dc, listener) in (1..).zip(listeners) {
        addresses.push((dc, listener.local_addr()?));
        serve(hub, dc, listener);
    }
    Ok(addresses)
}

async fn bind_row(first: SocketAddr, count: i32) -> io::Result<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for _ in 0..count {
        let port = match listeners.last() {
            Some(before) => before.local_addr()?.port().checked_add(1).ok_or(io::ErrorKind::AddrNotAvailable)?,
            None => first.port(),
        };
        let address = SocketAddr::new(first.ip(), port);
        let named = |error: io::Error| io::Error::new(error.kind(), format!("cannot listen at {address}: {error}"));
        listeners.push(TcpListener::bind(address).await.map_err(named)?);
    }
    Ok(listeners)
}

/// Serves whoever comes.
fn serve(hub: &Arc<Hub>, dc: i32, listener: TcpListener) {
    let mut stop = hub.stop.subscribe();
    let hub = hub.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, _)) => {
                        // Answers are written whole; waiting for more would only add delay.
                        let _ = stream.set_nodelay(true);
                        accept(&hub, dc, Box::new(stream));
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
