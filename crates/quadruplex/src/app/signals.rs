//! How a process is told to end.

use std::io;

use tokio::signal::ctrl_c;
use tracing::warn;

/// Resolves at SIGTERM or Ctrl-C.
pub(super) async fn told_to_end() {
    if let Err(error) = signal().await {
        warn!(%error, "signals cannot be received: the program ends without waiting for its handlers");
        std::future::pending().await
    }
}

#[cfg(unix)]
async fn signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        _ = terminate.recv() => Ok(()),
        pressed = ctrl_c() => pressed,
    }
}

#[cfg(not(unix))]
async fn signal() -> io::Result<()> {
    ctrl_c().await
}
