//! One connection of a client.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::framing::{FrameError, ServerFramer};
use quadruplex_mtproto::handshake::{ServerConfig, ServerHandshake, ServerStep, plain};
use quadruplex_mtproto::{packet, server};
use quadruplex_net::{Random, Stream};
use tokio::io::{AsyncReadExt, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout_at};
use tracing::debug;

use super::hub::{Hub, Key, Sender, Slot, lock};
use super::link::Fate;
use super::{query, request};
use crate::world::RpcError;

/// How long a client may take until its transport is known.
pub(super) const FIRST_BYTES: Duration = Duration::from_secs(30);
/// A longer packet of a client makes a server close the connection.
const MAX_PACKET: usize = 1_044_404 + 1024;
/// Nothing more is packed while so much waits for the socket.
const ENOUGH_OUT: usize = 1 << 20;
/// How many sessions one connection carries at the most; the oldest is left first.
const MAX_SESSIONS: usize = 8;
/// How long a query waits for the one it was to follow.
const WAIT_FOR_PREDECESSOR: Duration = Duration::from_millis(500);

/// Serves a client of a data centre, whose transport is known, until it goes, breaks the protocol, or the sandbox stops.
pub(super) async fn serve(hub: Arc<Hub>, dc: i32, stream: Box<dyn Stream>, framer: ServerFramer, input: BytesMut) -> io::Result<()> {
    let id = hub.next_connection();
    let random = hub.random(id)?;
    let (mut stop, mut epoch) = (hub.stop.subscribe(), hub.epoch.subscribe());
    let (reader, writer) = tokio::io::split(stream);
    let mut connection = Connection {
        id,
        dc,
        random,
        reader,
        writer,
        input,
        out: Vec::new(),
        written: 0,
        framer,
        handshake: None,
        sessions: Vec::new(),
        deferred: Vec::new(),
        wake: Arc::default(),
        closing: false,
        envelope: 0,
        hub,
    };
    let result = tokio::select! {
        result = connection.run() => result,
        () = super::stopped(&mut stop) => Ok(()),
        _ = epoch.changed() => Ok(()),
    };
    connection.leave();
    result
}

/// Why nothing came of a client.
pub(super) enum NotBegun {
    Io(io::Error),
    Frame(FrameError),
}

impl From<NotBegun> for io::Error {
    fn from(error: NotBegun) -> Self {
        match error {
            NotBegun::Io(error) => error,
            NotBegun::Frame(error) => Self::other(error),
        }
    }
}

/// Waits until the transport of a client is known; `secret` is that of the proxy to which it comes. What cannot be read stays in `input`.
pub(super) async fn begin(stream: &mut dyn Stream, input: &mut BytesMut, secret: Option<&[u8; 16]>) -> Result<ServerFramer, NotBegun> {
    let late = || NotBegun::Io(io::ErrorKind::TimedOut.into());
    let until = Instant::now() + FIRST_BYTES;
    loop {
        if let Some(framer) = ServerFramer::accept_with(input, secret).map_err(NotBegun::Frame)? {
            return Ok(framer.max_frame(MAX_PACKET));
        }
        let read = timeout_at(until, stream.read_buf(input)).await.map_err(|_| late())?;
        if read.map_err(NotBegun::Io)? == 0 {
            return Err(NotBegun::Io(io::ErrorKind::UnexpectedEof.into()));
        }
    }
}

struct Connection {
    id: u64,
    dc: i32,
    random: Random,
    reader: ReadHalf<Box<dyn Stream>>,
    writer: WriteHalf<Box<dyn Stream>>,
    input: BytesMut,
    out: Vec<u8>,
    written: usize,
    framer: ServerFramer,
    handshake: Option<ServerHandshake>,
    sessions: Vec<(Arc<Key>, Arc<Slot>)>,
    deferred: Vec<Deferred>,
    wake: Arc<Notify>,
    closing: bool,
    /// The id of the packet that came last.
    envelope: i64,
    hub: Arc<Hub>,
}

/// A query that waits for another to be executed.
struct Deferred {
    key: Arc<Key>,
    slot: Arc<Slot>,
    msg_id: i64,
    query: query::Query,
    until: Instant,
}

