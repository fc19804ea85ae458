//! How a process is told to end.

use std::future::pending;
use std::io;
use std::pin::pin;
use std::thread;

use futures_util::FutureExt;
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tracing::{error, warn};

/// Resolves at SIGTERM or Ctrl-C. From then on the next one ends the process at once, whatever it does.
pub(crate) async fn told_to_end() {
    if let Err(error) = signal().await {
        warn!(%error, "signals cannot be received: the program ends without waiting for its handlers");
        return pending().await;
    }
    // On a thread of its own: handlers may block all threads of the runtime.
    let (listens, is_listening) = oneshot::channel();
    let next = thread::Builder::new().name("quadruplex-signals".to_owned()).spawn(|| {
        let runtime = Builder::new_current_thread().enable_all().build();
        let next = runtime.and_then(|runtime| {
            runtime.block_on(async {
                let mut next = pin!(signal());
                // Who has been polled listens.
                let early = next.as_mut().now_or_never();
                let _ = listens.send(());
                match early {
                    Some(code) => code,
                    None => next.await,
                }
            })
        });
        if let Ok(code) = next {
            error!("told to end again: what handlers have begun is left to the next start");
            std::process::exit(code);
        }
    });
    match next {
        Ok(_) => drop(is_listening.await),
        Err(error) => warn!(%error, "a second signal will not be heard"),
    }
}

/// The next signal, as the code with which a process exits because of it.
#[cfg(unix)]
async fn signal() -> io::Result<i32> {
    use tokio::signal::unix::{SignalKind, signal};

    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = terminate.recv() => Ok(128 + SignalKind::terminate().as_raw_value()),
        _ = interrupt.recv() => Ok(128 + SignalKind::interrupt().as_raw_value()),
    }
}

#[cfg(not(unix))]
async fn signal() -> io::Result<i32> {
    tokio::signal::ctrl_c().await.map(|()| 130)
}
