//! What can go wrong before anything goes right: each ends in a clear error or goes on trying within bounds, and loses nothing.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use quadruplex::api::functions::help;
use quadruplex::net::{BoxFuture, CloseReason, Dial, Dialed, Environment, Server, State, Stream};
use quadruplex::store::{Memory, Redb, Session, Store};
use quadruplex::{Client, Error, PublicKey, Servers};
use quadruplex_crypto::AuthKey;
use quadruplex_crypto::message::Side;
use quadruplex_mtproto::framing::ServerFramer;
use quadruplex_mtproto::packet;
use quadruplex_mtproto::server::{self, ServerSalts};
use quadruplex_sandbox::Sandbox;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio::time::{Instant, timeout};

use crate::common::{builder, person, signed_in};

/// Reaches servers that a test makes up, and counts how often.
pub(crate) struct Fake {
    dials: AtomicU32,
    serve: Box<dyn Fn(u32, DuplexStream) -> io::Result<()> + Send + Sync>,
}

impl std::fmt::Debug for Fake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fake")
    }
}

impl Fake {
    pub(crate) fn new(serve: impl Fn(u32, DuplexStream) -> io::Result<()> + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { dials: AtomicU32::new(0), serve: Box::new(serve) })
    }

    pub(crate) fn dials(&self) -> u32 {
        self.dials.load(Ordering::Relaxed)
    }
}

impl Dial for Fake {
    fn dial<'a>(&'a self, _: Server<'a>) -> BoxFuture<'a, io::Result<Dialed>> {
        Box::pin(async move {
            let number = self.dials.fetch_add(1, Ordering::Relaxed);
            let (near, far) = duplex(64 << 10);
            (self.serve)(number, far)?;
            Ok((Box::new(near) as Box<dyn Stream>).into())
        })
    }
}

pub(crate) async fn client_of(dialer: &Arc<Fake>) -> Client {
    let servers = Servers::custom(1, [(1, "192.0.2.1:443".parse().unwrap())], PublicKey::sandbox());
    Client::builder(1, "hash").servers(servers).dialer(dialer.clone()).connect_in_memory().await.unwrap()
}

/// The error of the latest attempt, once there were so many.
pub(crate) async fn error_after(client: &Client, attempts: u32) -> String {
    let mut state = client.connection().unwrap();
    let tried = |state: &State| matches!(state, State::Connecting { failed, .. } if *failed >= attempts);
    let state = timeout(Duration::from_secs(600), state.wait_for(tried)).await.expect("it goes on trying").unwrap().clone();
    let State::Connecting { error: Some(error), .. } = state else { panic!("{state:?}") };
    error.to_string()
}

#[tokio::test(start_paused = true)]
async fn a_refused_connection_is_tried_again_with_growing_pauses() {
    let refuse = |_, _| Err(io::Error::new(io::ErrorKind::ConnectionRefused, "192.0.2.1:443: connection refused"));
    let dialer = Fake::new(refuse);
    let client = client_of(&dialer).await;
    assert!(error_after(&client, 3).await.contains("192.0.2.1:443: connection refused"));
    let before = dialer.dials();
    tokio::time::sleep(Duration::from_secs(3600)).await;
    let hourly = dialer.dials() - before;
    assert!((100..=300).contains(&hourly), "{hourly} attempts in an hour: pauses grow to at most 30 s");
}

