//! A store whose lock is lost: another process may have the session, and two that send with one key destroy the login.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quadruplex::api::functions::help;
use quadruplex::net::{CloseReason, Environment};
use quadruplex::store::testing::{Wrapped, Wrapper};
use quadruplex::store::{Commit, Error as StoreError, Memory, Store, Task};
use quadruplex::{Client, Error};
use quadruplex_sandbox::Sandbox;
use tokio::time::{sleep, timeout};

use crate::common::{builder, person};

const EPOCH: Duration = Duration::from_secs(1_800_000_000);

/// A store on a server, as far as its lock goes.
#[derive(Default)]
struct Leased {
    memory: Memory,
    is_lost: AtomicBool,
    is_wanted: AtomicBool,
    is_closed: AtomicBool,
}

impl Leased {
    fn lose(&self) {
        self.is_lost.store(true, Ordering::Relaxed);
    }

    fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::Relaxed)
    }
}

impl Wrapper for Leased {
    fn inner(&self) -> &dyn Store {
        &self.memory
    }

    fn commit(&self, commit: Arc<Commit>) -> Task<'_, ()> {
        match self.is_lost() {
            true => Box::pin(async { Err(StoreError::InUse { path: "leased".into(), owner: None }) }),
            false => self.memory.commit(commit),
        }
    }

    fn place(&self) -> String {
        "leased://here".to_owned()
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    fn is_lost(&self) -> bool {
        self.is_lost.load(Ordering::Relaxed)
    }

    fn close(&self) -> Task<'_, ()> {
        self.is_closed.store(true, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    }
}

/// Alice, signed in with such a store.
async fn alice() -> (Sandbox, Arc<Wrapped<Leased>>, Client) {
    let telegram = Sandbox::builder().environment(Environment::simulated(EPOCH, 1)).start().await.unwrap();
    telegram.create_user(person("Alice", "15550001")).unwrap();
    let store = Arc::new(Wrapped(Leased::default()));
    let alice = builder(&telegram).environment(Environment::simulated(EPOCH, 2)).connect(Arc::clone(&store)).await.unwrap();
    let code = alice.request_code("15550001").await.unwrap();
    let typed = telegram.world().codes().last().unwrap().code.clone();
    alice.sign_in(&code, &typed).await.unwrap();
    sleep(Duration::from_secs(10)).await;
    (telegram, store, alice)
}

#[tokio::test(start_paused = true)]
async fn a_client_whose_store_is_lost_closes_and_says_why() {
    let (_telegram, store, alice) = alice().await;
    let mut updates = alice.updates().await.unwrap();
    alice.me().await.unwrap();
    store.lose();
    let ended = timeout(Duration::from_secs(1), updates.next()).await;
    assert!(matches!(ended, Ok(None)), "{ended:?}");
    let before = alice.traffic();
    for _ in 0..2 {
        let error = alice.call(help::GetNearestDc).await.unwrap_err();
        assert!(matches!(error, Error::Closed(CloseReason::Forbidden(_))), "{error:?}");
        let text = error.to_string();
        for part in ["another process has this session", "leased://here", "destroy the login", "help: "] {
            assert!(text.contains(part), "{part:?} is not in {text}");
        }
        sleep(Duration::from_secs(3600)).await;
    }
    assert_eq!(alice.traffic().bytes_sent, before.bytes_sent);
    // Nothing waits for a store that nothing can be written to.
    timeout(Duration::from_secs(1), alice.close()).await.unwrap();
}

/// A process that was stopped while another took its session: what it has to say when it goes on stays unsaid.
#[tokio::test(start_paused = true)]
async fn nothing_is_sent_from_the_moment_in_which_the_store_is_lost() {
    let (telegram, store, alice) = alice().await;
    store.lose();
    let environment = Environment::simulated(EPOCH + Duration::from_secs(10), 3);
    let successor = builder(&telegram).environment(environment).session(alice.session().unwrap()).connect_in_memory().await.unwrap();
    let (ours, theirs) = tokio::join!(alice.call(help::GetNearestDc), successor.me());
    assert!(matches!(ours, Err(Error::Closed(CloseReason::Forbidden(_)))), "{ours:?}");
    theirs.unwrap();
    successor.me().await.unwrap();
    assert_eq!(successor.login_lost(), None);
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_wanted_elsewhere_lets_go_of_its_store() {
    let (_telegram, store, alice) = alice().await;
    store.is_wanted.store(true, Ordering::Relaxed);
    sleep(Duration::from_secs(1)).await;
    assert!(store.is_closed());
    let error = alice.me().await.unwrap_err();
    assert!(matches!(error, Error::Closed(CloseReason::Requested)), "{error:?}");
}
