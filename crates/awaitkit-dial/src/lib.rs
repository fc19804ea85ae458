//! Dialling: how a stream to a server comes about, whatever is spoken on it.
//!
//! A [`Dialer`] is a [`Policy`] over a [`Network`]. The policy is an ordered list of [`Route`]s: direct, or through a [`Chain`] of
//! SOCKS5 and HTTP proxies. They are tried one after another, each within a deadline; a route that has failed is held back for a
//! while. Within a route the addresses of a name race (happy eyeballs). Only connecting is raced: whoever loses has been sent no byte.
//!
//! ```
//! use awaitkit_dial::{Dialer, Order, Policy, Target};
//!
//! let policy: Policy = "direct, then socks5h://me:secret@proxy.example:1080".parse()?;
//! assert_eq!(policy.order(), Some(Order::DirectFirst));
//! assert_eq!(policy.to_string(), "direct, then socks5h://me:***@proxy.example:1080");
//!
//! let dialer = Dialer::new(policy);
//! let target: Target = "example.org:443".parse()?;
//! # let _ = async move {
//! let stream = dialer.dial(&target).await?; // or an error that says each attempt and why it failed
//! # Ok::<_, Box<dyn std::error::Error>>(stream) };
//! # Ok::<_, awaitkit_dial::LinkError>(())
//! ```
//!
//! What is below is passed in: [`Connect`] opens a stream to an address, [`Resolve`] knows the addresses of names, time is Tokio's. The
//! feature `doh` brings `Doh`, DNS over HTTPS with several resolvers, and with it `tls`, rustls over any stream. With
//! the feature `testing` all of it runs in memory under virtual time (`testing::MemoryNet`), faults included.

mod chain;
mod dialer;
#[cfg(feature = "doh")]
mod doh;
mod error;
mod health;
mod http;
mod link;
mod network;
mod policy;
mod prefixed;
mod race;
mod socks5;
mod stream;
mod target;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(feature = "tls")]
mod tls;

pub use chain::{Chain, Credentials, Hop, Kind};
pub use dialer::{Dialed, Dialer};
#[cfg(feature = "doh")]
pub use doh::{Doh, DohServer};
pub use error::{Attempt, DialError};
pub use health::{Health, Standing};
pub use link::LinkError;
pub use network::{Network, Resolve, SystemDns, Wanted};
pub use policy::{Order, Policy, Route};
pub use prefixed::Prefixed;
pub use stream::{BoxFuture, BoxStream, Connect, Stream, Tcp};
pub use target::{Host, Target};
#[cfg(feature = "tls")]
pub use tls::Tls;
