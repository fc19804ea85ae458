//! Calls, events and packets over a link that holds.

use std::time::Duration;

use quadruplex_mtproto::Service;
use quadruplex_mtproto::handshake::{ServerConfig, ServerHandshake, ServerStep, plain};
use quadruplex_net::{CallError, CloseReason, Event, Options, Repeat, State};

use tokio::task::yield_now;

use crate::fixture::{Bench, options, query, request};

#[tokio::test(start_paused = true)]
async fn calls_made_together_travel_together() {
    let mut bench = Bench::new();
    // The first call learns the salt.
    let first = bench.call(0);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    assert_eq!(first.await, Ok(query(0)));
    let before = bench.connection.traffic();

    let pending: Vec<_> = (0..500).map(|number| bench.call(number)).collect();
    for number in 0..500 {
        let asked = bench.server.query().await;
        assert_eq!(asked.1, number);
        bench.server.answer(asked).await;
    }
    for (number, pending) in (0..).zip(pending) {
        assert_eq!(pending.await, Ok(query(number)));
    }
    let after = bench.connection.traffic();
    assert_eq!((after.calls - before.calls, after.packets_with_calls - before.packets_with_calls), (500, 1));
}

/// As if another thread made them: each other time that the connection looks, nothing has come.
#[tokio::test(start_paused = true)]
async fn calls_that_trickle_in_travel_together() {
    const CALLS: u64 = 60;
    let mut bench = Bench::new();
    let first = bench.call(CALLS);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    assert_eq!(first.await, Ok(query(CALLS)));
    let before = bench.connection.traffic();

    let connection = bench.connection.clone();
    let call = move |number| connection.send(request(number, Repeat::Safe));
    let caller = tokio::spawn(async move {
        let mut pending = vec![call(0), call(1)];
        for number in 2..CALLS {
            yield_now().await;
            yield_now().await;
            pending.push(call(number));
        }
        pending
    });
    let pending = caller.await.unwrap();
    for number in 0..CALLS {
        let asked = bench.server.query().await;
        assert_eq!(asked.1, number);
        bench.server.answer(asked).await;
    }
    for (number, pending) in (0..).zip(pending) {
        assert_eq!(pending.await, Ok(query(number)));
    }
    let packets = bench.connection.traffic().packets_with_calls - before.packets_with_calls;
    assert!(packets <= 3, "{packets} packets");
}

#[tokio::test(start_paused = true)]
async fn an_answer_nobody_waits_for_is_dropped() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    let asked = bench.server.query().await;
    drop(pending);
    let next = bench.call(2);
    let second = bench.server.query().await;
    bench.server.answer(second).await;
    assert_eq!(next.await, Ok(query(2)));
    // The server has been told: what it answers now does not go out.
    bench.server.answer(asked).await;
    let session = bench.server.session.as_ref().unwrap();
    assert_eq!(session.unacknowledged(), 2, "new_session_created and one answer, no dropped one");
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_loses_updates_and_is_told() {
    let mut bench = Bench::with(Options { event_capacity: 3, ..options() }, 0);
    let pending = bench.call(1);
    let asked = bench.server.query().await;
    for number in 10..20 {
        bench.server.notify(number).await;
    }
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(1)), "the socket is read although nobody takes events");
    let mut lost = 0;
    while bench.events.try_recv().is_ok() {}
    for number in 20..22 {
        bench.server.notify(number).await;
        tokio::time::sleep(Duration::from_millis(10)).await;
        while let Ok(event) = bench.events.try_recv() {
            lost += usize::from(matches!(event, Event::Lost));
        }
    }
    assert_eq!(lost, 1, "told once");
}

/// A connection whose receiver takes nothing while a burst of updates comes.
async fn overrun() -> Bench {
    let mut bench = Bench::with(Options { event_capacity: 2, ..options() }, 0);
    for number in 0..2 {
        // What the first call has brought is taken.
        while bench.events.try_recv().is_ok() {}
        let pending = bench.call(number);
        let asked = bench.server.query().await;
        for number in 10..10 + 10 * number {
            bench.server.notify(number).await;
        }
        bench.server.answer(asked).await;
        assert_eq!(pending.await, Ok(query(number)));
    }
    bench
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_is_told_of_its_loss_although_nothing_more_comes() {
    let mut bench = overrun().await;
    let told = async { while !matches!(bench.events.recv().await.expect("the task lives"), Event::Lost) {} };
    tokio::time::timeout(Duration::from_secs(1), told).await.expect("told as soon as there is room");

    // The same when the link has gone.
    let mut bench = overrun().await;
    bench.server.hang_up();
    bench.state(|state| matches!(state, State::Connecting { .. })).await;
    let told = async { while !matches!(bench.events.recv().await.expect("the task lives"), Event::Lost) {} };
    tokio::time::timeout(Duration::from_millis(100), told).await.expect("told as soon as there is room");
}

#[tokio::test(start_paused = true)]
async fn a_slow_receiver_loses_no_key() {
    let mut bench = overrun().await;
    bench.server.session.as_mut().unwrap().rotate_salts();
    let pending = bench.call(2);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(2)));
    let key = async { while !matches!(bench.events.recv().await.expect("the task lives"), Event::Key(_)) {} };
    tokio::time::timeout(Duration::from_secs(1), key).await.expect("told as soon as there is room");
}

