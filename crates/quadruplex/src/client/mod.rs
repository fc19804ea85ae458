//! The client: one account, its connections, its peers, its calls.

mod auth;
mod builder;
mod by_name;
mod call;
mod fence;
mod few;
mod handles;
mod inner;
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
use std::sync::Arc;

use quadruplex_api::{PeerRef, Request, enums};
use quadruplex_net::State;
use quadruplex_store::{OwnUser, Session};
use tokio::sync::watch;

use crate::Error;
use crate::calls::Limit;
use crate::updates::{OpenUpdates, UpdateLimits, UpdateStream};
pub use auth::{CodeKind, LoginCode, SignIn};
pub use builder::Builder;
pub use call::Call;
pub(crate) use call::{AttemptOptions, CallOptions, Erased, Finished, Prepared, Started};
pub(crate) use inner::Inner;
pub(crate) use invoke::{Function, Next, is_stale_peer};
#[cfg(feature = "tower")]
pub use layers::{Calls, RawCall};
pub(crate) use options::call_options;
pub(crate) use pool::{Purpose, lock};
pub(crate) use seen::peers_in;
pub use servers::Servers;
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

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = self.inner.identity();
        f.debug_struct("Client").field("user", &identity.user.map(|user| user.id)).field("home_dc", &identity.home_dc).finish()
    }
}
