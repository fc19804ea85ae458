//! What a call does after an attempt that failed: it waits, begins again elsewhere, or ends with an error.

use std::time::Duration;

use quadruplex_net::{BoxFuture, CallError};
use tokio::time::sleep;
use tracing::{debug, warn};

use super::Run;
use crate::calls::limits::Asked;
use crate::calls::patience::GaveUp;
use crate::calls::{Limit, Wait};
use crate::client::{Erased, Next};
use crate::{Error, FloodWait, LastSeen};

/// So often one call waits because Telegram refuses it for now: with the longest wait that it takes unless told otherwise, ten minutes.
/// Where many calls share a limit, few of them are refused more than some times.
const WAITS: u8 = 20;

/// After so many attempts that met trouble it is said that there is some: nobody who waits for longer is left without a word.
const UNTOLD: u8 = 2;

/// What has been tried for one call.
#[derive(Debug, Default)]
pub(crate) struct Tried {
    waits: u8,
    pub(crate) troubles: u8,
    pub(crate) migrations: u8,
    pub(crate) looked_up_again: bool,
    pub(crate) signed_in_again: bool,
}

impl Tried {
    /// Whether it waits once more, as Telegram wants it to.
    pub(crate) fn may_wait(&mut self, wait: Duration, policy: Wait) -> bool {
        self.waits = self.waits.saturating_add(1);
        wait <= policy.most() && (self.waits <= WAITS || policy == Wait::Reschedule)
    }
}

impl Run {
    /// Does what has to be done before the next attempt. `Err` if there is none.
    pub(super) fn recover<'a>(&'a mut self, request: Option<&'a dyn Erased>, error: Error, dc: i32) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let is_stale = match self.react(&error, dc).await? {
                Next::Fail => return Err(error),
                Next::Again => false,
                Next::AgainAfter(pause) => {
                    let (method, attempts) = (self.method, self.tried.troubles);
                    if attempts > UNTOLD {
                        warn!(method, attempts, ?pause, %error, "the server is in trouble; the call is tried again after a pause");
                    } else {
                        debug!(method, ?pause, %error, "the call is repeated after a pause");
                    }
                    let waited = self.unless_closed(self.patience.wait(sleep(pause))).await?;
                    waited.map_err(|gave_up| self.gave_up(gave_up, LastSeen::Unknown))?;
                    false
                }
                Next::LookUpAgain if self.inner.peers.forget(&self.lookups) => true,
                Next::LookUpAgain => return Err(error),
            };
            match request {
                Some(request) if is_stale || !self.is_layered() => self.encode(request).await,
                _ => Ok(()),
            }
        })
    }

    /// Whether its bytes come from a layer, which may have changed them: they are kept for another attempt.
    pub(super) fn is_layered(&self) -> bool {
        #[cfg(feature = "tower")]
        return self.is_inside;
        #[cfg(not(feature = "tower"))]
        false
    }

    async fn react(&mut self, error: &Error, dc: i32) -> Result<Next, Error> {
        let Error::Rpc { error: refusal, .. } = error else { return Ok(Next::Fail) };
        match refusal.name.as_str() {
            "FLOOD_WAIT" | "FLOOD_PREMIUM_WAIT" | "SLOWMODE_WAIT" => {
                let Some(wait) = refusal.flood_wait() else { return Ok(Next::Fail) };
                let asked = Asked { dc, method: self.method, peer: self.peer() };
                let limit = self.inner.limits.refused(asked, refusal, wait);
                if !self.tried.may_wait(wait, self.wait()) {
                    return Err(self.flood(limit, Some(refusal.message.clone())));
                }
                debug!(method = self.method, ?wait, "Telegram wants a wait");
                Ok(Next::Again)
            }
            // The one before is still on its way: the same again.
            "MSG_WAIT_TIMEOUT" if self.refused().is_some() => {
                self.note_refused(None);
                Ok(Next::Again)
            }
            "MSG_WAIT_FAILED" if self.refused().is_some() => Ok(Next::Again),
            _ => {
                self.note_refused(None);
                let (function, wait) = (self.function(), self.wait());
                Box::pin(self.inner.react(error, dc, function, wait, &mut self.options, &mut self.tried)).await
            }
        }
    }

    pub(super) fn flood(&self, limit: Limit, said: Option<String>) -> Error {
        let now = self.inner.settings.environment.now().wall;
        Error::Flood(Box::new(FloodWait::new(self.method, self.peer(), self.wait(), limit, said, now)))
    }

    pub(super) fn never_sent(&self, gave_up: GaveUp, why: &'static str) -> Error {
        // An attempt that was refused has not been executed, one that met trouble may have been.
        self.gave_up(gave_up, if self.tried.troubles == 0 { LastSeen::NotSent(why) } else { LastSeen::Unknown })
    }

    pub(super) fn error_of(&self, error: CallError) -> Error {
        if let (CallError::Closed(_), Some(error)) = (&error, self.inner.lost_error()) {
            return Error::Rpc { method: self.method, error };
        }
        Error::of_call(self.method, self.len as usize, error)
    }

    pub(super) fn gave_up(&self, gave_up: GaveUp, last_seen: LastSeen) -> Error {
        gave_up.error(self.method, last_seen)
    }
}
