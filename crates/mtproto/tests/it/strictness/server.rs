//! A client that breaks a rule, and what the server does.

use quadruplex_crypto::message::Side;
use quadruplex_mtproto::server::{Event, ServerSalts, Session};
use quadruplex_mtproto::{Message, Service, Violation, packet};
use quadruplex_tl::{Error, ErrorKind, Serialize};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{QUERY, Raw, SALT, SESSION, Table, at, container, gzip_packed, id, key, packed, query, read, service};

/// What a packet of the client leads to, besides acknowledgements.
#[derive(Debug, PartialEq)]
enum Saw {
    /// The packet is discarded and the connection closed with this transport error.
    Closed(Violation, i32),
    /// A `bad_msg_notification` about this message.
    Bad {
        msg_id: i64,
        code: i32,
    },
    /// A `bad_server_salt` about this message.
    BadSalt {
        msg_id: i64,
    },
    /// The query with this number is executed.
    Runs(u64),
    /// The answer to this message goes out.
    Answers(i64),
    /// Another service message.
    Says(Service),
    NewSession {
        first_msg_id: i64,
    },
}
use Saw::{Answers, Bad, BadSalt, NewSession, Runs, Says};

/// The server end of a session, and the ids that have been acknowledged.
struct Bench {
    session: Session,
    rng: ChaCha8Rng,
    acked: Vec<i64>,
}

impl Bench {
    fn fresh() -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let salts = ServerSalts::new(SALT, at(0.0).wall);
        let mut session = Session::new(key(), SESSION, salts, &mut rng);
        session.connected();
        Self { session, rng, acked: Vec::new() }
    }

    /// A session that has begun and executed one query, number 0, in the message `id(0, 8)`, sequence number 1.
    fn begun() -> Self {
        let mut bench = Self::fresh();
        assert_eq!(bench.give(from(id(0, 8), 1, query(0))), [NewSession { first_msg_id: id(0, 8) }, Runs(0), Answers(id(0, 8))]);
        bench
    }

    fn give(&mut self, raw: Raw) -> Vec<Saw> {
        let closed = |violation: Violation| vec![Saw::Closed(violation.clone(), violation.transport_error())];
        match packet::open(&key(), Side::Client, raw.seal()) {
            Err(violation) => closed(violation),
            Ok(opened) => match self.session.handle_message(opened, at(0.5)) {
                Err(violation) => closed(violation),
                Ok(()) => self.look(),
            },
        }
    }

    fn look(&mut self) -> Vec<Saw> {
        let mut saw = Vec::new();
        let mut requests = Vec::new();
        while let Some(event) = self.session.poll_event() {
            let Event::Request { msg_id, body } = event else { continue };
            assert_eq!(body[..4], QUERY.to_le_bytes());
            requests.push(Runs(u64::from_le_bytes(body[4..12].try_into().unwrap())));
            self.session.answer(msg_id, body, true, at(0.5));
        }
        self.session.handle_timeout(at(60.0));
        let mut out = Vec::new();
        while self.session.poll_transmit(at(0.5), &mut self.rng, &mut out) {
            for (_, message) in read(Side::Server, &std::mem::take(&mut out)) {
                saw.extend(self.classify(&message));
            }
        }
        let place = saw.iter().take_while(|saw| matches!(saw, NewSession { .. })).count();
        saw.splice(place..place, requests);
        saw
    }

    fn classify(&mut self, message: &Message) -> Option<Saw> {
        Some(match service(&message.body) {
            None => Answers(i64::from_le_bytes(message.body[4..12].try_into().unwrap())),
            Some(Service::MsgsAck { msg_ids }) => {
                self.acked.extend(msg_ids);
                return None;
            }
            Some(Service::BadMsgNotification { bad_msg_id, error_code, .. }) => Bad { msg_id: bad_msg_id, code: error_code },
            Some(Service::BadServerSalt { bad_msg_id, error_code: 48, new_server_salt, .. }) => {
                assert_ne!(new_server_salt, SALT, "the salt that is named has to be another one");
                BadSalt { msg_id: bad_msg_id }
            }
            Some(Service::NewSessionCreated { first_msg_id, .. }) => NewSession { first_msg_id },
            Some(service) => Says(service),
        })
    }
}

fn from(msg_id: i64, seq_no: i32, body: Vec<u8>) -> Raw {
    Raw::new(Side::Client, msg_id, seq_no, body)
}

fn closed(violation: Violation) -> Vec<Saw> {
    vec![Saw::Closed(violation, -404)]
}

/// Only which kind of body was refused: where in it is for other tests.
fn unreadable(saw: &[Saw]) -> bool {
    matches!(saw, [Saw::Closed(Violation::Body(_), -404)])
}

