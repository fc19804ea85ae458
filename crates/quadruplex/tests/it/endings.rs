//! What ends does so once, says so, and stays ended.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use quadruplex::api::functions::{auth, help, messages};
use quadruplex::net::CloseReason;
use quadruplex::prelude::*;
use quadruplex::store::testing::gated;
use quadruplex::store::{Memory, Store};
use quadruplex_mtproto::framing::ServerFramer;
use quadruplex_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::bad_input::{Fake, client_of, error_after};
use crate::common::{builder, person, signed_in};

async fn alice() -> (Sandbox, Client) {
    let telegram = Sandbox::start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let alice = signed_in(&telegram, "15550001").await;
    (telegram, alice)
}

/// Another process may have the session by then: two connections with one key destroy the login.
#[tokio::test(start_paused = true)]
async fn a_closed_client_does_not_connect_again() {
    let (hold, held) = (Arc::new(std::sync::Mutex::new(Vec::new())), Arc::new(tokio::sync::Notify::new()));
    let connected = held.clone();
    let dialer = Fake::new(move |_, far| {
        hold.lock().unwrap().push(far);
        connected.notify_one();
        Ok(())
    });
    let client = client_of(&dialer).await;
    let mut stream = client.updates().await.unwrap();
    held.notified().await;
    client.close().await;
    let dials = dialer.dials();
    let ended = timeout(Duration::from_secs(1), stream.next()).await;
    assert!(matches!(ended, Ok(None)), "{ended:?}");
    let error = client.call(help::GetNearestDc).await.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::Requested)), "{error}");
    sleep(Duration::from_secs(3600)).await;
    assert_eq!(dialer.dials(), dials);
}

#[tokio::test]
async fn a_login_that_was_ended_elsewhere_ends_the_stream_and_all_calls() {
    let (telegram, alice) = alice().await;
    let session = alice.session().unwrap();
    alice.close().await;
    let store = Memory::new();
    let alice = builder(&telegram).session(session).connect(store.clone()).await.unwrap();
    let mut stream = alice.updates().await.unwrap();
    alice.me().await.unwrap();
    assert_eq!(alice.login_lost(), None);

    // Alice ends all other logins on another device.
    let other = signed_in(&telegram, "15550001").await;
    other.call(auth::ResetAuthorizations).await.unwrap();
    let error = alice.me().await.unwrap_err();
    assert!(error.is("SESSION_REVOKED"), "{error}");
    assert_eq!(alice.login_lost().map(|error| error.name), Some("SESSION_REVOKED".to_owned()));
    let made = alice.traffic().calls;
    let error = alice.call(messages::SendMessage::new("me", "hi")).await.unwrap_err();
    assert!(error.is("SESSION_REVOKED"), "{error}");
    assert_eq!(alice.traffic().calls, made, "a call that cannot succeed is not made");
    telegram.restart(false);
    let ended = timeout(Duration::from_secs(120), async {
        while let Some(delivery) = stream.next().await {
            delivery.done();
        }
    })
    .await;
    assert!(ended.is_ok(), "the stream goes on");
    alice.close().await;
    assert!(!store_keys(&store).await.is_empty(), "nothing is deleted");

    let again = builder(&telegram).connect(store).await.unwrap();
    let code = again.request_code("15550001").await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    again.sign_in(&code, &typed).await.unwrap();
    assert!(again.me().await.is_ok() && again.login_lost().is_none());
}

async fn store_keys(store: &Memory) -> Vec<Vec<u8>> {
    let kept = Store::load(store).await.unwrap();
    kept.keys.values().map(|key| key.key.as_bytes().to_vec()).collect()
}

