//! A server that breaks a rule, and what the client does.

use bytes::Bytes;
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::client::{CallId, CallOptions, Event, Failure, KeyState, Receipt, Repeat, Session};
use quadruplex_mtproto::{Message, Now, RPC_RESULT, Salt, Service, Violation};
use quadruplex_tl::Serialize;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

use super::{Raw, SALT, Table, at, container, gzip_packed, id, key, packed, query, read, service};

/// A client end with a connection.
pub(super) struct Bench {
    pub(super) session: Session,
    pub(super) rng: ChaCha8Rng,
    pub(super) now: Now,
}

impl Bench {
    /// Knows the server's time, as after a key exchange, and enough salts not to ask for more.
    pub(super) fn new() -> Self {
        Self::knowing(Some(at(0.0).wall))
    }

    pub(super) fn knowing(server_time: Option<std::time::Duration>) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(2);
        let unix = super::EPOCH as u32;
        let future_salts = vec![Salt { valid_since: unix + 90_000, valid_until: unix + 190_000, salt: 77 }];
        let state = KeyState { salt: SALT, future_salts, server_time };
        let mut session = Session::new(key(), state, Bytes::new(), &mut rng, at(0.0));
        session.connected(at(0.0));
        Self { session, rng, now: at(0.0) }
    }

    /// Makes a call and sends it; its message id beside it.
    pub(super) fn call(&mut self, number: u64, repeat: Repeat) -> (CallId, i64) {
        let call = self.session.call(query(number).into(), CallOptions { repeat, ..CallOptions::default() });
        self.sent();
        (call, self.session.msg_id(call).expect("it was sent"))
    }

    /// Every message that wants to go out now, with its container, the packet's salt and session.
    pub(super) fn sent(&mut self) -> Vec<(Option<i64>, Message)> {
        let mut messages = Vec::new();
        let mut out = Vec::new();
        while self.session.poll_transmit(self.now, &mut self.rng, &mut out) {
            messages.extend(read(Side::Client, &std::mem::take(&mut out)));
        }
        messages
    }

    pub(super) fn says(&mut self) -> Vec<Service> {
        self.sent().iter().filter_map(|(_, message)| service(&message.body)).collect()
    }

    /// What has happened; its messages are acknowledged and their receipts left out.
    pub(super) fn events(&mut self) -> Vec<Event> {
        let mut events: Vec<_> = std::iter::from_fn(|| self.session.poll_event()).collect();
        events.retain(|event| *event != Event::KeyStateChanged);
        for event in &mut events {
            if let Some(receipt) = receipt(event) {
                self.session.acknowledge(receipt, self.now);
            }
        }
        events
    }

    pub(super) fn raw(&self, msg_id: i64, seq_no: i32, body: Vec<u8>) -> Raw {
        Raw { session_id: self.session.session_id(), ..Raw::new(Side::Server, msg_id, seq_no, body) }
    }

    pub(super) fn give(&mut self, msg_id: i64, seq_no: i32, body: Vec<u8>) -> Result<(), Violation> {
        let raw = self.raw(msg_id, seq_no, body);
        self.session.handle_packet(raw.seal(), self.now, &mut self.rng)
    }

    pub(super) fn give_service(&mut self, msg_id: i64, service: &Service) -> Result<(), Violation> {
        self.give(msg_id, 0, service.to_bytes())
    }

    /// Lets time pass, waking the session whenever it wants to be woken.
    pub(super) fn pass(&mut self, seconds: f64) {
        let end = self.now.mono.as_secs_f64() + seconds;
        while let Some(due) = self.session.poll_timeout().map(|due| due.as_secs_f64())
            && due <= end
        {
            self.now = at(due.max(self.now.mono.as_secs_f64()));
            self.session.handle_timeout(self.now, &mut self.rng);
            if self.session.is_dead() {
                return;
            }
            self.sent();
        }
        self.now = at(end);
    }
}

pub(super) fn result(req_msg_id: i64, body: &[u8]) -> Vec<u8> {
    [&RPC_RESULT.to_le_bytes()[..], &req_msg_id.to_le_bytes(), body].concat()
}

