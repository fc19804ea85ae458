//! A client from its first handle to its last.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use quadruplex_net::CloseReason;
use tracing::warn;

use super::storing::write_the_rest;
use super::{Client, Inner};

impl Client {
    /// One more handle. What the client does by itself has none, so that it ends with the last.
    pub(crate) fn of(inner: Arc<Inner>) -> Self {
        inner.handles.fetch_add(1, Ordering::Relaxed);
        Self { inner }
    }

    /// Closes all connections, writes what has to be kept, and lets go of the store. Calls in flight end with an error. A store that cannot
    /// be written (a full disk) is tried for some seconds more; then the log tells, and what was handled last comes again at the next start.
    ///
    /// # Cancel safety
    /// May be called again.
    pub async fn close(&self) {
        self.inner.close(CloseReason::Requested).await;
    }
}

impl Clone for Client {
    fn clone(&self) -> Self {
        Self::of(Arc::clone(&self.inner))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.inner.handles.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.inner.end_updates();
            self.inner.pool.shut(CloseReason::Requested);
        }
    }
}

impl Inner {
    pub(super) async fn close(&self, reason: CloseReason) {
        self.end_updates();
        self.pool.close(reason).await;
        if self.writer.store().is_lost() {
            // Nothing can be written, and it may not even answer.
            return;
        }
        write_the_rest(&self.writer).await;
        if let Err(error) = self.writer.store().close().await {
            warn!(%error, "the store could not be let go; whoever opens it next may have to wait");
        }
    }

    /// Whoever takes the updates is to know of an end before calls fail because of it.
    pub(super) fn end_updates(&self) {
        if let Some(updates) = self.updates() {
            updates.close();
        }
    }
}
