//! What is said when nothing can be stored.

use std::sync::Weak;

use tokio::sync::watch;
use tracing::{error, info};

use super::Inner;
use crate::reports::Problem;

/// Tells the log and the admins when the store begins to fail, and the log when it is good again. Ends with the writer.
pub(super) async fn tell_of_failures(client: Weak<Inner>, mut failures: watch::Receiver<Option<String>>) {
    while failures.changed().await.is_ok() {
        let failure = failures.borrow_and_update().clone();
        let Some(inner) = client.upgrade() else { return };
        let Some(error) = failure else {
            info!("what happens is stored again, and what could not be was stored with it");
            continue;
        };
        error!(error, "nothing can be stored; it is tried again and again, and until then what is handled may come again after a restart");
        if let Some(reports) = inner.reports.get() {
            reports.add(Problem { what: "the store".to_owned(), error });
        }
    }
}
