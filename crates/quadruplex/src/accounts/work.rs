//! One start of one account, from its client to its last handler.

use std::sync::Weak;

use quadruplex_net::CloseReason;
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

use super::{Account, Shared, Standing};
use crate::{Client, Error};

/// Runs the account until it is told to stop or has ended.
///
/// # Errors
/// It is to be started again.
pub(super) async fn run(shared: Weak<Shared>, account: Account, turn: u64, stop: CancellationToken) -> Result<(), Error> {
    let name = account.name();
    let table = match shared.upgrade() {
        Some(shared) => shared.table.clone(),
        None => return Ok(()),
    };
    table.stands(name, turn, Standing::Starting, None);
    let mut client = None;
    let ended = handle(&shared, &account, turn, &stop, &mut client).await;
    if let Some(client) = &client {
        client.close().await;
    }
    #[cfg(feature = "metrics")]
    if let Some(shared) = shared.upgrade() {
        shared.monitor.forget(name);
    }
    let lost = client.as_ref().and_then(Client::login_lost);
    let (standing, again) = match (lost, ended) {
        (Some(lost), _) => (Standing::LoginLost(lost.to_string()), None),
        (None, Ok(())) => (Standing::Ended, None),
        (None, Err(error)) if is_final(&error) => (Standing::Refused(error.to_string()), None),
        (None, Err(error)) => (Standing::Waiting(error.to_string()), Some(error)),
    };
    match &standing {
        Standing::Waiting(why) => warn!(account = &**name, error = why, "an account has failed, and is started again"),
        Standing::LoginLost(why) => {
            error!(account = &**name, error = why, "Telegram has ended the login of an account: it does not run any more")
        }
        Standing::Refused(why) => error!(account = &**name, error = why, "an account cannot run as it is set up"),
        _ => info!(account = &**name, "an account has ended"),
    }
    table.stands(name, turn, standing, None);
    again.map_or(Ok(()), Err)
}

async fn handle(
    shared: &Weak<Shared>,
    account: &Account,
    turn: u64,
    stop: &CancellationToken,
    client: &mut Option<Client>,
) -> Result<(), Error> {
    let name = account.name();
    let Some(opened) = stop.run_until_cancelled(account.open()).await else { return Ok(()) };
    let client = client.insert(opened?);
    let (app, table) = match shared.upgrade() {
        Some(shared) => ((shared.app)(name), shared.table.clone()),
        None => return Ok(()),
    };
    #[cfg(feature = "metrics")]
    let app = match shared.upgrade() {
        Some(shared) => app.among(&shared.monitor, name),
        None => return Ok(()),
    };
    table.drains(name, turn, app.drain());
    let Some(running) = stop.run_until_cancelled(app.client(client.clone()).start()).await else { return Ok(()) };
    let mut running = running?;
    table.stands(name, turn, Standing::Running, Some(client));
    match stop.run_until_cancelled(running.ended()).await {
        Some(ended) => ended,
        None => {
            running.stop().await;
            Ok(())
        }
    }
}

/// Whether it would fail in the same way again.
fn is_final(error: &Error) -> bool {
    let is_closed = matches!(error, Error::Closed(CloseReason::UnknownKey | CloseReason::Handshake(_)));
    is_closed || matches!(error, Error::Invalid(_) | Error::NotSignedIn)
}