fn note(number: u64) -> Vec<u8> {
    query(number)
}

fn told(number: u64) -> Event {
    Event::Notification { body: note(number).into(), receipt: None }
}

/// Takes the receipt out of an event.
pub(super) fn receipt(event: &mut Event) -> Option<Receipt> {
    match event {
        Event::Answer { receipt, .. } | Event::Notification { receipt, .. } => receipt.take(),
        _ => None,
    }
}

#[test]
fn envelopes() {
    let mut table = Table::default();
    let mut row = |rule: &str, change: &dyn Fn(&mut Raw), expected: Result<(), Violation>| {
        let mut bench = Bench::new();
        let mut raw = bench.raw(id(0, 7), 1, note(1));
        change(&mut raw);
        let happened = bench.session.handle_packet(raw.seal(), bench.now, &mut bench.rng);
        table.row(rule, happened.clone(), expected);
        table.row(rule, bench.events(), if happened.is_ok() { vec![told(1)] } else { vec![] });
    };
    let other = quadruplex_crypto::AuthKey::from_bytes(&[3; 256]);
    row("all well", &|_| {}, Ok(()));
    row("§1 auth_key_id: another key", &|raw| raw.key = other.clone(), Err(Violation::AuthKeyId));
    row("§1 msg_key: encrypted with x of the client", &|raw| raw.from = Side::Client, Err(Violation::MsgKey));
    row("§1 length: longer than the packet", &|raw| raw.len = Some(1000), Err(Violation::Length));
    row("§1 length: far longer than the packet", &|raw| raw.len = Some(u32::MAX), Err(Violation::Length));
    row("§1 length: no multiple of four", &|raw| raw.len = Some(11), Err(Violation::Length));
    row("§1 padding: none", &|raw| (raw.padding, raw.body) = (Some(0), vec![0; 16]), Err(Violation::Padding));
    row("§1 padding: 4 bytes", &|raw| raw.padding = Some(4), Err(Violation::Padding));
    row("§1 padding: 1,028 bytes", &|raw| raw.padding = Some(1028), Err(Violation::Padding));
    row("§1 padding: 1,012 bytes", &|raw| raw.padding = Some(1012), Ok(()));
    row("§1 session_id: another session", &|raw| raw.session_id ^= 1, Err(Violation::SessionId));
    row("§1 msg_id parity: 0", &|raw| raw.msg_id = id(0, 8), Err(Violation::MsgIdParity));
    row("§1 msg_id parity: 2", &|raw| raw.msg_id = id(0, 6), Err(Violation::MsgIdParity));
    row("§1 msg_id parity: 1 is well", &|raw| raw.msg_id = id(0, 5), Ok(()));
    row("§1 window: 301 s behind", &|raw| raw.msg_id = id(-301, 7), Err(Violation::MsgIdTime));
    row("§1 window: 300 s behind", &|raw| raw.msg_id = id(-300, 7), Ok(()));
    row("§1 window: 31 s ahead", &|raw| raw.msg_id = id(31, 7), Err(Violation::MsgIdTime));
    row("§1 window: 30 s ahead", &|raw| raw.msg_id = id(30, 7), Ok(()));
    row("§1 seq_no: the client does not look", &|raw| raw.seq_no = 6, Ok(()));
    row("§1 salt: the client does not look", &|raw| raw.salt = 1, Ok(()));
}

#[test]
fn a_flipped_bit_is_found_wherever_it_is() {
    let mut bench = Bench::new();
    let whole = bench.raw(id(0, 7), 1, note(1)).seal();
    for bit in 0..whole.len() * 8 {
        let mut packet = whole.clone();
        packet[bit / 8] ^= 1 << (bit % 8);
        let expected = if bit < 64 { Violation::AuthKeyId } else { Violation::MsgKey };
        assert_eq!(bench.session.handle_packet(packet, bench.now, &mut bench.rng), Err(expected), "bit {bit}");
    }
    assert_eq!(bench.events(), [], "nothing of a broken packet is believed");
    assert_eq!(bench.session.handle_packet(whole, bench.now, &mut bench.rng), Ok(()));
    assert_eq!(bench.events(), [told(1)]);
}

