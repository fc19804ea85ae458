//! What an end has to remember: rows that a mutation of its checks would otherwise survive.

use bytes::{Bytes, BytesMut};
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::client::{CallOptions, Event, Failure, KeyState, Repeat, Session};
use quadruplex_mtproto::server::{self, ServerSalts};
use quadruplex_mtproto::{RPC_ERROR, Salt, Service, packet};
use quadruplex_tl::Serialize;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::client::{Bench, result};
use super::{QUERY, Raw, SALT, SESSION, Table, at, container, id, key, query, read, service};

/// Stands for `invokeWithLayer(initConnection(`.
const INTRODUCTION: [u8; 4] = [0x1e; 4];

/// A client that introduces itself.
fn introducing() -> Bench {
    let mut rng = ChaCha8Rng::seed_from_u64(3);
    let state = KeyState { salt: SALT, server_time: Some(at(0.0).wall), ..KeyState::default() };
    let mut session = Session::new(key(), state, Bytes::copy_from_slice(&INTRODUCTION), &mut rng, at(0.0));
    session.connected(at(0.0));
    Bench { session, rng, now: at(0.0) }
}

/// Sends a call; its message, and whether it was introduced.
fn call(bench: &mut Bench, number: u64) -> (i64, bool) {
    bench.session.call(query(number).into(), CallOptions::default());
    sent(bench, number).expect("the call is sent")
}

fn sent(bench: &mut Bench, number: u64) -> Option<(i64, bool)> {
    bench.sent().into_iter().find_map(|(_, message)| match message.body.strip_prefix(&INTRODUCTION[..]) {
        Some(body) if body == query(number) => Some((message.msg_id, true)),
        _ if message.body == query(number) => Some((message.msg_id, false)),
        _ => None,
    })
}

fn refusal(message: &str) -> Vec<u8> {
    let mut out = RPC_ERROR.to_bytes();
    400_i32.serialize(&mut out);
    message.serialize(&mut out);
    out
}

#[test]
fn introductions() {
    let mut table = Table::default();
    let mut bench = introducing();
    let (first, introduced) = call(&mut bench, 1);
    table.row("§3.27 the first query is introduced", introduced, true);
    assert_eq!(bench.give(id(0, 5), 1, result(first, &refusal("PHONE_NUMBER_INVALID"))), Ok(()));
    let (second, introduced) = call(&mut bench, 2);
    table.row("§3.27 …and so is the next while none has succeeded", introduced, true);
    assert_eq!(bench.give(id(0, 9), 3, result(second, &query(2))), Ok(()));
    let (third, introduced) = call(&mut bench, 3);
    table.row("§3.27 …until one was answered", introduced, false);
    bench.events();
    assert_eq!(bench.give(id(0, 13), 5, result(third, &refusal("CONNECTION_NOT_INITED"))), Ok(()));
    table.row("§3.27 CONNECTION_NOT_INITED: the same query again, introduced", sent(&mut bench, 3).map(|(_, it)| it), Some(true));
    table.row("…and nobody hears of it", bench.events(), vec![]);
    let (fourth, _) = call(&mut bench, 4);
    assert_eq!(bench.give(id(0, 17), 7, result(fourth, &refusal("CONNECTION_NOT_INITED"))), Ok(()));
    let failed = matches!(&bench.events()[..], [Event::Answer { result: Err(_), .. }]);
    table.row("…but an introduced query that fails so has failed", failed, true);

    let mut bench = introducing();
    let (first, _) = call(&mut bench, 1);
    bench.session.disconnected();
    bench.session.connected(bench.now);
    assert_eq!(bench.give(id(0, 5), 1, result(first, &query(1))), Ok(()));
    let (second, introduced) = call(&mut bench, 2);
    table.row("§3.27 an answer to a query of the connection before introduces nobody on this one", introduced, true);
    assert_eq!(bench.give(id(0, 9), 3, result(second, &query(2))), Ok(()));
    table.row("§3.27 …an answer to one of this connection does", call(&mut bench, 3).1, false);
}

