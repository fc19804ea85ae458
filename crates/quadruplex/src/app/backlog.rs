use std::time::{Duration, SystemTime};

use crate::router::Update;

/// What becomes of messages that came while the program was off. What an earlier process had begun and not finished is handled in any
/// case; so is what has no date, as presses of buttons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backlog {
    /// All are handled.
    #[default]
    All,
    /// Only those that are not older than this.
    Since(Duration),
    /// None is.
    Skip,
}

impl Backlog {
    /// Whether an update is to be handled by a program that was started then.
    pub(super) fn wants(self, update: &Update, start: SystemTime) -> bool {
        let oldest = match self {
            Self::All => return true,
            Self::Since(age) => start.checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH),
            Self::Skip => start,
        };
        let Some(message) = update.message().filter(|_| !update.is_redelivered()) else { return true };
        // Telegram counts whole seconds.
        message.edited().unwrap_or_else(|| message.date()) + Duration::from_secs(1) > oldest
    }
}
