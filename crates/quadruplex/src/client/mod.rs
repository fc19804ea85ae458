//! The client: one account, its connections, its peers, its calls.

mod auth;
mod builder;
mod by_name;
mod call;
mod fence;
mod handles;
mod invoke;
mod keep;
#[cfg(feature = "tower")]
mod layers;
mod lost;
mod moved;
mod options;
mod peers;
mod pool;
mod seen;
mod servers;
mod settings;
mod shorthand;
mod storing;

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use quadruplex_api::{PeerRef, Request, enums};
use quadruplex_net::{Random, State};
use quadruplex_store::{Commit, Identity, OwnUser, Session, Writer};
use rand_chacha::rand_core::Rng;
use tokio::sync::{mpsc, watch};

use crate::calls::{Limit, Limits, Queues, SentIds};
use crate::cluster::{Handed, Link};
use crate::files::Lanes;
use crate::reports::{Problem, Reports};
use crate::text::TextLimits;
use crate::updates::{OpenUpdates, UpdateLimits, UpdateStream, Updates};
use crate::{Error, RpcError};
pub use auth::{CodeKind, LoginCode, SignIn};
pub use builder::Builder;
pub use call::Call;
pub(crate) use call::{AttemptOptions, CallOptions, Erased, Finished, Prepared, Started};
pub(crate) use invoke::{Function, Next, is_stale_peer};
#[cfg(feature = "tower")]
pub use layers::{Calls, RawCall};
pub(crate) use options::call_options;
use peers::PeerBook;
use pool::Pool;
pub(crate) use pool::{Purpose, lock};
pub(crate) use seen::peers_in;
pub use servers::Servers;
use settings::Settings;
#[cfg(feature = "http")]
pub(crate) use settings::Ways;
pub use settings::{ApiId, Unhandled};

/// A signed-in account, or one about to sign in. Cheap to clone; everything is shared.
///
/// The connections close when the last clone is gone, and with it all messages, calls and handlers that have one;
/// [`close`](Self::close) does it now and waits.
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    /// Clients: what goes on without one, such as asking for the configuration, ends with the last.
    handles: AtomicUsize,
    pub(crate) settings: Settings,
    pub(crate) writer: Writer,
    pub(crate) pool: Arc<Pool>,
    pub(crate) peers: PeerBook,
    pub(crate) lanes: Lanes,
    pub(crate) text_limits: TextLimits,
    pub(crate) queues: Arc<Queues>,
    pub(crate) limits: Limits,
    pub(crate) sent_ids: SentIds,
    identity: Mutex<Identity>,
    /// Calls that have no answer yet.
    pub(crate) in_flight: AtomicUsize,
    /// Who tells the admins of errors that nobody waits for.
    reports: OnceLock<Reports>,
    /// What Telegram said when it had ended the login.
    lost: Mutex<Option<RpcError>>,
    random: Mutex<Random>,
    /// Who takes the updates, to be told of positions that own calls move.
    updates: Mutex<Weak<Updates>>,
    /// Made when it is wanted.
    #[cfg(feature = "http")]
    pub(crate) http: OnceLock<awaitkit_http::Http>,
    /// Another process that asks for the session does not get it.
    keeps_session: AtomicBool,
    far: Option<Far>,
}

/// That the account is held by another process, or by another part of this one.
struct Far {
    link: Arc<Link>,
    /// Updates that are handed out, until somebody takes them.
    handed: Mutex<Option<mpsc::Receiver<Handed>>>,
}