#[tokio::test(start_paused = true)]
async fn updates_in_answers_go_to_the_events_too() {
    let mut bench = Bench::with(Options { is_update: |body| body.len() == 12, ..options() }, 0);
    let pending = bench.call(5);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(5)));
    loop {
        match bench.events.recv().await {
            Some(Event::Update(body, _)) => break assert_eq!(body, query(5)),
            Some(_) => {}
            None => panic!("no update came"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_handle_closes_the_link() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    bench.server.query().await;
    drop(pending);
    drop(bench.connection);
    while let Some(packet) = bench.server.packet().await {
        drop(packet);
    }
    while bench.events.recv().await.is_some() {}
}

#[tokio::test(start_paused = true)]
async fn closing_ends_what_is_in_flight() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    bench.server.query().await;
    bench.connection.close();
    assert_eq!(pending.await, Err(CallError::Closed(CloseReason::Requested)));
    bench.connection.closed().await;
    assert_eq!(bench.call(2).await, Err(CallError::Closed(CloseReason::Requested)));
    assert!(matches!(*bench.connection.state().borrow(), State::Closed(CloseReason::Requested)));
}

#[tokio::test(start_paused = true)]
async fn a_query_that_no_server_takes_is_not_sent() {
    let mut bench = Bench::new();
    let long = quadruplex_net::Request { body: vec![1; 1_044_400].into(), ..request(1, Repeat::Safe) };
    assert_eq!(bench.connection.send(long).await, Err(CallError::TooLong));
    let pending = bench.call(2);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(2)));
}

#[tokio::test(start_paused = true)]
async fn a_key_is_exchanged_where_there_is_none() {
    let mut bench = Bench::with(Options { key: None, ..options() }, 0);
    let pending = bench.call(1);
    bench.server.accept().await;
    let config = ServerConfig { keys: vec![quadruplex_crypto::rsa::PrivateKey::sandbox()], dc: Some(2) };
    let mut state = ServerHandshake::new();
    let key = loop {
        let packet = bench.server.packet().await.unwrap();
        let (_, body) = plain::unwrap(&packet).unwrap();
        let now = bench.server.now();
        let (answer, established) = match state.handle(body, &config, now, &mut bench.server.random()).unwrap() {
            ServerStep::Send { body, next } => {
                state = next;
                (body, None)
            }
            ServerStep::Agreed(agreed) => {
                let (body, established) = agreed.accept();
                state = ServerHandshake::new();
                (body, Some(established.auth_key))
            }
        };
        bench.server.write_plain(&answer).await;
        if let Some(key) = established {
            break key;
        }
    };
    let Some(Event::Key(stored)) = bench.events.recv().await else { panic!("the key is told first") };
    assert_eq!(stored.auth_key.id(), key.id());
    assert!(matches!(bench.state(|state| matches!(state, State::Ready { .. })).await, State::Ready { exchange: Some(_), .. }));
    drop(pending);
}

#[tokio::test(start_paused = true)]
async fn a_server_with_another_key_is_not_asked_twice() {
    let mut bench = Bench::with(Options { key: None, server_keys: Vec::new(), ..options() }, 0);
    let pending = bench.call(1);
    bench.server.accept().await;
    let config = ServerConfig { keys: vec![quadruplex_crypto::rsa::PrivateKey::sandbox()], dc: Some(2) };
    let packet = bench.server.packet().await.unwrap();
    let (_, body) = plain::unwrap(&packet).unwrap();
    let now = bench.server.now();
    let Ok(ServerStep::Send { body, .. }) = ServerHandshake::new().handle(body, &config, now, &mut bench.server.random()) else {
        panic!("the first step is the server's answer")
    };
    bench.server.write_plain(&body).await;
    assert!(matches!(pending.await, Err(CallError::Closed(CloseReason::Handshake(_)))));
    assert_eq!(bench.script.dials(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_idle_link_is_pinged() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(1)));
    loop {
        let packet = bench.server.packet().await.expect("the link holds");
        let services = bench.server.services(packet);
        if services.iter().any(|service| matches!(service, Service::PingDelayDisconnect { .. } | Service::Ping { .. })) {
            break;
        }
    }
    assert_eq!(bench.script.dials(), 1);
}

#[tokio::test(start_paused = true)]
async fn an_update_is_acknowledged_when_its_receipt_is_dropped() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    let asked = bench.server.query().await;
    bench.server.answer(asked).await;
    pending.await.unwrap();
    bench.server.notify(7).await;
    let receipt = loop {
        match bench.events.recv().await {
            Some(Event::Update(body, receipt)) if body == query(7) => break receipt,
            Some(_) => {}
            None => panic!("no update came"),
        }
    };
    // What else was owed has been acknowledged long ago.
    bench.acknowledged_within(Duration::from_secs(50)).await;
    assert_eq!(bench.server.session.as_ref().unwrap().unacknowledged(), 1, "the update is not stored yet");
    drop(receipt);
    bench.acknowledged_within(Duration::from_secs(50)).await;
    assert_eq!(bench.server.session.as_ref().unwrap().unacknowledged(), 0);
}
