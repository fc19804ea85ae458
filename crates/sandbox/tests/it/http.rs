//! MTProto over HTTP: what a request brings, and when its answer comes.

use std::time::Duration;

use bytes::BytesMut;
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::{HEADER, Side, encrypt_in_place};
use quadruplex_mtproto::handshake::{ClientConfig, ClientHandshake, ClientStep, plain};
use quadruplex_mtproto::{MSG_CONTAINER, Now, RPC_RESULT, Service, packet};
use quadruplex_net::http::{Told, read_answer, write_request};
use quadruplex_net::{Random, Stream};
use quadruplex_sandbox::Sandbox;
use quadruplex_tl::Serialize;
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

/// `invokeWithLayer(230, initConnection(…, help.getNearestDc))`, for which nobody has to be signed in.
const INVOKE_WITH_LAYER: u32 = 0xda9b_0d0d;
const INIT_CONNECTION: u32 = 0xc1cd_5ea9;
const GET_NEAREST_DC: u32 = 0x1fb3_3026;
const SESSION: i64 = 0x5e55;

/// A client that writes what a test says.
struct Client {
    sandbox: Sandbox,
    key: AuthKey,
    salt: i64,
    unix: u64,
    /// How many messages were sent, and how many of them were content.
    sent: i64,
    content: i32,
    /// What has to be acknowledged.
    acks: Vec<i64>,
}

/// One connection.
struct Link {
    stream: Box<dyn Stream>,
    input: BytesMut,
}

impl Link {
    async fn open(sandbox: &Sandbox) -> Self {
        let stream = sandbox.connector().connect(sandbox.addresses()[0].1).await.unwrap();
        Self { stream, input: BytesMut::new() }
    }

    async fn ask(&mut self, packet: &[u8]) {
        let mut request = Vec::new();
        write_request("telegram", packet.len(), &mut request);
        request.extend_from_slice(packet);
        self.stream.write_all(&request).await.unwrap();
    }

    async fn told(&mut self) -> Told {
        loop {
            if let Some(told) = read_answer(&mut self.input, 1 << 20).unwrap() {
                return told;
            }
            assert_ne!(self.stream.read_buf(&mut self.input).await.unwrap(), 0, "the server closed the connection");
        }
    }
}

impl Client {
    /// Agrees on a key, by requests of which each has its answer.
    async fn new() -> (Self, Link) {
        let sandbox = Sandbox::start().await.unwrap();
        let mut link = Link::open(&sandbox).await;
        let mut rng = Random::seed_from_u64(1);
        let config = ClientConfig { keys: vec![sandbox.public_key()], dc: Some(1), expires_in: None };
        let (mut body, mut state) = ClientHandshake::start(&mut rng);
        let now = Now { mono: Duration::ZERO, wall: std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap() };
        let mut msg_id = (now.wall.as_secs() as i64) << 32;
        let agreed = loop {
            let mut request = Vec::new();
            msg_id += 4;
            plain::wrap(msg_id, &body, &mut request);
            link.ask(&request).await;
            let told = link.told().await;
            assert_eq!((told.status, told.keeps), (200, true));
            match state.handle(plain::unwrap(&told.body).unwrap().1, &config, now, &mut rng).unwrap() {
                ClientStep::Send { body: more, next } => (body, state) = (more, next),
                ClientStep::Done(agreed) => break agreed,
            }
        };
        let (key, salt, unix) = (agreed.auth_key, agreed.server_salt, agreed.server_time.as_secs());
        let mut client = Self { sandbox, key, salt, unix, sent: 0, content: 0, acks: Vec::new() };
        // The introduction, and the acknowledgement of what it leads to: from then on the server has nothing to repeat.
        let request = client.packet(&[introduction()], (0, 0, 0));
        link.ask(&request).await;
        assert_eq!(client.read(&link.told().await), 1, "the answer");
        let request = client.packet(&[], (0, 0, 0));
        link.ask(&request).await;
        assert_eq!(client.read(&link.told().await), 0);
        (client, link)
    }

    /// One more connection of the same session.
    async fn link(&mut self) -> Link {
        let mut link = Link::open(&self.sandbox).await;
        let request = self.packet(&[], (0, 0, 0));
        link.ask(&request).await;
        self.read(&link.told().await);
        link
    }

    fn next_id(&mut self) -> i64 {
        self.sent += 1;
        (self.unix as i64) << 32 | (self.sent * 4)
    }