impl Client {
    /// Calls a function of the API.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// use quadruplex::api::functions::messages;
    ///
    /// let request = messages::SendMessage { silent: true, ..messages::SendMessage::new("@lena", "hi") };
    /// client.call(request).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn call<R: Request>(&self, request: R) -> Call<R::Return> {
        Call::<R>::new(self.clone(), request)
    }

    /// The exact form of a peer, for the few places that take no other.
    ///
    /// # Errors
    /// The peer cannot be found.
    ///
    /// # Cancel safety
    /// A lookup goes on for whoever else waits for it.
    pub async fn input_peer(&self, peer: impl Into<PeerRef>) -> Result<enums::InputPeer, Error> {
        self.inner.peers.find(&self.inner, &peer.into()).await
    }

    /// The user with this id. Users asked for at the same time travel in one request.
    ///
    /// # Errors
    /// Those of the call; [`Error::Peer`] if there is no such user that this account may see.
    ///
    /// # Cancel safety
    /// Only reads.
    pub async fn user(&self, id: i64) -> Result<enums::User, Error> {
        let user = self.inner.peers.user(id).await?;
        user.ok_or_else(|| {
            Error::Peer(crate::PeerError {
                peer: id.to_string(),
                tried: vec!["users.getUsers → nobody this account may see".to_owned()],
                help: "a plain id works only after this account has met the user",
            })
        })
    }

    /// Whether an account is signed in, and which.
    pub fn own_user(&self) -> Option<OwnUser> {
        self.inner.own_user()
    }

    /// The data centre on which the account lives, or where it will try first.
    pub fn home_dc(&self) -> i32 {
        self.inner.home_dc()
    }

    /// How the main connection stands; wait on it for changes.
    ///
    /// # Errors
    /// The home data centre has no known address.
    pub fn connection(&self) -> Result<watch::Receiver<State>, Error> {
        self.inner.connection()
    }

    /// What has gone over all connections so far.
    pub fn traffic(&self) -> quadruplex_net::Traffic {
        self.inner.pool.traffic()
    }

    /// What Telegram does not want too often, as far as its refusals have told, the longest waits first. Limits that are over are in it
    /// for an hour.
    ///
    /// ```no_run
    /// # fn example(client: quadruplex::Client) {
    /// for limit in client.limits() {
    ///     println!("{:?} to {:?}: free in {:?}, {} waits within the hour", limit.method, limit.peer, limit.next_free, limit.waits);
    /// }
    /// # }
    /// ```
    pub fn limits(&self) -> Vec<Limit> {
        self.inner.limits.list()
    }

    /// The queues of calls in use, by name, and how many calls are in each. A queue that nobody is in is not there.
    ///
    /// ```no_run
    /// # fn example(client: quadruplex::Client) {
    /// client.send("@lena", "one").queue("hello").detach();
    /// assert_eq!(client.queues(), [("hello".into(), 1)]);
    /// # }
    /// ```
    pub fn queues(&self) -> Vec<(Arc<str>, usize)> {
        self.inner.queues.list()
    }

    /// The login as a string, to be kept like a password. `None` before there is a key.
    ///
    /// ```no_run
    /// # fn example(client: quadruplex::Client) -> Option<()> {
    /// let session = client.session()?.to_string();
    /// # Some(()) }
    /// ```
    pub fn session(&self) -> Option<Session> {
        let identity = self.inner.identity();
        let key = self.inner.pool.key(identity.home_dc)?;
        Some(Session {
            dc: identity.home_dc,
            test: identity.test,
            user: identity.user,
            address: self.inner.settings.servers.addresses.get(&identity.home_dc).and_then(|all| all.first().copied()),
            key: quadruplex_store::AuthKey::from_bytes(*key.auth_key.expose()),
        })
    }

    /// The updates of the account, each until it is done. First come those that an earlier process did not finish, then what was
    /// missed since, then what happens.
    ///
    /// There is one stream; dropping it leaves the rest for the next start. The first time for a login that came as a string it
    /// begins now, which is asked of the server before this returns; else it began with the sign-in. Which updates come one after
    /// another, how many at once and how often can be said before it is awaited.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let mut updates = client.updates().await?;
    /// while let Some(delivery) = updates.next().await {
    ///     println!("{:?}", delivery.event);
    ///     delivery.done();
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The stream was taken before; the store cannot be read. And those of a call, if it has to be asked where it begins.
    ///
    /// # Cancel safety
    /// Not cancel safe: a dropped future may have taken the stream.
    pub fn updates(&self) -> OpenUpdates {
        OpenUpdates::new(self)
    }

    pub(crate) async fn open_updates(&self, limits: UpdateLimits) -> Result<UpdateStream, Error> {
        if let Some(far) = &self.inner.far {
            let handed = lock(&far.handed).take();
            let handed = handed.ok_or_else(|| Error::Invalid("nobody hands updates out to this client".to_owned()))?;
            let (stream, updates) = crate::updates::start_handed(&self.inner, handed, limits).await?;
            *lock(&self.inner.updates) = Arc::downgrade(&updates);
            far.link.taken_by(&updates);
            return Ok(stream);
        }
        if self.whoami().await?.is_some() {
            self.begin_updates(true).await?;
        }
        let arrived = self.inner.pool.take_updates();
        let arrived = arrived.ok_or_else(|| Error::Invalid("the updates of this client are taken already".to_owned()))?;
        let (stream, updates) = crate::updates::start(&self.inner, arrived, |client, updates| client.note(updates), limits).await?;
        *lock(&self.inner.updates) = Arc::downgrade(&updates);
        // Telegram sends updates to connections on which it was asked for something.
        self.inner.pool.connection(self.home_dc(), Purpose::Main)?;
        Ok(stream)
    }
}

impl Inner {
    /// How the main connection stands.
    pub(crate) fn connection(&self) -> Result<watch::Receiver<State>, Error> {
        Ok(self.pool.connection(self.home_dc(), Purpose::Main)?.state())
    }

