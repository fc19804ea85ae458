//! What a server may say about messages, and what becomes of the client's calls.

use quadruplex_mtproto::client::{CallOptions, Event, Failure, Repeat};
use quadruplex_mtproto::{Service, Violation};

use super::client::{Bench, result};
use super::{QUERY, Table, at, container, id, query};

/// The queries that go out now: number, message id, container.
fn queries(bench: &mut Bench) -> Vec<(u64, i64, Option<i64>)> {
    let sent = bench.sent().into_iter().filter(|(_, message)| message.body.starts_with(&QUERY.to_le_bytes()));
    sent.map(|(outer, message)| (u64::from_le_bytes(message.body[4..12].try_into().unwrap()), message.msg_id, outer)).collect()
}

/// Calls 1 (safe) and 2 (unsafe) in one container; the ids of the messages and the container.
fn pair(bench: &mut Bench) -> (i64, i64, i64) {
    for (number, repeat) in [(1, Repeat::Safe), (2, Repeat::Unsafe)] {
        bench.session.call(query(number).into(), CallOptions { repeat, ..CallOptions::default() });
    }
    let sent = queries(bench);
    let [(1, first, Some(outer)), (2, second, _)] = sent[..] else { panic!("{sent:?}") };
    assert!(first < second && second < outer, "§3.3 the container's id comes last");
    (first, second, outer)
}

fn numbers(queries: &[(u64, i64, Option<i64>)]) -> Vec<u64> {
    queries.iter().map(|(number, ..)| *number).collect()
}

/// The number of calls that failed as "may have been executed".
fn unknown(bench: &mut Bench) -> usize {
    let unknown = |event: &Event| matches!(event, Event::Failed { reason: Failure::MayHaveBeenExecuted, .. });
    bench.events().iter().filter(|event| unknown(event)).count()
}

