//! An authorization key, its sessions, and who sends with it.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use quadruplex_crypto::AuthKey;
use quadruplex_mtproto::server::{ServerSalts, Session};
use quadruplex_net::{Random, Target};
use tokio::sync::Notify;

use super::hub::lock;
use super::peer::Line;

/// An authorization key and the sessions that use it.
pub(crate) struct Key {
    pub(crate) auth: AuthKey,
    pub(crate) dc: i32,
    pub(crate) salts: Mutex<ServerSalts>,
    pub(crate) sessions: Mutex<HashMap<i64, Arc<Slot>>>,
    /// What `invokeWithLayer` and `initConnection` said, for queries without them.
    pub(crate) intro: Mutex<Option<Intro>>,
    senders: Mutex<Senders>,
}

/// What a client said of itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Intro {
    pub(crate) layer: i32,
    pub(crate) api_id: i32,
    pub(crate) device_model: String,
    pub(crate) system_version: String,
    pub(crate) app_version: String,
    pub(crate) lang_code: String,
    /// The MTProto proxy through which it says that it comes.
    pub(crate) proxy: Option<Target>,
}

/// A session and the connection that carries it.
pub(crate) struct Slot {
    pub(crate) session_id: i64,
    state: Mutex<SlotState>,
}

pub(crate) struct SlotState {
    pub(crate) session: Session,
    /// The [`Line`] that carries the session, 0 for none.
    pub(crate) connection: u64,
    /// That line, if it is still there.
    pub(crate) line: Weak<Line>,
    pub(crate) wake: Arc<Notify>,
    /// Whether several wait there: requests of HTTP.
    pub(crate) of_requests: bool,
    /// Whether a call has been made by which a client shows that it wants updates here.
    pub(crate) wants_updates: bool,
    /// The layer in which this session gets them.
    pub(crate) layer: i32,
    pub(crate) outcomes: Outcomes,
}

impl SlotState {
    /// There is something to send.
    pub(crate) fn wake(&self) {
        if self.of_requests {
            self.wake.notify_waiters();
        } else {
            self.wake.notify_one();
        }
    }
}

/// How the latest queries of a session ended, for `invokeAfterMsg`.
#[derive(Default)]
pub(crate) struct Outcomes {
    ended: HashMap<i64, bool>,
    order: VecDeque<i64>,
}

impl Outcomes {
    const REMEMBERED: usize = 4096;

    pub(crate) fn record(&mut self, msg_id: i64, succeeded: bool) {
        if self.ended.insert(msg_id, succeeded).is_none() {
            self.order.push_back(msg_id);
        }
        if self.order.len() > Self::REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ended.remove(&oldest);
        }
    }

    pub(crate) fn of(&self, msg_id: i64) -> Option<bool> {
        self.ended.get(&msg_id).copied()
    }
}

/// The connections that send queries under one key. Two of them at the same time destroy the login.
#[derive(Default)]
struct Senders {
    first: Option<Sender>,
    second: Option<Sender>,
}

/// A connection and the newest packet with a query that has come over it.
#[derive(Clone, Copy)]
pub(crate) struct Sender {
    pub(crate) connection: u64,
    /// The id of the packet's message, which tells when the client wrote it.
    pub(crate) envelope: i64,
}

impl Key {
    pub(crate) fn new(auth: AuthKey, dc: i32, salts: ServerSalts) -> Self {
        Self { auth, dc, salts: Mutex::new(salts), sessions: Mutex::default(), intro: Mutex::default(), senders: Mutex::default() }
    }

    pub(crate) fn slot(&self, session_id: i64, random: &mut Random) -> Arc<Slot> {
        let mut sessions = lock(&self.sessions);
        let slot = sessions.entry(session_id).or_insert_with(|| {
            let session = Session::new(self.auth.clone(), session_id, lock(&self.salts).clone(), random);
            let state = SlotState {
                session,
                connection: 0,
                line: Weak::new(),
                wake: Arc::default(),
                of_requests: false,
                wants_updates: false,
                layer: 0,
                outcomes: Outcomes::default(),
            };
            Arc::new(Slot { session_id, state: Mutex::new(state) })
        });
        slot.clone()
    }

    pub(crate) fn forget(&self, session_id: i64) -> bool {
        lock(&self.sessions).remove(&session_id).is_some()
    }

    pub(crate) fn intro(&self) -> MutexGuard<'_, Option<Intro>> {
        lock(&self.intro)
    }

    /// Notes that a connection sends a query, and says whether another one does so at the same time: it has sent, this one
    /// has, and now it sends again. What it wrote before the other one did was only long on its way: a client that has lost a
    /// connection need not wait for the server to notice. By how much its ids must be above those of the other one is `margin`.
    pub(crate) fn sends_twice(&self, sender: Sender, margin: i64) -> bool {
        let mut senders = lock(&self.senders);
        let Senders { first, second } = &mut *senders;
        match (first, second) {
            (Some(first), Some(second)) if first.connection == sender.connection => {
                sender.envelope > second.envelope.saturating_add(margin)
            }
            (Some(first), second) if first.connection != sender.connection => {
                *second = Some(sender);
                false
            }
            (first, _) => {
                *first = Some(sender);
                false
            }
        }
    }

    pub(crate) fn stops_sending(&self, connection: u64) {
        let mut senders = lock(&self.senders);
        let is_gone = |sender: Option<Sender>| sender.is_some_and(|sender| sender.connection == connection);
        if is_gone(senders.first) {
            senders.first = senders.second.take();
        } else if is_gone(senders.second) {
            senders.second = None;
        }
    }
}

impl Slot {
    pub(crate) fn lock(&self) -> MutexGuard<'_, SlotState> {
        lock(&self.state)
    }
}
