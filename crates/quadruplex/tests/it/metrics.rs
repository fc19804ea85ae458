//! `/metrics` and `/health`, asked over real sockets.

use std::net::SocketAddr;

use hyper::Request;
use hyper::body::Body;
use hyper_util::rt::TokioIo;
use quadruplex::prelude::*;
use quadruplex_sandbox::Sandbox as Telegram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::accounts::{accounts, bot, stands};
use crate::router::support::world;

/// Asks as any HTTP client does: the status and the body.
pub(crate) async fn ask(address: SocketAddr, method: &str, path: &str) -> (u16, String) {
    // Sockets are real. Where time is virtual, the server's deadlines may pass while the machine has other things to do.
    for _ in 0..100 {
        if let Ok((status, text)) = try_to_ask(address, method, path).await
            && status != 408
        {
            return (status, text);
        }
    }
    panic!("{address} does not answer to {method} {path}");
}

async fn try_to_ask(address: SocketAddr, method: &str, path: &str) -> Result<(u16, String)> {
    let stream = TcpStream::connect(address).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::builder().method(method).uri(path).header("host", "localhost").body(String::new())?;
    let response = sender.send_request(request).await?;
    let status = response.status().as_u16();
    let mut body = response.into_body();
    let mut text = Vec::new();
    while let Some(frame) = std::future::poll_fn(|context| std::pin::Pin::new(&mut body).poll_frame(context)).await {
        text.extend_from_slice(&frame?.into_data().map_err(|_| "no data")?);
    }
    Ok((status, String::from_utf8(text)?))
}

/// Sends bytes, and reads until the server closes.
async fn send(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // What is too long may be refused before it is all there.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    String::from_utf8(answer).unwrap()
}

fn is_ready(health: &str, account: &str) -> bool {
    let health: serde_json::Value = serde_json::from_str(health).unwrap();
    health["accounts"][account]["ready"].as_bool().unwrap()
}

