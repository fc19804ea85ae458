//! What a client says, whatever carries its packets.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::handshake::{ServerConfig, ServerHandshake, ServerStep, plain};
use quadruplex_mtproto::{packet, server};
use quadruplex_net::Random;
use tokio::sync::Notify;
use tokio::time::Instant;
use tracing::debug;

use super::hub::Hub;
use super::key::{Key, Sender, Slot};
use super::{query, request};
use crate::world::RpcError;

/// How many sessions one connection carries at the most; the oldest is left first.
const MAX_SESSIONS: usize = 8;
/// How long a query waits for the one it was to follow.
const WAIT_FOR_PREDECESSOR: Duration = Duration::from_millis(500);

/// A client at the other end of a connection.
pub(super) struct Peer {
    pub(super) random: Random,
    pub(super) hub: Arc<Hub>,
    dc: i32,
    handshake: Option<ServerHandshake>,
    pub(super) sessions: Vec<Carried>,
    deferred: Vec<Deferred>,
    carrier: Carrier,
    /// The id of the packet that came last.
    envelope: i64,
}

/// What carries the sessions of a client.
enum Carrier {
    /// A stream.
    Stream(Arc<Line>),
    /// Requests of HTTP, which come over several connections.
    Requests,
}

/// What carries sessions: a connection, or all those of HTTP that one session uses.
pub(crate) struct Line {
    id: u64,
    pub(super) wake: Arc<Notify>,
    of_requests: bool,
}

impl Line {
    fn new(hub: &Hub, of_requests: bool) -> Arc<Self> {
        Arc::new(Self { id: hub.next_connection(), wake: Arc::default(), of_requests })
    }
}

/// A session that this connection carries.
#[derive(Clone)]
pub(super) struct Carried {
    key: Arc<Key>,
    pub(super) slot: Arc<Slot>,
    pub(super) line: Arc<Line>,
}

/// What became of a packet.
pub(super) enum Taken {
    /// A plain message of the key exchange, which is the answer.
    Plain(Vec<u8>),
    /// A message of this session, and how long the answer may be held back if the client said so.
    Message(Carried, Option<Hold>),
}

/// How long an answer may be held back.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    /// After the first message that there is to tell, at the most.
    pub(super) max_delay: Duration,
    /// After each message.
    pub(super) wait_after: Duration,
    /// Until there is a first one.
    pub(super) max_wait: Duration,
}

/// A query that waits for another to be executed.
struct Deferred {
    carried: Carried,
    msg_id: i64,
    query: query::Query,
    until: Instant,
}

impl Peer {
    /// One whose sessions one stream carries.
    pub(super) fn of_stream(hub: Arc<Hub>, dc: i32) -> io::Result<(Self, Arc<Notify>)> {
        let line = Line::new(&hub, false);
        let wake = line.wake.clone();
        Ok((Self::new(hub, dc, line.id, Carrier::Stream(line))?, wake))
    }

    /// One who asks over HTTP.
    pub(super) fn of_requests(hub: Arc<Hub>, dc: i32) -> io::Result<Self> {
        let id = hub.next_connection();
        Self::new(hub, dc, id, Carrier::Requests)
    }

    fn new(hub: Arc<Hub>, dc: i32, id: u64, carrier: Carrier) -> io::Result<Self> {
        let random = hub.random(id)?;
        Ok(Self { random, hub, dc, handshake: None, sessions: Vec::new(), deferred: Vec::new(), carrier, envelope: 0 })
    }

    /// Takes a packet; the transport error with which it is refused.
    pub(super) fn handle_packet(&mut self, packet: BytesMut) -> Result<Taken, i32> {
        match packet::auth_key_id(&packet) {
            Some(0) => self.handle_plain(&packet).map(Taken::Plain),
            Some(key_id) => {
                let key = self.hub.key(key_id, self.dc).ok_or(-404)?;
                let (carried, hold) = self.handle_encrypted(&key, packet)?;
                Ok(Taken::Message(carried, hold))
            }
            None => Err(-404),
        }
    }