    /// Queries and `http_wait` in one container; whatever is known is acknowledged.
    fn packet(&mut self, queries: &[Vec<u8>], wait: (i32, i32, i32)) -> Vec<u8> {
        let (max_delay, wait_after, max_wait) = wait;
        self.packet_with(queries, Some(Service::HttpWait { max_delay, wait_after, max_wait }))
    }

    fn packet_with(&mut self, queries: &[Vec<u8>], wait: Option<Service>) -> Vec<u8> {
        let acks = Service::MsgsAck { msg_ids: std::mem::take(&mut self.acks) };
        let mut inner = Vec::new();
        let mut count = 0_u32;
        let services = [Some(acks), wait].into_iter().flatten().map(|service| (service.to_bytes(), 0));
        for (body, content) in queries.iter().map(|query| (query.clone(), 1)).chain(services) {
            self.next_id().serialize(&mut inner);
            ((self.content * 2) | content).serialize(&mut inner);
            self.content += content;
            (body.len() as u32).serialize(&mut inner);
            inner.extend_from_slice(&body);
            count += 1;
        }
        let mut out = vec![0; HEADER];
        self.salt.serialize(&mut out);
        SESSION.serialize(&mut out);
        self.next_id().serialize(&mut out);
        (self.content * 2).serialize(&mut out);
        (inner.len() as u32 + 8).serialize(&mut out);
        MSG_CONTAINER.serialize(&mut out);
        count.serialize(&mut out);
        out.extend_from_slice(&inner);
        let padded = HEADER + (out.len() - HEADER + 12).next_multiple_of(16);
        out.resize(padded, 0xaa);
        encrypt_in_place(&self.key, Side::Client, &mut out).unwrap();
        out
    }

    /// How many answers to queries are in what the server told.
    fn read(&mut self, told: &Told) -> usize {
        assert_eq!(told.status, 200);
        let opened = packet::open(&self.key, Side::Server, told.body.clone()).expect("a packet of this session");
        let outer = opened.message;
        let mut messages = vec![];
        if outer.body[..4] == MSG_CONTAINER.to_le_bytes() {
            let mut rest = outer.body.slice(8..);
            while !rest.is_empty() {
                let head = rest.split_to(16);
                let word = |at: usize| i32::from_le_bytes(head[at..at + 4].try_into().unwrap());
                messages.push((i64::from_le_bytes(head[..8].try_into().unwrap()), word(8), rest.split_to(word(12) as usize)));
            }
        } else {
            messages.push((outer.msg_id, outer.seq_no, outer.body));
        }
        self.acks.extend(messages.iter().filter(|(_, seq_no, _)| seq_no & 1 == 1).map(|(msg_id, ..)| *msg_id));
        messages.iter().filter(|(.., body)| body[..4] == RPC_RESULT.to_le_bytes()).count()
    }
}

fn introduction() -> Vec<u8> {
    let mut out = Vec::new();
    (INVOKE_WITH_LAYER, 230_i32).serialize_both(&mut out);
    (INIT_CONNECTION, 0_i32).serialize_both(&mut out);
    1_i32.serialize(&mut out);
    for text in ["machine", "system", "1", "en", "", "en"] {
        text.serialize(&mut out);
    }
    GET_NEAREST_DC.serialize(&mut out);
    out
}

fn query() -> Vec<u8> {
    GET_NEAREST_DC.to_le_bytes().to_vec()
}

trait SerializeBoth {
    fn serialize_both(&self, out: &mut Vec<u8>);
}

impl SerializeBoth for (u32, i32) {
    fn serialize_both(&self, out: &mut Vec<u8>) {
        self.0.serialize(out);
        self.1.serialize(out);
    }
}

fn ms(duration: Duration) -> u128 {
    duration.as_millis()
}

/// A request that waits, and queries that come at these times over other connections, whose own answers wait for longer: how many answers
/// the request gets, and when, in milliseconds.
async fn waits(wait: Option<(i32, i32, i32)>, queries: &[u64]) -> (usize, u128) {
    let (mut client, mut waiting) = Client::new().await;
    let mut others = Vec::new();
    for _ in queries {
        others.push(client.link().await);
    }
    let service = wait.map(|(max_delay, wait_after, max_wait)| Service::HttpWait { max_delay, wait_after, max_wait });
    let request = client.packet_with(&[], service);
    let began = Instant::now();
    waiting.ask(&request).await;
    let told = tokio::spawn(async move { (waiting.told().await, Instant::now()) });
    // The request is there before the queries are.
    tokio::time::sleep(Duration::from_millis(1)).await;
    for (at, other) in queries.iter().zip(&mut others) {
        tokio::time::sleep_until(began + Duration::from_millis(*at)).await;
        let request = client.packet(&[query()], (50_000, 50_000, 50_000));
        other.ask(&request).await;
    }
    let (told, at) = told.await.unwrap();
    (client.read(&told), ms(at - began))
}

