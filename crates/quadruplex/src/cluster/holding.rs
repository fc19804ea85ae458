//! Holding an account: whoever gets its store connects and serves, until it is told to stop or may not have it any more.

use std::sync::Arc;
use std::time::Duration;

use quadruplex_net::CloseReason;
use quadruplex_store::{Commit, Store, Value, ValueKey};
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Node;
use super::holder::{self, Ended, Holder};
use crate::updates::UpdateLimits;
use crate::{Client, Error, Order};

/// How often is looked whether an account is free.
const LOOK: Duration = Duration::from_secs(1);

/// Tries to hold the account, again and again.
///
/// # Errors
/// It cannot be held as it is set up, or Telegram has ended its login.
pub(super) async fn run(node: &Node, order: Order, drain: Duration, stop: &CancellationToken) -> Result<(), Error> {
    loop {
        let opened = stop.run_until_cancelled(node.backend.open(&node.account)).await;
        match opened {
            None => return Ok(()),
            Some(Ok(None)) => {}
            Some(Err(error)) => warn!(account = node.account, %error, "it is not known whether the account is free; it is tried again"),
            Some(Ok(Some(store))) => match hold(node, store, order, drain, stop).await {
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => warn!(account = node.account, %error, "the account could not be held; it is tried again"),
                Ok(()) => info!(account = node.account, "the account is not held here any more"),
            },
        }
        if stop.run_until_cancelled(sleep(LOOK)).await.is_none() {
            return Ok(());
        }
    }
}

async fn hold(node: &Node, store: Arc<dyn Store>, order: Order, drain: Duration, stop: &CancellationToken) -> Result<(), Error> {
    let was_clean = store.value(guests()).await?.is_none();
    // Whoever held it before may have handed out what still runs.
    let from = Instant::now() + if was_clean { Duration::ZERO } else { node.backend.lease() };
    let mut commit = Commit::default();
    commit.value(guests(), Value { bytes: Vec::new(), expires: None });
    store.commit(Arc::new(commit)).await?;
    let Some(client) = stop.run_until_cancelled((node.connect)(Arc::clone(&store))).await else {
        return store.close().await.map_err(Into::into);
    };
    let client = client?;
    client.inner.keep_session();
    info!(account = node.account, "this process holds the account");
    let ended = serve(node, &client, order, from, drain, stop).await;
    if let Ok(Ended::Clean) = ended {
        client.inner.writer.queue(|commit| commit.remove_value(guests()));
    }
    client.close().await;
    if let Some(lost) = client.login_lost() {
        return Err(Error::Invalid(format!("Telegram has ended this login: {lost}\n  help: sign in again")));
    }
    ended.map(drop)
}

async fn serve(
    node: &Node,
    client: &Client,
    order: Order,
    from: Instant,
    drain: Duration,
    stop: &CancellationToken,
) -> Result<Ended, Error> {
    let heard = holder::hear(&node.backend, &node.account).await?;
    // Lanes are kept by guests, and so is how many handlers run.
    let updates = client.updates().limits(UpdateLimits::default().order(Order::PerChat)).await?;
    let holder = Holder::new(client, &node.backend, &node.account, node.machine(), order);
    Ok(holder.run(heard, Some(updates), from, stop, drain).await)
}

/// It is there while somebody may have been handed something.
fn guests() -> ValueKey {
    ValueKey::new("cluster", "guests")
}

fn is_final(error: &Error) -> bool {
    matches!(error, Error::Invalid(_) | Error::NotSignedIn | Error::Closed(CloseReason::UnknownKey | CloseReason::Handshake(_)))
}
