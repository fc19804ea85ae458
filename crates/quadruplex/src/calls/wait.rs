use std::fmt;
use std::time::Duration;

/// What a call does when Telegram wants it to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// It fails at once.
    Fail,
    /// It waits up to so long and is made then; a longer wait is an error, and so is the twenty-first. 30 s unless told otherwise.
    Up(Duration),
    /// It is put off to the time that Telegram names, however late and however often, and its timeout begins anew then.
    Reschedule,
}

impl Wait {
    pub(crate) fn most(self) -> Duration {
        match self {
            Self::Fail => Duration::ZERO,
            Self::Up(most) => most,
            Self::Reschedule => Duration::MAX,
        }
    }
}

impl Default for Wait {
    fn default() -> Self {
        Self::Up(Duration::from_secs(30))
    }
}

impl From<Duration> for Wait {
    fn from(most: Duration) -> Self {
        Self::Up(most)
    }
}

impl fmt::Display for Wait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fail => f.write_str("fail at once"),
            Self::Up(most) => write!(f, "fail above {} s", most.as_secs()),
            Self::Reschedule => f.write_str("put off"),
        }
    }
}