/// The value of a metric, with its labels after the account.
fn value(page: &str, metric: &str) -> f64 {
    let (name, labels) = metric.split_once('{').map_or((metric, String::new()), |(name, labels)| (name, format!(",{labels}")));
    let start = format!("quadruplex_{name}{{account=\"");
    let end = if labels.is_empty() { "} ".to_owned() } else { format!("{labels} ") };
    let line = page.lines().find(|line| line.starts_with(&start) && line.contains(&format!("\"{end}")));
    let line = line.unwrap_or_else(|| panic!("{metric} is missing in\n{page}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[tokio::test]
async fn what_an_application_does_is_seen() {
    let world = world().await;
    let app = App::new(Router::new().on_message(async |msg: Text| msg.text().to_owned())).client(world.bot().await);
    let running = app.at_once(7).metrics("127.0.0.1:0").start().await.unwrap();
    let address = running.metrics_address().unwrap();
    let mut alice = world.person("Alice").await;
    alice.say("hello").await;
    alice.reply().await;
    let (status, page) = ask(address, "GET", "/metrics").await;
    assert_eq!(status, 200);
    let check = |metric: &str, expect: f64| assert_eq!(value(&page, metric), expect, "{metric}");
    check("connected", 1.0);
    check("connections{dc=\"1\",purpose=\"main\",state=\"ready\"}", 1.0);
    check("handlers_limit", 7.0);
    check("updates_failed_total", 0.0);
    check("login_lost", 0.0);
    check("dead_letters", 0.0);
    assert!(value(&page, "calls_total") > 0.0 && value(&page, "last_update_age_seconds") < 60.0);
    let (status, health) = ask(address, "GET", "/health").await;
    assert_eq!(status, 200, "{health}");
    let seen: serde_json::Value = serde_json::from_str(&health).unwrap();
    assert_eq!(seen["status"], "ok");
    let account = seen["accounts"].as_object().unwrap().values().next().unwrap();
    assert!(
        account["connected"] == true && account["journal_updates"] == 0 && account["flood_wait_seconds"] == serde_json::json!({}),
        "{health}"
    );
    assert!(account["last_update_age_seconds"].as_f64().unwrap() < 60.0, "{health}");
    assert_eq!(ask(address, "HEAD", "/health/live").await, (200, String::new()));
    assert_eq!(ask(address, "POST", "/metrics").await.0, 405);
    assert_eq!(ask(address, "GET", "/metrics/../etc").await.0, 404);
    running.stop().await;
    assert!(TcpStream::connect(address).await.is_err(), "it is served as long as the application runs");
}

#[tokio::test]
async fn several_accounts_are_seen_together() {
    let telegram = Telegram::start().await.unwrap();
    let accounts = accounts();
    let address = accounts.serve_metrics("127.0.0.1:0").await.unwrap();
    assert_eq!(ask(address, "GET", "/health").await.0, 503, "nothing runs");
    accounts.add(bot(&telegram, "steady", 0)).unwrap();
    stands(&accounts, "steady", |standing| *standing == quadruplex::Standing::Running).await;
    assert_eq!(ask(address, "GET", "/health/ready").await.0, 200);
    accounts.add(bot(&telegram, "broken", u32::MAX)).unwrap();
    stands(&accounts, "broken", |standing| matches!(standing, quadruplex::Standing::Waiting(_))).await;
    let (status, health) = ask(address, "GET", "/health").await;
    assert_eq!(status, 503);
    assert!(!is_ready(&health, "broken") && is_ready(&health, "steady"), "{health}");
    assert_eq!(ask(address, "GET", "/health/live").await.0, 200, "a new start would not help");
    let (_, page) = ask(address, "GET", "/metrics").await;
    assert!(page.contains("quadruplex_connected{account=\"steady\"} 1"), "{page}");
    accounts.remove("broken").await;
    assert_eq!(ask(address, "GET", "/health").await.0, 200);
}

#[quadruplex::test]
async fn each_machine_of_a_cluster_tells_of_itself(telegram: Sandbox) -> Result {
    let cluster = telegram.cluster()?;
    let app = || App::new(Router::new().on_message(async |msg: Text| msg.text().to_owned())).metrics("127.0.0.1:0");
    let (one, other) = (cluster.machine(app())?, cluster.machine(app())?);
    telegram.advance(5 * SECOND).await;
    let mut chat = cluster.chat(&telegram.user("alice").await?).await?;
    chat.say("hello").await?;
    chat.reply().await?;
    telegram.advance(HOUR).await;
    let addresses = [&one, &other].map(|machine| machine.metrics_address().expect("it is served"));
    let mut handled = 0.0;
    for address in addresses {
        let (status, health) = ask(address, "GET", "/health").await;
        assert!(status == 200 && is_ready(&health, "default"), "{health}");
        let (_, page) = ask(address, "GET", "/metrics").await;
        assert_eq!(value(&page, "connected"), 1.0);
        let age = value(&page, "last_update_age_seconds");
        assert!((3600.0..7200.0).contains(&age), "of the account, wherever its updates are handled: {age}");
        handled += value(&page, "updates_handled_total");
    }
    assert_eq!(handled, 1.0);
    let (left, address) = if one.is_holder() { (other, addresses[1]) } else { (one, addresses[0]) };
    left.cut();
    telegram.advance(5 * MINUTE).await;
    let (status, health) = ask(address, "GET", "/health").await;
    assert!(status == 503 && health.contains("nobody holds the account"), "{health}");
    Ok(())
}

#[quadruplex::test]
async fn a_machine_of_a_fleet_tells_of_the_accounts_that_it_has(telegram: Sandbox) -> Result {
    let (there, alice) = (telegram.fleet(), telegram.user("alice").await?);
    let fleet = there.connect().await?;
    for name in ["shop", "news"] {
        let (session, _) = there.bot(&alice).await?;
        fleet.add(name, session).await?;
    }
    let machine = there.machine(Fleet::new(Router::new()).metrics("127.0.0.1:0"))?;
    telegram.advance(MINUTE).await;
    let address = machine.metrics_address().expect("it is served");
    let (status, health) = ask(address, "GET", "/health").await;
    assert!(status == 200 && is_ready(&health, "shop") && is_ready(&health, "news"), "{health}");
    fleet.remove("shop").await?;
    telegram.advance(MINUTE).await;
    let (_, page) = ask(address, "GET", "/metrics").await;
    assert!(page.contains("{account=\"news\"}") && !page.contains("{account=\"shop\"}"), "{page}");

    let taken = there.machine(Fleet::new(Router::new()).metrics(address.to_string()))?;
    let error = taken.stop().await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("/metrics cannot be served on {address}")), "{error}");
    Ok(())
}

#[quadruplex::test]
async fn a_machine_whose_port_is_taken_says_so(telegram: Sandbox) -> Result {
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let address = taken.local_addr()?.to_string();
    let machine = telegram.cluster()?.machine(App::new(Router::new()).metrics(&*address))?;
    let error = machine.stop().await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("/metrics cannot be served on {address}")), "{error}");
    Ok(())
}

