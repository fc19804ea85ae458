//! Orders, fallback, health, deadlines.

use std::time::Duration;

use awaitkit_dial::testing::{Fault, MemoryNet};
use awaitkit_dial::{Chain, Order, Policy};
use tokio::time::{Instant, advance};

use crate::fixture::{address, contains, dialer, echo, socks5, target};

const SERVER: &str = "1.0.0.1:443";

fn net() -> MemoryNet {
    let net = MemoryNet::new();
    echo(&net, SERVER);
    socks5(&net, "2.0.0.1:1080", None);
    socks5(&net, "2.0.0.2:1080", None);
    net
}

fn policy(order: Order) -> String {
    let proxies: Vec<Chain> = ["socks5://2.0.0.1", "socks5://2.0.0.2"].map(|link| link.parse().unwrap()).into();
    Policy::new(order, proxies).to_string()
}

#[tokio::test(start_paused = true)]
async fn each_order_tries_its_routes_and_no_other() {
    let check = async |order, broken: &[&str], connected: &[&str], works: bool| {
        let net = net();
        broken.iter().for_each(|at| net.fault(address(at), Fault::Refused));
        assert_eq!(dialer(&net, &policy(order)).dial(&target(SERVER)).await.is_ok(), works, "{order} {broken:?}");
        assert_eq!(net.connected(), connected.iter().map(|at| address(at)).collect::<Vec<_>>(), "{order} {broken:?}");
    };
    let (one, two) = ("2.0.0.1:1080", "2.0.0.2:1080");
    check(Order::Never, &[], &[SERVER], true).await;
    check(Order::Never, &[SERVER], &[SERVER], false).await;
    check(Order::Only, &[], &[one, SERVER], true).await;
    check(Order::Only, &[one], &[one, two, SERVER], true).await;
    check(Order::Only, &[one, two], &[one, two], false).await;
    check(Order::DirectFirst, &[], &[SERVER], true).await;
    check(Order::DirectFirst, &[SERVER, one, two], &[SERVER, one, two], false).await;
    check(Order::ProxyFirst, &[], &[one, SERVER], true).await;
    check(Order::ProxyFirst, &[one, two], &[one, two, SERVER], true).await;
}

#[tokio::test(start_paused = true)]
async fn each_attempt_has_its_deadline_and_its_line_in_the_error() {
    let net = net();
    for at in [SERVER, "2.0.0.1:1080"] {
        net.fault(address(at), Fault::Unreachable);
    }
    net.fault(address("2.0.0.2:1080"), Fault::Stalled);
    let began = Instant::now();
    let error = dialer(&net, &policy(Order::DirectFirst)).dial(&target(SERVER)).await.unwrap_err();
    assert_eq!(began.elapsed(), Duration::from_secs(30));
    assert_eq!(error.attempts.iter().map(|attempt| attempt.took.as_secs()).collect::<Vec<_>>(), [10, 10, 10]);
    assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    let expect = "cannot reach 1.0.0.1:443: direct (10 s): not connected within 10s; \
                  socks5://2.0.0.1:1080 (10 s): not connected within 10s; socks5://2.0.0.2:1080 (10 s): not connected within 10s";
    assert_eq!(error.to_string(), expect);
}

#[tokio::test(start_paused = true)]
async fn a_route_that_fails_is_held_back_and_comes_back() {
    let net = net();
    let (one, two) = (address("2.0.0.1:1080"), address("2.0.0.2:1080"));
    let dialer = dialer(&net, &policy(Order::Only));
    let dial = async |expect: &[_]| {
        let before = net.connected().len();
        dialer.dial(&target(SERVER)).await.unwrap();
        let proxies: Vec<_> = net.connected()[before..].iter().copied().filter(|at| at.port() == 1080).collect();
        assert_eq!(proxies, expect);
    };
    net.fault(one, Fault::Refused);
    dial(&[one, two]).await;
    dial(&[two]).await;
    contains(&dialer.standings()[0].to_string(), &["socks5://2.0.0.1:1080: failed 1 times in a row, held back for 2 s"]);
    advance(Duration::from_secs(3)).await;
    dial(&[one, two]).await;
    assert_eq!(dialer.standings()[0].held_back, Duration::from_secs(4), "the second failure counts double");
    net.heal(one);
    advance(Duration::from_secs(5)).await;
    dial(&[one]).await;
    assert_eq!(dialer.standings()[0].failures, 0);
    // Held back is not given up: when nothing else is left it is tried.
    dialer.report(0, false);
    net.fault(two, Fault::Refused);
    dial(&[two, one]).await;
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_was_reported_is_not_forgotten_by_connecting() {
    let dialer = dialer(&net(), &policy(Order::Only));
    let held_back = || dialer.standings()[0].held_back.as_secs();
    for seconds in [2, 4, 8] {
        // The proxy takes the connection, and what goes over it comes to nothing.
        assert_eq!(dialer.dial(&target(SERVER)).await.unwrap().route, 0);
        dialer.report(0, false);
        assert_eq!(held_back(), seconds);
        assert_eq!(dialer.dial(&target(SERVER)).await.unwrap().route, 1);
        advance(Duration::from_secs(seconds)).await;
    }
    dialer.report(0, true);
    dialer.report(0, false);
    assert_eq!(held_back(), 2);
}

#[tokio::test]
async fn a_policy_says_what_it_does() {
    let check = |order, expect: &str| {
        let text = policy(order);
        assert_eq!(text, expect);
        let read: Policy = text.parse().unwrap();
        assert_eq!((read.order(), read.to_string()), (Some(order), text));
    };
    check(Order::Never, "direct");
    check(Order::Only, "socks5://2.0.0.1:1080, then socks5://2.0.0.2:1080");
    check(Order::DirectFirst, "direct, then socks5://2.0.0.1:1080, then socks5://2.0.0.2:1080");
    check(Order::ProxyFirst, "socks5://2.0.0.1:1080, then socks5://2.0.0.2:1080, then direct");
    for order in [Order::Never, Order::Only, Order::DirectFirst, Order::ProxyFirst] {
        assert_eq!(order.to_string().parse(), Ok(order));
    }
}
