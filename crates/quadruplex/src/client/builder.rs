use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use quadruplex_mtproto::framing::Transport;
use quadruplex_net::{Carrier, Dial, Environment, Network, Order, Policy, Proxy, Random, StoredKey};
use quadruplex_store::{Commit, Identity, KeyKind, Memory, Session, Store, Writer};
use tokio::sync::mpsc;

use super::few::Few;
use super::inner::{Far, Inner};
use super::keep::{find_home, hand_over, keep_config};
use super::peers::PeerBook;
use super::pool::{Pool, stored_key};
use super::settings::{ApiId, OnError, Settings, Unhandled, Ways};
use super::storing::tell_of_failures;
use super::{Client, Servers};
use crate::Error;
use crate::calls::{Limits, Queues, SentIds, Wait};
use crate::cluster::{FarStore, Handed, Link};
use crate::files::Lanes;
use crate::text::TextLimits;

/// How a client is made; see [`Client::builder`].
#[derive(Debug)]
pub struct Builder {
    pub(super) settings: Settings,
    session: Option<Session>,
}

impl Client {
    /// Begins a client with an application id from <https://my.telegram.org/apps>. A sandbox takes any.
    pub fn builder(api_id: i32, api_hash: impl Into<String>) -> Builder {
        Builder {
            settings: Settings {
                api: ApiId { id: api_id, hash: api_hash.into() },
                servers: Servers::telegram(),
                transport: Transport::Abridged,
                obfuscated: false,
                ways: Ways::default(),
                environment: Environment::system(),
                device_model: format!("Quadruplex on {}", std::env::consts::ARCH),
                system_version: std::env::consts::OS.to_owned(),
                app_version: env!("CARGO_PKG_VERSION").to_owned(),
                flood_wait: Wait::default(),
                on_error: OnError(Arc::new(log)),
                upload_connections: 4,
                download_connections: 2,
                #[cfg(feature = "tower")]
                layers: super::layers::Layers::default(),
            },
            session: None,
        }
    }
}

impl Builder {
    /// Other servers than Telegram's: its test servers, a sandbox.
    #[must_use]
    pub fn servers(mut self, servers: Servers) -> Self {
        self.settings.servers = servers;
        self
    }

    /// How packets are delimited, and whether the stream looks like noise to who watches it. Abridged and plain unless told
    /// otherwise; [`Transport::Full`] cannot be obfuscated.
    #[must_use]
    pub fn transport(mut self, transport: Transport, obfuscated: bool) -> Self {
        self.settings.transport = transport;
        self.settings.obfuscated = obfuscated;
        self
    }

