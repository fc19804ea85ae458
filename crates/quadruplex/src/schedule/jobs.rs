use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quadruplex_crypto::hash::sha256;
use quadruplex_store::{Value, ValueKey};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use super::plan::Next;
use super::{Schedule, Tick};
use crate::app::Report;
use crate::router::{Account, Plan, Update};
use crate::updates::UpdateLimits;
use crate::{Client, Error, Event};

/// Where it is kept until when a handler has run: milliseconds of Unix time, eight bytes, little-endian.
const SPACE: &str = "schedule";
/// The clock can be set, and does not stop while the machine sleeps: it is looked at so often.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// A handler and its times.
#[derive(Debug)]
pub(crate) struct Job {
    /// Its place among the jobs.
    pub(crate) route: usize,
    pub(crate) handler: &'static str,
    pub(crate) schedule: Schedule,
}

impl Job {
    /// What tells it from the others, now and at the next start.
    pub(crate) fn name(&self) -> &str {
        self.schedule.name().unwrap_or(self.handler)
    }

    /// A time of its own, which is the same whenever it runs for it, in every process if it is kept.
    pub(crate) fn tick(&self, due: SystemTime, attempts: u32) -> Tick {
        let millis = due.duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let hash = sha256(&[b"schedule", &millis.to_le_bytes(), self.name().as_bytes()]);
        Tick { route: self.route, due, attempts, identity: hash.first_chunk().copied().unwrap_or_default() }
    }
}

/// Runs the scheduled handlers of an account.
#[derive(Clone)]
pub(crate) struct Jobs {
    pub(crate) client: Client,
    pub(crate) account: Arc<Account>,
    pub(crate) plan: Arc<Plan>,
    pub(crate) report: Report,
    /// The handlers of updates take theirs there, too.
    pub(crate) slots: Arc<Semaphore>,
    pub(crate) limits: UpdateLimits,
}

impl Jobs {
    /// Until it is told to stop; then those that run are waited for.
    pub(crate) async fn run(self, stop: CancellationToken, drain_within: Duration) {
        let mut running = JoinSet::new();
        for at in 0..self.plan.jobs().len() {
            let (jobs, stop) = (self.clone(), stop.clone());
            running.spawn(async move { jobs.keep(&jobs.plan.jobs()[at], &stop).await });
        }
        stop.cancelled().await;
        let deadline = Instant::now() + drain_within;
        while let Ok(Some(_)) = timeout_at(deadline, running.join_next()).await {}
        if !running.is_empty() {
            warn!(unfinished = running.len(), "scheduled handlers did not end in time");
        }
        running.shutdown().await;
    }

    async fn keep(&self, job: &Job, stop: &CancellationToken) {
        let Job { schedule, handler, .. } = job;
        let mut last = match self.begin(schedule).await {
            Ok(last) => last,
            Err(error) => {
                error!(handler, %error, "it is not known until when a scheduled handler has run; counting from now");
                self.now()
            }
        };
        while !stop.is_cancelled() {
            let now = self.now();
            last = schedule.set_back(last, now);
            match schedule.next(last, now) {
                Next::At(due) => {
                    let wait = due.duration_since(now).unwrap_or_default().min(LOOK_AGAIN);
                    stop.run_until_cancelled(sleep(wait)).await;
                }
                Next::Run { due, then } => {
                    if self.run_job(job, due, stop).await {
                        last = then;
                        self.save(schedule, last);
                    }
                }
                Next::Never => {
                    debug!(handler, "a scheduled handler is never due again");
                    return;
                }
            }
        }
    }

    /// Runs it, again if it fails, and keeps it as a dead letter if it fails too often; false if it was told to stop before that had an end.
    async fn run_job(&self, job: &Job, due: SystemTime, stop: &CancellationToken) -> bool {
        let mut attempts = 0;
        loop {
            // Never closed.
            let Some(Ok(slot)) = stop.run_until_cancelled(Arc::clone(&self.slots).acquire_owned()).await else { return false };
            let update = Update::tick(&self.client, &self.account, self.plan.states(), job.tick(due, attempts), 0);
            let Err(failed) = self.report.scope(self.plan.run(&update)).await else { return true };
            drop(slot);
            if self.client.inner.is_ended() {
                return false;
            }
            attempts += 1;
            error!(attempts, %failed, "a scheduled handler has failed");
            self.report.failed(&failed);
            if attempts >= self.limits.attempts {
                let event = Event::Scheduled { handler: job.name().to_owned(), at: due };
                let number = self.client.inner.bury(&event, attempts, failed.to_string());
                error!(number, handler = job.handler, "a scheduled handler has failed too often: this time of it is a dead letter now");
                return true;
            }
            if stop.run_until_cancelled(sleep(self.limits.pause(attempts))).await.is_none() {
                return false;
            }
        }
    }

    /// From when the next time is counted at the start.
    async fn begin(&self, schedule: &Schedule) -> Result<SystemTime, Error> {
        let now = self.now();
        let Some(key) = key(schedule) else { return Ok(now) };
        let value = self.client.inner.writer.store().value(key).await?;
        let millis = value.and_then(|value| Some(u64::from_le_bytes(*value.bytes.first_chunk()?)));
        match millis.and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis))) {
            Some(last) => Ok(schedule.set_back(last, now)),
            None => {
                self.save(schedule, now);
                Ok(now)
            }
        }
    }

    fn save(&self, schedule: &Schedule, last: SystemTime) {
        let Some(key) = key(schedule) else { return };
        let millis = last.duration_since(UNIX_EPOCH).ok().and_then(|since| u64::try_from(since.as_millis()).ok()).unwrap_or(0);
        let value = Value { bytes: millis.to_le_bytes().to_vec(), expires: None };
        self.client.inner.writer.queue(|commit| commit.value(key, value));
    }

    fn now(&self) -> SystemTime {
        UNIX_EPOCH + self.client.inner.settings.environment.now().wall
    }
}

fn key(schedule: &Schedule) -> Option<ValueKey> {
    schedule.name().map(|name| ValueKey::new(SPACE, name))
}
