//! Servers that stall, break off, lie and die.

use std::time::Duration;

use awaitkit::{join_all, limit};
use awaitkit_memcached::{Error, Expires, Memcached};
use tokio::net::TcpSocket;
use tokio::time::timeout;

use crate::fake::{DEADLINE, Fake, Fault, pass};

#[tokio::test]
async fn a_caller_that_goes_away_shifts_no_answer() {
    let server = Fake::start().await;
    let cache = server.builder().connections(1.try_into().unwrap()).build().unwrap();
    for key in ["a", "b", "c"] {
        cache.set(key, key, Expires::Never).await.unwrap();
    }
    server.faults([Fault::Late]);
    tokio::select! {
        _ = cache.get("a") => panic!("nothing was answered"),
        () = server.late() => {} // dropped while the answer is on its way
    }
    server.release();
    assert_eq!(cache.get("b").await.unwrap().as_deref(), Some(b"b".as_slice()));
    assert_eq!(cache.get("c").await.unwrap().as_deref(), Some(b"c".as_slice()));
    assert_eq!(server.connections(), 2, "the connection with the lost answer is never used again");
}

#[tokio::test]
async fn callers_that_go_away_at_any_moment_shift_no_answer() {
    let server = Fake::start().await;
    let cache = server.builder().connections(3.try_into().unwrap()).build().unwrap();
    for number in 0..20 {
        cache.set(format!("k{number}"), number.to_string(), Expires::Never).await.unwrap();
    }
    let asked = join_all(
        (0..600_u64).map(|turn| {
            let cache = &cache;
            async move {
                let key = format!("k{}", turn % 20);
                let answer = timeout(Duration::from_micros(turn % 7 * 60), cache.get(&key)).await;
                answer.ok().map(|value| (turn % 20, value.unwrap().unwrap()))
            }
        }),
        limit!(12),
    );
    let answered: Vec<_> = asked.await.into_iter().flatten().collect();
    assert!(answered.iter().all(|(number, value)| *value == number.to_string().into_bytes()));
    assert_eq!(cache.get("k7").await.unwrap().as_deref(), Some(b"7".as_slice()));
}

#[tokio::test]
async fn an_answer_that_does_not_come_is_a_timeout_and_costs_the_connection() {
    let server = Fake::start().await;
    let cache = server.client();
    server.faults([Fault::Late]);
    let (written, ()) = awaitkit::join!(cache.set("a", "1", Expires::Never), async {
        server.late().await;
        pass(DEADLINE).await;
    });
    let error = written.unwrap_err();
    assert!(matches!(error, Error::Timeout { sent: true, .. }) && error.may_have_run(), "{error}");
    server.release();
    assert_eq!(cache.get("a").await.unwrap().as_deref(), Some(b"1".as_slice()), "it had been carried out, as the error said it may");
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn who_waits_for_a_connection_in_vain_has_sent_nothing() {
    let server = Fake::start().await;
    let cache = server.builder().connections(1.try_into().unwrap()).build().unwrap();
    server.faults([Fault::Late]);
    let (first, second, ()) = awaitkit::join!(cache.get("a"), cache.get("b"), async {
        server.late().await;
        pass(DEADLINE).await;
    });
    assert!(matches!(first, Err(Error::Timeout { sent: true, .. })));
    assert!(matches!(second, Err(Error::Timeout { sent: false, .. })));
}

#[tokio::test]
async fn an_answer_cut_in_the_middle_is_an_error_for_a_change_and_none_for_a_read() {
    let server = Fake::start().await;
    let cache = server.client();
    cache.set("n", "41", Expires::Never).await.unwrap();
    server.faults([Fault::Cut(4)]);
    assert_eq!(cache.get("n").await.unwrap().as_deref(), Some(b"41".as_slice()), "asked again on a new connection");
    server.faults([Fault::Cut(1)]);
    let error = cache.incr("n", 1).await.unwrap_err();
    assert!(matches!(error, Error::Broken { .. }) && error.may_have_run(), "{error}");
    assert_eq!(cache.get("n").await.unwrap().as_deref(), Some(b"42".as_slice()), "not added twice");
}

#[tokio::test]
async fn a_server_that_speaks_something_else_is_named() {
    let server = Fake::start().await;
    let cache = server.client();
    server.faults([Fault::Say("HTTP/1.1 400 Bad Request\r\n\r\n")]);
    let error = cache.get("a").await.unwrap_err();
    assert!(error.to_string().contains("does not speak memcached's protocol"), "{error}");
    server.faults([Fault::Say("ERROR\r\n")]);
    assert!(matches!(cache.get("a").await, Err(Error::Protocol { .. })));
    server.faults([Fault::Say("SERVER_ERROR out of memory storing object\r\n")]);
    let error = cache.set("a", "1", Expires::Never).await.unwrap_err();
    assert!(error.to_string().ends_with("refuses: out of memory storing object") && !error.may_have_run(), "{error}");
    assert_eq!(cache.get("a").await.unwrap().as_deref(), Some(b"1".as_slice()), "the connection of a refusal is not trusted further");
}

#[tokio::test]
async fn a_dead_server_is_left_alone_and_comes_back() {
    // Bound, so that nobody else gets the port, and not listening, so that connections are refused.
    let dead = TcpSocket::new_v4().unwrap();
    dead.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let (address, rest) = (dead.local_addr().unwrap().to_string(), Duration::from_secs(3600));
    let cache = Memcached::builder().server(&address).deadline(DEADLINE).leave_alone(2, rest).build().unwrap();
    for _ in 0..2 {
        assert!(matches!(cache.get("a").await, Err(Error::Connect { .. })));
    }
    assert!(matches!(cache.get("a").await, Err(Error::Down { .. })) && cache.stats()[0].is_down);
    pass(rest).await;
    assert!(matches!(cache.get("a").await, Err(Error::Connect { .. })), "one is let through");
    assert!(matches!(cache.get("a").await, Err(Error::Down { .. })), "and failed");
}

#[tokio::test]
async fn keys_of_a_dead_server_fail_alone_or_go_to_the_next() {
    let alive = Fake::start().await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let dead = &socket.local_addr().unwrap().to_string();
    let keys: Vec<String> = (0..40).map(|number| format!("key:{number}")).collect();
    let builder = alive.builder().server(dead).leave_alone(1, Duration::from_secs(3600));

    let cache = builder.clone().build().unwrap();
    let answers = cache.get_many(&keys).await;
    for (key, answer) in keys.iter().zip(answers) {
        assert_eq!(answer.is_err(), cache.server_of(key) == dead, "{key}");
    }

    let cache = builder.skip_servers_that_are_down(true).build().unwrap();
    assert!(cache.get_many(&keys).await.iter().any(Result::is_err), "found out");
    assert!(cache.get_many(&keys).await.iter().all(Result::is_ok), "and skipped from then on");
    assert!(keys.iter().all(|key| cache.server_of(key) == alive.address));
}
