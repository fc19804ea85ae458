//! Memcached for many servers: a pool, ketama routing, and many keys in one round trip.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use std::time::Duration;
//! use awaitkit_memcached::{Expires, Memcached};
//!
//! let cache = Memcached::new(["10.0.0.1:11211", "10.0.0.2:11211"])?;
//! cache.set("user:1", "Ada", Expires::In(Duration::from_secs(60))).await?;
//! assert_eq!(cache.get("user:1").await?.as_deref(), Some(b"Ada".as_slice()));
//! assert_eq!(cache.get("user:2").await?, None); // a miss is a value
//!
//! let users = cache.batcher().build(); // lookups made together: one round trip to each server
//! let (one, two) = awaitkit::join!(users.load("user:1".into()), users.load("user:2".into()));
//! # let _ = (one, two);
//! # Ok(()) }
//! ```
//!
//! # What holds
//!
//! - **Keys go where other clients put them**: the ring is that of libmemcached's weighted ketama with MD5, checked against its placements.
//! - **An answer belongs to its question.** A connection serves one exchange at a time and goes back into the pool only after the whole
//!   answer was read; a caller that goes away, a deadline or a damaged answer costs the connection, never shifts what another caller gets.
//! - **Nothing waits for ever**: each operation has a deadline, waiting for a connection included. A server that failed several times in a
//!   row is left alone for a while, and its keys fail at once, or go to the next server of the ring if you say so.
//! - **Nothing runs twice by accident.** When a connection that lay in the pool turns out to be dead, what only reads or overwrites is sent
//!   again on a new one; the rest fails with an error that says whether it may have been carried out, see [`Error::may_have_run`].
//!
//! The wire protocol is that of the crate `async-memcached` (its meta commands: memcached 1.6 or later). It reaches servers over IPv4 and
//! Unix sockets.

mod builder;
mod client;
mod error;
mod exchange;
mod expires;
mod item;
mod key;
mod many;
mod ring;
mod server;

pub use builder::{Address, Builder};
pub use client::{Memcached, ServerStats};
pub use error::Error;
pub use expires::Expires;
pub use item::{Cas, Item, Swap};