#[test]
fn bad_msg_notification() {
    let mut table = Table::default();
    // Each: the code, whether the session is left, what is sent again, how many calls may have been executed.
    type Row = (i32, bool, &'static [u64], usize);
    let rows: [Row; 10] = [
        (16, false, &[1, 2], 0),
        (17, true, &[1, 2], 0),
        (18, true, &[1, 2], 0),
        (19, true, &[1], 1),
        (20, false, &[1], 1),
        (32, true, &[1, 2], 0),
        (33, true, &[1, 2], 0),
        (34, true, &[1, 2], 0),
        (35, true, &[1, 2], 0),
        (64, true, &[1, 2], 0),
    ];
    for (error_code, leaves, again, lost) in rows {
        let mut bench = Bench::new();
        let (.., outer) = pair(&mut bench);
        let session = bench.session.session_id();
        let bad = Service::BadMsgNotification { bad_msg_id: outer, bad_msg_seqno: 4, error_code };
        assert_eq!(bench.give_service(id(1, 5), &bad), Ok(()));
        let rule = format!("§3.18 code {error_code} about a container");
        table.row(&rule, bench.session.session_id() != session, leaves);
        let sent = queries(&mut bench);
        table.row(&rule, numbers(&sent), again.to_vec());
        table.row(&rule, unknown(&mut bench), lost);
    }
}

#[test]
fn a_refused_call_that_nobody_wants_any_more_ends() {
    let mut table = Table::default();
    for error_code in [16, 17, 18, 19, 20, 32, 33, 34, 35, 48, 64] {
        let mut bench = Bench::new();
        let call = bench.session.call(query(1).into(), CallOptions { repeat: Repeat::Safe, ..CallOptions::default() });
        let [(1, msg_id, None)] = queries(&mut bench)[..] else { panic!("one call is sent alone") };
        bench.session.cancel(call);
        let refusal = match error_code {
            48 => Service::BadServerSalt { bad_msg_id: msg_id, bad_msg_seqno: 1, error_code, new_server_salt: 5 },
            _ => Service::BadMsgNotification { bad_msg_id: msg_id, bad_msg_seqno: 1, error_code },
        };
        assert_eq!(bench.give_service(id(1, 5), &refusal), Ok(()));
        let is_query = |message: &quadruplex_mtproto::Message| super::service(&message.body).is_none();
        let rule = format!("code {error_code} about a cancelled call");
        table.row(&rule, bench.sent().iter().filter(|(_, message)| is_query(message)).count(), 0);
        let ended = bench.events().contains(&Event::Failed { call, reason: Failure::Cancelled });
        table.row(&rule, (ended, bench.session.calls()), (true, 0));
    }
}

#[test]
fn only_the_refused_message_is_sent_again() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    let (_, second, _) = pair(&mut bench);
    let bad = Service::BadMsgNotification { bad_msg_id: second, bad_msg_seqno: 3, error_code: 16 };
    assert_eq!(bench.give_service(id(1, 5), &bad), Ok(()));
    table.row("§3.18 code 16 about an inner message", numbers(&queries(&mut bench)), vec![2]);

    let mut bench = Bench::new();
    let (first, second, outer) = pair(&mut bench);
    let bad = Service::BadServerSalt { bad_msg_id: first, bad_msg_seqno: 1, error_code: 48, new_server_salt: 5 };
    assert_eq!(bench.give_service(id(1, 5), &bad), Ok(()));
    let mut out = Vec::new();
    assert!(bench.session.poll_transmit(bench.now, &mut bench.rng, &mut out));
    let opened = quadruplex_mtproto::packet::open(&super::key(), quadruplex_crypto::message::Side::Client, out[..].into()).unwrap();
    table.row("§3.17 bad_server_salt: the new salt is used", opened.salt, 5);
    let sent = super::read(quadruplex_crypto::message::Side::Client, &out);
    let ids: Vec<_> = sent.iter().map(|(_, message)| message.msg_id).filter(|id| [first, second, outer].contains(id)).collect();
    table.row("§3.17 …under new ids", ids, vec![]);
    let again = sent.iter().filter(|(_, message)| message.body.starts_with(&QUERY.to_le_bytes())).count();
    table.row("§3.17 …with everything of its container", again, 2);
}

#[test]
fn new_session_created() {
    let mut table = Table::default();
    let news = |first_msg_id: i64, unique_id: i64| Service::NewSessionCreated { first_msg_id, unique_id, server_salt: 5 };
    let mut bench = Bench::new();
    assert_eq!(bench.give_service(id(1, 7), &news(id(0, 4), 1)), Ok(()));
    table.row("§3.23 a new session is told", bench.events(), vec![Event::NewSession]);
    assert_eq!(bench.give_service(id(1, 11), &news(id(0, 4), 1)), Ok(()));
    table.row("§3.23 the same unique_id once more is no news", bench.events(), vec![]);
    assert_eq!(bench.give_service(id(1, 15), &news(id(0, 4), 2)), Ok(()));
    table.row("§3.23 another unique_id is", bench.events(), vec![Event::NewSession]);

    let mut bench = Bench::new();
    let (.., outer) = pair(&mut bench);
    assert_eq!(bench.give_service(id(1, 7), &news(outer + 4, 1)), Ok(()));
    table.row("§3.23 an envelope below first_msg_id was lost: what may be repeated is", numbers(&queries(&mut bench)), vec![1]);
    table.row("§3.23 …and the rest may have been executed", unknown(&mut bench), 1);

    let mut bench = Bench::new();
    let (_, second, outer) = pair(&mut bench);
    for (msg_id, first_msg_id) in [(id(1, 7), outer), (id(1, 11), second)] {
        assert_eq!(bench.give_service(msg_id, &news(first_msg_id, msg_id)), Ok(()));
        table.row("§3.23, 24 the envelope itself was not lost", (queries(&mut bench), unknown(&mut bench)), (vec![], 0));
    }
}