#[test]
fn time() {
    let mut table = Table::default();
    let mut bench = Bench::knowing(None);
    table.row("§3.20 no window before the time is known", bench.give(id(-100_000, 7), 1, note(1)), Ok(()));
    table.row("§3.19 the time is learned from an id", bench.session.server_time(bench.now).as_secs(), super::EPOCH - 100_000);

    let bad = Service::BadMsgNotification { bad_msg_id: id(0, 4), bad_msg_seqno: 0, error_code: 17 };
    let mut bench = Bench::new();
    table.row("§3.20 never for bad_msg_notification", bench.give_service(id(-5000, 7), &bad), Ok(()));
    table.row("§3.18 code 17 sets the clock back", bench.session.server_time(bench.now).as_secs(), super::EPOCH - 5000);
    let bad = Service::BadServerSalt { bad_msg_id: id(0, 4), bad_msg_seqno: 0, error_code: 48, new_server_salt: 5 };
    table.row("§3.20 never for bad_server_salt", Bench::new().give_service(id(5000, 7), &bad), Ok(()));

    let mut bench = Bench::new();
    let refused = bench.give(id(100, 7), 1, note(1));
    table.row("§1 a machine that slept: the first message is refused", refused, Err(Violation::MsgIdTime));
    bench.session.disconnected();
    bench.session.connected(bench.now);
    table.row("…the next connection learns the time", bench.give(id(100, 7), 1, note(1)), Ok(()));
    table.row("…and nothing was lost", bench.events(), vec![told(1)]);
    table.row("…and the window holds again", bench.give(id(131, 7), 3, note(2)), Err(Violation::MsgIdTime));

    let mut bench = Bench::new();
    let (_, sent) = bench.call(1, Repeat::Unsafe);
    assert_eq!(bench.give(id(-16, 5), 1, result(sent, &query(1))), Ok(()));
    table.row(
        "§3.19 an answer older than its question turns the clock back",
        bench.session.server_time(bench.now).as_secs(),
        super::EPOCH - 16,
    );
}

#[test]
fn replays() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    for _ in 0..2 {
        assert_eq!(bench.give(id(0, 7), 1, note(1)), Ok(()));
    }
    table.row("§1 replay of a message", bench.events(), vec![told(1)]);
    bench.pass(15.0);
    let mut bench = Bench::new();
    let pair = container(&[(id(0, 7), 1, note(1)), (id(0, 11), 3, note(2))]);
    for _ in 0..2 {
        assert_eq!(bench.give(id(0, 15), 4, pair.clone()), Ok(()));
    }
    table.row("§1 replay of a container", bench.events(), vec![told(1), told(2)]);
    assert_eq!(bench.give(id(0, 19), 4, pair), Ok(()));
    table.row("§1 replay of messages in a new container", bench.events(), vec![]);
    assert_eq!(bench.give(id(0, 11), 3, note(2)), Ok(()));
    table.row("§1 replay of an inner message alone", bench.events(), vec![]);
    let (call, sent) = bench.call(3, Repeat::Unsafe);
    assert_eq!(bench.give(id(0, 25), 5, result(sent, &query(3))), Ok(()));
    assert_eq!(bench.give(id(0, 29), 7, result(sent, &query(3))), Ok(()));
    table.row("a second answer to one call", bench.events(), vec![Event::Answer { call, result: Ok(query(3).into()), receipt: None }]);
}

