//! Filters by value: what stands in a message, who wrote it, where.
//!
//! They are put on a handler with [`Handler::when`](super::Handler::when), on all handlers of a router with
//! [`Router::only`](super::Router::only), and compose with [`and`](Filter::and), [`or`](Filter::or) and [`not`](Filter::not). A function
//! from [`&Update`](Update) to `bool` is one too.
//!
//! ```
//! use quadruplex::prelude::*;
//!
//! async fn praise() -> &'static str {
//!     "well said"
//! }
//!
//! let polite = filter::contains("please").or(filter::ends_with("thank you").ignore_case());
//! let router = Router::new().on_message(praise.when(polite.and(filter::from_users(["@lena", "@omar"]))));
//! # let _ = router;
//! ```

mod combine;
mod message;
mod peers;
mod text;

pub use combine::{And, Not, Or};
pub use message::{ServiceKind, edited, forwarded, has_media, in_topics, media, replies, service};
pub use peers::{Peers, channel, from_users, group, in_chats, private};
pub use text::{Words, contains, ends_with, regex, starts_with, text};

use quadruplex_net::BoxFuture;

use super::Update;
use crate::{Client, Error};

/// Says whether an update is wanted.
pub trait Filter: Send + Sync + 'static {
    /// Whether it is. Asked for every update, so that it has to be quick.
    fn passes(&self, update: &Update) -> bool;

    /// What has to be looked up before the first update.
    #[doc(hidden)]
    fn prepare<'a>(&'a self, client: &'a Client) -> BoxFuture<'a, Result<(), Error>> {
        let _ = client;
        Box::pin(std::future::ready(Ok(())))
    }

    /// Wanted by both.
    fn and<F: Filter>(self, other: F) -> And<Self, F>
    where
        Self: Sized,
    {
        And(self, other)
    }

    /// Wanted by one of them, or both.
    fn or<F: Filter>(self, other: F) -> Or<Self, F>
    where
        Self: Sized,
    {
        Or(self, other)
    }

    /// What this one does not want.
    fn not(self) -> Not<Self>
    where
        Self: Sized,
    {
        Not(self)
    }
}

impl<F: Fn(&Update) -> bool + Send + Sync + 'static> Filter for F {
    fn passes(&self, update: &Update) -> bool {
        self(update)
    }
}
