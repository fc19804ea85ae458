//! Handling what is handed out, as a guest of whoever holds the account.

use std::time::Duration;

use rand_chacha::rand_core::Rng;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::{Link, Node};
use crate::{App, Client, Error, Running};

/// What could not begin begins again so soon.
const AGAIN: Duration = Duration::from_secs(1);

/// Handles until it is told to stop, with each holder that there is in turn.
///
/// # Errors
/// The handlers cannot run as they are set up.
pub(super) async fn run(node: &Node, app: &mut App, stop: &CancellationToken) -> Result<(), Error> {
    for number in 0.. {
        let handled = handle(node, app, number, stop).await;
        app.watch.forget();
        match handled {
            Ok(()) if stop.is_cancelled() => break,
            Ok(()) => {}
            Err(error @ (Error::Invalid(_) | Error::Peer(_))) => return Err(error),
            Err(error) => warn!(account = node.account, %error, "updates cannot be handled here; it is tried again"),
        }
        if stop.run_until_cancelled(sleep(AGAIN)).await.is_none() {
            break;
        }
    }
    Ok(())
}

/// Handlers that end with whoever waits here: others do what they did.
struct Handling(Option<Running>);

impl Drop for Handling {
    fn drop(&mut self) {
        if let Some(running) = self.0.take() {
            running.abort();
        }
    }
}

/// With one holder.
async fn handle(node: &Node, app: &mut App, number: u64, stop: &CancellationToken) -> Result<(), Error> {
    let environment = node.environment.branch(number);
    let mut random = environment.random(u64::MAX).map_err(|error| Error::io("random numbers", error))?;
    let (link, handed) = Link::open(&node.backend, &node.account, (node.machine(), random.next_u64()), true);
    match stop.run_until_cancelled(link.welcomed()).await {
        None => return Ok(()),
        Some(welcomed) => debug!(account = node.account, holder = ?welcomed?, "there is a holder"),
    }
    let client = Client::builder(0, "").environment(environment).far(&link, handed, random);
    let started = stop.run_until_cancelled(app.again()?.client(client.clone()).start()).await;
    let mut running = Handling(match started {
        Some(Ok(running)) => Some(running),
        Some(Err(Error::Closed(_))) | None => {
            link.bye();
            return Ok(());
        }
        Some(Err(error)) => {
            link.bye();
            return Err(error);
        }
    });
    tokio::select! {
        () = link.over().cancelled() => {
            if let Some(running) = running.0.take() {
                running.kill().await;
            }
        }
        () = stop.cancelled() => {
            if let Some(running) = running.0.take() {
                running.stop().await;
            }
            client.close().await;
            link.bye();
        }
    }
    Ok(())
}