#[test]
fn containers_and_bodies() {
    let mut table = Table::default();
    let inner = |msg_id: i64| container(&[(msg_id, 1, note(1))]);
    let give = |body: Vec<u8>| Bench::new().give(id(0, 15), 2, body);
    table.row("§1 parity of an inner message", give(inner(id(0, 8))), Err(Violation::MsgIdParity));
    table.row("§3.3 an inner id above the container's", give(inner(id(0, 19))), Err(Violation::MsgIdOrder));
    table.row("§3.3 an inner id equal to the container's", give(inner(id(0, 15))), Err(Violation::MsgIdOrder));
    table.row("§3.3 in a packed container", give(packed(&inner(id(0, 15)))), Err(Violation::MsgIdOrder));
    let mut bench = Bench::new();
    let mixed = container(&[(id(0, 7), 1, note(1)), (id(0, 19), 3, note(2))]);
    assert_eq!(bench.give(id(0, 15), 4, mixed), Err(Violation::MsgIdOrder));
    table.row("nothing of a bad container is believed", bench.events(), vec![]);
    let mut refused = |rule: &str, body: Vec<u8>| table.row(rule, matches!(give(body), Err(Violation::Body(_))), true);
    refused("a container in a container", container(&[(id(0, 11), 2, inner(id(0, 7)))]));
    refused("a container that ends too early", inner(id(0, 7))[..20].to_vec());
    refused("a container with bytes left over", [inner(id(0, 7)), vec![0; 4]].concat());
    refused("§3.12 a packed object that is not gzip", gzip_packed(&[1, 2, 3, 4]));
    refused("§3.12 a bomb: 17 MiB packed", packed(&vec![0; 17 << 20]));
    refused("§3.12 packed twice", packed(&packed(&note(1))));
    refused("a service message that ends too early", Service::Pong { msg_id: 1, ping_id: 1 }.to_bytes()[..12].to_vec());
}

#[test]
fn messages_one_by_one() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    let pair = container(&[(id(0, 7), 1, note(1)), (id(0, 11), 3, note(2))]);
    let mut messages = bench.session.open_packet(bench.raw(id(0, 15), 4, pair).seal(), bench.now).unwrap();
    table.row("nothing is told of a packet that was only opened", bench.events(), vec![]);
    for number in [1, 2] {
        assert_eq!(bench.session.handle_next(&mut messages, bench.now, &mut bench.rng), Ok(true));
        table.row("each message tells what it brings", bench.events(), vec![told(number)]);
    }
    assert_eq!(bench.session.handle_next(&mut messages, bench.now, &mut bench.rng), Ok(false));

    let broken = container(&[(id(0, 23), 5, note(3)), (id(0, 27), 7, gzip_packed(&[1, 2, 3, 4]))]);
    for expected in [vec![told(3)], vec![]] {
        table.row("a message that cannot be unpacked", matches!(bench.give(id(0, 31), 8, broken.clone()), Err(Violation::Body(_))), true);
        table.row("…and what stood before it, once", bench.events(), expected);
    }
}

#[test]
fn answers_that_cannot_be_read() {
    let mut table = Table::default();
    let mut row = |rule: &str, body: &[u8]| {
        let mut bench = Bench::new();
        let (call, sent) = bench.call(1, Repeat::Unsafe);
        let (other, another) = bench.call(2, Repeat::Unsafe);
        let both = container(&[(id(0, 5), 1, result(sent, body)), (id(0, 9), 3, result(another, &query(2)))]);
        table.row(rule, bench.give(id(0, 15), 4, both), Ok(()));
        let mut events = bench.events();
        let of_call = |event: &mut Event| matches!(event, Event::Failed { call: ended, reason: Failure::Unreadable(_) } if *ended == call);
        table.row(rule, events.extract_if(.., of_call).count(), 1);
        let answer = Event::Answer { call: other, result: Ok(query(2).into()), receipt: None };
        table.row("…and the other answer of that packet arrives", events, vec![answer]);
    };
    row("§3.13 a bomb in an answer", &packed(&vec![0; 17 << 20]));
    row("§3.12 an answer that is no gzip", &gzip_packed(&[1, 2, 3, 4]));
    row("§3.12 an answer packed twice", &packed(&packed(&query(1))));
    row("an error that ends too early", &quadruplex_mtproto::RPC_ERROR.to_bytes());

    let mut bench = Bench::new();
    let bomb = packed(&vec![0; 10 << 20]);
    let bombs: Vec<_> = (0..8).map(|n| (id(0, 4 * n + 5), 1, result(bench.call(n as u64, Repeat::Unsafe).1, &bomb))).collect();
    assert_eq!(bench.give(id(0, 101), 4, container(&bombs)), Ok(()));
    let unreadable = |event: &Event| matches!(event, Event::Failed { reason: Failure::Unreadable(_), .. });
    table.row("answers that are 80 MiB together", bench.events().iter().filter(|event| unreadable(event)).count(), 2);

    let mut bench = Bench::new();
    let (call, sent) = bench.call(1, Repeat::Unsafe);
    let error = [&quadruplex_mtproto::RPC_ERROR.to_le_bytes()[..], &400_i32.to_le_bytes(), b"\x02A\xff\0"].concat();
    assert_eq!(bench.give(id(0, 5), 1, result(sent, &error)), Ok(()));
    let error = quadruplex_mtproto::client::RpcError { code: 400, message: "A\u{fffd}".into() };
    table.row("an error whose text is no UTF-8", bench.events(), vec![Event::Answer { call, result: Err(error), receipt: None }]);
}