impl Connection {
    async fn run(&mut self) -> io::Result<()> {
        self.read()?;
        loop {
            self.pack();
            let has_out = self.written < self.out.len();
            if self.closing && !has_out {
                return Ok(());
            }
            let due = self.next_timeout();
            let woken = self.wake.clone();
            tokio::select! {
                biased;
                wrote = self.writer.write(&self.out[self.written..]), if has_out => {
                    self.written += wrote?;
                    if self.written == self.out.len() {
                        self.out.clear();
                        self.out.shrink_to(64 << 10);
                        self.written = 0;
                    }
                }
                read = self.reader.read_buf(&mut self.input), if !self.closing && self.out.len() < ENOUGH_OUT => {
                    if read? == 0 {
                        return Ok(());
                    }
                    self.read()?;
                }
                () = woken.notified() => {}
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.handle_timeout(),
            }
        }
    }

    /// Takes all packets that have come whole.
    fn read(&mut self) -> io::Result<()> {
        if self.input.capacity() - self.input.len() < 4096 {
            self.input.reserve(64 << 10);
        }
        while let Some(received) = self.framer.next(&mut self.input).map_err(io::Error::other)?
            && !self.closing
        {
            let fate = lock(&self.hub.faults).fate();
            match fate {
                Fate::Pass => self.handle_packet(received.packet),
                Fate::Drop => {}
                Fate::Duplicate => {
                    self.handle_packet(received.packet.clone());
                    self.handle_packet(received.packet);
                }
                Fate::Cut => return Err(io::ErrorKind::ConnectionReset.into()),
            }
        }
        Ok(())
    }

    fn handle_packet(&mut self, packet: BytesMut) {
        match packet::auth_key_id(&packet) {
            Some(0) => self.handle_plain(&packet),
            Some(key_id) => match self.hub.key(key_id, self.dc) {
                Some(key) => self.handle_encrypted(&key, packet),
                None => self.refuse(-404),
            },
            None => self.refuse(-404),
        }
    }

