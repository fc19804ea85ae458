//! Many accounts in one program.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use quadruplex::api::functions::auth;
use quadruplex::prelude::*;
use quadruplex::store::Memory;
use quadruplex::{Backoff, Standing};
use quadruplex_sandbox::{NewBot, Sandbox};
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::common::{builder, person, signed_in};

const PATIENCE: Duration = Duration::from_secs(120);

/// Accounts that answer with their own name.
pub(crate) fn accounts() -> Accounts {
    let app = |name: &str| {
        let name: Arc<str> = name.into();
        App::new(Router::new().on_message(move |_: Text| {
            let name = Arc::clone(&name);
            async move { name.to_string() }
        }))
    };
    Accounts::with_backoff(app, Backoff::new(Duration::from_millis(5), Duration::from_millis(10)))
}

/// A bot whose first starts fail.
pub(crate) fn bot(telegram: &Sandbox, name: &str, failures: u32) -> Account {
    let new = NewBot { name: name.into(), username: format!("{name}_bot"), ..NewBot::default() };
    let (_, token) = telegram.create_bot(new).unwrap();
    let (telegram, store, failures) = (telegram.clone(), Memory::new(), Arc::new(AtomicU32::new(failures)));
    Account::new(name, move || {
        let (telegram, store, failures, token) = (telegram.clone(), store.clone(), Arc::clone(&failures), token.clone());
        async move {
            if failures.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                return Err(Error::Io { doing: "opening the session".into(), source: std::io::Error::other("busy") });
            }
            let client = builder(&telegram).connect(store).await?;
            if client.own_user().is_none() {
                client.sign_in_bot(&token).await?;
            }
            Ok(client)
        }
    })
}

pub(crate) async fn stands(accounts: &Accounts, name: &str, wanted: impl Fn(&Standing) -> bool) -> u32 {
    let wait = async {
        loop {
            let changed = accounts.changed();
            tokio::pin!(changed);
            let _ = futures_util::FutureExt::now_or_never(changed.as_mut());
            if let Some(status) = accounts.status().into_iter().find(|status| &*status.name == name && wanted(&status.standing)) {
                return status.restarts;
            }
            changed.await;
        }
    };
    timeout(PATIENCE, wait).await.unwrap_or_else(|_| panic!("{name} does not stand so: {accounts:?}"))
}

fn is_running(standing: &Standing) -> bool {
    *standing == Standing::Running
}

/// A person, and what a bot answers.
struct Alice {
    client: Client,
    updates: quadruplex::UpdateStream,
}

impl Alice {
    async fn new(telegram: &Sandbox) -> Self {
        telegram.create_user(person("Alice", "15550001")).unwrap();
        let client = signed_in(telegram, "15550001").await;
        let updates = client.updates().await.unwrap();
        Self { client, updates }
    }

    async fn asks(&mut self, bot: &str) -> String {
        self.client.send(format!("@{bot}_bot"), "who are you?").await.unwrap();
        loop {
            let delivery = timeout(PATIENCE, self.updates.next()).await.expect("somebody answers").expect("the client is open");
            let raw = match delivery.update() {
                Some(quadruplex::api::enums::Update::NewMessage(new)) => Some(new.message.clone()),
                _ => None,
            };
            delivery.done();
            if let Some(message) = raw.and_then(|raw| Message::new(&self.client, raw)).filter(|message| !message.is_outgoing()) {
                return message.text().to_owned();
            }
        }
    }
}

#[tokio::test]
async fn one_that_fails_disturbs_no_other_and_is_started_again() {
    let telegram = Sandbox::start().await.unwrap();
    let mut alice = Alice::new(&telegram).await;
    let accounts = accounts();
    accounts.add(bot(&telegram, "steady", 0)).unwrap();
    accounts.add(bot(&telegram, "flaky", 3)).unwrap();
    assert_eq!(stands(&accounts, "steady", is_running).await, 0);
    assert_eq!(stands(&accounts, "flaky", is_running).await, 3);
    assert_eq!([alice.asks("steady").await, alice.asks("flaky").await], ["steady", "flaky"]);

    let again = accounts.add(bot(&telegram, "other", 0).clone()).and_then(|()| accounts.add(bot(&telegram, "third", 0)));
    assert!(again.is_ok(), "at run time");
    assert_eq!(alice.asks("third").await, "third");
    assert!(accounts.remove("third").await && !accounts.remove("third").await);
    assert_eq!(accounts.status().iter().map(|status| &*status.name).collect::<Vec<_>>(), ["flaky", "other", "steady"]);
    accounts.stop().await;
    assert!(accounts.status().iter().all(|status| status.standing == Standing::Ended), "{accounts:?}");
}

