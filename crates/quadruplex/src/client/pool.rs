//! Connections by data centre and purpose.

use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use quadruplex_api::{is_affected, is_updates};
use quadruplex_mtproto::framing::Transport;
use quadruplex_net::{CloseReason, Connection, Dial, Event, KeyState, Options, State, StoredKey, Traffic};
use quadruplex_store::{AuthKey, KeySlot, Writer};
use tokio::sync::{OnceCell, mpsc};
use tokio_util::sync::CancellationToken;
use tracing::warn;

use super::fence::Fenced;
use super::few::Few;
use super::servers::Servers;
use super::settings::Settings;
use super::storing::write_the_rest;
use crate::Error;

/// Updates that wait for whoever takes them.
const UPDATES: usize = 1024;

/// What a connection is for. A data centre has exactly one main connection: two that send with one key destroy the login, and
/// only file calls may go beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Purpose {
    #[default]
    Main,
    Upload(u16),
    Download(u16),
}

impl Purpose {
    /// Connections that share a key must not share a session, whose id is random.
    fn number(self) -> u64 {
        match self {
            Self::Main => 0,
            Self::Upload(at) => 1 + 2 * u64::from(at),
            Self::Download(at) => 2 + 2 * u64::from(at),
        }
    }

    pub(crate) fn is_download(self) -> bool {
        matches!(self, Self::Download(_))
    }
}

type Connections = Few<(i32, Purpose), Connection>;

/// The connections of a client.
pub(crate) struct Pool {
    settings: Arc<Settings>,
    dial: Arc<dyn Dial>,
    servers: Mutex<Servers>,
    writer: Writer,
    /// Why the client is closed, once it is: it would be a second one with this session if it connected again.
    connections: Mutex<Result<Connections, CloseReason>>,
    /// What has gone over connections that were left for others.
    left: Mutex<Traffic>,
    closed: CancellationToken,
    keys: Mutex<Few<i32, StoredKey>>,
    /// The data centres whose keys were known at the start.
    stored: Vec<i32>,
    /// Whether the account is signed in on a data centre: decided once, by whoever comes first.
    authorized: Mutex<Few<i32, Arc<OnceCell<()>>>>,
    /// Whoever takes the updates of main connections, with the data centre they came from.
    updates: OnceLock<mpsc::Sender<(i32, Event)>>,
    /// When the last of them came; at first, the start.
    heard: Mutex<tokio::time::Instant>,
}

impl Pool {
    pub(crate) fn new(settings: Arc<Settings>, writer: Writer, keys: Few<i32, StoredKey>) -> Self {
        let servers = Mutex::new(settings.servers.clone());
        let dial = Fenced::around(settings.ways.dialer(&settings.environment), writer.store());
        let stored = keys.iter().map(|(dc, _)| dc).collect();
        Self {
            settings,
            dial,
            servers,
            writer,
            connections: Mutex::new(Ok(Connections::default())),
            left: Mutex::default(),
            closed: CancellationToken::new(),
            keys: Mutex::new(keys),
            stored,
            authorized: Mutex::default(),
            updates: OnceLock::new(),
            heard: Mutex::new(tokio::time::Instant::now()),
        }
    }

    /// The connection for a purpose, made if there is none. It need not stand yet.
    pub(crate) fn connection(self: &Arc<Self>, dc: i32, purpose: Purpose) -> Result<Connection, Error> {
        let mut connections = lock(&self.connections);
        let connections = connections.as_mut().map_err(|reason| Error::Closed(reason.clone()))?;
        if let Some(connection) = connections.get((dc, purpose)) {
            if !connection.is_closed() {
                return Ok(connection.clone());
            }
            if let Some(left) = connections.remove((dc, purpose)) {
                add(&mut lock(&self.left), &left.traffic());
            }
        }
        let reached = lock(&self.servers).reach(dc, self.settings.obfuscated);
        let (addresses, obfuscated) = reached.ok_or_else(|| Error::Invalid(format!("data centre {dc} is not known to this client")))?;
        let options = Options {
            addresses,
            dc: if self.settings.servers.test { dc + 10_000 } else { dc },
            transport: match self.settings.transport {
                // Nobody asked for a stream that cannot be obfuscated and has to be.
                Transport::Full if obfuscated && !self.settings.obfuscated => Transport::Intermediate,
                transport => transport,
            },
            obfuscated,
            server_keys: self.settings.servers.keys.clone(),
            init: self.settings.init(),
            key: lock(&self.keys).get(dc).cloned(),
            is_update: carries_updates,
            event_capacity: 1024,
        };
        let environment = self.settings.environment.branch(purpose.number());
        let (connection, events) = Connection::open(options, self.dial.clone(), environment);
        tokio::spawn(Self::listen(Arc::downgrade(self), dc, purpose, events));
        connections.insert((dc, purpose), connection.clone());
        Ok(connection)
    }