    /// A message of the key exchange.
    fn handle_plain(&mut self, packet: &[u8]) {
        let Ok((_, body)) = plain::unwrap(packet) else { return self.refuse(-404) };
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
                self.hub.add_key(&established, self.dc);
                body
            }
            Err(error) => {
                debug!(%error, "key exchange refused");
                return self.refuse(-404);
            }
        };
        let msg_id = (now.wall.as_secs() as i64) << 32 | i64::from(now.wall.subsec_nanos() & !3) | 1;
        self.frame(|out, _| plain::wrap(msg_id, &answer, out));
    }

    fn handle_encrypted(&mut self, key: &Arc<Key>, packet: BytesMut) {
        let opened = match packet::open(&key.auth, Side::Client, packet) {
            Ok(opened) => opened,
            Err(error) => {
                debug!(%error, "broken packet");
                return self.refuse(-404);
            }
        };
        self.envelope = opened.message.msg_id;
        let slot = self.attach(key, opened.session_id);
        let now = self.hub.now();
        let mut state = slot.lock();
        if let Err(error) = state.session.handle_message(opened, now) {
            debug!(%error, "unreadable message");
            drop(state);
            return self.refuse(error.transport_error());
        }
        let mut requests: Vec<(i64, Bytes)> = Vec::new();
        while let Some(event) = state.session.poll_event() {
            match event {
                server::Event::Request { msg_id, body } => requests.push((msg_id, body)),
                server::Event::DestroySession { session_id, .. } => {
                    let existed = session_id != slot.session_id && key.forget(session_id);
                    state.session.destroyed(session_id, existed);
                }
                _ => {}
            }
        }
        drop(state);
        for (msg_id, body) in requests {
            self.handle_request(key, &slot, msg_id, body);
        }
        self.retry_deferred();
    }

    fn handle_request(&mut self, key: &Arc<Key>, slot: &Arc<Slot>, msg_id: i64, body: Bytes) {
        let known = key.intro().clone();
        match query::read(body, known.as_ref()) {
            Err(error) => request::refuse(&self.hub, slot, msg_id, &error),
            Ok(query) => {
                let until = Instant::now() + WAIT_FOR_PREDECESSOR;
                let deferred = Deferred { key: key.clone(), slot: slot.clone(), msg_id, query, until };
                if let Some(waits) = self.try_request(deferred) {
                    self.deferred.push(waits);
                }
            }
        }
    }

    /// Executes a query, or gives it back when it has to wait for another.
    fn try_request(&self, deferred: Deferred) -> Option<Deferred> {
        let Deferred { key, slot, msg_id, query, until } = &deferred;
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
            let sender = Sender { connection: self.id, envelope: self.envelope };
            request::execute(&self.hub, key, slot, sender, *msg_id, query);
        }
        None
    }

    fn retry_deferred(&mut self) {
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

    /// Makes this the connection that carries a session.
    fn attach(&mut self, key: &Arc<Key>, session_id: i64) -> Arc<Slot> {
        if let Some((_, slot)) = self.sessions.iter().find(|(known, slot)| slot.session_id == session_id && Arc::ptr_eq(known, key)) {
            let slot = slot.clone();
            if slot.lock().connection == self.id {
                return slot;
            }
        }
        self.sessions.retain(|(_, slot)| slot.session_id != session_id);
        let slot = key.slot(session_id, &mut self.random);
        let mut state = slot.lock();
        state.connection = self.id;
        state.wake = self.wake.clone();
        state.session.connected();
        drop(state);
        self.sessions.push((key.clone(), slot.clone()));
        if self.sessions.len() > MAX_SESSIONS {
            self.sessions.remove(0);
        }
        slot
    }

    /// Writes what the sessions of this connection have to send. A session that another connection carries by now is left to it.
    fn pack(&mut self) {
        let now = self.hub.now();
        let mine = self.id;
        self.sessions.retain(|(_, slot)| slot.lock().connection == mine);
        for at in 0..self.sessions.len() {
            let slot = self.sessions[at].1.clone();
            while self.out.len() < ENOUGH_OUT {
                let fate = lock(&self.hub.faults).fate();
                let mut state = slot.lock();
                let mut copy = Vec::new();
                let packed = self.frame(|out, random| {
                    let start = out.len();
                    let packed = state.session.poll_transmit(now, random, out);
                    match fate {
                        Fate::Drop => out.truncate(start),
                        Fate::Duplicate => copy.extend_from_slice(&out[start..]),
                        Fate::Pass | Fate::Cut => {}
                    }
                    packed
                });
                drop(state);
                if !packed {
                    break;
                }
                if !copy.is_empty() {
                    self.frame(|out, _| out.extend_from_slice(&copy));
                }
                if fate == Fate::Cut {
                    self.closing = true;
                    return;
                }
            }
        }
    }

    /// Appends one frame; nothing, if `write` appends nothing.
    fn frame<T>(&mut self, write: impl FnOnce(&mut Vec<u8>, &mut Random) -> T) -> T {
        let frame = self.framer.begin(&mut self.out);
        let result = write(&mut self.out, &mut self.random);
        if let Err(error) = self.framer.finish(frame, &mut self.out, &mut self.random) {
            tracing::error!(%error, "a packet of our own does not fit a frame");
            self.closing = true;
        }
        result
    }

    /// Refuses with a transport error and closes.
    fn refuse(&mut self, code: i32) {
        self.framer.transport_error(code, &mut self.out);
        self.closing = true;
    }

    fn next_timeout(&self) -> Option<Instant> {
        let sessions = self.sessions.iter().filter_map(|(_, slot)| slot.lock().session.poll_timeout());
        let sessions = sessions.map(|mono| self.hub.instant(mono));
        sessions.chain(self.deferred.iter().map(|deferred| deferred.until)).min()
    }

    fn handle_timeout(&mut self) {
        let now = self.hub.now();
        for (_, slot) in &self.sessions {
            slot.lock().session.handle_timeout(now);
        }
        self.retry_deferred();
    }

    fn leave(&mut self) {
        self.retry_deferred();
        for Deferred { slot, msg_id, .. } in std::mem::take(&mut self.deferred) {
            // Nobody would look after it any more, and the client can ask only on its next connection.
            request::refuse(&self.hub, &slot, msg_id, &RpcError::new(400, "MSG_WAIT_TIMEOUT"));
        }
        for (key, slot) in self.sessions.drain(..) {
            key.stops_sending(self.id);
            let mut state = slot.lock();
            if state.connection == self.id {
                state.connection = 0;
                state.session.disconnected();
            }
        }
    }
}
