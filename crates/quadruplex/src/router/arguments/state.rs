use crate::router::argument::Needs;
use crate::router::{Argument, Refusal, Update};

/// A value that was given to the router, by its type; see [`Router::state`](crate::Router::state).
///
/// Every handler gets a clone: what changes belongs into an `Arc`.
///
/// ```
/// use quadruplex::prelude::*;
/// use std::sync::{Arc, atomic::{AtomicU32, Ordering}};
///
/// async fn count(_: Text, State(seen): State<Arc<AtomicU32>>) -> String {
///     format!("message {}", seen.fetch_add(1, Ordering::Relaxed) + 1)
/// }
///
/// let router = Router::new().on_message(count).state(Arc::new(AtomicU32::new(0)));
/// # let _ = router;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct State<T>(pub T);

impl<T: Clone + Send + Sync + 'static> Argument for State<T> {
    async fn take(update: &Update) -> Result<Self, Refusal> {
        // That it is there was checked before the first update.
        update.states().of().map(State).ok_or(Refusal::Skip)
    }

    fn declare(needs: &mut Needs) {
        needs.state::<T>();
    }
}