#[test]
fn lost_answers_are_asked_for() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    let (first, second, _) = pair(&mut bench);
    let wants = |answer: i64| vec![Service::MsgResendReq { msg_ids: vec![answer] }];
    let told = Service::MsgDetailedInfo { msg_id: first, answer_msg_id: id(0, 9), bytes: 12, status: 0 };
    assert_eq!(bench.give_service(id(1, 7), &told), Ok(()));
    table.row("§3.26 msg_detailed_info about a call in flight", bench.says(), wants(id(0, 9)));
    let told = Service::MsgNewDetailedInfo { answer_msg_id: id(0, 11), bytes: 12, status: 0 };
    assert_eq!(bench.give_service(id(1, 11), &told), Ok(()));
    table.row("§3.26 msg_new_detailed_info", bench.says(), wants(id(0, 11)));
    assert_eq!(bench.give(id(0, 11), 1, query(9)), Ok(()));
    assert_eq!(bench.give_service(id(1, 15), &told), Ok(()));
    table.row("§3.26 …about what has come: no request", bench.says(), vec![]);

    let states = |bench: &mut Bench, state: u8| {
        bench.session.disconnected();
        bench.session.connected(bench.now);
        let asked = bench.sent();
        let (req_msg_id, about) = asked
            .iter()
            .find_map(|(_, message)| match super::service(&message.body) {
                Some(Service::MsgsStateReq { msg_ids }) => Some((message.msg_id, msg_ids)),
                _ => None,
            })
            .expect("a call that may not be repeated is asked about");
        bench.give_service(id(2, 4 * i64::from(state) + 1), &Service::MsgsStateInfo { req_msg_id, info: vec![state; about.len()] })
    };
    assert_eq!(states(&mut bench, 4), Ok(()));
    table.row("§3.25 state 4: received, nothing to do", (bench.sent().len(), bench.events().len()), (0, 1));
    assert_eq!(states(&mut bench, 4 | 64), Ok(()));
    let says = bench.says();
    let asked = matches!(&says[..], [Service::MsgResendReq { msg_ids }] if msg_ids.contains(&second));
    table.row("§3.25 state 4 + 64: the answer is asked for", asked, true);
    assert_eq!(states(&mut bench, 3), Ok(()));
    let again = queries(&mut bench);
    table.row("§3.25 state 3: not received, sent again", again.iter().any(|(number, ..)| *number == 2), true);
    table.row("§3.11 …under its old id, in a newer container", again.iter().all(|(_, id, outer)| Some(*id) < *outer), true);
    assert_eq!(states(&mut bench, 1), Ok(()));
    table.row("§3.18 state 1: may have been executed", unknown(&mut bench), 1);
}