#[test]
fn what_a_client_was_told() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    assert_eq!(bench.give(id(0, 15), 2, container(&[(id(0, 7), 1, query(1))])), Ok(()));
    assert_eq!(bench.give_service(id(1, 7), &Service::MsgsStateReq { msg_ids: vec![id(0, 15), id(0, 7)] }), Ok(()));
    let info = Service::MsgsStateInfo { req_msg_id: id(1, 7), info: vec![4, 4] };
    table.row("§3.25 a container has come, and so has what was in it", bench.says().contains(&info), true);

    let mut bench = Bench::new();
    let news = Service::NewSessionCreated { first_msg_id: id(0, 4), unique_id: 1, server_salt: 0x1234 };
    assert_eq!(bench.give_service(id(1, 7), &news), Ok(()));
    bench.session.call(query(1).into(), CallOptions::default());
    let mut out = Vec::new();
    assert!(bench.session.poll_transmit(bench.now, &mut bench.rng, &mut out));
    let salt = packet::open(&key(), Side::Client, BytesMut::from(&out[..])).unwrap().salt;
    table.row("§3.23 the salt of new_session_created is used", salt, 0x1234);

    for (state, calls) in [(2, 0), (3, 0), (4, 1), (4 | 64, 1)] {
        let mut bench = Bench::new();
        let (call, msg_id) = bench.call(1, Repeat::Unsafe);
        bench.session.cancel(call);
        bench.session.disconnected();
        bench.session.connected(bench.now);
        let asked = bench.sent().into_iter().find_map(|(_, message)| match service(&message.body) {
            Some(Service::MsgsStateReq { msg_ids }) => Some((message.msg_id, msg_ids)),
            _ => None,
        });
        let Some((req_msg_id, about)) = asked else { panic!("what may not be repeated is asked about") };
        assert_eq!(about, [msg_id]);
        assert_eq!(bench.give_service(id(1, 5), &Service::MsgsStateInfo { req_msg_id, info: vec![state] }), Ok(()));
        let sent = bench.sent();
        let again = sent.iter().any(|(_, message)| message.body.starts_with(&QUERY.to_le_bytes()));
        let drops = sent.iter().any(|(_, message)| service(&message.body) == Some(Service::RpcDropAnswer { req_msg_id: msg_id }));
        table.row(&format!("§3.47 state {state} of a call nobody wants: the answer is dropped"), drops, calls == 1);
        table.row(&format!("§3.25 state {state} of a call nobody wants: not sent again"), (again, bench.session.calls()), (false, calls));
        let ended = matches!(&bench.events()[..], [Event::Failed { reason: Failure::Cancelled, .. }]);
        table.row(&format!("§3.25 state {state} …and it ends"), ended, calls == 0);
    }
}

#[test]
fn bytes_after_a_packet() {
    let mut table = Table::default();
    for tail in 1..16 {
        let mut packet = Raw::new(Side::Client, id(0, 8), 1, query(1)).seal();
        packet.extend_from_slice(&vec![0xee; tail]);
        let opened = packet::open(&key(), Side::Client, packet).map(|opened| opened.message.body);
        table.row(&format!("§3.34 {tail} bytes of a padded transport are no part of the packet"), opened.ok(), Some(query(1).into()));
    }
}

/// A server's session.
struct Far {
    session: server::Session,
    rng: ChaCha8Rng,
}

impl Far {
    fn new() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut session = server::Session::new(key(), SESSION, ServerSalts::new(SALT, at(0.0).wall), &mut rng);
        session.connected();
        Self { session, rng }
    }

    /// The numbers of the queries that run, and the codes of what is refused.
    fn give(&mut self, (msg_id, seq_no): (i64, i32), body: Vec<u8>, seconds: f64) -> (Vec<u64>, Vec<(i64, i32)>) {
        let opened = packet::open(&key(), Side::Client, Raw::new(Side::Client, msg_id, seq_no, body).seal()).unwrap();
        self.session.handle_message(opened, at(seconds)).unwrap();
        let (mut ran, mut refused, mut out) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(event) = self.session.poll_event() {
            let server::Event::Request { msg_id, body } = event else { continue };
            ran.push(u64::from_le_bytes(body[4..12].try_into().unwrap()));
            self.session.answer(msg_id, body, true, at(seconds));
        }
        while self.session.poll_transmit(at(seconds), &mut self.rng, &mut out) {
            for (_, message) in read(Side::Server, &std::mem::take(&mut out)) {
                if let Some(Service::BadMsgNotification { bad_msg_id, error_code, .. }) = service(&message.body) {
                    refused.push((bad_msg_id, error_code));
                }
            }
        }
        (ran, refused)
    }
}

