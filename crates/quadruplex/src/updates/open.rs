use std::future::IntoFuture;
use std::time::Duration;

use quadruplex_net::BoxFuture;

use super::journal::Limits;
use super::{Order, UpdateStream};
use crate::{Client, Error};

/// The updates of an account, to be taken: see [`Client::updates`].
///
/// ```no_run
/// use quadruplex::Order;
///
/// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
/// let updates = client.updates().order(Order::PerUser).at_once(1000).await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "updates are not taken until this is awaited"]
pub struct OpenUpdates {
    client: Client,
    limits: Limits,
}

impl OpenUpdates {
    pub(crate) fn new(client: &Client) -> Self {
        Self { client: client.clone(), limits: Limits::default() }
    }

    pub(crate) fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Which updates come one after another; those of one chat unless told otherwise.
    pub fn order(self, order: Order) -> Self {
        Self { limits: self.limits.order(order), ..self }
    }

    /// How many deliveries there are at the same time at most; 256 unless told otherwise.
    pub fn at_once(self, count: usize) -> Self {
        Self { limits: self.limits.at_once(count), ..self }
    }

    /// After so many failures an update becomes a dead letter; 3 unless told otherwise.
    pub fn attempts(self, count: u32) -> Self {
        Self { limits: self.limits.attempts(count), ..self }
    }

    /// How long what stands in line behind a failure waits after the first one, which doubles with each further one up to `most`; a second
    /// and five minutes unless told otherwise.
    pub fn backoff(self, first: Duration, most: Duration) -> Self {
        Self { limits: self.limits.backoff(first, most), ..self }
    }

    /// How many updates wait or are handled at most, save those of an answer that was on its way; 10,000 unless told otherwise. Then the
    /// rest is left with Telegram until half of these are done.
    pub fn journal_limit(self, count: usize) -> Self {
        Self { limits: self.limits.journal_limit(count), ..self }
    }
}

impl IntoFuture for OpenUpdates {
    type Output = Result<UpdateStream, Error>;
    type IntoFuture = BoxFuture<'static, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move { self.client.open_updates(self.limits).await })
    }
}