    /// A connection for files, which shares the key of the main one and therefore waits until there is one.
    pub(crate) async fn file_connection(self: &Arc<Self>, dc: i32, purpose: Purpose) -> Result<Connection, Error> {
        if lock(&self.keys).get(dc).is_none() {
            let mut state = self.connection(dc, Purpose::Main)?.state();
            let ready = state.wait_for(|state| matches!(state, State::Ready { .. } | State::Closed(_))).await;
            if let Ok(State::Closed(reason)) = ready.as_deref() {
                return Err(Error::Closed(reason.clone()));
            }
        }
        self.connection(dc, purpose)
    }

    /// The updates from now on; `None` if somebody takes them already.
    pub(crate) fn take_updates(&self) -> Option<mpsc::Receiver<(i32, Event)>> {
        let (events, updates) = mpsc::channel(UPDATES);
        self.updates.set(events).ok().map(|()| updates)
    }

    /// Whether an address of a data centre is known.
    pub(crate) fn knows(&self, dc: i32) -> bool {
        lock(&self.servers).reach(dc, true).is_some()
    }

    pub(crate) fn update_servers(&self, config: &quadruplex_api::types::Config) {
        lock(&self.servers).update(&config.dc_options);
    }

    /// The cell that is filled once the account is signed in on a data centre.
    pub(crate) fn authorization(&self, dc: i32) -> Arc<OnceCell<()>> {
        lock(&self.authorized).get_or_insert_with(dc, Arc::default).clone()
    }

    /// Forgets that the account is signed in on a data centre: the next call signs it in again.
    pub(crate) fn forget_authorization(&self, dc: i32) {
        lock(&self.authorized).remove(dc);
    }

    /// The authorization key of a data centre.
    pub(crate) fn key(&self, dc: i32) -> Option<StoredKey> {
        lock(&self.keys).get(dc).cloned()
    }

    /// Whether there was a key at the start, which may be that of a login.
    pub(crate) fn has_stored_key(&self, dc: i32) -> bool {
        self.stored.contains(&dc)
    }

    /// Closes everything, for good. Calls in flight end with an error. Returns what may take a moment to end. The first reason stays.
    pub(crate) fn shut(&self, reason: CloseReason) -> Vec<Connection> {
        let connections = {
            let mut connections = lock(&self.connections);
            let Ok(open) = &mut *connections else { return Vec::new() };
            let open = open.take();
            *connections = Err(reason.clone());
            open
        };
        self.closed.cancel();
        connections.iter().for_each(|connection| connection.close_because(reason.clone()));
        connections
    }

    /// The same, and waits for that.
    pub(crate) async fn close(&self, reason: CloseReason) {
        for connection in self.shut(reason) {
            connection.closed().await;
        }
    }

    /// Leaves all connections, until one is asked for again. Calls in flight end with an error.
    pub(crate) fn leave(&self) {
        let mut connections = lock(&self.connections);
        // Whoever asks next gets a new one, and not one that is about to close.
        for left in connections.iter_mut().flat_map(Few::take) {
            left.close();
            add(&mut lock(&self.left), &left.traffic());
        }
    }

    /// Why it is closed.
    pub(crate) fn why(&self) -> CloseReason {
        lock(&self.connections).as_ref().err().cloned().unwrap_or(CloseReason::Requested)
    }

    /// Is cancelled when the pool is closed.
    pub(crate) fn closed(&self) -> &CancellationToken {
        &self.closed
    }

    /// Closes and forgets the keys: after a log-out they open nothing.
    pub(crate) async fn forget_keys(&self) {
        self.close(CloseReason::Requested).await;
        let keys = std::mem::take(&mut *lock(&self.keys));
        self.writer.queue(|commit| keys.iter().for_each(|(dc, _)| commit.remove_key(KeySlot::permanent(dc))));
        write_the_rest(&self.writer).await;
    }

    /// Everything that has gone over all connections.
    pub(crate) fn traffic(&self) -> Traffic {
        let connections = lock(&self.connections);
        let mut sum = *lock(&self.left);
        connections.iter().flat_map(Few::values).for_each(|connection| add(&mut sum, &connection.traffic()));
        sum
    }

    /// Whether nothing can be asked of a data centre any more.
    pub(crate) fn is_over(&self, dc: i32) -> bool {
        let connections = lock(&self.connections);
        connections.as_ref().ok().is_none_or(|all| all.get((dc, Purpose::Main)).is_some_and(Connection::is_closed))
    }

