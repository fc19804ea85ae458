//! What all handles of a client share.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use quadruplex_net::{Random, State};
use quadruplex_store::{Commit, Identity, OwnUser, Writer};
use rand_chacha::rand_core::Rng;
use tokio::sync::{mpsc, watch};

use super::peers::PeerBook;
use super::pool::{Pool, Purpose, lock};
use super::settings::{Settings, Unhandled};
use crate::calls::{Limits, Queues, SentIds};
use crate::cluster::{Handed, Link};
use crate::files::Lanes;
use crate::reports::{Problem, Reports};
use crate::text::TextLimits;
use crate::updates::Updates;
use crate::{Error, RpcError};

pub(crate) struct Inner {
    /// Clients: what goes on without one, such as asking for the configuration, ends with the last.
    pub(super) handles: AtomicUsize,
    pub(crate) settings: Arc<Settings>,
    pub(crate) writer: Writer,
    pub(crate) pool: Arc<Pool>,
    pub(crate) peers: PeerBook,
    pub(crate) lanes: Lanes,
    pub(crate) text_limits: TextLimits,
    pub(crate) queues: Arc<Queues>,
    pub(crate) limits: Limits,
    pub(crate) sent_ids: SentIds,
    pub(super) identity: Mutex<Identity>,
    /// Calls that have no answer yet.
    pub(crate) in_flight: AtomicUsize,
    /// Who tells the admins of errors that nobody waits for.
    pub(super) reports: OnceLock<Reports>,
    /// What Telegram said when it had ended the login.
    pub(super) lost: Mutex<Option<RpcError>>,
    pub(super) random: Mutex<Random>,
    /// Who takes the updates, to be told of positions that own calls move.
    pub(super) updates: Mutex<Weak<Updates>>,
    /// Made when it is wanted.
    #[cfg(feature = "http")]
    pub(crate) http: OnceLock<awaitkit_http::Http>,
    /// Another process that asks for the session does not get it.
    pub(super) keeps_session: AtomicBool,
    pub(super) far: Option<Far>,
}

/// That the account is held by another process, or by another part of this one.
pub(super) struct Far {
    pub(super) link: Arc<Link>,
    /// Updates that are handed out, until somebody takes them.
    pub(super) handed: Mutex<Option<mpsc::Receiver<Handed>>>,
}

impl Inner {
    /// How the main connection stands.
    pub(crate) fn connection(&self) -> Result<watch::Receiver<State>, Error> {
        Ok(self.pool.connection(self.home_dc(), Purpose::Main)?.state())
    }

    pub(super) fn identity(&self) -> Identity {
        lock(&self.identity).clone()
    }

    pub(crate) fn own_user(&self) -> Option<OwnUser> {
        match &self.far {
            Some(far) => far.link.welcome()?.own,
            None => lock(&self.identity).user,
        }
    }

    /// The same; of an account that is held elsewhere, as soon as it is known.
    pub(crate) async fn found_own_user(&self) -> Result<OwnUser, Error> {
        if let Some(far) = &self.far {
            far.link.found().await?;
        }
        self.own_user().ok_or(Error::NotSignedIn)
    }

    #[inline]
    pub(crate) fn home_dc(&self) -> i32 {
        match self.far.as_ref().and_then(|far| far.link.welcome()) {
            Some(welcome) => welcome.home_dc,
            None => lock(&self.identity).home_dc,
        }
    }

    /// The line to whoever holds the account, if this is not the holder's client.
    pub(crate) fn far(&self) -> Option<Arc<Link>> {
        self.far.as_ref().map(|far| Arc::clone(&far.link))
    }

    /// From now on the session is not handed over to another process that asks for it.
    pub(crate) fn keep_session(&self) {
        self.keeps_session.store(true, Ordering::Relaxed);
    }

    /// Who takes the updates, if somebody does.
    pub(crate) fn updates(&self) -> Option<Arc<Updates>> {
        lock(&self.updates).upgrade()
    }

    /// Hands over an error of a call that nobody waits for.
    pub(crate) fn report(&self, method: &'static str, error: Error) {
        if let Some(reports) = self.reports.get() {
            reports.add(Problem { what: "a detached call".to_owned(), error: error.to_string() });
        }
        (self.settings.on_error.0)(Unhandled { method, error });
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn calls_in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Keeps a time at which a scheduled handler has failed too often as a dead letter; its number, if updates are taken.
    pub(crate) fn bury(&self, event: &crate::Event, attempts: u32, error: String) -> Option<u64> {
        Some(self.updates()?.bury(event, attempts, error))
    }

    /// How many updates wait or are handled, and whether no more are taken because of that.
    pub(crate) fn waiting_updates(&self) -> (usize, bool) {
        self.updates().map_or((0, false), |updates| updates.waiting())
    }

    /// Whether all that the server has for this account outside channels has come, and no more of it waits or is handled than `kept`.
    pub(crate) async fn is_at_rest(self: &Arc<Self>, kept: usize) -> bool {
        if let Some(link) = self.far() {
            return link.standing().await.is_ok_and(|standing| standing.has_caught_up && standing.waiting <= kept);
        }
        let Ok(state) = self.invoke(quadruplex_api::functions::updates::GetState).await else { return false };
        let common = self.updates().and_then(|updates| updates.common());
        let has_come = common.is_some_and(|common| common.pts >= state.pts && common.qts >= state.qts);
        has_come && self.waiting_updates().0 <= kept
    }

    /// From now on admins are told of such errors.
    pub(crate) fn tell(&self, reports: &Reports) {
        // An application is started once with a client, since there is one stream of updates.
        let _ = self.reports.set(reports.clone());
    }

    /// In seconds of Unix time.
    pub(crate) fn wall_clock(&self) -> i64 {
        i64::try_from(self.settings.environment.now().wall.as_secs()).unwrap_or(i64::MAX)
    }

    /// The id of something that is sent. Inside a handler it follows from the update, so that what the handler sends when it runs again
    /// is known to Telegram.
    pub(crate) fn send_id(&self) -> i64 {
        crate::router::next_id().unwrap_or_else(|| self.random_id())
    }

    /// Leaves the main connection for a new one.
    pub(crate) fn reconnect(&self) {
        if self.far.is_some() {
            return;
        }
        if let Ok(connection) = self.pool.connection(self.home_dc(), Purpose::Main) {
            connection.reconnect();
        }
    }

    pub(crate) fn random_id(&self) -> i64 {
        lock(&self.random).next_u64().cast_signed()
    }

    /// The account lives elsewhere: everything from now on goes there.
    pub(super) async fn set_home_dc(&self, dc: i32) -> Result<(), Error> {
        self.set_identity(|identity| identity.home_dc = dc).await
    }

    pub(super) async fn set_identity(&self, change: impl FnOnce(&mut Identity)) -> Result<(), Error> {
        let identity = {
            let mut identity = lock(&self.identity);
            change(&mut identity);
            identity.clone()
        };
        let commit = Commit { identity: Some(identity), ..Commit::default() };
        Ok(self.writer.store().commit(Arc::new(commit)).await?)
    }
}
