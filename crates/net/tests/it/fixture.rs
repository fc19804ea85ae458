//! A server end that does what a test says, and the dialler that leads to it.

use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::Side;
use quadruplex_crypto::rsa::PublicKey;
use quadruplex_mtproto::framing::{ServerFramer, Transport};
use quadruplex_mtproto::server::{self, ServerSalts, Session};
use quadruplex_mtproto::{MSG_CONTAINER, Now, Service, packet};
use quadruplex_net::{
    BoxFuture, Connection, Dial, Dialed, Environment, Event, KeyState, Options, Pending, Random, Repeat, Request, Server as Wanted, State,
    StoredKey, Stream,
};
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::mpsc;
use tokio::time::Instant;

/// A function that no schema has.
pub(crate) const QUERY: u32 = 0x7e57_0001;
pub(crate) const WALL: Duration = Duration::from_secs(1_800_000_000);

pub(crate) fn key() -> AuthKey {
    AuthKey::from_bytes(&std::array::from_fn(|at| (at * 7 + 1) as u8))
}

pub(crate) fn query(number: u64) -> Bytes {
    [&QUERY.to_le_bytes()[..], &number.to_le_bytes()].concat().into()
}

pub(crate) fn request(number: u64, repeat: Repeat) -> Request {
    Request::new(query(number), repeat)
}

/// Whether a dial is refused, and when each was made.
#[derive(Debug)]
pub(crate) struct Script {
    refused: Mutex<usize>,
    /// Whether dials are left waiting.
    waits: AtomicBool,
    dialled: Mutex<Vec<Instant>>,
    accepted: mpsc::UnboundedSender<DuplexStream>,
}

impl Script {
    pub(crate) fn dials(&self) -> usize {
        self.dialled.lock().unwrap().len()
    }

    /// From now on dials are neither taken nor refused.
    pub(crate) fn leave_waiting(&self) {
        self.waits.store(true, Ordering::Relaxed);
    }

    /// How long the client waited before each dial but the first.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.dialled.lock().unwrap().windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl Dial for Script {
    fn dial<'a>(&'a self, _: Wanted<'a>) -> BoxFuture<'a, io::Result<Dialed>> {
        self.dialled.lock().unwrap().push(Instant::now());
        if self.waits.load(Ordering::Relaxed) {
            return Box::pin(std::future::pending());
        }
        let mut refused = self.refused.lock().unwrap();
        let answer = if *refused > 0 {
            *refused -= 1;
            Err(io::Error::new(io::ErrorKind::ConnectionRefused, "nobody listens"))
        } else {
            let (near, far) = tokio::io::duplex(1 << 20);
            let sent = self.accepted.send(far);
            sent.map(|()| (Box::new(near) as Box<dyn Stream>).into()).map_err(|_| io::ErrorKind::ConnectionRefused.into())
        };
        Box::pin(async move { answer })
    }
}

/// The server end: one link at a time, one session over all of them.
pub(crate) struct Server {
    accepted: mpsc::UnboundedReceiver<DuplexStream>,
    link: Option<(DuplexStream, Option<ServerFramer>, BytesMut)>,
    pub(crate) session: Option<Session>,
    /// Requests that have come in one packet with one that was taken.
    waiting: VecDeque<(i64, Bytes)>,
    rng: Random,
    environment: Environment,
}

/// A client's connection and the server at its other end.
pub(crate) struct Bench {
    pub(crate) connection: Connection,
    pub(crate) events: mpsc::Receiver<Event>,
    pub(crate) script: Arc<Script>,
    pub(crate) server: Server,
}

