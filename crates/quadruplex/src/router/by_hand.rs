use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use quadruplex_api::enums;

use super::account::Account;
use super::plan::Plan;
use super::{Router, Update};
use crate::{Client, Error};

/// The handlers of a router, for updates that are given to them by hand: from a file, from a queue, to measure.
///
/// What an [`App`](crate::App) does around them is not done: nothing is kept for the case that the process dies, nothing is tried again,
/// nothing waits for its turn, albums are single messages, and a handler cannot [ask](super::Chat::ask).
///
/// ```no_run
/// use quadruplex::prelude::*;
/// use quadruplex::router::Handlers;
///
/// # async fn example(client: Client, router: Router, updates: Vec<quadruplex::api::enums::Update>) -> Result {
/// let handlers = Handlers::new(router, &client).await?;
/// for update in updates {
///     handlers.handle(&handlers.update(update)).await?;
/// }
/// # Ok(())
/// # }
/// ```
pub struct Handlers {
    client: Client,
    account: Arc<Account>,
    plan: Plan,
    /// Of these handlers, and how many updates they have been given.
    own: i64,
    given: AtomicU64,
}

impl Handlers {
    /// The handlers of a router, which use this client.
    ///
    /// # Errors
    /// A handler takes a state that the router was not given; the account is not signed in; those of a call.
    ///
    /// # Cancel safety
    /// Only reads.
    pub async fn new(router: Router, client: &Client) -> Result<Self, Error> {
        let plan = Plan::new(router)?;
        plan.prepare(client).await?;
        let account = Arc::new(Account::of(client, &[]).await?);
        Ok(Self { client: client.clone(), account, plan, own: client.inner.random_id(), given: AtomicU64::new(0) })
    }

    /// An update in the form in which handlers take it.
    ///
    /// The same message made twice is one update: what handlers send for it is sent once. What has nothing to be known by (that somebody types)
    /// is another update each time.
    pub fn update(&self, raw: enums::Update) -> Update {
        let number = self.given.fetch_add(1, Ordering::Relaxed);
        Update::by_hand(&self.client, &self.account, self.plan.states(), raw, (self.own, number))
    }

    /// Runs every handler that it fits, and makes their answers.
    ///
    /// # Errors
    /// Some have failed; the others have run all the same.
    ///
    /// # Cancel safety
    /// As cancel safe as the handlers.
    pub async fn handle(&self, update: &Update) -> crate::Result {
        self.plan.run(update).await.map_err(|failed| failed.to_string().into())
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers").field("client", &self.client).finish_non_exhaustive()
    }
}