#[tokio::test]
async fn a_name_is_for_one_and_can_be_taken_again() {
    let telegram = Sandbox::start().await.unwrap();
    let accounts = accounts();
    let account = bot(&telegram, "shop", 0);
    accounts.add(account.clone()).unwrap();
    let error = accounts.add(account.clone()).unwrap_err().to_string();
    assert_eq!(error, "an account \"shop\" runs already");
    stands(&accounts, "shop", is_running).await;
    accounts.client("shop").unwrap().close().await;
    stands(&accounts, "shop", |standing| *standing == Standing::Ended).await;
    accounts.add(account).unwrap();
    stands(&accounts, "shop", is_running).await;
}

#[tokio::test]
async fn a_login_that_is_lost_ends_its_account_and_no_other() {
    let telegram = Sandbox::start().await.unwrap();
    let mut alice = Alice::new(&telegram).await;
    telegram.create_user(person("Bobby", "15550002")).unwrap();
    let session = signed_in(&telegram, "15550002").await.session().unwrap();
    let accounts = accounts();
    let sandbox = telegram.clone();
    accounts
        .add(Account::new("bobby", move || {
            let client = builder(&sandbox).session(session.clone());
            async move { client.connect_in_memory().await }
        }))
        .unwrap();
    accounts.add(bot(&telegram, "steady", 0)).unwrap();
    stands(&accounts, "bobby", is_running).await;
    stands(&accounts, "steady", is_running).await;

    signed_in(&telegram, "15550002").await.call(auth::ResetAuthorizations).await.unwrap();
    let revoked = accounts.client("bobby").unwrap().me().await.unwrap_err();
    assert!(revoked.is("SESSION_REVOKED"), "{revoked}");
    telegram.restart(false);
    let restarts =
        stands(&accounts, "bobby", |standing| matches!(standing, Standing::LoginLost(why) if why.contains("SESSION_REVOKED"))).await;
    assert_eq!(restarts, 0, "nothing is tried again that cannot succeed");
    assert_eq!(alice.asks("steady").await, "steady");
    accounts.stop().await;
}

#[tokio::test]
async fn what_is_set_up_wrongly_is_told_and_not_tried_again() {
    async fn needs(_: Text, _: State<u8>) {}
    let telegram = Sandbox::start().await.unwrap();
    let accounts = Accounts::new(|_| App::new(Router::new().on_message(needs)));
    accounts.add(bot(&telegram, "shop", 0)).unwrap();
    let error = timeout(PATIENCE, accounts.run()).await.unwrap().unwrap_err().to_string();
    assert!(error.starts_with("no account is left\n  shop: handler ") && error.contains("State<u8>"), "{error}");
}

#[tokio::test]
async fn all_drain_side_by_side() {
    let telegram = Sandbox::start().await.unwrap();
    let alice = Alice::new(&telegram).await;
    let (begun, go, ended) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)), Arc::new(AtomicU32::new(0)));
    let gates = (Arc::clone(&begun), Arc::clone(&go), Arc::clone(&ended));
    let accounts = Accounts::new(move |_| {
        let (begun, go, ended) = gates.clone();
        App::new(Router::new().on_message(move |_: Text| {
            let (begun, go, ended) = (Arc::clone(&begun), Arc::clone(&go), Arc::clone(&ended));
            async move {
                begun.add_permits(1);
                go.acquire().await.unwrap().forget();
                ended.fetch_add(1, Ordering::Relaxed);
            }
        }))
    });
    for name in ["first", "second"] {
        accounts.add(bot(&telegram, name, 0)).unwrap();
        stands(&accounts, name, is_running).await;
        alice.client.send(format!("@{name}_bot"), "work").await.unwrap();
    }
    timeout(PATIENCE, begun.acquire_many(2)).await.unwrap().unwrap().forget();
    let stopping = tokio::spawn({
        let accounts = accounts.clone();
        async move { accounts.stop().await }
    });
    tokio::task::yield_now().await;
    assert_eq!(ended.load(Ordering::Relaxed), 0);
    go.add_permits(2);
    timeout(PATIENCE, stopping).await.unwrap().unwrap();
    assert_eq!(ended.load(Ordering::Relaxed), 2);
}
