//! Layers of tower around calls.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::future::join_all;
use quadruplex::net::BoxFuture;
use quadruplex::{Calls, Error, RawCall};
use quadruplex_sandbox::Sandbox;
use tower::Service;
use tower::layer::layer_fn;
use tower::limit::ConcurrencyLimitLayer;
use tower::timeout::TimeoutLayer;

use crate::common::{builder, person, sign_in};

/// Notes what passes, counts what passes at the same time, and tries once more what was refused so.
#[derive(Clone)]
struct Witness<S> {
    inner: S,
    seen: Arc<Mutex<Vec<String>>>,
    name: &'static str,
}

impl<S> Service<RawCall> for Witness<S>
where
    S: Service<RawCall, Error = Error, Response = bytes::Bytes> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = bytes::Bytes;
    type Error = Error;
    type Future = BoxFuture<'static, Result<bytes::Bytes, Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, call: RawCall) -> Self::Future {
        let Self { mut inner, seen, name } = self.clone();
        Box::pin(async move {
            seen.lock().unwrap().push(format!("{name}: {}", call.method));
            match inner.call(call.clone()).await {
                Err(error) if error.is("ONCE_MORE") => inner.call(call).await,
                ended => ended,
            }
        })
    }
}

fn witness(name: &'static str, seen: &Arc<Mutex<Vec<String>>>) -> impl tower::Layer<Calls, Service = Witness<Calls>> + Send + Sync + use<> {
    let seen = Arc::clone(seen);
    layer_fn(move |inner| Witness { inner, seen: Arc::clone(&seen), name })
}

async fn alice(set: impl FnOnce(quadruplex::Builder) -> quadruplex::Builder) -> (Sandbox, quadruplex::Client) {
    let telegram = Sandbox::start().await.unwrap();
    for (name, phone) in [("Alice", "15550001"), ("Bobby", "15550002")] {
        telegram.create_user(person(name, phone)).unwrap();
    }
    let client = set(builder(&telegram)).connect_in_memory().await.unwrap();
    sign_in(&telegram, &client, "15550001").await;
    (telegram, client)
}

#[tokio::test(start_paused = true)]
async fn the_first_is_the_outermost_and_may_try_again() {
    let seen = Arc::default();
    let (telegram, alice) = alice(|builder| builder.layer(witness("outer", &seen)).layer(witness("inner", &seen))).await;
    seen.lock().unwrap().clear();
    let error = quadruplex_sandbox::RpcError::new(400, "ONCE_MORE");
    let rule =
        quadruplex_sandbox::world::ErrorRule { method: "help.getNearestDc".into(), peer: None, account: None, skip: 0, times: 1, error };
    telegram.world().faults_mut().errors.push(rule);
    alice.call(quadruplex::api::functions::help::GetNearestDc).await.unwrap();
    assert_eq!(*seen.lock().unwrap(), ["outer: help.getNearestDc", "inner: help.getNearestDc"]);
    let error = alice.call(quadruplex::api::functions::messages::SendMessage::new("@bobby", "")).await.unwrap_err();
    assert!(error.is("MESSAGE_EMPTY"), "the client's own errors pass as they are: {error}");
}

#[tokio::test(start_paused = true)]
async fn layers_of_the_ecosystem_fit() {
    let (most, now) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counted = {
        let (most, now) = (Arc::clone(&most), Arc::clone(&now));
        layer_fn(move |inner: Calls| {
            let (most, now) = (Arc::clone(&most), Arc::clone(&now));
            tower::service_fn(move |call: RawCall| {
                let (most, now, mut inner) = (Arc::clone(&most), Arc::clone(&now), inner.clone());
                async move {
                    if call.method == "help.getNearestDc" {
                        std::future::pending::<()>().await;
                    }
                    most.fetch_max(now.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
                    let ended = inner.call(call).await;
                    now.fetch_sub(1, Ordering::Relaxed);
                    ended
                }
            })
        })
    };
    let day = Duration::from_secs(24 * 60 * 60);
    let (_telegram, alice) =
        alice(|builder| builder.layer(TimeoutLayer::new(day)).layer(ConcurrencyLimitLayer::new(2)).layer(counted)).await;
    let sent = join_all((0..20).map(|n| alice.send("@bobby", format!("line {n}")).into_future())).await;
    assert!(sent.iter().all(Result::is_ok), "{sent:?}");
    assert_eq!(most.load(Ordering::Relaxed), 2);

    let error = alice.call(quadruplex::api::functions::help::GetNearestDc).await.unwrap_err();
    assert!(matches!(&error, Error::Layer { method: "help.getNearestDc", .. }), "{error}");
}