    fn identity(&self) -> Identity {
        lock(&self.identity).clone()
    }

    pub(crate) fn own_user(&self) -> Option<OwnUser> {
        match &self.far {
            Some(far) => far.link.welcome()?.own,
            None => lock(&self.identity).user,
        }
    }

    /// The same; of an account that is held elsewhere, as soon as it is known.
    pub(crate) async fn found_own_user(&self) -> Result<OwnUser, Error> {
        if let Some(far) = &self.far {
            far.link.found().await?;
        }
        self.own_user().ok_or(Error::NotSignedIn)
    }

    pub(crate) fn home_dc(&self) -> i32 {
        match self.far.as_ref().and_then(|far| far.link.welcome()) {
            Some(welcome) => welcome.home_dc,
            None => lock(&self.identity).home_dc,
        }
    }

    /// The line to whoever holds the account, if this is not the holder's client.
    pub(crate) fn far(&self) -> Option<Arc<Link>> {
        self.far.as_ref().map(|far| Arc::clone(&far.link))
    }

    /// From now on the session is not handed over to another process that asks for it.
    pub(crate) fn keep_session(&self) {
        self.keeps_session.store(true, Ordering::Relaxed);
    }

    /// Who takes the updates, if somebody does.
    pub(crate) fn updates(&self) -> Option<Arc<Updates>> {
        lock(&self.updates).upgrade()
    }

    /// Hands over an error of a call that nobody waits for.
    pub(crate) fn report(&self, method: &'static str, error: Error) {
        if let Some(reports) = self.reports.get() {
            reports.add(Problem { what: "a detached call".to_owned(), error: error.to_string() });
        }
        (self.settings.on_error.0)(Unhandled { method, error });
    }

    #[cfg(feature = "metrics")]
    pub(crate) fn calls_in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Keeps a time at which a scheduled handler has failed too often as a dead letter; its number, if updates are taken.
    pub(crate) fn bury(&self, event: &crate::Event, attempts: u32, error: String) -> Option<u64> {
        Some(self.updates()?.bury(event, attempts, error))
    }

    /// How many updates wait or are handled, and whether no more are taken because of that.
    pub(crate) fn waiting_updates(&self) -> (usize, bool) {
        self.updates().map_or((0, false), |updates| updates.waiting())
    }

    /// Whether all that the server has for this account outside channels has come, and no more of it waits or is handled than `kept`.
    pub(crate) async fn is_at_rest(self: &Arc<Self>, kept: usize) -> bool {
        if let Some(link) = self.far() {
            return link.standing().await.is_ok_and(|standing| standing.has_caught_up && standing.waiting <= kept);
        }
        let Ok(state) = self.invoke(quadruplex_api::functions::updates::GetState).await else { return false };
        let common = self.updates().and_then(|updates| updates.common());
        let has_come = common.is_some_and(|common| common.pts >= state.pts && common.qts >= state.qts);
        has_come && self.waiting_updates().0 <= kept
    }

    /// From now on admins are told of such errors.
    pub(crate) fn tell(&self, reports: &Reports) {
        // An application is started once with a client, since there is one stream of updates.
        let _ = self.reports.set(reports.clone());
    }

    /// In seconds of Unix time.
    pub(crate) fn wall_clock(&self) -> i64 {
        i64::try_from(self.settings.environment.now().wall.as_secs()).unwrap_or(i64::MAX)
    }

    /// The id of something that is sent. Inside a handler it follows from the update, so that what the handler sends when it runs again
    /// is known to Telegram.
    pub(crate) fn send_id(&self) -> i64 {
        crate::router::next_id().unwrap_or_else(|| self.random_id())
    }

    /// Leaves the main connection for a new one.
    pub(crate) fn reconnect(&self) {
        if self.far.is_some() {
            return;
        }
        if let Ok(connection) = self.pool.connection(self.home_dc(), Purpose::Main) {
            connection.reconnect();
        }
    }

    pub(crate) fn random_id(&self) -> i64 {
        lock(&self.random).next_u64().cast_signed()
    }

    /// The account lives elsewhere: everything from now on goes there.
    async fn set_home_dc(&self, dc: i32) -> Result<(), Error> {
        self.set_identity(|identity| identity.home_dc = dc).await
    }

    async fn set_identity(&self, change: impl FnOnce(&mut Identity)) -> Result<(), Error> {
        let identity = {
            let mut identity = lock(&self.identity);
            change(&mut identity);
            identity.clone()
        };
        let commit = Commit { identity: Some(identity), ..Commit::default() };
        Ok(self.writer.store().commit(Arc::new(commit)).await?)
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = self.inner.identity();
        f.debug_struct("Client").field("user", &identity.user.map(|user| user.id)).field("home_dc", &identity.home_dc).finish()
    }
}
