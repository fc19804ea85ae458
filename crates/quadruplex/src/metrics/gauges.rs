use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use quadruplex_net::{State, Traffic};
use quadruplex_store::Store;
use tokio::time::timeout;

use super::Watched;
use crate::app::Handled;
use crate::client::Purpose;

/// Dead letters are counted in the store, so many at once, and no more than this.
const PAGE: usize = 1000;
const MOST: usize = 10_000;
/// So long the holder of an account may take to say how it stands.
const HOLDER: Duration = Duration::from_secs(2);
/// So many queues are shown.
const QUEUES: usize = 100;

/// What is known of an account at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Gauges {
    pub(super) account: Arc<str>,
    /// How many connections stand so: data centre, what for, how.
    pub(super) connections: BTreeMap<(i32, &'static str, &'static str), usize>,
    /// Why the main connection does not stand; `None` if it does.
    pub(super) disconnected: Option<String>,
    pub(super) login_lost: Option<String>,
    /// Since an update has come, or since the start.
    pub(super) silence: Duration,
    pub(super) journal: usize,
    /// No more updates are taken, since too many wait.
    pub(super) is_full: bool,
    pub(super) store_failure: Option<String>,
    pub(super) dead_letters: usize,
    pub(super) handled: Handled,
    pub(super) running: usize,
    pub(super) at_once: usize,
    pub(super) conversations: usize,
    pub(super) calls_in_flight: usize,
    /// By data centre and function: how long until it is allowed again, and how many waits there were within the hour.
    pub(super) floods: BTreeMap<(i32, &'static str), (Duration, usize)>,
    pub(super) queues: Vec<(Arc<str>, usize)>,
    pub(super) traffic: Traffic,
}

impl Gauges {
    pub(super) async fn of(watched: &Watched) -> Self {
        let Watched { name, client, report, slots, at_once, waiting } = watched;
        let mut connections = BTreeMap::new();
        let mut main = Err("there is no connection yet".to_owned());
        for (dc, purpose, state) in client.inner.pool.states() {
            let (how, why) = describe(&state);
            *connections.entry((dc, kind(purpose), how)).or_default() += 1;
            if (dc, purpose) == (client.home_dc(), Purpose::Main) {
                main = why.map_or(Ok(()), Err);
            }
        }
        let mut silence = client.inner.pool.silence();
        if let Some(link) = client.inner.far() {
            main = link.welcome().map(drop).ok_or_else(|| "nobody holds the account, or it is not heard of".to_owned());
            // What comes goes to one of many: the holder knows of all.
            if let Ok(Ok(standing)) = timeout(HOLDER, link.standing()).await {
                silence = standing.silence;
            }
        }
        let mut floods = BTreeMap::new();
        for limit in client.limits() {
            let (left, waits): &mut (Duration, usize) = floods.entry((limit.dc, limit.method.unwrap_or("slow mode"))).or_default();
            *left = limit.next_free.max(*left);
            *waits += limit.waits;
        }
        let mut queues = client.queues();
        queues.truncate(QUEUES);
        let (journal, is_full) = client.inner.waiting_updates();
        Self {
            account: Arc::clone(name),
            connections,
            disconnected: main.err(),
            login_lost: client.login_lost().map(|lost| lost.to_string()),
            silence,
            journal,
            is_full,
            store_failure: client.inner.writer.failure(),
            dead_letters: dead_letters(&**client.inner.writer.store()).await,
            handled: report.handled(),
            running: at_once.saturating_sub(slots.available_permits()),
            at_once: *at_once,
            conversations: waiting.len(),
            calls_in_flight: client.inner.calls_in_flight(),
            floods,
            queues,
            traffic: client.traffic(),
        }
    }
}

fn kind(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Main => "main",
        Purpose::Upload(_) => "upload",
        Purpose::Download(_) => "download",
    }
}

/// How a connection stands, and why it does not.
fn describe(state: &State) -> (&'static str, Option<String>) {
    match state {
        State::Ready { .. } => ("ready", None),
        State::Connecting { failed, error } => {
            let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            ("connecting", Some(format!("not connected, {failed} attempts have failed{why}")))
        }
        State::Closed(reason) => ("closed", Some(reason.to_string())),
        _ => ("other", Some("the connection does not stand".to_owned())),
    }
}

async fn dead_letters(store: &dyn Store) -> usize {
    let (mut count, mut from) = (0, 0);
    // A store that cannot be read says so in its failure.
    while let Ok(page) = store.dead_letters(from, PAGE).await {
        count += page.len();
        match page.last() {
            Some(last) if page.len() == PAGE && count < MOST => from = last.row.number + 1,
            _ => break,
        }
    }
    count
}