pub(crate) fn options() -> Options {
    Options {
        addresses: vec![SocketAddr::from(([127, 0, 0, 1], 1))],
        dc: 2,
        transport: Transport::Intermediate,
        obfuscated: false,
        server_keys: vec![PublicKey::sandbox()],
        init: Bytes::new().into(),
        key: Some(StoredKey { auth_key: key(), state: KeyState { salt: 7, ..KeyState::default() } }),
        is_update: |_| false,
        event_capacity: 100,
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(options(), 0)
    }

    /// A connection whose first dials are refused.
    pub(crate) fn with(options: Options, refused: usize) -> Self {
        let (sender, accepted) = mpsc::unbounded_channel();
        let script =
            Arc::new(Script { refused: Mutex::new(refused), waits: AtomicBool::default(), dialled: Mutex::default(), accepted: sender });
        let environment = Environment::simulated(WALL, 1);
        let (connection, events) = Connection::open(options, script.clone(), environment.clone());
        let (session, waiting) = (None, VecDeque::new());
        let server = Server { accepted, link: None, session, waiting, rng: Random::seed_from_u64(9), environment };
        Self { connection, events, script, server }
    }

    pub(crate) fn call(&self, number: u64) -> Pending {
        self.connection.send(request(number, Repeat::Safe))
    }

    /// Waits until the connection stands like this.
    pub(crate) async fn state(&self, wanted: impl Fn(&State) -> bool) -> State {
        let mut state = self.connection.state();
        state.wait_for(|state| wanted(state)).await.expect("the task lives").clone()
    }
}

impl Server {
    pub(crate) fn now(&self) -> Now {
        self.environment.now()
    }

    /// The next dial's link.
    pub(crate) async fn accept(&mut self) {
        self.hang_up();
        let stream = self.accepted.recv().await.expect("the dialler lives");
        self.link = Some((stream, None, BytesMut::new()));
        if let Some(session) = &mut self.session {
            session.connected();
        }
    }

    /// Closes the link.
    pub(crate) fn hang_up(&mut self) {
        self.link = None;
        if let Some(session) = &mut self.session {
            session.disconnected();
        }
    }

    /// The next packet; `None` when the client has closed the link.
    pub(crate) async fn packet(&mut self) -> Option<BytesMut> {
        if self.link.is_none() {
            self.accept().await;
        }
        loop {
            let (stream, framer, input) = self.link.as_mut().expect("a link was accepted");
            if framer.is_none() {
                *framer = ServerFramer::accept(input).expect("the client writes well");
            }
            if let Some(framer) = framer
                && let Some(received) = framer.next(input).expect("the client writes well")
            {
                return Some(received.packet);
            }
            if stream.read_buf(input).await.expect("pipes do not fail") == 0 {
                return None;
            }
        }
    }

    /// The next query, its message and its number, over as many links as that takes.
    pub(crate) async fn query(&mut self) -> (i64, u64) {
        loop {
            if let Some((msg_id, body)) = self.waiting.pop_front() {
                assert_eq!(body[..4], QUERY.to_le_bytes());
                return (msg_id, u64::from_le_bytes(body[4..12].try_into().unwrap()));
            }
            match self.packet().await {
                Some(packet) => self.take(packet),
                None => self.accept().await,
            }
            self.flush().await;
        }
    }

    fn take(&mut self, packet: BytesMut) {
        let opened = packet::open(&key(), Side::Client, packet).expect("the client seals well");
        let now = self.now();
        if self.session.as_ref().is_none_or(|session| session.session_id() != opened.session_id) {
            let mut session = Session::new(key(), opened.session_id, ServerSalts::of_old_key(), &mut self.rng);
            session.connected();
            self.session = Some(session);
        }
        let session = self.session.as_mut().expect("it was made above");
        session.handle_message(opened, now).expect("the client keeps the protocol");
        while let Some(event) = session.poll_event() {
            if let server::Event::Request { msg_id, body } = event {
                self.waiting.push_back((msg_id, body));
            }
        }
    }

    /// Answers a query with its number.
    pub(crate) async fn answer(&mut self, (msg_id, number): (i64, u64)) {
        let now = self.now();
        self.session.as_mut().expect("a query came").answer(msg_id, query(number), false, now);
        self.flush().await;
    }