#[test]
fn an_answer_that_comes_after_thousands_of_other_messages() {
    let mut bench = Bench::new();
    let (call, sent) = bench.call(1, Repeat::Unsafe);
    for n in 0..10 {
        let notes: Vec<_> = (0..1000).map(|k| (id(1, 8 * (1000 * n + k) + 3), 1, note(1))).collect();
        assert_eq!(bench.give(id(1, 8000 * (n + 1) - 1), 2, container(&notes)), Ok(()));
    }
    assert_eq!(bench.events().len(), 10_000);
    // Its id is of the time when it was made; it went down with a link, and is sent again.
    let answer = || vec![Event::Answer { call, result: Ok(query(1).into()), receipt: None }];
    assert_eq!(bench.give(id(0, 5), 1, result(sent, &query(1))), Ok(()));
    assert_eq!(bench.events(), answer());
    assert_eq!(bench.give(id(0, 5), 1, result(sent, &query(1))), Ok(()));
    assert_eq!(bench.events(), [], "once");
}

#[test]
fn answers() {
    let mut table = Table::default();
    let mut row = |rule: &str, body: &[u8], expected: Result<Bytes, quadruplex_mtproto::client::RpcError>| {
        let mut bench = Bench::new();
        let (call, sent) = bench.call(1, Repeat::Unsafe);
        assert_eq!(bench.give(id(0, 5), 1, result(sent, body)), Ok(()));
        table.row(rule, bench.events(), vec![Event::Answer { call, result: expected, receipt: None }]);
    };
    row("§3.14 the result is whatever stands there", &[1, 0, 0, 0], Ok(Bytes::from_static(&[1, 0, 0, 0])));
    row("§3.13 a packed result", &packed(&query(7)), Ok(query(7).into()));
    row("§3.50 an unknown constructor is the caller's to judge", &[0xff; 8], Ok(Bytes::from_static(&[0xff; 8])));
    let mut error = quadruplex_mtproto::RPC_ERROR.to_bytes();
    (420_i32, "FLOOD_WAIT_3".to_owned()).serialize_into(&mut error);
    let expected = quadruplex_mtproto::client::RpcError { code: 420, message: "FLOOD_WAIT_3".into() };
    row("§3.13 rpc_error in place of any type", &error, Err(expected.clone()));
    row("§3.13 a packed rpc_error", &packed(&error), Err(expected));
    let mut bench = Bench::new();
    let (_, sent) = bench.call(1, Repeat::Unsafe);
    table.row("an answer to a question nobody asked", bench.give(id(0, 5), 1, result(sent + 4, &query(1))), Ok(()));
    table.row("…changes nothing", (bench.events(), bench.session.calls()), (vec![], 1));
    let too_long = bench.session.call(vec![0; quadruplex_mtproto::MAX_MESSAGE].into(), CallOptions::default());
    table.row("§3.7 a query that is too long", bench.events(), vec![Event::Failed { call: too_long, reason: Failure::TooLong }]);
    let sent = bench.sent();
    table.row("…is not sent", sent.iter().all(|(_, message)| service(&message.body).is_some()), true);
}

/// Both fields of an `rpc_error`, one after the other.
trait SerializeInto {
    fn serialize_into(&self, out: &mut Vec<u8>);
}

impl SerializeInto for (i32, String) {
    fn serialize_into(&self, out: &mut Vec<u8>) {
        self.0.serialize(out);
        self.1.serialize(out);
    }
}
