//! The sandbox: an offline Telegram that speaks MTProto.
//!
//! A real server in this process or in one of its own: clients exchange keys with it, sign in, send, and are refused as
//! Telegram refuses. It needs no account, no API id and no network. Clients that nobody here wrote work with it; they only
//! have to be told its address and its key, which is committed to this repository and therefore as public as a key can be.
//!
//! ```
//! use quadruplex_sandbox::{NewUser, Sandbox};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> std::io::Result<()> {
//! let telegram = Sandbox::builder().dcs(2).start().await?;
//! let alice = telegram.create_user(NewUser { first_name: "Alice".into(), username: Some("alice".into()), ..NewUser::default() })?;
//! assert!(alice > 0);
//! for (dc, address) in telegram.addresses() {
//!     println!("data centre {dc} at {address}");
//! }
//! # Ok(())
//! # }
//! ```

#[cfg(feature = "admin")]
pub mod admin;
mod server;
pub mod world;

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, MutexGuard, PoisonError};

use quadruplex_crypto::rsa::{PrivateKey, PublicKey};
use quadruplex_net::{BoxFuture, Connect, Dial, Dialed, Environment, MtProxy, Secret, Server, Stream, Target};

use server::Hub;
pub use server::LinkScript;
pub use world::{LoginCode, NewBot, NewUser, RpcError, World, test_number};

/// How a sandbox is made; see [`Sandbox::builder`].
#[derive(Debug)]
pub struct Builder {
    dcs: i32,
    listen: Option<SocketAddr>,
    state: Option<PathBuf>,
    mtproxy: Option<Secret>,
    environment: Environment,
    world: world::Config,
}

impl Builder {
    /// How many data centres there are, 1 unless told otherwise, at most 5.
    #[must_use]
    pub fn dcs(self, count: i32) -> Self {
        Self { dcs: count.clamp(1, 5), ..self }
    }

    /// Listens on this address: the first data centre on its port, the others on those that follow. Port 0 stands for any ports
    /// that are free in a row, so that the first one is enough to start again at the same addresses.
    /// Without an address the sandbox is reached through [`Sandbox::dialer`] only.
    #[must_use]
    pub fn listen(self, address: SocketAddr) -> Self {
        Self { listen: Some(address), ..self }
    }

    /// Runs an MTProto proxy in front of the data centres, one port above the last of them. It takes exactly what its secret asks for: padded
    /// packets with `dd`, FakeTLS with `ee`.
    #[must_use]
    pub fn mtproxy(self, secret: Secret) -> Self {
        Self { mtproxy: Some(secret), ..self }
    }

    /// Keeps everything in this file, and starts from what is in it.
    #[must_use]
    pub fn state(self, path: impl Into<PathBuf>) -> Self {
        Self { state: Some(path.into()), ..self }
    }

    /// Clocks and randomness other than the system's.
    #[must_use]
    pub fn environment(self, environment: Environment) -> Self {
        Self { environment, ..self }
    }

    /// The limits of the model.
    #[must_use]
    pub fn world(self, config: world::Config) -> Self {
        Self { world: config, ..self }
    }

    /// Starts it.
    ///
    /// # Errors
    /// An address that cannot be bound, a state file that cannot be used.
    ///
    /// # Cancel safety
    /// Dropping the future stops what has been started.
    pub async fn start(self) -> io::Result<Sandbox> {
        let mut config = self.world;
        let seed = self.environment.random_u64(0)?;
        if config.seed == [0; 32] {
            config.seed[..8].copy_from_slice(&seed.to_le_bytes());
        }
        let world = match &self.state {
            Some(path) => World::open(path, config).map_err(io::Error::other)?,
            None => World::new(config),
        };
        let hub = Arc::new(Hub::new(world, PrivateKey::sandbox(), self.environment, seed));
        {
            let hub = hub.clone();
            tokio::spawn(async move { hub.keep_time().await });
        }
        let sandbox = Sandbox { _running: Arc::new(Running(hub.clone())), hub };
        let addresses = match self.listen {
            Some(first) => server::listen(&sandbox.hub, first, self.dcs, self.mtproxy).await?,
            None => server::pretend(&sandbox.hub, self.dcs, self.mtproxy),
        };
        let as_told = |(id, address): &(i32, SocketAddr)| world::Dc { id: *id, ip: address.ip().to_string(), port: address.port() };
        sandbox.hub.world().config_mut().dcs = addresses.iter().map(as_told).collect();
        *sandbox.hub.addresses.lock().unwrap_or_else(PoisonError::into_inner) = addresses;
        Ok(sandbox)
    }
}

/// A running sandbox. It stops when the last handle is dropped, whoever is connected then; its state file is free from that moment.
#[derive(Clone)]
pub struct Sandbox {
    hub: Arc<Hub>,
    _running: Arc<Running>,
}

/// Stops the sandbox with the last handle: its tasks and diallers hold the hub, and none of them holds this.
struct Running(Arc<Hub>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.stop.send_replace(true);
        // Its tasks end when their turn comes. Nothing is answered any more, and the state file is somebody else's at once.
        self.0.world().release();
    }
}

impl Sandbox {
    /// A sandbox with one data centre, in this process and on no port.
    ///
    /// # Errors
    /// The operating system gives no randomness.
    ///
    /// # Cancel safety
    /// Dropping the future stops what has been started.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// A sandbox of one's own making.
    pub fn builder() -> Builder {
        Builder { dcs: 1, listen: None, state: None, mtproxy: None, environment: Environment::system(), world: world::Config::default() }
    }

