//! One handler for one update: the middleware around it, its answer, its failure.

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

use futures_util::FutureExt;

use super::arguments::Failure;
use super::middleware::Next;
use super::plan::{Failed, Route};
use super::replies::Signature;
use super::watchdog::watch;
use super::{Outcome, Refusal, Update, replies};
use crate::{BoxError, conversation};

/// What became of a handler.
pub(super) enum Ended {
    /// An argument was not there.
    Skipped,
    Done,
    Failed(Failed),
}

impl Ended {
    /// What became of both.
    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Failed(mut one), Self::Failed(other)) => {
                one.0.extend(other.0);
                Self::Failed(one)
            }
            (failed @ Self::Failed(_), _) | (_, failed @ Self::Failed(_)) => failed,
            (Self::Done, _) | (_, Self::Done) => Self::Done,
            (Self::Skipped, Self::Skipped) => Self::Skipped,
        }
    }
}

impl Route {
    pub(super) async fn run(self: &Arc<Self>, update: &Update) -> Ended {
        let name = self.handler.name();
        let started = async {
            match self.middleware.is_empty() {
                true => self.handler.start(update.clone()).await,
                false => Next::first(self).run(update.clone()).await,
            }
        };
        let mut error = match contained(name, update, self.signature, started).await {
            Ok(true) => return Ended::Done,
            Ok(false) => return Ended::Skipped,
            Err(error) => error,
        };
        for (at, on_error) in self.on_error.iter().enumerate() {
            let failed = update.failed(Failure { handler: name, error: Arc::clone(&error) });
            if !on_error.fits(&failed) {
                continue;
            }
            // What each of them sends is told apart from what the handler and the others have sent.
            let nth = self.on_error[..at].iter().filter(|other| other.name() == on_error.name()).count();
            let signature = self.signature.of_error_handler(on_error.name(), nth);
            match contained(on_error.name(), &failed, signature, on_error.start(failed.clone())).await {
                Ok(true) => return Ended::Done,
                Ok(false) => {}
                Err(next) => error = next,
            }
        }
        Ended::Failed(Failed(vec![(name, error)]))
    }
}

/// Runs a handler and gives its answer; false if it is not for the update. A panic is an error.
async fn contained(
    name: &'static str,
    update: &Update,
    signature: Signature,
    started: impl Future<Output = Result<Outcome, Refusal>>,
) -> Result<bool, Arc<BoxError>> {
    let work = async {
        let outcome = match started.await {
            Ok(outcome) => outcome,
            Err(Refusal::Skip) => return Ok(false),
            Err(Refusal::Answer(text)) => Outcome::text(text),
            // Whoever ends a conversation wants nothing more.
            Err(Refusal::Failed(error)) if conversation::is_end(&error) => return Ok(true),
            Err(Refusal::Failed(error)) => return Err(error),
        };
        outcome.give(update).await?;
        Ok(true)
    };
    match AssertUnwindSafe(watch(name, replies::scope(update, signature, work))).catch_unwind().await {
        Ok(ended) => ended.map_err(Arc::new),
        Err(panic) => Err(Arc::new(format!("panicked: {}", message(&*panic)).into())),
    }
}

/// What a panic says.
fn message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
