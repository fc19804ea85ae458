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

/// Listens for a data centre and serves whoever comes, until the sandbox stops.
pub(crate) async fn listen(hub: &Arc<Hub>, dc: i32, address: SocketAddr) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
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
    Ok(bound)
}

/// Resolves when the sandbox stops.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    // An error means that the sandbox is gone altogether.
    let _ = stop.wait_for(|stop| *stop).await;
}
