//! Sessions over HTTP, where the server speaks only when it is asked.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::client::{self, CallOptions, KeyState};
use quadruplex_mtproto::server::{self, ServerSalts};
use quadruplex_mtproto::{Now, Salt, packet};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const SALT: i64 = 7;
const NOW: Now = Now { mono: Duration::from_secs(5), wall: Duration::from_secs(1_800_000_000) };

struct Pair {
    rng: ChaCha8Rng,
    key: AuthKey,
    client: client::Session,
    server: server::Session,
}

impl Pair {
    fn new(polls: bool) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let key = AuthKey::from_bytes(&std::array::from_fn(|at| (at * 7 + 1) as u8));
        // Salts enough not to ask for more.
        let unix = NOW.wall.as_secs() as u32;
        let future_salts = vec![Salt { valid_since: unix + 90_000, valid_until: unix + 190_000, salt: 77 }];
        let state = KeyState { salt: SALT, future_salts, server_time: Some(NOW.wall) };
        let mut client = client::Session::new(key.clone(), state, Bytes::new(), &mut rng, NOW);
        let mut server = server::Session::new(key.clone(), client.session_id(), ServerSalts::new(SALT, NOW.wall), &mut rng);
        client.poll_for_answers(polls);
        client.connected(NOW);
        server.connected();
        Self { rng, key, client, server }
    }

    fn call(&mut self) {
        self.client.call(Bytes::from_static(&[1, 0, 0, 0]), CallOptions::default());
    }

    /// How long the server may hold back its answer to each request that the client sends now, in milliseconds; `None` for a packet
    /// that says nothing of it.
    fn asked(&mut self) -> Vec<Option<u128>> {
        let (mut out, mut asked) = (Vec::new(), Vec::new());
        while self.client.poll_transmit(NOW, &mut self.rng, &mut out) {
            let packet = std::mem::take(&mut out);
            let opened = packet::open(&self.key, Side::Client, BytesMut::from(&packet[..])).unwrap();
            self.server.handle_message(opened, NOW).unwrap();
            let events = std::iter::from_fn(|| self.server.poll_event());
            let holds = events.filter_map(|event| match event {
                server::Event::HttpWait { max_delay, wait_after, max_wait } => Some((max_delay, wait_after, max_wait.as_millis())),
                _ => None,
            });
            let hold: Vec<_> = holds.collect();
            assert!(hold.len() <= 1 && hold.iter().all(|(delay, after, _)| delay.is_zero() && after.is_zero()), "{hold:?}");
            asked.push(hold.first().map(|(.., max_wait)| *max_wait));
        }
        asked
    }

    /// One request is answered.
    fn answer(&mut self) {
        let mut out = Vec::new();
        self.server.transmit(NOW, &mut self.rng, &mut out);
        self.client.handle_packet(BytesMut::from(&out[..]), NOW, &mut self.rng).unwrap();
    }
}

#[test]
fn one_request_waits_and_another_brings_what_comes_up() {
    let mut pair = Pair::new(true);
    assert_eq!(pair.asked(), [Some(25_000)], "there is nothing to say, but the server could not speak otherwise");
    assert_eq!(pair.asked(), [], "it waits");
    pair.call();
    pair.call();
    assert_eq!(pair.asked(), [Some(0)], "both in one, which comes back at once");
    pair.call();
    assert!(!pair.client.wants_to_transmit(), "two are out");
    assert_eq!(pair.asked(), []);
    pair.client.handle_empty();
    assert_eq!(pair.asked(), [Some(0)]);
    pair.answer();
    assert_eq!(pair.asked(), [], "one is still out");
    pair.answer();
    assert_eq!(pair.asked(), [Some(25_000)]);
    pair.client.disconnected();
    pair.client.connected(NOW);
    assert_eq!(pair.asked().first(), Some(&Some(25_000)), "those that were out went down with their link");
}

#[test]
fn a_stream_is_not_asked_to_wait() {
    let mut pair = Pair::new(false);
    assert_eq!(pair.asked(), []);
    pair.call();
    assert_eq!(pair.asked(), [None]);
}

#[test]
fn a_server_with_nothing_to_tell_says_so_in_a_packet() {
    let mut pair = Pair::new(true);
    pair.asked();
    while pair.server.queued() > 0 {
        pair.answer();
        pair.asked();
    }
    while pair.client.poll_event().is_some() {}
    let mut out = Vec::new();
    pair.server.transmit(NOW, &mut pair.rng, &mut out);
    let opened = packet::open(&pair.key, Side::Server, BytesMut::from(&out[..])).unwrap();
    assert_eq!(&opened.message.body[..], [0xdc, 0xf8, 0xf1, 0x73, 0, 0, 0, 0], "an empty container");
    pair.client.handle_packet(BytesMut::from(&out[..]), NOW, &mut pair.rng).unwrap();
    assert_eq!(pair.client.poll_event(), None);
    assert_eq!(pair.asked(), [Some(25_000)]);
}
