use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex_crypto::AuthKey;
use quadruplex_net::Environment;
use quadruplex_sandbox::world::{Caller, ErrorRule};
use quadruplex_sandbox::{NewBot, NewUser, RpcError};
use quadruplex_store::{Memory, OwnUser, Session, Store};
use rand_chacha::rand_core::Rng;
use tokio::time::{Instant, sleep};

use super::{Bot, Cluster, FleetOfTest, Group, User};
use crate::client::lock;
use crate::{App, Builder, Client, Error, Result, Router, Servers};

/// When tests begin: 15 January 2027, 08:00 UTC.
const EPOCH: Duration = Duration::from_secs(1_800_000_000);
/// Days pass in tests, and links break only when they are told to.
const PINGS: Duration = Duration::from_secs(6 * 60 * 60);
/// Where everybody lives.
const DC: i32 = 1;

/// An offline Telegram for one test; see the [module](super). Cheap to clone.
#[derive(Clone)]
pub struct Sandbox {
    pub(super) shared: Arc<Shared>,
}

pub(super) struct Shared {
    pub(super) telegram: quadruplex_sandbox::Sandbox,
    seed: u64,
    /// How many clients there are: each has its own random numbers.
    clients: AtomicU64,
    people: Mutex<BTreeMap<String, User>>,
    pub(super) facts: Arc<Facts>,
}

/// What people and bots need of the test they are in.
pub(super) struct Facts {
    start: Instant,
    bots: Mutex<Vec<i64>>,
    failures: Mutex<Vec<String>>,
}

impl Sandbox {
    /// A new one. `#[quadruplex::test]` starts it, and moves the clock; under another runtime time is real.
    ///
    /// # Errors
    /// `QUADRUPLEX_SEED` is no number.
    ///
    /// # Cancel safety
    /// Dropping the future leaves nothing.
    pub async fn start() -> Result<Self> {
        let seed = match std::env::var("QUADRUPLEX_SEED") {
            Ok(seed) => seed.parse().map_err(|_| format!("QUADRUPLEX_SEED={seed} is no number"))?,
            Err(_) => 0,
        };
        let telegram = quadruplex_sandbox::Sandbox::builder().environment(Environment::simulated(EPOCH, seed)).start().await?;
        let facts = Arc::new(Facts { start: Instant::now(), bots: Mutex::default(), failures: Mutex::default() });
        Ok(Self { shared: Arc::new(Shared { telegram, seed, clients: AtomicU64::new(0), people: Mutex::default(), facts }) })
    }

    /// A bot with these handlers, signed in and running.
    ///
    /// # Errors
    /// As [`App::start`].
    ///
    /// # Cancel safety
    /// Dropping the future stops the bot; its account stays.
    pub async fn bot(&self, router: Router) -> Result<Bot> {
        self.app(App::new(router)).await
    }

    /// A bot that runs as the application says.
    ///
    /// # Errors
    /// As [`App::start`].
    ///
    /// # Cancel safety
    /// As [`bot`](Self::bot).
    pub async fn app(&self, app: App) -> Result<Bot> {
        let (id, username) = self.new_bot()?;
        Bot::start(self, app, id, username).await
    }

    /// A bot that runs on several machines, none of which is started yet.
    ///
    /// # Errors
    /// The sandbox takes no more bots.
    pub fn cluster(&self) -> Result<Cluster> {
        let (id, username) = self.new_bot()?;
        Ok(Cluster::new(self, id, username))
    }

    /// A fleet without accounts and machines.
    pub fn fleet(&self) -> FleetOfTest {
        FleetOfTest::new(self)
    }

    pub(super) fn new_bot(&self) -> Result<(i64, String)> {
        let number = lock(&self.shared.facts.bots).len() + 1;
        let username = if number == 1 { "test_bot".to_owned() } else { format!("test_{number}_bot") };
        let new = NewBot { name: format!("Bot {number}"), username: username.clone(), ..NewBot::default() };
        let (id, _) = self.shared.telegram.create_bot(new)?;
        lock(&self.shared.facts.bots).push(id);
        Ok((id, username))
    }