#[tokio::test(start_paused = true)]
async fn a_call_to_a_server_that_cannot_be_reached_ends_when_it_should() {
    let dialer = Fake::new(|_, _| Err(io::ErrorKind::ConnectionRefused.into()));
    let client = client_of(&dialer).await;
    let error = client.call(help::GetNearestDc).timeout(Duration::from_secs(5)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { method: "help.getNearestDc", .. }), "{error}");
    let waiting = tokio::spawn({
        let client = client.clone();
        async move { client.call(help::GetNearestDc).await }
    });
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.close().await;
    let error = timeout(Duration::from_secs(5), waiting).await.expect("closing ends it").unwrap().unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::Requested)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_accepts_and_says_nothing_is_left() {
    let held = Arc::new(std::sync::Mutex::new(Vec::new()));
    let dialer = Fake::new(move |_, far| {
        held.lock().unwrap().push(far);
        Ok(())
    });
    let began = Instant::now();
    let client = client_of(&dialer).await;
    assert_eq!(error_after(&client, 2).await, "the server gave no sign of life");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_server_that_speaks_http_is_no_telegram() {
    let dialer = Fake::new(|_, mut far| {
        tokio::spawn(async move {
            let _ = far.read(&mut [0; 512]).await;
            let _ = far.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n").await;
        });
        Ok(())
    });
    let client = client_of(&dialer).await;
    let error = error_after(&client, 2).await;
    assert!(!error.is_empty());
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert!(dialer.dials() < 30, "{} attempts in a minute", dialer.dials());
}

#[tokio::test]
async fn a_server_with_another_key_is_not_trusted() {
    let telegram = Sandbox::start().await.unwrap();
    let servers = Servers::custom(1, telegram.addresses(), PublicKey::telegram_test());
    let client = Client::builder(1, "hash").servers(servers).dialer(telegram.dialer()).connect_in_memory().await.unwrap();
    let error = client.call(help::GetNearestDc).await.unwrap_err();
    assert!(matches!(&error, Error::Closed(CloseReason::Handshake(_))), "{error}");
    assert!(error.to_string().starts_with("the key exchange cannot succeed: "), "{error}");
}

#[tokio::test]
async fn a_key_that_the_server_does_not_know_is_kept() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let session = signed_in(&telegram, "15550001").await.session().unwrap();
    let other = Sandbox::start().await.unwrap();
    let store = Memory::new();
    let client = builder(&other).session(session.clone()).connect(store.clone()).await.unwrap();
    let error = client.call(help::GetNearestDc).await.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::UnknownKey)), "{error}");
    assert!(error.to_string().contains("the key is kept, nothing was deleted"), "{error}");
    client.close().await;
    let kept = store.load().await.unwrap();
    assert_eq!(kept.keys.values().map(|key| key.key.as_bytes().to_vec()).collect::<Vec<_>>(), [session.key.as_bytes().to_vec()]);
    let again = builder(&telegram).connect(store).await.unwrap();
    assert!(again.me().await.is_ok(), "the login still works where it was made");
}

#[tokio::test]
async fn a_session_file_that_is_none_is_left_as_it_is() {
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("session");
    std::fs::write(&path, "shopping: bread, milk").unwrap();
    let error = Error::from(Redb::open(&path, Duration::ZERO).await.unwrap_err());
    assert!(error.to_string().contains("is not a readable session store"), "{error}");
    assert!(error.to_string().contains("help: "), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"shopping: bread, milk");
}

#[tokio::test]
async fn a_session_in_use_is_not_used_twice() {
    let telegram = Sandbox::start().await.unwrap();
    let place = tempfile::tempdir().unwrap();
    let path = place.path().join("session");
    let first = builder(&telegram).connect(Redb::open(&path, Duration::ZERO).await.unwrap()).await.unwrap();
    first.call(help::GetNearestDc).await.unwrap();
    let error = Error::from(Redb::open(&path, Duration::ZERO).await.unwrap_err());
    assert!(error.to_string().starts_with(&format!("this session is in use by process {}", std::process::id())), "{error}");
    assert!(first.call(help::GetNearestDc).await.is_ok(), "the first is not disturbed");
}

#[tokio::test]
async fn a_session_that_cannot_be_written_is_an_error_with_its_path() {
    let place = tempfile::tempdir().unwrap();
    let blocked = place.path().join("no");
    std::fs::write(&blocked, "a file where a directory should be").unwrap();
    let path = blocked.join("such").join("directory").join("session");
    let error = Error::from(Redb::open(&path, Duration::ZERO).await.unwrap_err());
    assert!(error.to_string().contains(&blocked.display().to_string()), "{error}");
}

#[tokio::test]
async fn a_session_string_that_is_none_is_an_error() {
    for text in ["", "1BVtsOHwBu", "not base64 at all!", &"A".repeat(2000)] {
        assert!(text.parse::<Session>().is_err(), "{text:?}");
    }
}

#[tokio::test]
async fn a_session_of_other_servers_is_refused() {
    let telegram = Sandbox::start().await.unwrap();
    let store = Memory::new();
    builder(&telegram).connect(store.clone()).await.unwrap().close().await;
    let test = Servers { test: true, ..Servers::custom(1, telegram.addresses(), telegram.public_key()) };
    let error = Client::builder(1, "hash").servers(test).dialer(telegram.dialer()).connect(store).await.unwrap_err();
    assert!(error.to_string().contains("servers, but the client is set up for the others"), "{error}");
}