    /// Goes through a proxy and never without one: `tg://proxy?…` and `t.me/proxy?…` (MTProto), `tg://socks?…`, `socks5://…`, `http://…`. Several
    /// are tried in turn; those that have failed lately come last. [`policy`](Self::policy) knows other orders.
    ///
    /// ```
    /// # fn example() -> Result<quadruplex::Builder, Box<dyn std::error::Error>> {
    /// let client = quadruplex::Client::builder(1, "hash").proxy("socks5://proxy.example:1080".parse()?);
    /// # Ok(client)
    /// # }
    /// ```
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        let known: Vec<_> = self.settings.ways.policy.proxies().cloned().collect();
        self.settings.ways.policy = Policy::new(Order::Only, known.into_iter().chain([proxy]));
        self
    }

    /// Which ways to the servers are tried, in which order and for how long: directly unless told otherwise.
    #[must_use]
    pub fn policy(mut self, policy: Policy) -> Self {
        self.settings.ways.policy = policy;
        self
    }

    /// What is below the ways: how streams are opened and names looked up. TCP and the system's names unless told otherwise.
    #[must_use]
    pub fn network(mut self, network: Network) -> Self {
        self.settings.ways.network = network;
        self
    }

    /// What carries the stream; TCP unless told otherwise. HTTP needs nothing more, WebSockets come with the feature `websocket`.
    #[must_use]
    pub fn carrier(mut self, carrier: Carrier) -> Self {
        self.settings.ways.carrier = carrier;
        self
    }

    /// Which ways [`Client::http`] tries, in which order; those to the servers unless told otherwise.
    ///
    /// ```
    /// # fn example() -> Result<quadruplex::Builder, Box<dyn std::error::Error>> {
    /// let builder = quadruplex::Client::builder(1, "hash");
    /// let builder = builder.proxy("tg://proxy?server=a.example&port=443&secret=dd000102030405060708090a0b0c0d0e0f".parse()?);
    /// let builder = builder.http_policy("direct, then socks5://b.example:1080".parse()?);
    /// # Ok(builder) }
    /// ```
    #[cfg(feature = "http")]
    #[must_use]
    pub fn http_policy(mut self, policy: awaitkit_http::Policy) -> Self {
        self.settings.ways.http = Some(policy);
        self
    }

    /// Reaches servers in a way of one's own; policy, network and carrier mean nothing then.
    #[must_use]
    pub fn dialer(mut self, dial: Arc<dyn Dial>) -> Self {
        self.settings.ways.dial = Some(dial);
        self
    }

    /// Clocks and randomness other than the system's, for simulations.
    #[must_use]
    pub fn environment(mut self, environment: Environment) -> Self {
        self.settings.environment = environment;
        self
    }

    /// What Telegram shows in the list of the account's devices.
    #[must_use]
    pub fn device(mut self, model: impl Into<String>, system: impl Into<String>, app: impl Into<String>) -> Self {
        self.settings.device_model = model.into();
        self.settings.system_version = system.into();
        self.settings.app_version = app.into();
        self
    }

    /// What calls do by themselves when Telegram wants them to wait: a duration up to which they wait, or a [`Wait`]; up to 30 s unless
    /// told otherwise.
    #[must_use]
    pub fn flood_wait(mut self, wait: impl Into<Wait>) -> Self {
        self.settings.flood_wait = wait.into();
        self
    }

    /// Where errors go that nobody waits for, those of [detached](crate::Call::detach) calls; into the log unless told otherwise. It is
    /// called in the task of the call and should be quick, for instance send into a channel.
    ///
    /// ```no_run
    /// # async fn example() -> Result<(), quadruplex::Error> {
    /// let (tell, told) = std::sync::mpsc::channel();
    /// let client = quadruplex::Client::builder(1, "hash").on_error(move |unhandled| drop(tell.send(unhandled))).connect_in_memory().await?;
    /// client.send("@lena", "hello").detach();
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn on_error(mut self, take: impl Fn(Unhandled) + Send + Sync + 'static) -> Self {
        self.settings.on_error = OnError(Arc::new(take));
        self
    }

    /// How many connections carry files up and down to one data centre; 4 and 2 unless told otherwise, at most 8 each.
    #[must_use]
    pub fn file_connections(mut self, up: usize, down: usize) -> Self {
        self.settings.upload_connections = up.clamp(1, 8);
        self.settings.download_connections = down.clamp(1, 8);
        self
    }

    /// Starts from a login that was exported as a string. A store that already holds one is left as it is.
    #[must_use]
    pub fn session(mut self, session: Session) -> Self {
        self.session = Some(session);
        self
    }

    /// Connects with a store that is lost with the process.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn connect_in_memory(self) -> Result<Client, Error> {
        self.connect(Memory::new()).await
    }

    /// Connects. Returns at once: calls wait for the connection, [`Client::connection`] tells how it stands.
    ///
    /// # Errors
    /// The store cannot be read, or is of another kind of servers; the account lives on a data centre of which nobody tells where it is.
    ///
    /// # Cancel safety
    /// Dropping the future closes what was opened.
    pub async fn connect(self, store: impl Store) -> Result<Client, Error> {
        let Self { settings, session } = self;
        let store: Arc<dyn Store> = Arc::new(store);
        let mut snapshot = store.load().await?;
        if snapshot.identity.is_none() {
            let commit = match session {
                Some(session) => session.to_commit(),
                None => {
                    let identity = Identity { home_dc: settings.servers.first_dc, user: None, test: settings.servers.test };
                    Commit { identity: Some(identity), ..Commit::default() }
                }
            };
            store.commit(Arc::new(commit)).await?;
            snapshot = store.load().await?;
        }
        let Some(identity) = snapshot.identity.clone() else {
            return Err(Error::Invalid(format!("the store {} does not keep what is written to it", store.place())));
        };
        if identity.test != settings.servers.test {
            return Err(Error::Invalid(format!(
                "{} holds a login of {} servers, but the client is set up for the others",
                store.place(),
                if identity.test { "Telegram's test" } else { "Telegram's" }
            )));
        }
        let now = settings.environment.now();
        let server_time = snapshot.time_offset.map(|offset| now.wall.as_secs().saturating_add_signed(i64::from(offset)));
        let mut keys = Few::default();
        for (slot, key) in &snapshot.keys {
            if slot.kind == KeyKind::Permanent {
                let salts = snapshot.salts.get(slot).map_or(&[][..], Vec::as_slice);
                keys.insert(slot.dc, stored_key(&key.key, salts, server_time.map(Duration::from_secs)));
            }
        }
        let random = settings.environment.random(u64::MAX).map_err(|error| Error::io("random numbers", error))?;
        let inner = assemble(settings, Writer::spawn(store), (keys, random), identity, None);
        if !inner.pool.knows(inner.home_dc()) {
            find_home(&inner).await?;
        }
        tokio::spawn(keep_config(Arc::downgrade(&inner)));
        tokio::spawn(tell_of_failures(Arc::downgrade(&inner), inner.writer.failures()));
        if inner.writer.store().is_shared() {
            tokio::spawn(hand_over(Arc::downgrade(&inner)));
        }
        Ok(Client::of(inner))
    }

    /// A client of an account that another process holds, or another part of this one: it has no connections.
    pub(crate) fn far(self, link: &Arc<Link>, handed: Option<mpsc::Receiver<Handed>>, random: Random) -> Client {
        let store = Arc::new(FarStore(Arc::downgrade(link)));
        let identity = Identity { home_dc: self.settings.servers.first_dc, user: None, test: false };
        let far = Far { link: Arc::clone(link), handed: Mutex::new(handed) };
        Client::of(assemble(self.settings, Writer::spawn(store), (Few::default(), random), identity, Some(far)))
    }
}

fn assemble(
    settings: Settings,
    writer: Writer,
    (keys, random): (Few<i32, StoredKey>, Random),
    identity: Identity,
    far: Option<Far>,
) -> Arc<Inner> {
    let settings = Arc::new(settings);
    let pool = Arc::new(Pool::new(Arc::clone(&settings), writer.clone(), keys));
    Arc::new_cyclic(|client| Inner {
        handles: AtomicUsize::new(0),
        settings,
        writer,
        pool,
        peers: PeerBook::new(client.clone()),
        lanes: Lanes::default(),
        text_limits: TextLimits::default(),
        queues: Arc::new(far.as_ref().map_or_else(Queues::default, |far| Queues::far(&far.link))),
        limits: Limits::default(),
        sent_ids: SentIds::default(),
        identity: Mutex::new(identity),
        in_flight: AtomicUsize::new(0),
        reports: OnceLock::new(),
        lost: Mutex::default(),
        random: Mutex::new(random),
        updates: Mutex::default(),
        keeps_session: AtomicBool::new(false),
        far,
        #[cfg(feature = "http")]
        http: OnceLock::new(),
    })
}

fn log(unhandled: Unhandled) {
    tracing::error!(method = unhandled.method, "{unhandled}");
}