    /// A message of the key exchange.
    fn handle_plain(&mut self, packet: &[u8]) -> Result<Vec<u8>, i32> {
        let (_, body) = plain::unwrap(packet).map_err(|_| -404)?;
        let config = ServerConfig { keys: vec![self.hub.rsa.clone()], dc: Some(self.dc) };
        let state = match self.handshake.take() {
            Some(state) if !ServerHandshake::is_start(body) => state,
            _ => ServerHandshake::new(),
        };
        let now = self.hub.now();
        let answer = match state.handle(body, &config, now, &mut self.random) {
            Ok(ServerStep::Send { body, next }) => {
                self.handshake = Some(next);
                body
            }
            Ok(ServerStep::Agreed(agreed)) if self.hub.key(agreed.auth_key().id(), self.dc).is_some() => {
                let (body, next) = agreed.retry();
                self.handshake = Some(next);
                body
            }
            Ok(ServerStep::Agreed(agreed)) => {
                let (body, established) = agreed.accept();
                if !self.hub.add_key(&established, self.dc) {
                    return Err(-404);
                }
                body
            }
            Err(error) => {
                debug!(%error, "key exchange refused");
                return Err(-404);
            }
        };
        let msg_id = (now.wall.as_secs() as i64) << 32 | i64::from(now.wall.subsec_nanos() & !3) | 1;
        let mut out = Vec::new();
        plain::wrap(msg_id, &answer, &mut out);
        Ok(out)
    }

    fn handle_encrypted(&mut self, key: &Arc<Key>, packet: BytesMut) -> Result<(Carried, Option<Hold>), i32> {
        let opened = packet::open(&key.auth, Side::Client, packet).map_err(|error| {
            debug!(%error, "broken packet");
            -404
        })?;
        self.envelope = opened.message.msg_id;
        let carried = self.attach(key, opened.session_id);
        let slot = &carried.slot;
        let now = self.hub.now();
        let mut state = slot.lock();
        state.session.handle_message(opened, now).map_err(|error| {
            debug!(%error, "unreadable message");
            error.transport_error()
        })?;
        let (mut requests, mut hold): (Vec<(i64, Bytes)>, _) = (Vec::new(), None);
        while let Some(event) = state.session.poll_event() {
            match event {
                server::Event::Request { msg_id, body } => requests.push((msg_id, body)),
                server::Event::DestroySession { session_id, .. } => {
                    let existed = session_id != slot.session_id && key.forget(session_id);
                    state.session.destroyed(session_id, existed);
                }
                server::Event::HttpWait { max_delay, wait_after, max_wait } => hold = Some(Hold { max_delay, wait_after, max_wait }),
                _ => {}
            }
        }
        drop(state);
        for (msg_id, body) in requests {
            self.handle_request(&carried, msg_id, body);
        }
        self.retry_deferred();
        Ok((carried, hold))
    }

    fn handle_request(&mut self, carried: &Carried, msg_id: i64, body: Bytes) {
        let known = carried.key.intro().clone();
        match query::read(body, known.as_ref()) {
            Err(error) => request::refuse(&self.hub, &carried.slot, msg_id, &error),
            Ok(query) => {
                let until = Instant::now() + WAIT_FOR_PREDECESSOR;
                let deferred = Deferred { carried: carried.clone(), msg_id, query, until };
                if let Some(waits) = self.try_request(deferred) {
                    self.deferred.push(waits);
                }
            }
        }
    }

