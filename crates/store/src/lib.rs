//! What survives a restart of an account: its login, the peers it has met, how far its updates have been taken, and the
//! journal of those that are not handled yet.
//!
//! - [`Store`] is the small trait of a backend; [`Redb`] (one file, the default) and [`Memory`] implement it, and
//!   [`contract`] tests it.
//! - [`Commit`] is the one kind of transaction: everything in it becomes durable together.
//! - [`Writer`] gathers the small changes of many tasks into few commits, and shows peers before they are written.
//! - [`SessionLock`] keeps two processes from using one login; Telegram destroys a login that is used twice.
//! - [`Session`] is a login as a string, to carry it from place to place.

mod account;
mod commit;
#[doc(hidden)]
pub mod contract;
mod disk;
mod error;
mod lock;
mod memory;
mod peer;
mod session;
mod state;
mod store;
#[doc(hidden)]
pub mod testing;
mod writer;

pub use account::{AuthKey, Identity, KeyChange, KeyKind, KeySlot, LOGIN_TOKENS, OwnUser, Salt, StoredKey};
pub use commit::Commit;
pub use disk::Redb;
#[doc(hidden)]
pub use disk::{DatabaseFile, Failure, Handle, Opener, private_file};
pub use error::Error;
pub use lock::{Owner, SessionLock};
pub use memory::Memory;
pub use peer::{Peer, PeerId, PeerKey, PeerKind, SeenIn};
pub use session::{Session, SessionError};
pub use state::{ChannelState, CommonState, DeadLetter, Lane, ONCE, Row, Value, ValueKey};
pub use store::{Snapshot, Store, Task};
pub use writer::{Ticket, Writer};
