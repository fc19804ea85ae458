//! Errors on their way to another process.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::{Error, FloodWait, Limit, RpcError, Wait};

/// Why something was not done, as far as it can be told to another process.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Wrong {
    Rpc { code: i32, message: String },
    Flood { peer: Option<i64>, wait: WrongWait },
    Queue { queue: String, stopped: bool },
    MayHaveBeenExecuted,
    TooLong(usize),
    Other(String),
}

/// What is known of a limit.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct WrongWait {
    said: String,
    policy: Waits,
    dc: i32,
    of_method: bool,
    of_peer: Option<i64>,
    next_free: Duration,
    waits: usize,
}

/// A [`Wait`].
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Waits {
    Fail,
    Up(Duration),
    Reschedule,
}

impl Wrong {
    pub(super) fn of(error: &Error) -> Self {
        match error {
            Error::Shared(error) => Self::of(error),
            Error::Rpc { error, .. } => Self::Rpc { code: error.code, message: error.message.clone() },
            Error::Flood(flood) => {
                let FloodWait { peer, error, policy, limit, .. } = &**flood;
                let Limit { dc, method, peer: of_peer, next_free, waits, .. } = limit.clone();
                let said = error.message.clone();
                let wait = WrongWait { said, policy: (*policy).into(), dc, of_method: method.is_some(), of_peer, next_free, waits };
                Self::Flood { peer: *peer, wait }
            }
            Error::Queue { queue, stopped, .. } => Self::Queue { queue: queue.clone(), stopped: *stopped },
            Error::TooLong { len, .. } => Self::TooLong(*len),
            error if error.may_have_been_executed() => Self::MayHaveBeenExecuted,
            error => Self::Other(error.to_string()),
        }
    }

    /// The error again, of a function, at this Unix time.
    pub(super) fn error(self, method: &'static str, now: Duration) -> Error {
        match self {
            Self::Rpc { code, message } => Error::Rpc { method, error: RpcError::new(code, &message) },
            Self::Flood { peer, wait } => {
                let WrongWait { said, policy, dc, of_method, of_peer, next_free, waits } = wait;
                let limit = Limit { dc, method: of_method.then_some(method), peer: of_peer, next_free, waits };
                Error::Flood(Box::new(FloodWait::new(method, peer, policy.into(), limit, Some(said), now)))
            }
            Self::Queue { queue, stopped } => Error::Queue { method, queue, stopped },
            Self::MayHaveBeenExecuted => Error::MayHaveBeenExecuted { method },
            Self::TooLong(len) => Error::TooLong { method, len },
            Self::Other(text) => Error::Invalid(text),
        }
    }
}

impl From<Wait> for Waits {
    fn from(wait: Wait) -> Self {
        match wait {
            Wait::Fail => Self::Fail,
            Wait::Up(most) => Self::Up(most),
            Wait::Reschedule => Self::Reschedule,
        }
    }
}

impl From<Waits> for Wait {
    fn from(wait: Waits) -> Self {
        match wait {
            Waits::Fail => Self::Fail,
            Waits::Up(most) => Self::Up(most),
            Waits::Reschedule => Self::Reschedule,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_are_the_same_in_another_process() {
        let now = Duration::from_secs(1_800_000_000);
        let method = "messages.sendMessage";
        let limit = Limit { dc: 2, method: Some(method), peer: Some(5), next_free: Duration::from_secs(37), waits: 3 };
        let policy = Wait::Up(Duration::from_secs(30));
        let flood = FloodWait::new(method, Some(5), policy, limit, Some("FLOOD_WAIT_37".to_owned()), now);
        for error in [
            Error::rpc(method, 403, "USER_IS_BLOCKED"),
            Error::Flood(Box::new(flood)),
            Error::Queue { method, queue: "q".to_owned(), stopped: true },
            Error::MayHaveBeenExecuted { method },
            Error::TooLong { method, len: 5 },
            Error::Invalid("wrong".to_owned()),
        ] {
            let told = serde_json::to_vec(&Wrong::of(&error)).unwrap();
            let again = serde_json::from_slice::<Wrong>(&told).unwrap().error(method, now);
            assert_eq!(again.to_string(), error.to_string());
            assert_eq!(again.flood_wait(), error.flood_wait());
            assert_eq!(again.may_have_been_executed(), error.may_have_been_executed());
        }
    }
}