    /// How long no update has come, or since the start.
    pub(crate) fn silence(&self) -> std::time::Duration {
        lock(&self.heard).elapsed()
    }

    /// How each connection stands.
    #[cfg(feature = "metrics")]
    pub(crate) fn states(&self) -> Vec<(i32, Purpose, State)> {
        let connections = lock(&self.connections);
        let all = connections.iter().flat_map(Few::iter);
        all.map(|((dc, purpose), connection)| (dc, purpose, connection.state().borrow().clone())).collect()
    }

    /// Keeps the pool only while there is something to do: what it has to tell ends with the connection, which the pool keeps.
    async fn listen(pool: Weak<Self>, dc: i32, purpose: Purpose, mut events: mpsc::Receiver<Event>) {
        while let Some(event) = events.recv().await {
            let Some(pool) = pool.upgrade() else { return };
            if purpose == Purpose::Main && matches!(event, Event::Update(..)) {
                *lock(&pool.heard) = tokio::time::Instant::now();
            }
            match event {
                Event::Key(key) => pool.store_key(dc, *key).await,
                event if purpose == Purpose::Main => {
                    let updates = pool.updates.get().cloned();
                    drop(pool);
                    // What nobody takes is acknowledged by being dropped; who takes it later asks for what was missed. A full
                    // channel slows the connection's own, which tells when it drops something.
                    if let Some(updates) = updates {
                        let _ = updates.send((dc, event)).await;
                    }
                }
                _ => {}
            }
        }
    }

    async fn store_key(&self, dc: i32, key: StoredKey) {
        let salts = salts_to_store(&key.state);
        let is_new = lock(&self.keys).insert(dc, key.clone()).is_none_or(|known| known.auth_key != key.auth_key);
        let slot = KeySlot::permanent(dc);
        if is_new {
            let stored = quadruplex_store::StoredKey { key: AuthKey::from_bytes(*key.auth_key.expose()), expires: None, authorized: false };
            let mut commit = quadruplex_store::Commit::default();
            commit.add_key(slot, stored);
            commit.salts(slot, salts);
            if let Err(error) = self.writer.store().commit(Arc::new(commit)).await {
                warn!(dc, %error, "the new authorization key could not be stored: the next start will have to sign in again");
            }
        } else {
            self.writer.queue(|commit| commit.salts(slot, salts));
        }
    }
}

fn add(sum: &mut Traffic, more: &Traffic) {
    sum.packets_sent += more.packets_sent;
    sum.packets_with_calls += more.packets_with_calls;
    sum.packets_received += more.packets_received;
    sum.bytes_sent += more.bytes_sent;
    sum.bytes_received += more.bytes_received;
    sum.calls += more.calls;
}

/// Answers whose updates belong to the account's boxes.
fn carries_updates(answer: &[u8]) -> bool {
    answer.first_chunk().map(|id| u32::from_le_bytes(*id)).is_some_and(|id| is_updates(id) || is_affected(id))
}

/// The salt in use has no known end; it is stored as one that holds for ever and is replaced by those that follow.
fn salts_to_store(state: &KeyState) -> Vec<quadruplex_store::Salt> {
    let current = quadruplex_store::Salt { since: 0, until: i32::MAX, salt: state.salt };
    let future = state.future_salts.iter().map(|salt| quadruplex_store::Salt {
        since: i32::try_from(salt.valid_since).unwrap_or(i32::MAX),
        until: i32::try_from(salt.valid_until).unwrap_or(i32::MAX),
        salt: salt.salt,
    });
    std::iter::once(current).chain(future).collect()
}

/// The reverse of what [`Pool::store_key`] writes.
pub(crate) fn stored_key(key: &AuthKey, salts: &[quadruplex_store::Salt], server_time: Option<std::time::Duration>) -> StoredKey {
    let current = salts.iter().find(|salt| salt.since == 0).map_or(0, |salt| salt.salt);
    let future_salts = salts.iter().filter(|salt| salt.since != 0).map(|salt| quadruplex_mtproto::Salt {
        valid_since: salt.since.cast_unsigned(),
        valid_until: salt.until.cast_unsigned(),
        salt: salt.salt,
    });
    let state = KeyState { salt: current, future_salts: future_salts.collect(), server_time };
    StoredKey { auth_key: quadruplex_crypto::AuthKey::from_bytes(key.as_bytes()), state }
}

/// A panic elsewhere leaves these tables as good as they were: each change to them is one statement.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