#[test]
fn acknowledgements() {
    let mut table = Table::default();
    let acked = |bench: &mut Bench| {
        let says = bench.says().into_iter();
        says.flat_map(|service| if let Service::MsgsAck { msg_ids } = service { msg_ids } else { vec![] }).collect::<Vec<_>>()
    };
    let mut bench = Bench::new();
    let idle = bench.session.poll_timeout();
    assert_eq!(bench.give(id(0, 7), 1, query(1)), Ok(()));
    assert_eq!(bench.give(id(0, 7), 1, query(1)), Ok(()));
    table.row("a message that is not safe yet is not acknowledged, however often it comes", bench.session.poll_timeout(), idle);
    bench.events();
    table.row("§3.15 an acknowledgement waits for company", acked(&mut bench), vec![]);
    let delay = bench.session.poll_timeout().map(|due| due.as_secs()).unwrap_or_default();
    table.row("§3.15 …at most 30 s", delay <= 30, true);
    bench.now = at(delay as f64);
    bench.session.handle_timeout(bench.now, &mut bench.rng);
    table.row("§3.15 …and goes alone then", acked(&mut bench), vec![id(0, 7)]);
    assert_eq!(bench.give(id(0, 7), 1, query(1)), Ok(()));
    bench.session.call(query(2).into(), CallOptions::default());
    table.row("§3.16 a repetition is acknowledged again, with whatever goes out", acked(&mut bench), vec![id(0, 7)]);
    assert_eq!(bench.give(id(0, 11), 0, query(1)), Ok(()));
    bench.session.call(query(3).into(), CallOptions::default());
    table.row("what is not content-related is not acknowledged", acked(&mut bench), vec![]);
    for n in 0..100 {
        assert!(!bench.session.wants_to_transmit(), "after {n}");
        assert_eq!(bench.give(id(1, 4 * n + 3), 1, query(1)), Ok(()));
        bench.events();
    }
    table.row("§3.15 a hundred go at once", acked(&mut bench).len(), 100);

    for told in [
        Service::MsgNewDetailedInfo { answer_msg_id: id(0, 7), bytes: 12, status: 0 },
        Service::MsgDetailedInfo { msg_id: id(0, 4), answer_msg_id: id(0, 7), bytes: 12, status: 0 },
    ] {
        let mut bench = Bench::new();
        assert_eq!(bench.give(id(0, 7), 1, query(1)), Ok(()));
        bench.events();
        bench.pass(16.0);
        assert_eq!(bench.give_service(id(16, 7), &told), Ok(()));
        let delay = bench.session.poll_timeout().map(|due| due.as_secs()).unwrap_or_default();
        bench.now = at(delay as f64);
        bench.session.handle_timeout(bench.now, &mut bench.rng);
        let rule = "§3.26 what has come is acknowledged on an idle link too when the server tells of it";
        table.row(rule, (delay <= 46, acked(&mut bench)), (true, vec![id(0, 7)]));
    }

    let mut bench = Bench::new();
    let twice = container(&[(id(0, 7), 1, query(1))]);
    for _ in 0..2 {
        assert_eq!(bench.give(id(0, 11), 2, twice.clone()), Ok(()));
    }
    bench.events();
    bench.session.disconnected();
    bench.session.connected(bench.now);
    bench.now = at(30.0);
    bench.session.handle_timeout(bench.now, &mut bench.rng);
    table.row("§3.15 owed acknowledgements survive the connection", acked(&mut bench).contains(&id(0, 7)), true);
}

#[test]
fn signs_of_life() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    bench.now = at(60.0);
    bench.session.handle_timeout(bench.now, &mut bench.rng);
    let says = bench.says();
    let [Service::PingDelayDisconnect { ping_id, disconnect_delay }] = says[..] else { panic!("{says:?}") };
    table.row("the server closes later than the next ping comes", disconnect_delay > 60, true);
    let pong = |ping_id: i64| Service::Pong { msg_id: id(0, 4), ping_id };
    let mut other = Bench::new();
    other.now = at(60.0);
    other.session.handle_timeout(other.now, &mut other.rng);
    other.sent();
    bench.now = at(61.0);
    assert_eq!(bench.give_service(id(61, 5), &pong(ping_id)), Ok(()));
    bench.pass(50.0);
    table.row("a pong in time", (bench.session.is_dead(), bench.session.round_trip().map(|time| time.as_secs())), (false, Some(1)));
    other.now = at(61.0);
    assert_eq!(other.give_service(id(61, 5), &pong(ping_id ^ 1)), Ok(()));
    other.pass(50.0);
    table.row("the pong of another ping", other.session.is_dead(), true);
    let mut silent = Bench::new();
    silent.call(1, Repeat::Unsafe);
    silent.pass(60.0);
    table.row("a call and then silence: dead within a minute", silent.session.is_dead(), true);
}

