use std::future::IntoFuture;

use awaitkit::Task;

use super::replies::carried;

/// Starts work in the background: [`awaitkit::spawn`], for handlers. The work ends when the handle is dropped, unless that is detached; a
/// panic in it becomes an error.
///
/// What is sent by work that a handler has started so is sent once, as what the handler sends itself: when the handler runs again, and
/// starts the same work in the same order, Telegram knows what was sent before. That does not hold in a task that was started in another
/// way, as by `tokio::spawn`; there a [`Call::once`](crate::Call::once) does it. A [`Call::detach`](crate::Call::detach) needs neither.
///
/// The update is done when the handler ends. What the work has not done by then is lost with the process; await the handle if it must not
/// be.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn both(msg: Text, client: Client) -> Result<&'static str> {
///     let text = msg.text().to_owned();
///     let copy = spawn(async move { client.send("me", text).await });
///     msg.respond("copying").await?;
///     copy.await??;
///     Ok("copied")
/// }
/// # let _ = Router::new().on_message(both);
/// ```
///
/// # Panics
/// Outside a Tokio runtime.
#[doc(alias = "fork")]
#[track_caller]
pub fn spawn<F>(work: F) -> Task<F::Output>
where
    F: IntoFuture<IntoFuture: Send + 'static, Output: Send + 'static>,
{
    awaitkit::spawn(carried(work.into_future()))
}
