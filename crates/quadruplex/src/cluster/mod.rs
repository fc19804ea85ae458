//! One account on many machines: one process holds the connection, all of them handle.
//!
//! A [`Backend`] is what machines have in common: a store for each account that one of them has at a time, and subjects on which they
//! hear each other. Who has the store of an account is its *holder*: it has the connection, takes the updates into the journal, and hands
//! them out, each chat to one *guest* at a time (`holder`). Every process is a guest, the holder's own too: it has a client whose calls,
//! lookups and commits go to the holder (`link`), with a journal of its own in memory, so that lanes, albums, conversations and failures
//! are the same there as anywhere.
//!
//! Nothing is believed of a bus. Frames are numbered, and after one that is missing both ends begin anew; a guest that the holder has not
//! answered for three quarters of a lease drops its handlers, and the holder hands out what it had after a whole one.

mod backend;
mod changes;
mod frame;
mod guest;
mod holder;
mod holding;
mod link;
mod memory;
mod node;
#[cfg(feature = "redis")]
mod redis;
mod served;
mod store;
mod wrong;

use std::fmt;
use std::sync::{Arc, LazyLock};

use quadruplex_net::Random;
use rand_chacha::rand_core::Rng;

use crate::{App, Client, Error};

pub use backend::{Backend, Subscription};
pub(crate) use holder::{Holder, hear};
pub(crate) use link::{FarCall, Handed, Link, Reserved};
pub use memory::Memory;
#[cfg(feature = "testing")]
pub(crate) use node::{Connect, Running as RunningNode};
pub(crate) use node::{Node, run, talk};
pub(crate) use store::FarStore;

/// Where the processes of an account, or of a [fleet](crate::Fleet), find each other: an address, or a [`Backend`].
///
/// | address | what it is | feature |
/// |---|---|---|
/// | `redis://host:port/0` | Redis 6.2 and later, which must write an append-only file; sessions lie there too, sealed if `QUADRUPLEX_STORE_KEY` is set | `redis` |
///
/// What machines say to each other is not sealed, and whoever can publish there can make calls: it belongs into a network that is trusted.
///
/// With `?session=NAME` the account of a program has a name, so that several can share a server; it is `default` unless told otherwise.
/// With `--sandbox` on the command line every address is this process.
#[derive(Clone)]
pub struct Cluster(Place);

#[derive(Clone)]
enum Place {
    Address(String),
    Backend(Arc<dyn Backend>),
}

impl Cluster {
    /// What is there, and the name of the account if the address has one. With `--sandbox` it is in this process.
    pub(crate) fn find(&self) -> Result<(Arc<dyn Backend>, String), Error> {
        static SANDBOX: LazyLock<Memory> = LazyLock::new(Memory::new);
        match &self.0 {
            Place::Address(_) if is_sandboxed() => Ok((Arc::new(SANDBOX.clone()), "default".to_owned())),
            Place::Backend(backend) => Ok((Arc::clone(backend), "default".to_owned())),
            Place::Address(address) => backend::open(address),
        }
    }
}

impl From<&str> for Cluster {
    fn from(address: &str) -> Self {
        Self(Place::Address(address.to_owned()))
    }
}

impl<B: Backend> From<B> for Cluster {
    fn from(backend: B) -> Self {
        Self(Place::Backend(Arc::new(backend)))
    }
}

/// An address may have a password.
impl fmt::Debug for Cluster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cluster")
    }
}

/// Whether the program was started with `--sandbox`.
pub(crate) fn is_sandboxed() -> bool {
    std::env::args().skip(1).any(|argument| argument == "--sandbox")
}

/// A client of an account that somebody in the cluster holds.
pub(crate) fn caller(backend: &Arc<dyn Backend>, account: &str, mut random: Random) -> Client {
    let (link, _) = Link::open(backend, account, (0, random.next_u64()), false);
    Client::builder(0, "").far(&link, None, random)
}

impl App {
    /// Runs the account on many machines: start the same program as often as you like. One process holds the connection, and is replaced
    /// when it dies; all of them handle, each chat by one process at a time, in order. Calls go through the holder.
    ///
    /// [`at_once`](Self::at_once) counts in each process. Scheduled handlers run where the connection is. A process that nobody hears of for
    /// the time of a lease (10 s in Redis) is taken for dead, and what it had comes to another, which is told that it is
    /// [redelivered](crate::router::Update::is_redelivered); its replies are sent once all the same.
    ///
    /// ```no_run
    /// use quadruplex::prelude::*;
    ///
    /// # async fn start(router: Router) -> Result {
    /// App::new(router).cluster("redis://10.0.0.1").run().await
    /// # }
    /// ```
    pub fn cluster(mut self, cluster: impl Into<Cluster>) -> Self {
        self.cluster = Some(cluster.into());
        self
    }
}
