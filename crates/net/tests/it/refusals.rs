//! A server that is not there, or does not want the client.

use std::time::Duration;

use quadruplex_net::{CallError, CloseReason, ConnectError, State};

use crate::fixture::{Bench, options, query};

const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// Each wait is between half and all of what it may be, and that doubles.
fn check_waits(waits: &[Duration]) {
    for (n, wait) in (0..).zip(waits) {
        let longest = FIRST_WAIT.saturating_mul(1 << n.min(16)).min(LONGEST_WAIT);
        assert!(
            (longest / 2..=longest + Duration::from_millis(2)).contains(wait),
            "wait {n} of {waits:?} is not half to all of {longest:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn attempts_back_off_and_calls_wait_for_the_one_that_succeeds() {
    let mut bench = Bench::with(options(), 12);
    let pending = bench.call(1);
    let asked = bench.server.query_after_accept().await;
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(1)));
    assert_eq!(bench.script.dials(), 13);
    check_waits(&bench.script.waits());
    assert!(matches!(*bench.connection.state().borrow(), State::Ready { .. }));
}

#[tokio::test(start_paused = true)]
async fn who_waits_sees_why() {
    let bench = Bench::with(options(), 3);
    let State::Connecting { failed: 3, error: Some(ConnectError::Io(error)) } =
        bench.state(|state| matches!(state, State::Connecting { failed: 3, .. })).await
    else {
        panic!("the state tells of three failures and the last one's cause")
    };
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionRefused);
}

#[tokio::test(start_paused = true)]
async fn an_unreachable_server_is_tried_until_nobody_wants_it() {
    let bench = Bench::with(options(), usize::MAX);
    let pending = bench.call(1);
    bench.state(|state| matches!(state, State::Connecting { failed: 40, .. })).await;
    check_waits(&bench.script.waits());
    bench.connection.close();
    assert_eq!(pending.await, Err(CallError::Closed(CloseReason::Requested)));
}

#[tokio::test(start_paused = true)]
async fn an_unknown_key_is_refused_four_times_before_it_is_believed() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    for _ in 0..4 {
        bench.server.refuse(-404).await;
    }
    assert_eq!(pending.await, Err(CallError::Closed(CloseReason::UnknownKey)));
    assert_eq!(bench.script.dials(), 4);
    check_waits(&bench.script.waits());
}

#[tokio::test(start_paused = true)]
async fn a_packet_in_between_clears_the_key() {
    let mut bench = Bench::new();
    for number in 0..4 {
        let pending = bench.call(number);
        for _ in 0..3 {
            bench.server.refuse(-404).await;
        }
        let asked = bench.server.query_after_accept().await;
        bench.server.answer(asked).await;
        assert_eq!(pending.await, Ok(query(number)));
        bench.server.hang_up();
    }
}

#[tokio::test(start_paused = true)]
async fn too_many_connections_are_waited_out() {
    let mut bench = Bench::new();
    let pending = bench.call(1);
    for _ in 0..8 {
        bench.server.refuse(-429).await;
    }
    let State::Connecting { error: Some(ConnectError::Transport(-429)), .. } =
        bench.state(|state| matches!(state, State::Connecting { failed: 8, .. })).await
    else {
        panic!("the state tells the transport error")
    };
    let asked = bench.server.query_after_accept().await;
    bench.server.answer(asked).await;
    assert_eq!(pending.await, Ok(query(1)));
    check_waits(&bench.script.waits());
}
