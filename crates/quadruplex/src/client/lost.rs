//! A login that Telegram has ended: <https://core.telegram.org/api/errors#401-unauthorized>.

use tracing::error;

use super::invoke::needs_no_login;
use super::pool::lock;
use super::{Client, Inner};
use crate::{Error, RpcError};

/// Nothing is done any more under a key of which Telegram says this.
const ENDED: [&str; 7] = [
    "AUTH_KEY_DUPLICATED",
    "AUTH_KEY_INVALID",
    "AUTH_KEY_UNREGISTERED",
    "SESSION_EXPIRED",
    "SESSION_REVOKED",
    "USER_DEACTIVATED",
    "USER_DEACTIVATED_BAN",
];

/// Whether Telegram says that there is no login any more.
pub(super) fn is_end(error: &RpcError) -> bool {
    ENDED.contains(&error.name.as_str())
}

impl Client {
    /// What Telegram said when it ended this login: `SESSION_REVOKED` after the owner ended it on another device,
    /// `AUTH_KEY_DUPLICATED` after two programs used one session at the same time, and the like.
    ///
    /// From then on calls fail with that error without being made, the connections are left, and the
    /// [stream of updates](Self::updates) ends. Nothing is deleted from the store; signing in again is the way out.
    pub fn login_lost(&self) -> Option<RpcError> {
        self.inner.lost_error()
    }
}

impl Inner {
    /// Notes the end of the login if this error tells it.
    pub(super) fn note_lost(&self, method: &str, dc: i32, error: &RpcError) {
        // On another data centre only the copy of the login is gone, and is made again. Who signs out has no use for it.
        let is_lost = is_end(error) && dc == self.home_dc() && self.own_user().is_some() && method != "auth.logOut";
        if is_lost && lock(&self.lost).replace(error.clone()).is_none() {
            error!(
                error = error.message,
                store = self.writer.store().place(),
                "Telegram has ended this login; its key is kept, and no more calls are made. Sign in again"
            );
            // Or whoever takes them would wait until something else is asked about them.
            self.end_updates();
            // Nothing will come over the connections, and they would be made again for ever.
            self.pool.leave();
        }
    }

    /// Refuses a call that cannot succeed any more; what is asked on the way to a new login can.
    #[inline(always)]
    pub(super) fn check_login(&self, method: &'static str) -> Result<(), Error> {
        match &*lock(&self.lost) {
            Some(error) if !needs_no_login(method) && method != "account.getPassword" => Err(Error::Rpc { method, error: error.clone() }),
            _ => Ok(()),
        }
    }

    /// What a call ended with whose connection was left because of that.
    pub(crate) fn lost_error(&self) -> Option<RpcError> {
        lock(&self.lost).clone()
    }

    /// Somebody has signed in.
    pub(super) fn login_found(&self) {
        lock(&self.lost).take();
    }

    /// Whether no call succeeds any more: the client is closed, or its login has ended.
    pub(crate) fn is_ended(&self) -> bool {
        lock(&self.lost).is_some() || self.pool.is_over(self.home_dc())
    }

    /// Whether asking again is of no use: the client is closed, its key is unknown, or its login has ended.
    pub(crate) fn is_over(&self, error: &Error) -> bool {
        matches!(error, Error::Closed(_)) || lock(&self.lost).is_some()
    }
}
