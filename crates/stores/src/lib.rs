//! Stores beside the default file: SQLite, PostgreSQL, MySQL or MariaDB, Redis; encryption at rest; copies from one to another; and the
//! sessions of other libraries.
//!
//! ```
//! # async fn example() -> Result<(), quadruplex_stores::Error> {
//! use quadruplex_stores::{Options, open};
//!
//! let store = open("postgres://bot@db.local/telegram?session=shop", Options::from_env()?).await?;
//! # let _ = store;
//! # Ok(()) }
//! ```
//!
//! | address | what it is | feature |
//! |---|---|---|
//! | `shop.redb`, `redb:shop.redb` | one file, the default of the client | |
//! | `sqlite:shop.db` | one file that any SQLite reads | `sqlite` |
//! | `postgres://user@host/database` | a table in PostgreSQL | `postgres` |
//! | `mysql://user@host/database` | a table in MySQL 8 or MariaDB 10.5 and later | `mysql` |
//! | `redis://host:port/0` | keys in Redis 6.2 and later, which must write an append-only file | `redis` |
//!
//! In a database `?session=NAME` tells accounts apart; without it the name is `default`. Each store holds its session for itself as long as it
//! is open, and a commit is one transaction, durable when it has returned. All of them pass [`contract`](quadruplex_store::contract).
//!
//! On a server a session belongs to whoever the server heard of last, for a lease of `?lease=SECONDS`, 10 by default. A store that cannot be sure
//! of it for longer [is lost](quadruplex_store::Store::is_lost) before anybody else can open it, and the client that uses it closes. A process
//! that was killed keeps the session until the lease has passed, one that [closes](quadruplex_store::Store::close) its store does not.
//!
//! # Encryption at rest
//!
//! With a [`SecretKey`] everything is sealed with XChaCha20-Poly1305 before it leaves the process, also in a `redb` file: keys, updates, peers,
//! values. What stays visible is how much there is, ids of peers and channels, numbers and ends, and the keys of values; names and phone numbers
//! are found by a keyed hash. It protects a copy of the disk or of a backup; who can write to the store can still put an older state back.
//!
//! # Sessions of other libraries
//!
//! [`sessions`] reads and writes the session strings of Telethon, Pyrogram, GramJS and mtcute, and with the feature `sqlite` the file of
//! Telethon.

mod bytes;
mod cipher;
mod commit;
mod copy;
mod error;
mod keys;
mod kv;
mod open;
mod sealed;
pub mod sessions;
mod store;

pub use cipher::{KEY_VARIABLE, SecretKey};
pub use copy::{Copied, copy};
pub use error::Error;
pub use open::{Options, open};
pub use store::KvStore;