#[tokio::test(start_paused = true)]
async fn an_answer_is_held_back_as_long_as_the_client_says() {
    assert_eq!(waits(Some((0, 0, 5_000)), &[]).await, (0, 5_000), "there is nothing to tell");
    assert_eq!(waits(None, &[]).await, (0, 25_000), "the client says nothing");
    assert_eq!(waits(Some((0, 0, 5_000)), &[2_000]).await, (1, 2_000), "at once");
    assert_eq!(waits(Some((1_000, 300, 5_000)), &[2_000, 2_200, 2_900]).await, (2, 2_500), "wait_after the second");
    assert_eq!(waits(Some((1_000, 300, 5_000)), &[100, 350, 600, 850, 1_150]).await, (4, 1_100), "max_delay after the first");
    assert_eq!(waits(Some((9_000, 9_000, 5_000)), &[2_000]).await, (1, 5_000), "max_wait before all");
    assert_eq!(waits(Some((0, 0, i32::MAX)), &[]).await, (0, 60_000), "no longer than a minute");
    assert_eq!(waits(Some((-1, -1, -1)), &[]).await, (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_session_goes_on_over_other_connections() {
    let (mut client, mut first) = Client::new().await;
    let request = client.packet(&[query()], (0, 0, 0));
    first.ask(&request).await;
    // The answer is lost with its connection.
    drop(first);
    let mut second = client.link().await;
    let request = client.packet(&[query()], (0, 0, 0));
    second.ask(&request).await;
    assert_eq!(client.read(&second.told().await), 1);
    let mut third = Link::open(&client.sandbox).await;
    let request = client.packet(&[], (0, 0, 0));
    third.ask(&request).await;
    assert_eq!(client.read(&third.told().await), 0, "all was acknowledged, over whichever connection");
}

#[tokio::test(start_paused = true)]
async fn one_who_asks_again_has_waited_long_enough() {
    let (mut client, mut link) = Client::new().await;
    let began = Instant::now();
    let first = client.packet(&[], (0, 0, 20_000));
    let second = client.packet(&[query()], (0, 0, 20_000));
    link.ask(&first).await;
    link.ask(&second).await;
    assert_eq!(client.read(&link.told().await), 0);
    assert_eq!(client.read(&link.told().await), 1);
    assert_eq!(ms(began.elapsed()), 0);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_packet_is_refused() {
    let (client, _) = Client::new().await;
    let check = async |request: &[u8], status: u16, body: &[u8]| {
        let mut link = Link::open(&client.sandbox).await;
        link.stream.write_all(request).await.unwrap();
        let told = link.told().await;
        assert_eq!((told.status, &told.body[..], told.keeps), (status, body, false));
        assert_eq!(link.stream.read_buf(&mut link.input).await.unwrap(), 0, "the connection is closed");
    };
    let unknown_key = [&b"POST /api HTTP/1.1\r\nContent-Length: 96\r\n\r\n"[..], &[9; 96]].concat();
    check(&unknown_key, 404, &(-404_i32).to_le_bytes()).await;
    check(b"POST /elsewhere HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 404, b"").await;
    for broken in [
        "POST /api HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n",
        "POST /api HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST\0\r\n\r\n",
    ] {
        let mut link = Link::open(&client.sandbox).await;
        link.stream.write_all(broken.as_bytes()).await.unwrap();
        assert_eq!(link.stream.read_buf(&mut link.input).await.unwrap(), 0, "{broken}: closed without a word");
    }
}

#[cfg(feature = "websocket")]
#[tokio::test(start_paused = true)]
async fn who_begins_a_websocket_and_says_no_more_is_left() {
    let sandbox = Sandbox::start().await.unwrap();
    let mut link = Link::open(&sandbox).await;
    let began = Instant::now();
    link.stream.write_all(b"GET /apiws HTTP/1.1\r\nHost: telegram\r\n").await.unwrap();
    assert_eq!(link.stream.read(&mut [0; 64]).await.unwrap(), 0, "it is closed");
    assert_eq!(began.elapsed().as_secs(), 30);
}