#[test]
fn what_a_server_has_seen() {
    let mut table = Table::default();
    let mut far = Far::new();
    table.row("a query", far.give((id(0, 8), 1), query(1), 0.5), (vec![1], vec![]));
    table.row("§1 the same, 301 s later: known, so not refused", far.give((id(0, 8), 1), query(1), 301.0), (vec![], vec![]));
    table.row("§1 another, as old: it has not come", far.give((id(0, 12), 3), query(2), 301.0), (vec![], vec![(id(0, 12), 16)]));
    table.row("§1 one from before the session: nobody knows", far.give((id(0, 4), 3), query(2), 301.0), (vec![], vec![(id(0, 4), 20)]));

    let mut far = Far::new();
    far.give((id(0, 8), 1), query(1), 0.5);
    far.give((id(0, 40), 3), query(2), 0.5);
    let outer = |msg_id, seq_no| ((msg_id, seq_no), container(&[(id(0, 16), 3, Service::Ping { ping_id: 1 }.to_bytes())]));
    let ((msg_id, seq_no), body) = outer(id(0, 20), 0);
    table.row(
        "§3.4 a container with a number below that of an earlier message",
        far.give((msg_id, seq_no), body, 0.5).1,
        vec![(msg_id, 32)],
    );
    let ((msg_id, seq_no), body) = outer(id(0, 24), 8);
    table.row("§3.4 a container with a number above that of a later message", far.give((msg_id, seq_no), body, 0.5).1, vec![(msg_id, 33)]);

    let mut far = Far::new();
    assert_eq!(far.give((id(0, 8), 1), query(1), 0.5).0, [1]);
    let ping = Service::Ping { ping_id: 1 }.to_bytes();
    for round in 0..17 {
        let first = 100 + round * 8000;
        let pings: Vec<_> = (0..1000).map(|n| (id(0, first + 4 * n), 2, ping.clone())).collect();
        far.give((id(0, first + 4000), 2), container(&pings), 0.5);
    }
    table.row("§1 what came longer ago than is remembered counts as seen", far.give((id(0, 8), 1), query(1), 0.5).0, vec![]);
    table.row("§1 once it is too old, nobody knows", far.give((id(0, 8), 1), query(1), 301.0), (vec![], vec![(id(0, 8), 20)]));
    table.row(
        "§1 as old, and after all that has come",
        far.give((id(0, 1_000_000), 3), query(2), 301.0),
        (vec![], vec![(id(0, 1_000_000), 16)]),
    );
}

/// Telethon looks at the time of a container before it looks inside, and would hear of no refusal in one.
#[test]
fn what_is_refused_is_told_in_a_packet_of_its_own() {
    let mut far = Far::new();
    assert_eq!(far.give((id(0, 8), 1), query(1), 0.5).0, [1]);
    for (msg_id, seq_no) in [(id(0, 12), 3), (id(0, 16), 5)] {
        let opened = packet::open(&key(), Side::Client, Raw::new(Side::Client, msg_id, seq_no, query(2)).seal()).unwrap();
        far.session.handle_message(opened, at(500.0)).unwrap();
    }
    far.session.notify(query(3).into(), at(500.0));
    let (mut out, mut told) = (Vec::new(), Vec::new());
    while far.session.poll_transmit(at(500.0), &mut far.rng, &mut out) {
        let packet = read(Side::Server, &std::mem::take(&mut out));
        let refused = |body: &[u8]| match service(body) {
            Some(Service::BadMsgNotification { bad_msg_id, error_code, .. }) => Some((bad_msg_id, error_code)),
            _ => None,
        };
        told.push(packet.iter().map(|(container, message)| (container.is_some(), refused(&message.body))).collect::<Vec<_>>());
    }
    let mut table = Table::default();
    table.row("§3.20 the first", told.first(), Some(&vec![(false, Some((id(0, 12), 16)))]));
    table.row("§3.20 the second", told.get(1), Some(&vec![(false, Some((id(0, 16), 16)))]));
    assert!(told[2..].iter().flatten().all(|(_, refused)| refused.is_none()) && told.len() > 2, "{told:?}");
}