#[tokio::test]
async fn an_application_without_an_id_is_told_so() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let servers = Servers::custom(1, telegram.addresses(), telegram.public_key());
    let client = Client::builder(0, "").servers(servers).dialer(telegram.dialer()).connect_in_memory().await.unwrap();
    let error = client.request_code("15550001").await.unwrap_err();
    assert!(error.is("API_ID_INVALID") || error.is("CONNECTION_API_ID_INVALID"), "{error}");
}

#[tokio::test]
async fn a_number_that_is_none_is_refused() {
    let telegram = Sandbox::start().await.unwrap();
    let client = builder(&telegram).connect_in_memory().await.unwrap();
    let error = client.request_code("hello").await.unwrap_err();
    assert!(error.is("PHONE_NUMBER_INVALID"), "{error}");
}

/// A server in session, which answers every query with these bytes.
async fn answer_all(mut stream: DuplexStream, key: AuthKey, answer: &'static [u8]) {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let now = || Environment::system().now();
    let (mut input, mut out) = (BytesMut::new(), Vec::new());
    let (mut framer, mut session) = (None, None);
    while stream.read_buf(&mut input).await.unwrap_or(0) > 0 {
        if framer.is_none() {
            framer = ServerFramer::accept(&mut input).unwrap();
        }
        let Some(framer) = &mut framer else { continue };
        while let Some(received) = framer.next(&mut input).unwrap() {
            let opened = packet::open(&key, Side::Client, received.packet).unwrap();
            let session = session.get_or_insert_with(|| {
                let mut new = server::Session::new(key.clone(), opened.session_id, ServerSalts::of_old_key(), &mut rng);
                new.connected();
                new
            });
            session.handle_message(opened, now()).unwrap();
            while let Some(event) = session.poll_event() {
                if let server::Event::Request { msg_id, .. } = event {
                    session.answer(msg_id, answer.into(), false, now());
                }
            }
            loop {
                let frame = framer.begin(&mut out);
                let packed = session.poll_transmit(now(), &mut rng, &mut out);
                framer.finish(frame, &mut out, &mut rng).unwrap();
                if !packed {
                    break;
                }
            }
            if stream.write_all(&std::mem::take(&mut out)).await.is_err() {
                return;
            }
        }
    }
}

#[tokio::test]
async fn an_answer_with_an_unknown_constructor_is_an_error_of_that_call_alone() {
    let bytes = [7; 256];
    let dialer = Fake::new(move |_, far| {
        tokio::spawn(answer_all(far, AuthKey::from_bytes(&bytes), &[0xef, 0xbe, 0xad, 0xde, 1, 2, 3, 4]));
        Ok(())
    });
    let session = Session { dc: 1, test: false, user: None, address: None, key: quadruplex::store::AuthKey::from_bytes(bytes) };
    let servers = Servers::custom(1, [(1, "192.0.2.1:443".parse().unwrap())], PublicKey::sandbox());
    let client = Client::builder(1, "hash").servers(servers).dialer(dialer.clone()).session(session).connect_in_memory().await.unwrap();
    for _ in 0..3 {
        let error = client.call(help::GetNearestDc).await.unwrap_err();
        assert!(matches!(error, Error::Unreadable { method: "help.getNearestDc", .. }), "{error}");
        assert!(error.may_have_been_executed(), "it was answered");
        assert!(error.to_string().contains("deadbeef") && error.to_string().contains("help: "), "{error}");
    }
    assert_eq!(dialer.dials(), 1, "the connection is as good as before");
}

#[tokio::test]
async fn a_login_that_is_used_twice_at_once_is_destroyed_and_says_so() {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let first = signed_in(&telegram, "15550001").await;
    let second = builder(&telegram).session(first.session().unwrap()).connect_in_memory().await.unwrap();
    let mut error = None;
    for client in [&first, &second, &first, &second] {
        error = error.or(client.me().await.err());
    }
    let error = error.expect("Telegram does not let two connections send with one key");
    assert!(error.is("AUTH_KEY_DUPLICATED"), "{error}");
}