#[quadruplex::test]
async fn what_a_cluster_has_no_use_for_is_refused(telegram: Sandbox) -> Result {
    let app = || App::new(Router::new()).cluster("redis://192.0.2.1");
    let error = telegram.app(app()).await.unwrap_err().to_string();
    assert!(error.starts_with("an application of a cluster is not started with a client"), "{error}");
    let bot = telegram.bot(Router::new()).await?;
    let error = app().client(bot.client().clone()).run().await.unwrap_err().to_string();
    assert!(error.starts_with("an application of a cluster was given a client") && error.contains("help: "), "{error}");
    Ok(())
}

#[tokio::test]
async fn the_port_may_be_taken() {
    let world = world().await;
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = App::new(Router::new()).client(world.bot().await).metrics(&address).start().await.unwrap_err().to_string();
    assert!(error.starts_with(&format!("/metrics cannot be served on {address}")), "{error}");
}

/// Time is virtual, sockets are real: when nothing else happens, deadlines pass.
#[tokio::test(start_paused = true)]
async fn malformed_and_slow_requests() {
    let accounts = accounts();
    let address = accounts.serve_metrics("127.0.0.1:0").await.unwrap();
    let status = |answer: &str| answer.split(' ').nth(1).map(str::to_owned).unwrap_or_default();
    for (request, expect) in [
        ("NONSENSE\r\n\r\n".to_owned(), "400"),
        ("GET /metrics HTTP/9.9\r\n\r\n".to_owned(), "400"),
        ("\0\0\0\0\r\n\r\n".to_owned(), "400"),
        (format!("GET /{} HTTP/1.1\r\n\r\n", "a".repeat(100_000)), "431"),
        (format!("GET / HTTP/1.1\r\n{}\r\n", "a: b\r\n".repeat(100)), "431"),
        (format!("GET / HTTP/1.1\r\na: {}\r\n\r\n", "b".repeat(100_000)), "431"),
    ] {
        let answer = send(address, request.as_bytes()).await;
        // A refusal of what was not read to its end may be lost on the way.
        assert!(status(&answer) == expect || (answer.is_empty() && request.len() > 10_000), "{expect}: {answer:?}");
    }
    // Those who say nothing take all places, and lose them.
    let start = Instant::now();
    let mut silent = Vec::new();
    for at in 0..40 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(&b"GET /metrics HTTP/1.1\r\n"[..at % 20]).await.unwrap();
        silent.push(stream);
    }
    assert_eq!(ask(address, "GET", "/health/live").await.0, 200);
    assert!(start.elapsed() < MINUTE, "{:?}", start.elapsed());
    assert_eq!(status(&send(address, b"GET /health/live HTTP/1.0\r\n\r\n").await), "200");
}