#[test]
fn a_slow_link_is_not_a_dead_one() {
    /// A client whose pong took a twentieth of a second, the first minute after `busy`.
    fn measured_after(busy: impl FnOnce(&mut Bench)) -> Bench {
        let mut bench = Bench::new();
        busy(&mut bench);
        bench.now = at(60.0);
        bench.session.handle_timeout(bench.now, &mut bench.rng);
        let says = bench.says().into_iter();
        let ping_id =
            says.filter_map(|service| if let Service::PingDelayDisconnect { ping_id, .. } = service { Some(ping_id) } else { None });
        let [ping_id] = ping_id.collect::<Vec<_>>()[..] else { panic!("a ping a minute") };
        bench.now = at(60.05);
        assert_eq!(bench.give_service(id(60, 5), &Service::Pong { msg_id: id(0, 4), ping_id }), Ok(()));
        bench
    }
    /// For so long bytes of a packet come, ten times a second; how long it was until the link was given up.
    fn trickle(bench: &mut Bench, seconds: u32) -> Option<u32> {
        (0..10 * seconds).find_map(|tenths| {
            bench.session.alive(bench.now);
            bench.pass(0.1);
            bench.session.is_dead().then_some(tenths / 10)
        })
    }
    let measured = || measured_after(|_| {});
    let mut table = Table::default();
    let mut bench = measured();
    bench.call(1, Repeat::Unsafe);
    table.row("an answer that comes byte by byte", trickle(&mut bench, 300), None);
    table.row("…only bytes, for minutes, and no pong", trickle(&mut bench, 600).is_some(), true);
    let mut bench = measured();
    bench.call(1, Repeat::Unsafe);
    let pings = (601..3601).map(|tenths| {
        bench.now = at(f64::from(tenths) / 10.0);
        bench.session.alive(bench.now);
        bench.session.handle_timeout(bench.now, &mut bench.rng);
        bench.says().iter().filter(|service| matches!(service, Service::PingDelayDisconnect { .. })).count()
    });
    table.row("…and the server, which would close the link, is pinged each minute", pings.sum(), 5);
    let mut bench = measured();
    bench.call(1, Repeat::Unsafe);
    assert_eq!(trickle(&mut bench, 60), None);
    bench.pass(16.0);
    table.row("…and then nothing", bench.session.is_dead(), true);

    let mut bench = measured();
    bench.session.call(vec![7; 512 << 10].into(), CallOptions::default());
    assert_eq!(bench.sent().len(), 1);
    bench.pass(60.0);
    table.row("a query that takes a minute on its way", bench.session.is_dead(), false);
    bench.pass(30.0);
    table.row("…and has to be there after it", bench.session.is_dead(), true);

    let mut bench = measured_after(|bench| {
        for number in 0..20 {
            let call = bench.session.call(vec![7; 512 << 10].into(), CallOptions::default());
            assert_eq!(bench.sent().len(), 1);
            let msg_id = bench.session.msg_id(call).unwrap();
            assert_eq!(bench.give(id(0, 4 * number + 5), 1, result(msg_id, &[1, 0, 0, 0])), Ok(()));
        }
        bench.events();
    });
    bench.call(1, Repeat::Unsafe);
    bench.pass(16.0);
    table.row("what a pong has followed needs no more time", bench.session.is_dead(), true);
}

/// A client that has just pinged, and the message of its ping.
fn pinging() -> (Bench, i64) {
    let mut bench = Bench::new();
    bench.now = at(60.0);
    bench.session.handle_timeout(bench.now, &mut bench.rng);
    let [(None, ping)] = &bench.sent()[..] else { panic!("a ping is sent alone") };
    let msg_id = ping.msg_id;
    (bench, msg_id)
}

