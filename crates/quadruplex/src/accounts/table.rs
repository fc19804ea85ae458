use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use awaitkit::Child;
use tokio::sync::Notify;

use crate::Client;
use crate::client::lock;

/// How an account stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Standing {
    /// It is being started.
    Starting,
    /// It handles updates.
    Running,
    /// It has failed, and is started again after a wait; with what.
    Waiting(String),
    /// It has ended, because its client was closed by this program or another process took its session over.
    Ended,
    /// Telegram has ended its login, with this error. Somebody has to sign in again.
    LoginLost(String),
    /// It cannot run as it is set up: why.
    Refused(String),
}

/// An account and how it stands; see [`Accounts::status`](super::Accounts::status).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AccountStatus {
    /// Its name.
    pub name: Arc<str>,
    /// How it stands.
    pub standing: Standing,
    /// How often it has been started again.
    pub restarts: u32,
}

impl AccountStatus {
    /// What is wrong with one that has ended.
    pub(super) fn end(self) -> Option<String> {
        match self.standing {
            Standing::LoginLost(why) => Some(format!("{}: its login was ended: {why}", self.name)),
            Standing::Refused(why) => Some(format!("{}: {why}", self.name)),
            _ => None,
        }
    }
}

/// The accounts by name.
#[derive(Default)]
pub(super) struct Table {
    entries: Mutex<BTreeMap<Arc<str>, Entry>>,
    changed: Notify,
}

struct Entry {
    /// Tells it from one of the same name that it has replaced.
    turn: u64,
    standing: Standing,
    child: Option<Child>,
    client: Option<Client>,
    drain: Duration,
}

impl Table {
    /// A place for an account; `None` if one of this name runs.
    pub(super) fn enter(&self, name: &Arc<str>) -> Option<u64> {
        let mut entries = lock(&self.entries);
        let turn = match entries.get(name) {
            Some(entry) if entry.child.as_ref().is_none_or(Child::is_running) => return None,
            Some(entry) => entry.turn + 1,
            None => 0,
        };
        let entry = Entry { turn, standing: Standing::Starting, child: None, client: None, drain: Duration::ZERO };
        entries.insert(Arc::clone(name), entry);
        drop(entries);
        self.changed.notify_waiters();
        Some(turn)
    }

    pub(super) fn started(&self, name: &str, turn: u64, child: Option<Child>) {
        self.with(name, turn, |entry| entry.child = child);
    }

    pub(super) fn stands(&self, name: &str, turn: u64, standing: Standing, client: Option<&Client>) {
        self.with(name, turn, |entry| (entry.standing, entry.client) = (standing, client.cloned()));
        self.changed.notify_waiters();
    }

    pub(super) fn drains(&self, name: &str, turn: u64, within: Duration) {
        self.with(name, turn, |entry| entry.drain = within);
    }

    pub(super) fn leave(&self, name: &str, turn: u64) {
        let mut entries = lock(&self.entries);
        if entries.get(name).is_some_and(|entry| entry.turn == turn) {
            entries.remove(name);
        }
        drop(entries);
        self.changed.notify_waiters();
    }

    pub(super) fn child(&self, name: &str) -> Option<(u64, Option<Child>)> {
        lock(&self.entries).get(name).map(|entry| (entry.turn, entry.child.clone()))
    }

    pub(super) fn client(&self, name: &str) -> Option<Client> {
        lock(&self.entries).get(name)?.client.clone()
    }

    pub(super) fn list(&self) -> Vec<AccountStatus> {
        let of = |(name, entry): (&Arc<str>, &Entry)| AccountStatus {
            name: Arc::clone(name),
            standing: entry.standing.clone(),
            restarts: entry.child.as_ref().map_or(0, Child::restarts),
        };
        lock(&self.entries).iter().map(of).collect()
    }

    /// Those that do not run and should.
    #[cfg(feature = "metrics")]
    pub(super) fn troubles(&self) -> Vec<crate::metrics::Trouble> {
        let troubles = self.list().into_iter().filter_map(|AccountStatus { name: account, standing, .. }| {
            let reason = match standing {
                Standing::Running | Standing::Ended => return None,
                Standing::Starting => "it is being started".to_owned(),
                Standing::Waiting(why) => format!("it has failed, and is started again: {why}"),
                Standing::LoginLost(why) => format!("Telegram has ended the login: {why}; sign in again"),
                Standing::Refused(why) => why,
            };
            Some(crate::metrics::Trouble { account, reason })
        });
        troubles.collect()
    }

    /// How long the slowest may drain.
    pub(super) fn longest_drain(&self) -> Duration {
        lock(&self.entries).values().map(|entry| entry.drain).max().unwrap_or_default()
    }

    pub(super) async fn changed(&self) {
        self.changed.notified().await;
    }

    fn with(&self, name: &str, turn: u64, change: impl FnOnce(&mut Entry)) {
        if let Some(entry) = lock(&self.entries).get_mut(name).filter(|entry| entry.turn == turn) {
            change(entry);
        }
    }
}
