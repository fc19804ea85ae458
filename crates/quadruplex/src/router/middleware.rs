use std::fmt;
use std::future::Future;
use std::sync::Arc;

use quadruplex_net::BoxFuture;

use super::plan::Route;
use super::{Outcome, Refusal, Update};

/// Runs around handlers, each time one may run for an update: before its arguments are taken, and after it has its answer, which is not
/// sent yet. Any function `async fn(Update, Next) -> Result<Outcome, Refusal>` is one.
///
/// ```
/// use quadruplex::prelude::*;
/// use quadruplex::router::Next; // that of the prelude is for loops
///
/// async fn timed(update: Update, next: Next) -> Result<Outcome, Refusal> {
///     let (handler, start) = (next.handler(), std::time::Instant::now());
///     let outcome = next.run(update).await;
///     println!("{handler} took {:?}", start.elapsed());
///     outcome
/// }
///
/// let router = Router::new().with(timed).on_message(async |msg: Text| msg.text().to_owned());
/// # let _ = router;
/// ```
pub trait Middleware: Send + Sync + 'static {
    /// Does what comes before, runs the rest with [`Next::run`] (or does not), does what comes after.
    fn handle(&self, update: Update, next: Next) -> BoxFuture<'static, Result<Outcome, Refusal>>;
}

impl<F, Fut> Middleware for F
where
    F: Fn(Update, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<Outcome, Refusal>> + Send + 'static,
{
    fn handle(&self, update: Update, next: Next) -> BoxFuture<'static, Result<Outcome, Refusal>> {
        Box::pin(self(update, next))
    }
}

/// What comes after a middleware: the next one, or the handler.
pub struct Next {
    route: Arc<Route>,
    /// So many have run.
    at: usize,
}

impl Next {
    pub(super) fn first(route: &Arc<Route>) -> Self {
        Self { route: Arc::clone(route), at: 0 }
    }

    /// The name of the handler.
    pub fn handler(&self) -> &'static str {
        self.route.handler.name()
    }

    /// Runs it.
    ///
    /// # Errors
    /// Those of the handler; [`Refusal::Skip`] if it is not for this update after all.
    ///
    /// # Cancel safety
    /// As cancel safe as the handler.
    pub async fn run(self, update: Update) -> Result<Outcome, Refusal> {
        let Self { route, at } = self;
        match route.middleware.get(at) {
            Some(middleware) => middleware.handle(update, Self { route: Arc::clone(&route), at: at + 1 }).await,
            None => route.handler.start(update).await,
        }
    }
}

impl fmt::Debug for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Next").field("handler", &self.handler()).finish_non_exhaustive()
    }
}
