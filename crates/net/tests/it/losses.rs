//! Links that break in every way, with calls on them.

use std::time::Duration;

use bytes::Bytes;
use quadruplex_net::{CallError, ConnectError, Repeat, Request, State};
use tokio::time::Instant;

use crate::fixture::{Bench, options, query, request};

/// A call whose link is broken by `break_link` while it is in flight, and what the state says of it; the call is answered in the end.
async fn broken(break_link: impl AsyncFnOnce(&mut Bench)) -> ConnectError {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    bench.server.accept().await;
    let (first, 1) = bench.server.query().await else { panic!("one query was sent") };
    break_link(&mut bench).await;
    let State::Connecting { failed: 1, error: Some(error) } =
        bench.state(|state| matches!(state, State::Connecting { failed: 1.., .. })).await
    else {
        panic!("the link was lost for a reason")
    };
    bench.server.accept().await;
    // It has come already: the server knows its message, and answers once.
    let now = bench.server.now();
    bench.server.session.as_mut().unwrap().answer(first, query(1), false, now);
    while bench.connection.traffic().packets_received == 0 || !matches!(*bench.connection.state().borrow(), State::Ready { .. }) {
        bench.server.flush().await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let answer = tokio::select! {
        answer = pending => answer,
        _ = bench.server.query() => panic!("the query was executed twice"),
    };
    assert_eq!(answer, Ok(query(1)));
    error
}

#[tokio::test(start_paused = true)]
async fn a_link_that_the_server_closes() {
    let error = broken(async |bench| bench.server.hang_up()).await;
    assert!(matches!(error, ConnectError::Eof), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn bytes_that_are_no_frames() {
    // A length of 2 GiB, and one that is no multiple of four.
    for length in [0x7fff_ffff_u32, 0x0000_0403] {
        let error = broken(async |bench| bench.server.write(&[&length.to_le_bytes()[..], &[0; 64]].concat()).await).await;
        assert!(matches!(error, ConnectError::Frame(_)), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_packet_under_another_key() {
    let error = broken(async |bench| bench.server.write(&[&64_u32.to_le_bytes()[..], &[9; 64]].concat()).await).await;
    assert!(matches!(error, ConnectError::Violation(_)), "{error:?}");
}

#[tokio::test(start_paused = true)]
async fn a_half_open_link_is_noticed() {
    let began = Instant::now();
    // The server reads and never writes, as one looks whose machine is gone.
    let error = broken(async |bench| {
        let mut state = bench.connection.state();
        let lost = state.wait_for(|state| matches!(state, State::Connecting { .. }));
        lost.await.expect("the task lives");
    })
    .await;
    assert!(matches!(error, ConnectError::Silent), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(120), "it took {:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_session_that_the_server_has_lost() {
    let mut bench = Bench::new();
    let safe = bench.call(1);
    let not = bench.connection.send(request(2, Repeat::Unsafe));
    bench.server.accept().await;
    bench.server.query().await;
    bench.server.query().await;
    bench.server.hang_up();
    bench.server.session = None;
    let asked = bench.server.query_after_accept().await;
    assert_eq!(asked.1, 1, "only what may be repeated is");
    bench.server.answer(asked).await;
    assert_eq!(safe.await, Ok(query(1)));
    assert_eq!(not.await, Err(CallError::MayHaveBeenExecuted));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_given_up_costs_no_call() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    bench.server.accept().await;
    let asked = bench.server.query().await;
    bench.connection.reconnect();
    bench.server.accept().await;
    assert_eq!(bench.script.waits(), [Duration::ZERO], "wanted by the caller, so at once");
    let now = bench.server.now();
    bench.server.session.as_mut().unwrap().answer(asked.0, query(1), false, now);
    let answer = tokio::select! {
        answer = pending => answer,
        _ = bench.server.query() => panic!("the query was executed twice"),
    };
    assert_eq!(answer, Ok(query(1)));
}

#[tokio::test(start_paused = true)]
async fn a_link_that_is_given_up_is_gone_for_whoever_watches() {
    let mut bench = Bench::new();
    bench.server.accept().await;
    bench.state(|state| matches!(state, State::Ready { .. })).await;
    bench.script.leave_waiting();
    bench.connection.reconnect();
    let waiting = bench.state(|state| matches!(state, State::Connecting { failed: 0, error: None }));
    tokio::time::timeout(Duration::from_secs(1), waiting).await.expect("there is no link");
}

/// The body of a query, which the test sees go.
struct Body(std::sync::mpsc::Sender<()>, Bytes);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.1
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        // The test may have ended.
        let _ = self.0.send(());
    }
}

#[tokio::test(start_paused = true)]
async fn without_a_link_what_nobody_wants_any_more_is_let_go() {
    let (gone, bodies) = std::sync::mpsc::channel();
    let call = |bench: &Bench| bench.connection.send(Request::new(Bytes::from_owner(Body(gone.clone(), query(1))), Repeat::Safe));
    // Made before there ever was a link.
    let bench = Bench::with(options(), usize::MAX);
    let pending: Vec<_> = (0..3).map(|_| call(&bench)).collect();
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bodies.try_iter().count(), 0, "wanted");
    drop(pending);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bodies.try_iter().count(), 3);

    // Made and sent before the link was lost, and made after it.
    let mut bench = Bench::new();
    let sent = call(&bench);
    bench.server.query().await;
    bench.script.leave_waiting();
    bench.server.hang_up();
    bench.state(|state| matches!(state, State::Connecting { .. })).await;
    let unsent = call(&bench);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bodies.try_iter().count(), 0, "wanted");
    drop((sent, unsent));
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(bodies.try_iter().count(), 2);
}
