use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use quadruplex_crypto::AuthKey;
use quadruplex_crypto::rsa::PrivateKey;
use quadruplex_mtproto::server::ServerSalts;
use quadruplex_mtproto::{Now, handshake::Established};
use quadruplex_net::{Environment, MtProxy, Random, Target};
use tokio::sync::{Notify, watch};

use super::key::{Key, SlotState};
use super::link::LinkFaults;
use super::proxy::Proxy;
use super::request::Waiting;
use super::{Door, query};
use crate::world::{self, World};

/// What all connections of a sandbox share.
///
/// Locks are taken in one order: world, then key, then session; none is held across an `await`.
pub(crate) struct Hub {
    world: Mutex<World>,
    keys: Mutex<HashMap<u64, Arc<Key>>>,
    pub(crate) rsa: PrivateKey,
    environment: Environment,
    /// How far the sandbox's wall clock runs ahead of its environment's, in seconds.
    ahead: AtomicI64,
    /// Whether that clock has ever been set back: message ids of one client need not increase then.
    ran_back: AtomicBool,
    connections: AtomicU64,
    pub(crate) faults: Mutex<LinkFaults>,
    pub(crate) stop: watch::Sender<bool>,
    /// Changes when all connections are to be closed.
    pub(crate) epoch: watch::Sender<u64>,
    pub(crate) addresses: Mutex<Vec<(i32, SocketAddr)>>,
    proxy: OnceLock<Proxy>,
    /// Told when a login code was sent.
    pub(crate) codes: Notify,
    /// Queries that wait for a bot, by the world's numbers.
    waiting: Mutex<HashMap<u64, Waiting>>,
    /// When the world's timer is set to go off, in milliseconds of its clock; `i64::MAX` for never.
    due: AtomicI64,
    /// Told when the timer has to be set anew.
    due_changed: Notify,
}