    /// Sends a message that answers nothing.
    pub(crate) async fn notify(&mut self, number: u64) {
        let now = self.now();
        self.session.as_mut().expect("a query came").notify(query(number), now);
        self.flush().await;
    }

    /// Writes what the session has to send.
    pub(crate) async fn flush(&mut self) {
        let out = self.packed();
        self.write(&out).await;
    }

    /// What the session has to send.
    pub(crate) fn packed(&mut self) -> Vec<u8> {
        let now = self.now();
        let mut out = Vec::new();
        if let (Some(session), Some((_, Some(framer), _))) = (&mut self.session, &mut self.link) {
            loop {
                let frame = framer.begin(&mut out);
                let packed = session.poll_transmit(now, &mut self.rng, &mut out);
                framer.finish(frame, &mut out, &mut self.rng).expect("packets fit");
                if !packed {
                    break;
                }
            }
        }
        out
    }

    /// Reads so many bytes of the link, or those that are there.
    pub(crate) async fn sip(&mut self, bytes: usize) {
        let (stream, _, input) = self.link.as_mut().expect("a link was accepted");
        stream.take(bytes as u64).read_buf(input).await.expect("pipes do not fail");
    }

    /// Writes bytes as they are.
    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        if let Some((stream, ..)) = &mut self.link {
            // The client may have gone.
            let _ = stream.write_all(bytes).await;
        }
    }

    /// Waits for a packet, answers it with a transport error and closes.
    pub(crate) async fn refuse(&mut self, code: i32) {
        self.accept().await;
        assert!(self.packet().await.is_some(), "the client speaks first");
        let mut out = Vec::new();
        if let Some((_, Some(framer), _)) = &mut self.link {
            framer.transport_error(code, &mut out);
        }
        self.write(&out).await;
        self.hang_up();
    }

    /// Randomness for the server's side of a key exchange.
    pub(crate) fn random(&mut self) -> Random {
        Random::seed_from_u64(77)
    }

    /// Writes a message of the key exchange.
    pub(crate) async fn write_plain(&mut self, body: &[u8]) {
        let msg_id = (self.now().wall.as_secs() as i64) << 32 | 5;
        let mut out = Vec::new();
        if let Some((_, Some(framer), _)) = &mut self.link {
            let frame = framer.begin(&mut out);
            quadruplex_mtproto::handshake::plain::wrap(msg_id, body, &mut out);
            framer.finish(frame, &mut out, &mut self.rng).expect("packets fit");
        }
        self.write(&out).await;
    }

    /// The service messages of a packet, read by hand: the session does not get it.
    pub(crate) fn services(&self, packet: BytesMut) -> Vec<Service> {
        let body = packet::open(&key(), Side::Client, packet).expect("the client seals well").message.body;
        if body[..4] != MSG_CONTAINER.to_le_bytes() {
            return Service::read(&body).expect("the client writes well").into_iter().collect();
        }
        let mut rest = body.slice(8..);
        let mut services = Vec::new();
        while !rest.is_empty() {
            let head = rest.split_to(16);
            let length = u32::from_le_bytes(head[12..16].try_into().unwrap()) as usize;
            services.extend(Service::read(&rest.split_to(length)).expect("the client writes well"));
        }
        services
    }

    /// The next query over the next link.
    pub(crate) async fn query_after_accept(&mut self) -> (i64, u64) {
        self.accept().await;
        self.query().await
    }
}

impl Bench {
    /// Lets the server take what the client says of its own accord in this time.
    pub(crate) async fn acknowledged_within(&mut self, time: Duration) {
        let listen = async {
            while let Some(packet) = self.server.packet().await {
                self.server.take(packet);
                self.server.flush().await;
            }
        };
        let _ = tokio::time::timeout(time, listen).await;
    }
}
