mod explain;
mod flood;
mod last_seen;

use std::fmt;
use std::time::Duration;

pub use flood::FloodWait;
pub use last_seen::LastSeen;
use quadruplex_net::{CallError, CloseReason};

/// Why something could not be done.
///
/// Match on what to do about it: [`is`](Self::is) for errors of Telegram by name, [`flood_wait`](Self::flood_wait) for a time
/// to wait, [`may_have_been_executed`](Self::may_have_been_executed) before trying again.
#[derive(thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Telegram refused the call.
    #[error("{method}: {error}")]
    Rpc {
        /// The function that was called.
        method: &'static str,
        /// What Telegram said.
        error: RpcError,
    },
    /// The call was made in a way that cannot work.
    #[error("{0}")]
    Invalid(String),
    /// A peer could not be found.
    #[error(transparent)]
    Peer(#[from] PeerError),
    /// The server lost the session before it answered, and repeating the call could do it twice.
    #[error(
        "{method}: the server lost the session before it answered; the call may have been executed\n  \
         help: look whether it took effect before trying again, or mark the call .repeatable() if twice does no harm"
    )]
    MayHaveBeenExecuted {
        /// The function that was called.
        method: &'static str,
    },
    /// The call took longer than it was given. The server was told that nobody wants the answer.
    #[error("{method} was cancelled after {:.1} s (timeout of the call); {}", .after.as_secs_f64(), .last_seen.of(.method))]
    Timeout {
        /// The function that was called.
        method: &'static str,
        /// How long it was given.
        after: Duration,
        /// What is known of it.
        last_seen: LastSeen,
    },
    /// The call was [cancelled](crate::Call::cancel) by its token. The server was told that nobody wants the answer.
    #[error("{method} was cancelled after {:.1} s (by its token); {}", .after.as_secs_f64(), .last_seen.of(.method))]
    Cancelled {
        /// The function that was called.
        method: &'static str,
        /// How long it had taken by then.
        after: Duration,
        /// What is known of it.
        last_seen: LastSeen,
    },
    /// Telegram wants it less often, and the call was not told to wait for so long.
    #[error(transparent)]
    Flood(Box<FloodWait>),
    /// The call was not made, since the one before it in its queue has failed and it was to [care](crate::AfterFailure).
    #[error("{method} was not made: the call before it in the queue {queue:?} has failed")]
    Queue {
        /// The function that was to be called.
        method: &'static str,
        /// The queue.
        queue: String,
        /// Whether those after it stop too.
        stopped: bool,
    },
    /// A layer around calls ([`Builder::layer`](crate::Builder), feature `tower`) has ended it.
    #[error("{method} was ended by a layer around calls: {source}")]
    Layer {
        /// The function that was called.
        method: &'static str,
        /// What the layer said.
        source: crate::BoxError,
    },
    /// The connection was closed for good.
    #[error("{0}")]
    Closed(CloseReason),
    /// Telegram answered with something that cannot be read.
    #[error("{method}: the answer cannot be read: {error}\n  help: Telegram may have a newer layer; a newer release will know it")]
    Unreadable {
        /// The function that was called.
        method: &'static str,
        /// Where the answer breaks off.
        error: quadruplex_tl::Error,
    },
    /// The query is longer than a server takes.
    #[error("{method}: {len} bytes are more than a server takes in one message; nothing was sent")]
    TooLong {
        /// The function that was called.
        method: &'static str,
        /// How long it is.
        len: usize,
    },
    /// A file could not be brought over.
    #[error("{what} stopped at byte {offset}: {source}")]
    Transfer {
        /// Which file, and which way.
        what: String,
        /// Where in the file.
        offset: u64,
        /// Why.
        source: Box<Error>,
    },
    /// The account is not signed in.
    #[error("not signed in\n  help: sign in first, by bot token or by phone number and code")]
    NotSignedIn,
    /// The store.
    #[error(transparent)]
    Store(#[from] quadruplex_store::Error),
    /// Several callers waited for one piece of work, and it failed for all of them.
    #[error(transparent)]
    Shared(std::sync::Arc<Error>),
    /// Somebody was asked and will not answer. In a handler `?` carries it out, and nobody is told.
    #[error(transparent)]
    ConversationEnded(#[from] crate::ConversationEnded),
    /// Something of the web could not be fetched.
    #[cfg(feature = "http")]
    #[error(transparent)]
    Http(Box<awaitkit_http::Error>),
    /// A file, a socket, the terminal.
    #[error("{doing}: {source}")]
    Io {
        /// What was tried, with the name of the file.
        doing: String,
        /// What the operating system said.
        source: std::io::Error,
    },
}

#[cfg(feature = "http")]
impl From<awaitkit_http::Error> for Error {
    fn from(error: awaitkit_http::Error) -> Self {
        Self::Http(Box::new(error))
    }
}

/// An error of Telegram, by name: <https://core.telegram.org/api/errors>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RpcError {
    /// Like an HTTP status.
    pub code: i32,
    /// The name without its number: `FLOOD_WAIT`.
    pub name: String,
    /// The number in the name: 37 in `FLOOD_WAIT_37`.
    pub value: Option<u32>,
    /// The name as Telegram gave it: `FLOOD_WAIT_37`.
    pub message: String,
}

