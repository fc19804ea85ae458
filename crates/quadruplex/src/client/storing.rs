//! What is said when nothing can be stored.

use std::sync::Weak;
use std::time::Duration;

use quadruplex_store::Writer;
use tokio::sync::watch;
use tokio::time::sleep;
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

/// So long a store that fails is tried again before it is left as it is.
const LAST_TRIES: Duration = Duration::from_secs(5);

/// Writes what is left, before nothing more is. A disk that stays full is not waited for.
pub(super) async fn write_the_rest(writer: &Writer) {
    let mut failures = writer.failures();
    let given_up = async {
        let failed = failures.wait_for(Option::is_some).await.map(|failure| failure.clone());
        sleep(LAST_TRIES).await;
        failed
    };
    tokio::select! {
        () = writer.flush() => {}
        failed = given_up => {
            let error = failed.ok().flatten().unwrap_or_default();
            error!(error, "closed, although the last changes are not stored: the next start does not know them, and what was handled last comes again");
        }
    }
}