#[test]
fn what_outlives_a_link() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    let session = bench.session.session_id();
    let (_, first) = bench.call(1, Repeat::Unsafe);
    bench.session.disconnected();
    bench.now = at(400.0);
    bench.session.connected(bench.now);
    table.row("§3.49 the session is the same", bench.session.session_id(), session);
    let asked = bench.sent().into_iter().find_map(|(_, message)| match service(&message.body) {
        Some(Service::MsgsStateReq { .. }) => Some(message.msg_id),
        _ => None,
    });
    let Some(req_msg_id) = asked else { panic!("an unanswered call is asked about") };
    assert_eq!(bench.give_service(id(400, 5), &Service::MsgsStateInfo { req_msg_id, info: vec![3] }), Ok(()));
    let again: Vec<_> = bench.sent().into_iter().filter(|(_, message)| message.body == query(1)).collect();
    let ids: Vec<_> = again.iter().map(|(outer, message)| (message.msg_id, outer.is_some_and(|outer| outer >= id(400, 0)))).collect();
    table.row("§3.21 an old message goes in a container whose id is of now", ids, vec![(first, true)]);

    let mut far = Far::new();
    assert_eq!(far.give((id(0, 8), 1), query(1), 0.5).0, [1]);
    let answers = |far: &mut Far| {
        let (mut ids, mut out) = (Vec::new(), Vec::new());
        while far.session.poll_transmit(at(1.0), &mut far.rng, &mut out) {
            let messages = read(Side::Server, &std::mem::take(&mut out));
            ids.extend(messages.into_iter().filter(|(_, message)| service(&message.body).is_none()).map(|(_, message)| message.msg_id));
        }
        ids
    };
    far.session.disconnected();
    far.session.connected();
    let again = answers(&mut far);
    table.row("§3.49 what was not acknowledged is sent again", again.len(), 1);
    far.session.disconnected();
    far.session.connected();
    table.row("§3.49 …under its old id, each time", answers(&mut far), again.clone());
    far.give((id(0, 12), 2), Service::MsgsAck { msg_ids: again }.to_bytes(), 1.0);
    far.session.disconnected();
    far.session.connected();
    table.row("§3.49 …until it is acknowledged", answers(&mut far), vec![]);
}

#[test]
fn an_answer_that_is_not_wanted_any_more() {
    let mut table = Table::default();
    let mut far = Far::new();
    let drop = |req_msg_id: i64| Service::RpcDropAnswer { req_msg_id }.to_bytes();
    let opened = packet::open(&key(), Side::Client, Raw::new(Side::Client, id(0, 8), 1, query(1)).seal()).unwrap();
    far.session.handle_message(opened, at(0.5)).unwrap();
    assert!(matches!(far.session.poll_event(), Some(server::Event::Request { .. })));
    table.row("§3.47 a query that runs is not stopped", far.give((id(0, 12), 3), drop(id(0, 8)), 0.5).0, vec![]);
    let before = far.session.unacknowledged();
    far.session.answer(id(0, 8), query(1).into(), true, at(0.5));
    table.row("§3.47 …and its answer is dropped", far.session.unacknowledged(), before);
}

/// The salts of packets that go out now, and how many salts are asked for in them.
fn salts_used(bench: &mut Bench) -> (Vec<i64>, Vec<(i64, u32)>) {
    let (mut salts, mut asked, mut out) = (Vec::new(), Vec::new(), Vec::new());
    while bench.session.poll_transmit(bench.now, &mut bench.rng, &mut out) {
        let packet = std::mem::take(&mut out);
        salts.push(packet::open(&key(), Side::Client, BytesMut::from(&packet[..])).unwrap().salt);
        let services = read(Side::Client, &packet).into_iter().map(|(_, message)| (message.msg_id, service(&message.body)));
        asked.extend(services.filter_map(|(msg_id, service)| match service {
            Some(Service::GetFutureSalts { num }) => Some((msg_id, num)),
            _ => None,
        }));
    }
    (salts, asked)
}

#[test]
fn salts() {
    let mut table = Table::default();
    let mut bench = introducing();
    bench.session.call(query(1).into(), CallOptions::default());
    let (used, asked) = salts_used(&mut bench);
    table.row(
        "§3.22 no salts are known: 64 are asked for, and the call goes with them",
        (used, asked.len(), asked[0].1),
        (vec![SALT], 1, 64),
    );
    bench.session.call(query(2).into(), CallOptions::default());
    table.row("§3.22 …once", salts_used(&mut bench), (vec![SALT], vec![]));
    let unix = super::EPOCH as u32;
    let salt = |since: u32, salt: i64| Salt { valid_since: unix + since, valid_until: unix + since + 1800, salt };
    let salts = vec![salt(3600, 3), salt(0, 1), salt(1800, 2)];
    let answer = Service::FutureSalts { req_msg_id: asked[0].0, now: unix as i32, salts };
    assert_eq!(bench.give_service(id(0, 5), &answer), Ok(()));
    for (seconds, expected) in [(0.0, 1), (1799.0, 1), (1800.0, 2), (3601.0, 3)] {
        bench.now = at(seconds);
        bench.session.call(query(3).into(), CallOptions::default());
        table.row(&format!("§3.22 the salt after {seconds} s"), salts_used(&mut bench).0, vec![expected]);
    }
}