#[test]
fn a_good_session_is_served() {
    let mut table = Table::default();
    let bench = &mut Bench::begun();
    let two = container(&[(id(0, 12), 3, query(1)), (id(0, 16), 5, packed(&query(2)))]);
    table.row(
        "a container of two queries, one packed",
        bench.give(from(id(0, 20), 6, two)),
        vec![Runs(1), Runs(2), Answers(id(0, 12)), Answers(id(0, 16))],
    );
    let pong = Says(Service::Pong { msg_id: id(0, 24), ping_id: 9 });
    let ping = Service::Ping { ping_id: 9 }.to_bytes();
    table.row("§3.5: a ping may be odd", bench.give(from(id(0, 24), 7, ping.clone())), vec![pong]);
    let pong = Says(Service::Pong { msg_id: id(0, 28), ping_id: 9 });
    table.row("§3.5: a ping may be even", bench.give(from(id(0, 28), 8, ping)), vec![pong]);
}

#[test]
fn envelopes() {
    let mut table = Table::default();
    let mut row = |rule: &str, change: &dyn Fn(&mut Raw), expected: Vec<Saw>| {
        let mut raw = from(id(0, 12), 3, query(1));
        change(&mut raw);
        table.row(rule, Bench::begun().give(raw), expected);
    };
    let runs = || vec![Runs(1), Answers(id(0, 12))];
    let other = quadruplex_crypto::AuthKey::from_bytes(&[3; 256]);
    row("§1 auth_key_id: another key", &|raw| raw.key = other.clone(), closed(Violation::AuthKeyId));
    row("§1 msg_key: encrypted with x of the server", &|raw| raw.from = Side::Server, closed(Violation::MsgKey));
    row("§1 length: longer than the packet", &|raw| raw.len = Some(1000), closed(Violation::Length));
    row("§1 length: far longer than the packet", &|raw| raw.len = Some(u32::MAX), closed(Violation::Length));
    row("§1 length: no multiple of four", &|raw| raw.len = Some(11), closed(Violation::Length));
    row("§1 padding: none", &|raw| (raw.padding, raw.body) = (Some(0), vec![0; 16]), closed(Violation::Padding));
    row("§1 padding: 4 bytes", &|raw| raw.padding = Some(4), closed(Violation::Padding));
    row("§1 padding: 12 bytes", &|raw| (raw.padding, raw.body) = (Some(12), [query(1), vec![0; 8]].concat()), runs());
    row("§1 padding: 1,024 bytes", &|raw| (raw.padding, raw.body) = (Some(1024), [query(1), vec![0; 4]].concat()), runs());
    row("§1 padding: 1,028 bytes", &|raw| raw.padding = Some(1028), closed(Violation::Padding));
    row(
        "§1 padding: 1,040 bytes",
        &|raw| (raw.padding, raw.body) = (Some(1040), [query(1), vec![0; 4]].concat()),
        closed(Violation::Padding),
    );
    row("§1 msg_id parity: 1", &|raw| raw.msg_id |= 1, vec![Bad { msg_id: id(0, 13), code: 18 }]);
    row("§1 msg_id parity: 2", &|raw| raw.msg_id |= 2, vec![Bad { msg_id: id(0, 14), code: 18 }]);
    row("§1 msg_id parity: 3", &|raw| raw.msg_id |= 3, vec![Bad { msg_id: id(0, 15), code: 18 }]);
    row("§1 window: 31 s ahead", &|raw| raw.msg_id = id(31, 12), vec![Bad { msg_id: id(31, 12), code: 17 }]);
    row("§1 window: 30 s ahead", &|raw| raw.msg_id = id(30, 12), vec![Runs(1), Answers(id(30, 12))]);
    row("§1 window: 301 s behind, before the session", &|raw| raw.msg_id = id(-301, 12), vec![Bad { msg_id: id(-301, 12), code: 20 }]);
    row("§1 replay: the same message", &|raw| (raw.msg_id, raw.seq_no, raw.body) = (id(0, 8), 1, query(0)), vec![Answers(id(0, 8))]);
    row("§3.17 salt: a wrong one", &|raw| raw.salt = 1, vec![BadSalt { msg_id: id(0, 12) }]);
    row("§3.5 seq_no: a query with an even one", &|raw| raw.seq_no = 2, vec![Bad { msg_id: id(0, 12), code: 35 }]);
    row("§3.4 seq_no: not above that of an earlier message", &|raw| raw.seq_no = 1, vec![Bad { msg_id: id(0, 12), code: 32 }]);
    row("§3.4 seq_no: above that of a later message", &|raw| raw.msg_id = id(0, 4), vec![Bad { msg_id: id(0, 4), code: 33 }]);
}

