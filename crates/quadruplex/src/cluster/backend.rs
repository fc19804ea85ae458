use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use quadruplex_net::BoxFuture;
use quadruplex_store::Store;
use tokio::sync::mpsc;

use crate::Error;

/// What machines have in common: stores of accounts, subjects to hear each other on, and which accounts there are.
///
/// A store is had by one machine at a time, and [is lost](Store::is_lost) before another one can have it. What is published on a subject comes to
/// everybody who has subscribed to it, in the order of its publisher; what comes twice or not at all is noticed.
pub trait Backend: Send + Sync + 'static {
    /// The store of an account; `None` while another machine has it. Who asks does not make that one give it up.
    ///
    /// # Errors
    /// It cannot be opened.
    fn open<'a>(&'a self, account: &'a str) -> BoxFuture<'a, Result<Option<Arc<dyn Store>>, Error>>;

    /// Sends to all who have subscribed, without waiting. What cannot be sent is dropped.
    fn publish(&self, subject: &str, message: Bytes);

    /// Hears what is published on a subject from now on.
    ///
    /// # Errors
    /// Nobody can be heard.
    fn subscribe<'a>(&'a self, subject: &'a str) -> BoxFuture<'a, Result<Subscription, Error>>;

    /// The names of the accounts of a [fleet](crate::Fleet).
    ///
    /// # Errors
    /// They cannot be read.
    fn accounts(&self) -> BoxFuture<'_, Result<Vec<String>, Error>>;

    /// Adds a name to them, or takes it away.
    ///
    /// # Errors
    /// They cannot be changed.
    fn set_account<'a>(&'a self, account: &'a str, is_there: bool) -> BoxFuture<'a, Result<(), Error>>;

    /// How long a machine of which nothing is heard may still be at work.
    fn lease(&self) -> Duration;
}

/// What is published on a subject. It ends when it may have missed something.
#[derive(Debug)]
pub struct Subscription(mpsc::Receiver<Bytes>);

/// So many messages wait for somebody who does not read them; then he has missed something.
const UNREAD: usize = 16_384;

impl Subscription {
    /// Somebody who hears, and where to send to.
    pub fn channel() -> (mpsc::Sender<Bytes>, Self) {
        let (sender, receiver) = mpsc::channel(UNREAD);
        (sender, Self(receiver))
    }

    /// The next message; `None` if something may have been missed.
    ///
    /// # Cancel safety
    /// Cancel safe.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.0.recv().await
    }
}

/// What is at an address, and the account that it names.
pub(super) fn open(address: &str) -> Result<(Arc<dyn Backend>, String), Error> {
    #[cfg(feature = "redis")]
    if address.starts_with("redis://") {
        return super::redis::open(address);
    }
    // What stands before `@` may be a password.
    let scheme = address.split("://").next().unwrap_or_default();
    let help = if cfg!(feature = "redis") { "" } else { ", with the feature `redis` of quadruplex" };
    Err(Error::Invalid(format!(
        "no machines can meet at an address of the kind {scheme:?}\n  help: use redis://host:port/0{help}, or a `Backend` of your own"
    )))
}
