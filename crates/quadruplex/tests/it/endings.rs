//! What ends does so once, says so, and stays ended.

use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use quadruplex::api::functions::{auth, help, messages};
use quadruplex::net::CloseReason;
use quadruplex::store::Memory;
use quadruplex::{Client, Error};
use quadruplex_mtproto::framing::ServerFramer;
use quadruplex_sandbox::Sandbox;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
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
    let ended = timeout(Duration::from_secs(20), async {
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
    let kept = quadruplex::store::Store::load(store).await.unwrap();
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