#[test]
fn a_session_begins() {
    let mut table = Table::default();
    let early = from(id(-301, 8), 1, query(0));
    let expected = vec![Bad { msg_id: id(-301, 8), code: 16 }];
    table.row("§1 window: 301 s behind, the first of a session", Bench::fresh().give(early), expected);
    let expected = vec![NewSession { first_msg_id: id(-300, 8) }, Runs(0), Answers(id(-300, 8))];
    table.row("§1 window: 300 s behind", Bench::fresh().give(from(id(-300, 8), 1, query(0))), expected);
    let inner = container(&[(id(0, 8), 1, query(0))]);
    let expected = vec![NewSession { first_msg_id: id(0, 8) }, Runs(0), Answers(id(0, 8))];
    table.row("§3.24 new_session_created names the inner message", Bench::fresh().give(from(id(0, 12), 2, inner)), expected);
    let mut bench = Bench::begun();
    bench.session.rotate_salts();
    let expected = vec![BadSalt { msg_id: id(0, 12) }];
    table.row("§3.17 salt: one that is over", bench.give(from(id(0, 12), 3, query(1))), expected);
    let mut bench = Bench::begun();
    let raw = Raw { salt: 1, ..from(id(0, 16), 4, container(&[(id(0, 12), 3, query(1))])) };
    table.row("§3.17 salt: the error names the container", bench.give(raw), vec![BadSalt { msg_id: id(0, 16) }]);
}

#[test]
fn containers() {
    let mut table = Table::default();
    let mut row = |rule: &str, (msg_id, seq_no): (i64, i32), body: Vec<u8>, expected: Vec<Saw>| {
        table.row(rule, Bench::begun().give(from(msg_id, seq_no, body)), expected);
    };
    let (first, second, outer) = (id(0, 12), id(0, 16), id(0, 20));
    let inner = |msg_id: i64| container(&[(msg_id, 3, query(1))]);
    row("§3.5 seq_no: an odd container", (outer, 5), inner(first), vec![Bad { msg_id: outer, code: 34 }]);
    row("§3.3 a container id below an inner one", (outer, 4), inner(id(0, 24)), vec![Bad { msg_id: outer, code: 64 }]);
    row("§3.3 a container id equal to the inner one", (outer, 4), inner(outer), vec![Bad { msg_id: outer, code: 64 }]);
    row("§3.3 in a packed container", (outer, 4), packed(&inner(id(0, 24))), vec![Bad { msg_id: outer, code: 64 }]);
    row("a container under the id of a message", (id(0, 8), 2), inner(id(0, 4)), vec![Bad { msg_id: id(0, 8), code: 19 }]);
    row("§1 parity of an inner message", (outer, 4), inner(id(0, 13)), vec![Bad { msg_id: id(0, 13), code: 18 }]);
    row("§1 replay of an inner message", (outer, 4), container(&[(id(0, 8), 1, query(0))]), vec![Answers(id(0, 8))]);
    let even = container(&[(first, 3, query(1)), (second, 4, query(2))]);
    row("§3.5 one even query among good ones", (outer, 4), even, vec![Runs(1), Bad { msg_id: second, code: 35 }, Answers(first)]);
    let queries =
        |count: i64| container(&(0..count).map(|n| (id(0, 12 + 4 * n), 2, Service::Ping { ping_id: 1 }.to_bytes())).collect::<Vec<_>>());
    let many = || vec![Saw::Closed(Violation::TooMany, -429)];
    row("§3.6 a container of 1,025", (id(1, 4), 4), queries(1025), many());
    let broken: Vec<_> = (0..1025).map(|n| (id(0, 12 + 4 * n), 3, gzip_packed(&[1, 2, 3, 4]))).collect();
    row("§3.6 …is counted before anything in it is unpacked", (id(1, 4), 4), container(&broken), many());
    let pongs = Bench::begun().give(from(id(1, 4), 4, queries(1024)));
    table.row("§3.6 a container of 1,024", pongs.len(), 1024);
}

