//! Sockets under MTProto: dialling and the connection task.
//!
//! A [`Connection`] is a cheap handle. Behind it one task owns one socket and one session
//! ([`quadruplex_mtproto::client::Session`]); it dials, exchanges a key if there is none, and dials again when the link is
//! lost. Calls made at the same time share a packet without being asked to: after waking, the task takes everything that is
//! queued, lets other tasks add while the queue still grows, packs, and writes once. No timer waits for company.
//!
//! Where bytes go ([`Dial`]), what the wall clock says and where randomness starts ([`Environment`]) is passed in, so that
//! the same task runs over TCP and, in tests, over a pipe in memory under virtual time.

mod backoff;
mod connection;
mod counters;
mod dial;
mod environment;
mod error;
pub mod http;
mod link;
mod proxy;
mod task;
mod ticket;
mod unlinked;
#[cfg(feature = "websocket")]
mod websocket;

pub use awaitkit_dial;
#[cfg(feature = "websocket")]
pub use awaitkit_dial::Prefixed;
#[cfg(feature = "tls")]
pub use awaitkit_dial::Tls;
pub use awaitkit_dial::{BoxFuture, Connect, Host, LinkError, Network, Order, Stream, Target};
#[cfg(feature = "doh")]
pub use awaitkit_dial::{Doh, DohServer};
pub use connection::{Connection, Event, Init, Options, Pack, Pending, Receipt, Request, State, StoredKey};
pub use counters::Traffic;
pub use dial::{Dial, Dialed, Server, Way};
pub use environment::{Environment, Random};
pub use error::{CallError, CloseReason, ConnectError};
pub use proxy::{Carrier, Dialer, Disguise, FakeTls, MtProxy, Policy, Proxy, Secret};
pub use quadruplex_mtproto::client::{KeyState, Repeat, RpcError};
pub use ticket::{Fate, Report, Ticket};
#[cfg(feature = "websocket")]
pub use websocket::{Web, WebSocket};