#[test]
fn a_refused_ping() {
    let mut table = Table::default();
    for error_code in [16, 20, 32, 48] {
        let (mut bench, ping) = pinging();
        let refusal = |bad_msg_id| match error_code {
            48 => Service::BadServerSalt { bad_msg_id, bad_msg_seqno: 1, error_code, new_server_salt: 5 },
            _ => Service::BadMsgNotification { bad_msg_id, bad_msg_seqno: 1, error_code },
        };
        let pings = |bench: &mut Bench| {
            bench.session.handle_timeout(bench.now, &mut bench.rng);
            bench.says().iter().filter(|service| matches!(service, Service::PingDelayDisconnect { .. })).count()
        };
        assert_eq!(bench.give_service(id(60, 5), &refusal(ping)), Ok(()));
        table.row(&format!("code {error_code} about a ping: again, at once"), pings(&mut bench), 1);
        bench.pass(40.0);
        table.row("…and it is waited for", bench.session.is_dead(), true);

        if error_code != 32 {
            let (mut bench, ping) = pinging();
            assert_eq!(bench.give_service(id(60, 5), &refusal(ping - 4)), Ok(()));
            table.row(&format!("code {error_code} about another message: no ping"), pings(&mut bench), 0);
            bench.pass(40.0);
            table.row("…and the first is still waited for", bench.session.is_dead(), true);
        }
    }
}

#[test]
fn limits_of_what_is_sent() {
    let mut table = Table::default();
    let mut bench = Bench::new();
    for number in 0..2500 {
        bench.session.call(query(number).into(), CallOptions::default());
    }
    let sent = queries(&mut bench);
    let mut sizes = std::collections::BTreeMap::<_, usize>::new();
    sent.iter().for_each(|(.., outer)| *sizes.entry(*outer).or_default() += 1);
    table.row("§3.6 at most 1,020 in a container", sizes.values().copied().max(), Some(1020));
    table.row("§3.6 …and none is left out", sent.len(), 2500);
    table.row("§3.2 ids increase", sent.is_sorted_by_key(|(_, id, _)| *id), true);
    table.row("§3.1 ids are those of a client", sent.iter().all(|(_, id, _)| id % 4 == 0 && *id as u32 != 0), true);

    let mut bench = Bench::new();
    for number in 0..3 {
        bench.session.call(query(number).into(), CallOptions { alone: true, ..CallOptions::default() });
    }
    let sent = queries(&mut bench);
    table.row("§3.10 never two parts of files in one container", sent.iter().map(|(.., outer)| *outer).collect(), vec![None; 3]);

    let mut bench = Bench::new();
    let (_, sent) = bench.call(1, Repeat::Unsafe);
    let asks = Service::MsgsStateReq { msg_ids: vec![id(0, 7), id(0, 11)] };
    assert_eq!(bench.give(id(0, 7), 1, query(1)), Ok(()));
    assert_eq!(bench.give_service(id(1, 7), &asks), Ok(()));
    let info = Service::MsgsStateInfo { req_msg_id: id(1, 7), info: vec![4, 1] };
    table.row("the server asks about its messages", bench.says().contains(&info), true);
    assert_eq!(bench.give(id(1, 9), 1, result(sent, &[1, 0, 0, 0])), Ok(()));
    let late = bench.give(id(1, 9) & !1, 1, result(sent, &[1, 0, 0, 0]));
    table.row("the rules hold after a good answer too", late, Err(Violation::MsgIdParity));
}

/// Whom each query that goes out now waits for: its number, its message, the message before.
fn ordered(bench: &mut Bench) -> Vec<(u64, i64, Option<i64>)> {
    const INVOKE_AFTER_MSG: u32 = 0xcb9f_372d;
    let long = |bytes: &[u8]| i64::from_le_bytes(bytes[..8].try_into().unwrap());
    let read = |message: quadruplex_mtproto::Message| {
        let body = &message.body[..];
        let waits = body.starts_with(&INVOKE_AFTER_MSG.to_le_bytes());
        let (after, query) = if waits { (Some(long(&body[4..])), &body[12..]) } else { (None, body) };
        query.starts_with(&QUERY.to_le_bytes()).then(|| (long(&query[4..]).cast_unsigned(), message.msg_id, after))
    };
    bench.sent().into_iter().filter_map(|(_, message)| read(message)).collect()
}