#[test]
fn bodies() {
    let mut table = Table::default();
    let mut refused = |rule: &str, body: Vec<u8>| {
        let saw = Bench::begun().give(from(id(0, 20), 4, body));
        table.row(rule, unreadable(&saw), true);
    };
    let inner = container(&[(id(0, 12), 3, query(1))]);
    refused("a container in a container", container(&[(id(0, 16), 4, inner.clone())]));
    refused("a packed container in a container", container(&[(id(0, 16), 4, packed(&inner))]));
    refused("a container that ends too early", inner[..inner.len() - 4].to_vec());
    refused("a container with bytes left over", [&inner[..], &[0; 4]].concat());
    let mut more = inner.clone();
    more[4] = 200;
    refused("a container that says it holds more", more);
    let mut odd = inner;
    odd[20] = 10;
    refused("a message in a container whose length is no multiple of four", odd);
    refused("§3.12 a packed object that is not gzip", gzip_packed(&[1, 2, 3, 4]));
    refused("§3.12 a bomb: 17 MiB packed", packed(&vec![0; 17 << 20]));
    refused("§3.12 packed twice", packed(&packed(&query(1))));
    let ping = Service::Ping { ping_id: 1 }.to_bytes();
    refused("a service message that ends too early", ping[..8].to_vec());
    refused("a service message with bytes left over", [&ping[..], &[0; 4]].concat());
    let body = Error { what: "x", offset: 0, kind: ErrorKind::UnexpectedEnd { needed: 4, left: 0 } };
    table.row("a broken body is answered like a broken packet", Violation::Body(body).transport_error(), -404);
}

#[test]
fn service_messages() {
    let mut table = Table::default();
    let mut row = |rule: &str, service: Service, expected: Vec<Saw>| {
        table.row(rule, Bench::begun().give(from(id(0, 12), 3, service.to_bytes())), expected);
    };
    let many = |count: i64| (0..count).map(|n| id(-9, 4 * n)).collect::<Vec<_>>();
    let closed = || vec![Saw::Closed(Violation::TooMany, -429)];
    row("§3.8 msgs_ack of 8,192", Service::MsgsAck { msg_ids: many(8192) }, vec![]);
    row("§3.8 msgs_ack of 8,193", Service::MsgsAck { msg_ids: many(8193) }, closed());
    row("§3.8 msgs_state_req of 8,193", Service::MsgsStateReq { msg_ids: many(8193) }, closed());
    row("§3.8 msg_resend_req of 8,193", Service::MsgResendReq { msg_ids: many(8193) }, closed());
    let states = |info: Vec<u8>| vec![Says(Service::MsgsStateInfo { req_msg_id: id(0, 12), info })];
    let asked = vec![id(-50, 4), id(0, 8), id(0, 10), id(9, 4)];
    row(
        "§3.25 msgs_state_req: unknown, answered, never came, too new",
        Service::MsgsStateReq { msg_ids: asked },
        states(vec![1, 100, 2, 3]),
    );
    row("§3.26 msg_resend_req about a query: its answer", Service::MsgResendReq { msg_ids: vec![id(0, 8)] }, vec![Answers(id(0, 8))]);
    row("msg_resend_req about nothing: states", Service::MsgResendReq { msg_ids: vec![id(-50, 4)] }, states(vec![1]));
    row("§3.46 rpc_drop_answer is answered in an rpc_result", Service::RpcDropAnswer { req_msg_id: id(0, 8) }, vec![Answers(id(0, 12))]);
    row("what only a server says is ignored", Service::Pong { msg_id: 1, ping_id: 2 }, vec![]);
    let mut bench = Bench::begun();
    let salts = bench.give(from(id(0, 12), 3, Service::GetFutureSalts { num: 1000 }.to_bytes()));
    let given =
        matches!(&salts[..], [Says(Service::FutureSalts { req_msg_id, salts, .. })] if *req_msg_id == id(0, 12) && salts.len() == 64);
    table.row("§3.22 get_future_salts: 64 at the most", given, true);
}

#[test]
fn what_came_twice_is_acknowledged_and_not_run() {
    let mut table = Table::default();
    let mut bench = Bench::begun();
    let pair = || container(&[(id(0, 12), 3, query(1)), (id(0, 16), 5, Service::Ping { ping_id: 1 }.to_bytes())]);
    let first = bench.give(from(id(0, 20), 6, pair()));
    table.row("the first time", first.contains(&Runs(1)), true);
    bench.acked.clear();
    table.row("§1 replay of a container", bench.give(from(id(0, 20), 6, pair())), vec![Answers(id(0, 12))]);
    table.row("§3.16 a repeated message is acknowledged again", bench.acked.contains(&id(0, 12)), true);
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let whole = from(id(0, 12), 3, query(1)).seal();
    for bit in 0..whole.len() * 8 {
        let mut packet = whole.clone();
        packet[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit < 64 { Violation::AuthKeyId } else { Violation::MsgKey };
        assert_eq!(packet::open(&key(), Side::Client, packet).unwrap_err(), expected, "bit {bit}");
    }
    for len in 0..whole.len() {
        let expected = match len {
            0..8 => Violation::AuthKeyId,
            8..72 => Violation::TooShort,
            _ => Violation::MsgKey,
        };
        assert_eq!(packet::open(&key(), Side::Client, whole[..len].into()).unwrap_err(), expected, "{len} bytes");
    }
}