    /// Executes a query, or gives it back when it has to wait for another.
    fn try_request(&self, deferred: Deferred) -> Option<Deferred> {
        let Deferred { carried: Carried { key, slot, line }, msg_id, query, until } = &deferred;
        let outcomes: Vec<_> = {
            let state = slot.lock();
            query.after.iter().map(|before| state.outcomes.of(*before)).collect()
        };
        if outcomes.contains(&Some(false)) {
            request::refuse(&self.hub, slot, *msg_id, &RpcError::new(400, "MSG_WAIT_FAILED"));
        } else if outcomes.contains(&None) && Instant::now() < *until {
            return Some(deferred);
        } else if outcomes.contains(&None) {
            request::refuse(&self.hub, slot, *msg_id, &RpcError::new(400, "MSG_WAIT_TIMEOUT"));
        } else {
            let sender = Sender { connection: line.id, envelope: self.envelope };
            request::execute(&self.hub, key, slot, sender, *msg_id, query);
        }
        None
    }

    pub(super) fn retry_deferred(&mut self) {
        // One that is executed may be what another waits for.
        loop {
            let waiting = std::mem::take(&mut self.deferred);
            let before = waiting.len();
            self.deferred = waiting.into_iter().filter_map(|deferred| self.try_request(deferred)).collect();
            if self.deferred.len() == before || self.deferred.is_empty() {
                return;
            }
        }
    }

    /// Makes this the connection that carries a session, or one of those that do.
    fn attach(&mut self, key: &Arc<Key>, session_id: i64) -> Carried {
        let known = self.sessions.iter().find(|known| known.slot.session_id == session_id && Arc::ptr_eq(&known.key, key));
        if let Some(carried) = known.filter(|known| known.is_carried()) {
            return carried.clone();
        }
        self.sessions.retain(|known| known.slot.session_id != session_id);
        let slot = key.slot(session_id, &mut self.random);
        let mut state = slot.lock();
        let line = match &self.carrier {
            Carrier::Stream(line) => line.clone(),
            Carrier::Requests => state.line.upgrade().filter(|line| line.of_requests).unwrap_or_else(|| Line::new(&self.hub, true)),
        };
        state.connection = line.id;
        state.line = Arc::downgrade(&line);
        (state.wake, state.of_requests) = (line.wake.clone(), line.of_requests);
        // Also over one more connection of HTTP: what went out over one that is lost goes out again.
        state.session.connected();
        drop(state);
        let carried = Carried { key: key.clone(), slot, line };
        self.sessions.push(carried.clone());
        if self.sessions.len() > MAX_SESSIONS {
            self.sessions.remove(0);
        }
        carried
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub(super) fn next_timeout(&self) -> Option<Instant> {
        let sessions = self.sessions.iter().filter_map(|carried| carried.slot.lock().session.poll_timeout());
        let sessions = sessions.map(|mono| self.hub.instant(mono));
        sessions.chain(self.next_retry()).min()
    }

    /// When [`retry_deferred`](Self::retry_deferred) has to be called.
    pub(super) fn next_retry(&self) -> Option<Instant> {
        self.deferred.iter().map(|deferred| deferred.until).min()
    }

    pub(super) fn handle_timeout(&mut self) {
        let now = self.hub.now();
        for carried in &self.sessions {
            carried.slot.lock().session.handle_timeout(now);
        }
        self.retry_deferred();
    }

    /// The connection is gone.
    pub(super) fn leave(&mut self) {
        self.retry_deferred();
        for Deferred { carried, msg_id, .. } in std::mem::take(&mut self.deferred) {
            // Nobody would look after it any more, and the client can ask only on its next connection.
            request::refuse(&self.hub, &carried.slot, msg_id, &RpcError::new(400, "MSG_WAIT_TIMEOUT"));
        }
        self.sessions.drain(..).for_each(Carried::leave);
    }
}

impl Carried {
    /// Whether no other connection carries the session by now.
    pub(super) fn is_carried(&self) -> bool {
        self.slot.lock().connection == self.line.id
    }

    fn leave(self) {
        let Self { key, slot, line } = self;
        let (id, of_requests) = (line.id, line.of_requests);
        let mut state = slot.lock();
        let is_last = Arc::into_inner(line).is_some();
        if of_requests && !is_last {
            return;
        }
        key.stops_sending(id);
        if state.connection == id {
            state.connection = 0;
            state.session.disconnected();
        }
    }
}