/// A peer that could not be found, and what was tried.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{peer} was not found\n  tried: {}\n  help: {help}", .tried.join("; "))]
pub struct PeerError {
    /// The peer as it was named.
    pub peer: String,
    /// What was tried, and what came of it.
    pub tried: Vec<String>,
    /// What to do.
    pub help: &'static str,
}

/// The text too: what `main` returns, and what `unwrap` panics with, is shown to people.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error {
    /// Whether Telegram refused with this name. `*` stands for anything: `FLOOD_WAIT_*`.
    ///
    /// ```
    /// use quadruplex::Error;
    ///
    /// let error = Error::rpc("messages.sendMessage", 420, "FLOOD_WAIT_37");
    /// assert!(error.is("FLOOD_WAIT_37") && error.is("FLOOD_WAIT_*") && error.is("FLOOD_*") && error.is("FLOOD_WAIT"));
    /// assert!(!error.is("SLOWMODE_WAIT_*"));
    /// ```
    pub fn is(&self, name: &str) -> bool {
        let Some(error) = self.rpc_error() else { return false };
        match name.strip_suffix('*') {
            Some(prefix) => error.message.starts_with(prefix),
            None => error.message == name || error.name == name,
        }
    }

    /// How long Telegram wants us to wait, if that is why it refused. A 0 counts as a second.
    ///
    /// ```
    /// use std::time::Duration;
    /// use quadruplex::Error;
    ///
    /// let error = Error::rpc("messages.sendMessage", 420, "FLOOD_WAIT_37");
    /// assert_eq!(error.flood_wait(), Some(Duration::from_secs(37)));
    /// ```
    pub fn flood_wait(&self) -> Option<Duration> {
        self.rpc_error().and_then(RpcError::flood_wait)
    }

    /// Whether the call may have taken effect although it failed: nothing is known of it, or what it was answered cannot be read.
    pub fn may_have_been_executed(&self) -> bool {
        match self {
            Self::Shared(error) => error.may_have_been_executed(),
            Self::Transfer { source, .. } => source.may_have_been_executed(),
            Self::Timeout { last_seen, .. } | Self::Cancelled { last_seen, .. } => !matches!(last_seen, LastSeen::NotSent(_)),
            _ => matches!(self, Self::MayHaveBeenExecuted { .. } | Self::Unreadable { .. }),
        }
    }

    /// Whether a peer could not be found.
    pub(crate) fn is_unknown_peer(&self) -> bool {
        match self {
            Self::Shared(error) => error.is_unknown_peer(),
            _ => matches!(self, Self::Peer(_)),
        }
    }

    /// What Telegram said, if it was Telegram that refused.
    pub fn rpc_error(&self) -> Option<&RpcError> {
        match self {
            Self::Rpc { error, .. } => Some(error),
            Self::Flood(flood) => Some(&flood.error),
            Self::Shared(error) => error.rpc_error(),
            Self::Transfer { source, .. } => source.rpc_error(),
            _ => None,
        }
    }

    /// An error as Telegram returns it, for tests of one's own handling.
    pub fn rpc(method: &'static str, code: i32, message: &str) -> Self {
        Self::Rpc { method, error: RpcError::new(code, message) }
    }

    pub(crate) fn of_call(method: &'static str, len: usize, error: CallError) -> Self {
        match error {
            CallError::Rpc(error) => Self::rpc(method, error.code, &error.message),
            CallError::TooLong => Self::TooLong { method, len },
            CallError::Unreadable(error) => Self::Unreadable { method, error },
            CallError::Closed(reason) => Self::Closed(reason),
            _ => Self::MayHaveBeenExecuted { method },
        }
    }

    pub(crate) fn io(doing: impl Into<String>, source: std::io::Error) -> Self {
        Self::Io { doing: doing.into(), source }
    }
}

impl RpcError {
    /// Takes the number out of a name.
    pub fn new(code: i32, message: &str) -> Self {
        let number = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        let value = message.split('_').find(number).and_then(|part| part.parse().ok());
        let name = message.split('_').filter(|part| !number(part)).collect::<Vec<_>>().join("_");
        Self { code, name, value, message: message.to_owned() }
    }

    /// See [`Error::flood_wait`].
    pub fn flood_wait(&self) -> Option<Duration> {
        const WAITS: [&str; 6] =
            ["FLOOD_WAIT", "FLOOD_PREMIUM_WAIT", "SLOWMODE_WAIT", "FLOOD_TEST_PHONE_WAIT", "2FA_CONFIRM_WAIT", "TAKEOUT_INIT_DELAY"];
        let seconds = self.value.filter(|_| WAITS.contains(&self.name.as_str()))?;
        Some(Duration::from_secs(u64::from(seconds.max(1))))
    }
}

impl fmt::Display for RpcError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_number_is_taken_out_of_a_name() {
        let check = |message: &str, name: &str, value: Option<u32>| {
            let error = RpcError::new(400, message);
            assert_eq!((error.name.as_str(), error.value), (name, value), "{message}");
        };
        check("FLOOD_WAIT_37", "FLOOD_WAIT", Some(37));
        check("FILE_PART_3_MISSING", "FILE_PART_MISSING", Some(3));
        check("PHONE_MIGRATE_2", "PHONE_MIGRATE", Some(2));
        check("PEER_ID_INVALID", "PEER_ID_INVALID", None);
        check("2FA_CONFIRM_WAIT_60", "2FA_CONFIRM_WAIT", Some(60));
    }
}
