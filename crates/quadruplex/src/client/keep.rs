//! What a client does by itself: it finds the account's data centre, keeps up with the configuration, and lets go of a session that another
//! process wants.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use quadruplex_api::Request;
use quadruplex_api::functions::help::GetConfig;
use quadruplex_net::CloseReason;
use quadruplex_tl::{Deserialize, Identifiable};
use tokio::time::{sleep, timeout};
use tracing::{debug, error, warn};

use super::Inner;
use super::call::AttemptOptions;
use crate::Error;

/// How often a client whose login has ended looks whether somebody has signed in again.
const LOST: Duration = Duration::from_secs(60);
/// How long a data centre may take to say where another one is.
const FIND_HOME: Duration = Duration::from_secs(15);

/// Asks where the account's data centre is, of which nobody has told: the account lives on another one than that which was named.
pub(super) async fn find_home(inner: &Arc<Inner>) -> Result<(), Error> {
    let (home, first) = (inner.home_dc(), inner.settings.servers.first_dc);
    let options = AttemptOptions { dc: Some(first), ..AttemptOptions::default() };
    let config = timeout(FIND_HOME, inner.perform(&mut GetConfig, options.into())).await;
    let tried = match config {
        Ok(answer) => {
            let config = <GetConfig as Request>::Return::from_bytes(&answer?);
            inner.pool.update_servers(&config.map_err(|error| Error::Unreadable { method: GetConfig::NAME, error })?);
            "does not name it".to_owned()
        }
        Err(_) => format!("has not answered within {} s", FIND_HOME.as_secs()),
    };
    if inner.pool.knows(home) {
        return Ok(());
    }
    Err(Error::Invalid(format!(
        "the account lives on data centre {home}, whose address is not known\n  tried: data centre {first}, which {tried}\n  \
         help: name that data centre and its address"
    )))
}

/// Asks for the configuration at once and whenever it expires.
pub(super) async fn keep_config(client: Weak<Inner>) {
    let mut pause = Duration::from_secs(1);
    loop {
        let Some(inner) = client.upgrade() else { return };
        if inner.lost_error().is_some() {
            // No connection is made for it, unless somebody signs in again.
            drop(inner);
            sleep(LOST).await;
            continue;
        }
        let config = inner.invoke(GetConfig).await;
        let wait = match config {
            Ok(config) => {
                inner.pool.update_servers(&config);
                inner.text_limits.learn(&config);
                // A good time as any to forget what has expired.
                let now = inner.wall_clock();
                let _ = inner.writer.queue(|commit| commit.expired_at = Some(now));
                pause = Duration::from_secs(1);
                let lasts = config.expires.saturating_sub(config.date).clamp(60, 86_400).unsigned_abs();
                let idle = inner.settings.environment.ping_every().unwrap_or_default();
                Duration::from_secs(lasts.into()).max(idle)
            }
            Err(Error::Closed(_)) => return,
            Err(error) => {
                debug!(%error, "no configuration; asking again");
                pause = (pause * 2).min(Duration::from_secs(300));
                pause
            }
        };
        drop(inner);
        sleep(wait).await;
    }
}

/// Another process wants this session, or may have it already: closes. Telegram would destroy a login that both use.
pub(super) async fn hand_over(client: Weak<Inner>) {
    loop {
        sleep(Duration::from_millis(500)).await;
        let Some(inner) = client.upgrade() else { return };
        let store = inner.writer.store();
        if store.is_lost() {
            let reason = format!(
                "another process has this session, or may have it: its store could not be kept locked ({})\n  \
                 two connections with one session make Telegram destroy the login, so this one was closed\n  \
                 help: see that the store answers, and start again; `?lease=60` in its address lets it be away for longer",
                store.place()
            );
            error!("{reason}");
            return inner.close(CloseReason::Forbidden(reason.into())).await;
        }
        if store.is_wanted() && !inner.keeps_session.load(Ordering::Relaxed) {
            warn!(store = store.place(), "another process takes this session over; this one closes its connections");
            return inner.close(CloseReason::Requested).await;
        }
    }
}