    /// The person with this name, who has an account from the first time on.
    ///
    /// # Errors
    /// The name cannot be one.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the account.
    pub async fn user(&self, name: &str) -> Result<User> {
        if let Some(user) = lock(&self.shared.people).get(name) {
            return Ok(user.clone());
        }
        let public = (5..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let username = public.then(|| name.to_lowercase());
        let id = self.shared.telegram.create_user(NewUser { first_name: name.to_owned(), username, ..NewUser::default() })?;
        let client = self.client(OwnUser { id, bot: false }, Memory::new()).await?;
        let user = User::new(self, client, id, name).await?;
        Ok(lock(&self.shared.people).entry(name.to_owned()).or_insert(user).clone())
    }

    /// A group with a bot in it. People [join](User::join) it.
    ///
    /// # Errors
    /// The bot is of another sandbox.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the group.
    pub async fn group(&self, title: &str, bot: &Bot) -> Result<Group> {
        let owner = self.user("owner").await?;
        Group::create(self, &owner, title, bot)
    }

    /// Lets so much time pass, with everything that happens in it.
    ///
    /// # Cancel safety
    /// The time that has passed has passed.
    pub async fn advance(&self, time: Duration) {
        sleep(time).await;
    }

    /// Refuses the next call of a function with an error of Telegram: `telegram.fail("messages.sendMessage", 420, "FLOOD_WAIT_3")`. A star
    /// stands for the rest of a name.
    pub fn fail(&self, method: &str, code: i32, error: &str) {
        let error = RpcError::new(code, error.to_owned());
        let rule = ErrorRule { method: method.to_owned(), peer: None, account: None, skip: 0, times: 1, error };
        self.shared.telegram.world().faults_mut().errors.push(rule);
    }

    /// Breaks all connections, as they break when a server is restarted.
    pub fn disconnect(&self) {
        self.shared.telegram.restart(false);
    }

    /// The server itself: its faults, and what is in its world.
    pub fn server(&self) -> &quadruplex_sandbox::Sandbox {
        &self.shared.telegram
    }

    /// A client that is signed in, as if it had been by a code: no key has to be agreed on.
    pub(super) async fn client(&self, user: OwnUser, store: impl Store) -> Result<Client, Error> {
        let environment = self.environment();
        let session = self.login(user, &environment)?;
        self.builder().environment(environment).session(session).connect(store).await
    }

    /// A client of the login that is in a store, or else of this one.
    pub(super) async fn client_of(&self, session: Option<Session>, store: impl Store) -> Result<Client, Error> {
        let builder = self.builder().environment(self.environment());
        match session {
            Some(session) => builder.session(session).connect(store).await,
            None => builder.connect(store).await,
        }
    }

    /// A login of this account, which nobody uses yet.
    pub(super) fn login(&self, user: OwnUser, environment: &Environment) -> Result<Session, Error> {
        let mut key = [0; 256];
        environment.random(0).map_err(|error| Error::io("random numbers", error))?.fill_bytes(&mut key);
        self.log_in(user.id, &key)?;
        let key = quadruplex_store::AuthKey::from_bytes(key);
        Ok(Session { dc: DC, test: false, user: Some(user), address: None, key })
    }

    /// Clocks and random numbers for one more client.
    pub(super) fn environment(&self) -> Environment {
        let number = self.shared.clients.fetch_add(1, Ordering::Relaxed) + 1;
        let seed = self.shared.seed.wrapping_mul(1000).wrapping_add(number);
        Environment::simulated(EPOCH + self.shared.facts.elapsed(), seed).with_pings_every(PINGS)
    }

    fn log_in(&self, user: i64, key: &[u8; 256]) -> Result<(), Error> {
        let auth_key_id = AuthKey::from_bytes(key).id();
        let caller = Caller { auth_key_id, dc: DC, layer: quadruplex_api::LAYER, ..Caller::default() };
        let now = self.shared.telegram.now();
        let mut world = self.shared.telegram.world();
        world.keys().save(auth_key_id, key, DC);
        world.login_session(&caller, user, now).map_err(|error| Error::Invalid(error.name.into_owned()))
    }

    fn builder(&self) -> Builder {
        let telegram = &self.shared.telegram;
        let servers = Servers::custom(DC, telegram.addresses(), telegram.public_key());
        Client::builder(1, "sandbox").servers(servers).dialer(telegram.dialer())
    }
}

impl Facts {
    /// How long the test has been going on.
    pub(super) fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    pub(super) fn is_bot(&self, id: i64) -> bool {
        lock(&self.bots).contains(&id)
    }

    pub(super) fn failed(&self, failure: String) {
        lock(&self.failures).push(failure);
    }

    pub(super) fn failures(&self) -> Vec<String> {
        lock(&self.failures).clone()
    }
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sandbox").field("seed", &self.shared.seed).field("elapsed", &self.shared.facts.elapsed()).finish_non_exhaustive()
    }
}