#[test]
fn one_call_after_another() {
    let call = |bench: &mut Bench, number, after| {
        bench.session.call(query(number).into(), CallOptions { after, repeat: Repeat::Safe, ..CallOptions::default() })
    };
    let whom = |sent: &[(u64, i64, Option<i64>)]| sent.iter().map(|(number, _, after)| (*number, *after)).collect::<Vec<_>>();
    let mut table = Table::default();

    let mut bench = Bench::new();
    let first = call(&mut bench, 1, None);
    let second = call(&mut bench, 2, Some(first));
    call(&mut bench, 3, Some(second));
    let sent = ordered(&mut bench);
    table.row("§3.48 each waits for the one before", whom(&sent), vec![(1, None), (2, Some(sent[0].1)), (3, Some(sent[1].1))]);
    // Everything is refused for its salt, in two steps, the last first.
    for (_, msg_id, _) in [sent[2], sent[0]] {
        let bad = Service::BadMsgNotification { bad_msg_id: msg_id, bad_msg_seqno: 1, error_code: 16 };
        assert_eq!(bench.give_service(id(1, if msg_id == sent[2].1 { 5 } else { 9 }), &bad), Ok(()));
    }
    let again = ordered(&mut bench);
    table.row("what is sent again waits for the new message", whom(&again), vec![(1, None), (3, Some(sent[1].1))]);

    // The first succeeds before the second is made, and before it is sent.
    let mut bench = Bench::new();
    let first = call(&mut bench, 1, None);
    let msg_id = ordered(&mut bench)[0].1;
    call(&mut bench, 2, Some(first));
    assert_eq!(bench.give(id(1, 5), 1, result(msg_id, &[1, 0, 0, 0])), Ok(()));
    table.row("no need to wait for what has succeeded", whom(&ordered(&mut bench)), vec![(2, None)]);
    bench.events();
    let late = call(&mut bench, 3, Some(first));
    let refused = matches!(&bench.events()[..], [Event::Answer { call, result: Err(error), .. }] if *call == late && error.message == "MSG_WAIT_FAILED");
    table.row("who follows a call that has ended is told so", (refused, ordered(&mut bench).len()), (true, 0));

    // The first fails before the second is sent: the server decides.
    let mut bench = Bench::new();
    let first = call(&mut bench, 1, None);
    let msg_id = ordered(&mut bench)[0].1;
    call(&mut bench, 2, Some(first));
    let error = [&quadruplex_mtproto::RPC_ERROR.to_le_bytes()[..], &400_i32.to_le_bytes(), b"\x01A\0\0"].concat();
    assert_eq!(bench.give(id(1, 5), 1, result(msg_id, &error)), Ok(()));
    table.row("what has failed is still waited for", whom(&ordered(&mut bench)), vec![(2, Some(msg_id))]);

    // The one between goes away before it is sent.
    let mut bench = Bench::new();
    let first = call(&mut bench, 1, None);
    let msg_id = ordered(&mut bench)[0].1;
    let between = call(&mut bench, 2, Some(first));
    call(&mut bench, 3, Some(between));
    bench.session.cancel(between);
    table.row("who leaves unsent hands its place on", whom(&ordered(&mut bench)), vec![(3, Some(msg_id))]);

    // The one before was cancelled, and the server has read neither.
    let mut bench = Bench::new();
    let first = call(&mut bench, 1, None);
    call(&mut bench, 2, Some(first));
    let msg_id = ordered(&mut bench)[0].1;
    bench.session.cancel(first);
    let bad = Service::BadServerSalt { bad_msg_id: msg_id, bad_msg_seqno: 1, error_code: 48, new_server_salt: 5 };
    assert_eq!(bench.give_service(id(1, 5), &bad), Ok(()));
    table.row("…and so does who leaves unread", whom(&ordered(&mut bench)), vec![(2, None)]);
}