    /// The data centres and their addresses. Those of a sandbox that does not listen mean something to its
    /// [`dialer`](Self::dialer) only.
    pub fn addresses(&self) -> Vec<(i32, SocketAddr)> {
        self.hub.addresses.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The key by which clients know the sandbox. Its private half is public: trust it with nothing.
    pub fn public_key(&self) -> PublicKey {
        PublicKey::sandbox()
    }

    /// Reaches the data centres without a socket, as long as the sandbox runs.
    pub fn dialer(&self) -> Arc<dyn Dial> {
        Arc::new(MemoryDialer { hub: self.hub.clone() })
    }

    /// The same for whoever makes connections below a policy: a [`Network`](quadruplex_net::Network) without a socket, to which the MTProto
    /// proxy of the sandbox belongs.
    pub fn connector(&self) -> Arc<dyn Connect> {
        Arc::new(MemoryDialer { hub: self.hub.clone() })
    }

    /// The MTProto proxy of the sandbox; see [`Builder::mtproxy`].
    pub fn mtproxy(&self) -> Option<MtProxy> {
        self.hub.mtproxy()
    }

    /// Which MTProto proxy each client says it comes through (`inputClientProxy`), one entry for each of their keys.
    pub fn told_proxies(&self) -> Vec<Option<Target>> {
        self.hub.told_proxies()
    }

    /// Creates a user and returns its id.
    ///
    /// # Errors
    /// The name is empty; the public name or the number is malformed or taken.
    pub fn create_user(&self, new: NewUser) -> io::Result<i64> {
        let now = self.hub.world_now();
        self.world().create_user(new, now).map_err(|error| io::Error::other(error.name))
    }

    /// Creates a bot and returns its id and its token. A client that has none signs in with `0:NAME`, which stands for the bot of that
    /// public name, made if there is none.
    ///
    /// # Errors
    /// The public name is malformed or taken.
    pub fn create_bot(&self, new: NewBot) -> io::Result<(i64, String)> {
        let now = self.hub.world_now();
        self.world().create_bot(new, now).map_err(|error| io::Error::other(error.name))
    }

    /// The world, to look into it or to change it. Everything stands still until the guard is dropped.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.hub.world()
    }

    /// What the world's clock says.
    pub fn now(&self) -> world::Now {
        self.hub.world_now()
    }

    /// Sends out what the world has to tell after it was changed through [`world`](Self::world).
    pub fn deliver(&self) {
        let mut world = self.hub.world();
        self.hub.deliver(&mut world);
    }

    /// Waits until login codes are sent, and returns those that were sent since the last time. One task at a time may wait.
    ///
    /// # Cancel safety
    /// No code is lost if it is dropped.
    pub async fn next_codes(&self) -> Vec<LoginCode> {
        loop {
            let codes = self.world().take_codes();
            if !codes.is_empty() {
                return codes;
            }
            self.hub.codes.notified().await;
        }
    }

    /// What the link does to packets of all connections, and to the bytes of connections made from now on.
    pub fn set_link(&self, script: LinkScript) {
        self.hub.faults.lock().unwrap_or_else(PoisonError::into_inner).script = script;
    }

    /// Begins the chances of all faults anew: with the same seed the same packets and updates go astray, counted in the order in which they
    /// come. Without it chance follows from the [`environment`](Builder::environment).
    pub fn seed_faults(&self, seed: u64) {
        self.world().seed_faults(seed);
        self.hub.faults.lock().unwrap_or_else(PoisonError::into_inner).seed(seed);
    }

    /// Moves the sandbox's wall clock ahead by so many seconds of its environment's; back, if negative.
    pub fn set_clock_ahead(&self, seconds: i64) {
        self.hub.set_ahead(seconds);
    }

    /// Makes every salt wrong that clients know.
    pub fn rotate_salts(&self) {
        self.hub.rotate_salts();
    }

    /// Refuses the next query of every session with a `bad_msg_notification` of this code.
    pub fn refuse_next(&self, code: i32) {
        self.hub.refuse_next(code);
    }

    /// Closes all connections, and forgets all sessions if `lose_sessions`: what a restart of Telegram's servers looks like.
    pub fn restart(&self, lose_sessions: bool) {
        self.hub.disconnect_all();
        if lose_sessions {
            self.hub.lose_sessions();
        }
    }

    /// Stops listening and closes all connections.
    pub fn stop(&self) {
        self.hub.stop.send_replace(true);
    }
}

impl std::fmt::Debug for Sandbox {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sandbox").field("addresses", &self.addresses()).finish_non_exhaustive()
    }
}

/// Connects a client in the same process, over a pipe in memory.
struct MemoryDialer {
    hub: Arc<Hub>,
}

impl std::fmt::Debug for MemoryDialer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryDialer")
    }
}

impl MemoryDialer {
    fn open(&self, addresses: &[SocketAddr]) -> io::Result<Box<dyn Stream>> {
        let door = self.hub.door(addresses).filter(|_| !*self.hub.stop.borrow());
        let none = || io::Error::new(io::ErrorKind::ConnectionRefused, "no data centre of the sandbox has this address");
        let (near, far) = tokio::io::duplex(256 << 10);
        server::accept(&self.hub, door.ok_or_else(none)?, Box::new(far));
        Ok(Box::new(near))
    }
}

impl Dial for MemoryDialer {
    fn dial<'a>(&'a self, server: Server<'a>) -> BoxFuture<'a, io::Result<Dialed>> {
        Box::pin(async move { self.open(server.addresses).map(Into::into) })
    }
}

impl Connect for MemoryDialer {
    fn connect(&self, address: SocketAddr) -> BoxFuture<'_, io::Result<Box<dyn Stream>>> {
        Box::pin(async move { self.open(&[address]) })
    }
}