impl Hub {
    pub(crate) fn new(world: World, rsa: PrivateKey, environment: Environment, seed: u64) -> Self {
        Self {
            world: Mutex::new(world),
            keys: Mutex::default(),
            rsa,
            environment,
            ahead: AtomicI64::new(0),
            ran_back: AtomicBool::new(false),
            connections: AtomicU64::new(0),
            faults: Mutex::new(LinkFaults::new(seed)),
            stop: watch::Sender::new(false),
            epoch: watch::Sender::new(0),
            addresses: Mutex::default(),
            proxy: OnceLock::new(),
            codes: Notify::new(),
            waiting: Mutex::default(),
            due: AtomicI64::new(i64::MAX),
            due_changed: Notify::new(),
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        lock(&self.world)
    }

    pub(crate) fn now(&self) -> Now {
        let now = self.environment.now();
        let ahead = self.ahead.load(Ordering::Relaxed);
        let secs = now.wall.as_secs().saturating_add_signed(ahead);
        Now { wall: Duration::new(secs, now.wall.subsec_nanos()), ..now }
    }

    pub(crate) fn world_now(&self) -> world::Now {
        world::Now { ms: i64::try_from(self.now().wall.as_millis()).unwrap_or(i64::MAX) }
    }

    pub(crate) fn instant(&self, mono: Duration) -> tokio::time::Instant {
        self.environment.instant(mono)
    }

    /// Moves the wall clock.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        if self.ahead.swap(seconds, Ordering::Relaxed) > seconds {
            self.ran_back.store(true, Ordering::Relaxed);
        }
        self.due_changed.notify_one();
    }

    /// How far apart the ids of messages must be for their order to be known: nothing, unless the clock was set back. Then those
    /// that were written by the old time are at most as far ahead as the server takes them, half a minute.
    pub(crate) fn id_margin(&self) -> i64 {
        if self.ran_back.load(Ordering::Relaxed) { 60 << 32 } else { 0 }
    }

    /// Puts a proxy in front of the data centres; there is one at the most.
    pub(crate) fn open_proxy(&self, proxy: Proxy) {
        let _ = self.proxy.set(proxy);
    }

    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.get()
    }

    pub(crate) fn mtproxy(&self) -> Option<MtProxy> {
        self.proxy().map(Proxy::link)
    }

    /// Which proxies clients say they come through, one entry a key.
    pub(crate) fn told_proxies(&self) -> Vec<Option<Target>> {
        let keys: Vec<_> = lock(&self.keys).values().cloned().collect();
        keys.iter().filter_map(|key| key.intro().as_ref().map(|intro| intro.proxy.clone())).collect()
    }

    /// What is behind one of these addresses.
    pub(crate) fn door(&self, addresses: &[SocketAddr]) -> Option<Door> {
        let proxy = self.proxy().filter(|proxy| addresses.contains(&proxy.address)).map(|_| Door::Proxy);
        let dc = || lock(&self.addresses).iter().find(|(_, address)| addresses.contains(address)).map(|(dc, _)| Door::Dc(*dc));
        proxy.or_else(dc)
    }

    /// Whether there is such a data centre.
    pub(crate) fn has_dc(&self, dc: i32) -> bool {
        lock(&self.addresses).iter().any(|(known, _)| *known == dc)
    }

    pub(crate) fn next_connection(&self) -> u64 {
        self.connections.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn random(&self, stream: u64) -> std::io::Result<Random> {
        // The upper half keeps the servers' streams apart from those of clients that share a seed.
        self.environment.random(1 << 63 | stream)
    }

    /// The key of a data centre, from memory or from the state file.
    pub(crate) fn key(&self, id: u64, dc: i32) -> Option<Arc<Key>> {
        if let Some(key) = lock(&self.keys).get(&id) {
            return Some(key.clone()).filter(|key| key.dc == dc);
        }
        let auth = {
            let mut world = self.world();
            let keys = world.keys();
            let (bytes, of_dc) = keys.load(id)?;
            AuthKey::from_bytes(bytes.try_into().ok().filter(|_| of_dc == dc)?)
        };
        let key = Arc::new(Key::new(auth, dc, ServerSalts::of_old_key()));
        Some(lock(&self.keys).entry(id).or_insert(key).clone())
    }

    /// Whether the sandbox has stopped. Asked with the world locked: if not, what happens in the world is kept.
    pub(crate) fn has_stopped(&self) -> bool {
        *self.stop.borrow()
    }

    /// Stores a key before the client hears that it was accepted; `false` if the sandbox has stopped.
    #[must_use]
    pub(crate) fn add_key(&self, established: &Established, dc: i32) -> bool {
        let auth = established.auth_key.clone();
        let mut world = self.world();
        if self.has_stopped() {
            return false;
        }
        world.keys().save(auth.id(), auth.expose(), dc);
        drop(world);
        let salts = ServerSalts::new(established.server_salt, self.now().wall);
        lock(&self.keys).insert(auth.id(), Arc::new(Key::new(auth, dc, salts)));
        true
    }

    /// Hands out the updates that have come up. Called with the world locked, so that they go out in its order.
    pub(crate) fn deliver(&self, world: &mut World) {
        let now = self.now();
        let due = world.next_timeout().map_or(i64::MAX, |due| due.ms);
        if self.due.swap(due, Ordering::Relaxed) != due {
            self.due_changed.notify_one();
        }
        for (number, result) in world.take_answers() {
            let waiting = lock(&self.waiting).remove(&number);
            if let Some(waiting) = waiting {
                waiting.answer(self, result);
            }
        }
        if world.has_codes() {
            self.codes.notify_one();
        }
        for push in world.take_pushes() {
            let Some(key) = lock(&self.keys).get(&push.auth_key_id).cloned() else { continue };
            let slots: Vec<_> = lock(&key.sessions).values().cloned().collect();
            for slot in slots.iter().filter(|slot| Some(slot.session_id) != push.except_session) {
                let mut state = slot.lock();
                if !state.wants_updates {
                    continue;
                }
                if let Some(body) = query::encode_update(&push.update, state.layer) {
                    state.session.notify(body, now);
                    state.wake();
                }
            }
        }
    }

    /// Keeps a query until the world has its answer.
    pub(crate) fn wait(&self, number: u64, waiting: Waiting) {
        lock(&self.waiting).insert(number, waiting);
    }

    /// Lets the world do what is due, until the sandbox stops.
    pub(crate) async fn keep_time(&self) {
        let mut stop = self.stop.subscribe();
        loop {
            let (due, now) = (self.due.load(Ordering::Relaxed), self.world_now().ms);
            let wait = Duration::from_millis(due.saturating_sub(now).max(0).unsigned_abs());
            tokio::select! {
                _ = stop.wait_for(|stop| *stop) => return,
                () = self.due_changed.notified() => {}
                () = tokio::time::sleep(wait), if due != i64::MAX => {
                    let now = self.world_now();
                    let mut world = self.world();
                    world.handle_timeout(now);
                    self.deliver(&mut world);
                }
            }
        }
    }

    pub(crate) fn disconnect_all(&self) {
        self.epoch.send_modify(|epoch| *epoch += 1);
    }

    /// Forgets all sessions, as a server does that was restarted.
    pub(crate) fn lose_sessions(&self) {
        for key in lock(&self.keys).values() {
            lock(&key.sessions).clear();
        }
    }

    /// Makes all salts wrong that were given out.
    pub(crate) fn rotate_salts(&self) {
        self.each_session(|key, state| {
            lock(&key.salts).rotate();
            state.session.rotate_salts();
        });
    }

    /// Refuses the next query of every session with a `bad_msg_notification`.
    pub(crate) fn refuse_next(&self, code: i32) {
        self.each_session(|_, state| state.session.refuse_next(code));
    }

    fn each_session(&self, act: impl Fn(&Key, &mut SlotState)) {
        let keys: Vec<_> = lock(&self.keys).values().cloned().collect();
        for key in keys {
            let slots: Vec<_> = lock(&key.sessions).values().cloned().collect();
            slots.iter().for_each(|slot| act(&key, &mut slot.lock()));
        }
    }
}

/// A panic elsewhere leaves these tables as good as they were: each change to them is one statement.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