/// Answers whatever comes with a transport error.
async fn refuse_all(mut stream: DuplexStream, code: i32) {
    let mut input = BytesMut::new();
    while stream.read_buf(&mut input).await.unwrap_or(0) > 0 {
        if let Ok(Some(mut framer)) = ServerFramer::accept(&mut input) {
            let mut out = Vec::new();
            framer.transport_error(code, &mut out);
            let _ = stream.write_all(&out).await;
            return;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_refused_key_exchange_says_nothing_about_a_key_and_is_tried_again() {
    let dialer = Fake::new(|_, far| {
        tokio::spawn(refuse_all(far, -404));
        Ok(())
    });
    let client = client_of(&dialer).await;
    assert!(error_after(&client, 8).await.contains("transport error -404"));
    let error = client.call(help::GetNearestDc).timeout(Duration::from_secs(60)).await.unwrap_err();
    assert!(matches!(error, Error::Timeout { .. }), "it goes on trying: {error}");
}

/// A store that tells when nobody has it any more.
fn watched() -> (impl Store, oneshot::Receiver<()>) {
    let (has, gone) = oneshot::channel::<()>();
    let store = gated(Memory::new(), move |_| {
        let _held = &has;
        Box::pin(async { Ok(()) })
    });
    (store, gone)
}

/// Its connections, its updates and its store, which another process may want.
#[tokio::test(start_paused = true)]
async fn the_last_clone_takes_everything_with_it() {
    let (telegram, other) = alice().await;
    let session = other.session().unwrap();
    other.close().await;
    let (store, gone) = watched();
    let alice = builder(&telegram).session(session).connect(store).await.unwrap();
    let mut stream = alice.updates().await.unwrap();
    alice.me().await.unwrap();
    let mut state = alice.connection().unwrap();
    let last = alice.clone();
    drop(alice);
    last.me().await.unwrap();
    // The client asks for its configuration and for updates by itself, which does not keep it.
    drop(last);
    let ended = timeout(MINUTE, async { while state.changed().await.is_ok() {} }).await;
    assert!(ended.is_ok(), "the connection stands: {:?}", state.borrow());
    let ended = timeout(MINUTE, stream.next()).await;
    assert!(matches!(ended, Ok(None)), "{ended:?}");
    drop(stream);
    assert!(timeout(MINUTE, gone).await.is_ok(), "somebody has the store");
}

/// A call without an answer, for which the client waits by itself, does not keep it.
#[tokio::test(start_paused = true)]
async fn a_client_that_reaches_nobody_can_be_dropped() {
    let silent = Arc::new(std::sync::Mutex::new(Vec::new()));
    let hold = silent.clone();
    let dialers = [
        Fake::new(|_, _| Err(std::io::ErrorKind::ConnectionRefused.into())),
        Fake::new(move |_, far| {
            hold.lock().unwrap().push(far);
            Ok(())
        }),
    ];
    for dialer in dialers {
        let servers = quadruplex::Servers::custom(1, [(1, "192.0.2.1:443".parse().unwrap())], quadruplex::PublicKey::sandbox());
        let (store, gone) = watched();
        let client = Client::builder(1, "hash").servers(servers).dialer(dialer.clone()).connect(store).await.unwrap();
        sleep(MINUTE).await;
        assert!(dialer.dials() > 1);
        drop(client);
        assert!(timeout(MINUTE, gone).await.is_ok(), "somebody has the store");
        let dials = dialer.dials();
        sleep(HOUR).await;
        assert_eq!(dialer.dials(), dials);
    }
    let far = silent.lock().unwrap().pop().expect("it was dialled");
    let mut rest = Vec::new();
    let read = timeout(MINUTE, async { tokio::io::BufReader::new(far).read_to_end(&mut rest).await }).await;
    assert!(read.is_ok(), "the stream is open");
}

/// Telegram wants a wait before what the client asks by itself: nobody waits for that any more either.
#[tokio::test(start_paused = true)]
async fn a_client_that_is_to_wait_can_be_dropped() {
    let telegram = Sandbox::start().await.unwrap();
    let error = quadruplex_sandbox::RpcError::new(420, "FLOOD_WAIT_29");
    let rule =
        quadruplex_sandbox::world::ErrorRule { method: "help.getConfig".into(), peer: None, account: None, skip: 0, times: 9, error };
    telegram.world().faults_mut().errors.push(rule);
    let (store, gone) = watched();
    let client = builder(&telegram).connect(store).await.unwrap();
    sleep(15 * SECOND).await;
    assert!(!client.limits().is_empty(), "it was told to wait");
    drop(client);
    assert!(timeout(SECOND, gone).await.is_ok(), "somebody has the store");
}

/// Three chats have written when the client is closed: by hand, or because another process wants the session.
#[quadruplex::test]
async fn what_was_not_begun_waits_for_the_next_start(telegram: quadruplex::testing::Sandbox) -> Result {
    async fn answer(_: Text, chat: Chat, State(runs): State<Arc<AtomicU32>>, update: Update) -> Result {
        assert_eq!(update.attempts(), 0, "an end is not the fault of a handler");
        if runs.fetch_add(1, Ordering::Relaxed) == 0 {
            sleep(SECOND).await;
        }
        chat.send("answered").await?;
        Ok(())
    }
    let runs = Arc::<AtomicU32>::default();
    let app = || App::new(Router::new().on_message(answer).state(Arc::clone(&runs))).at_once(1).attempts(1);
    let mut bot = telegram.app(app()).await?;
    let mut chats = Vec::new();
    for name in ["alice", "bobby", "carol"] {
        let chat = telegram.user(name).await?.open(&bot).await?;
        chat.say("hello").await?;
        chats.push(chat);
    }
    telegram.advance(SECOND / 2).await;
    assert_eq!(runs.load(Ordering::Relaxed), 1);
    bot.client().close().await;
    telegram.advance(10 * MINUTE).await;
    assert_eq!(runs.load(Ordering::Relaxed), 1, "nothing is begun with a client that is closed");
    bot.restart_app(app()).await?;
    for chat in &mut chats {
        assert_eq!(chat.reply().await?.text(), "answered", "{}", chat.transcript());
    }
    assert_eq!(runs.load(Ordering::Relaxed), 4);
    Ok(())
}
