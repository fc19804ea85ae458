//! Errors that nobody waits for, told to the admins of an account: each kind once in a while, with the log.

mod digest;
mod log;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use quadruplex_api::PeerRef;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tracing::{debug, warn};

use crate::client::lock;
use crate::{Attachment, CAPTION_LENGTH, Client, Error, FormattedText, UploadSource};
use digest::Digest;
pub use log::log_tail;
pub(crate) use log::start_log;

/// Errors come in company: so long it is waited for the others.
const COMPANY: Duration = Duration::from_secs(1);
/// So long a report may take. Then it counts as failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something that went wrong.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// What has failed: `handler shop::checkout`, `messages.sendMessage`.
    pub(crate) what: String,
    pub(crate) error: String,
}

/// Tells admins of problems. Clones share it.
#[derive(Clone, Default)]
pub(crate) struct Reports(Arc<Inner>);

#[derive(Default)]
struct Inner {
    digest: Mutex<Digest>,
    more: Notify,
}

impl Reports {
    /// Notes a problem, which is told in the next report unless it was of late.
    pub(crate) fn add(&self, problem: Problem) {
        lock(&self.0.digest).add(problem, Instant::now());
        self.0.more.notify_one();
    }

    /// Sends reports, as long as it is polled. A report that fails is in the log and is no problem of its own, which would be reported.
    pub(crate) async fn run(&self, client: Client, admins: Vec<i64>) {
        loop {
            let due = lock(&self.0.digest).due(Instant::now());
            let Some(due) = due else {
                self.0.more.notified().await;
                continue;
            };
            tokio::select! {
                () = sleep_until(due) => {}
                () = self.0.more.notified() => continue,
            }
            sleep(COMPANY).await;
            let Some(report) = lock(&self.0.digest).take(Instant::now()) else { continue };
            let text = report.text(CAPTION_LENGTH);
            let document = format!("{}\n{}", report.whole(), log::tail());
            let mut told = 0;
            for admin in &admins {
                match timeout(PATIENCE, send(&client, *admin, &text, &document)).await {
                    Ok(Ok(())) => told += 1,
                    Ok(Err(error)) => {
                        warn!(admin, %error, "an admin could not be told of errors; a bot can write only to who has written to it")
                    }
                    Err(_) => warn!(admin, "an admin could not be told of errors in time"),
                }
            }
            debug!(told, "a report of errors was sent");
            lock(&self.0.digest).sent(told > 0, Instant::now());
        }
    }
}

async fn send(client: &Client, admin: i64, text: &str, document: &str) -> Result<(), Error> {
    let file = UploadSource::bytes("errors.txt", document.as_bytes().to_vec());
    let caption = FormattedText::from(text.to_owned());
    client.send_file(PeerRef::Id(admin), Attachment::from(file)).caption(caption).await.map(drop)
}
