use std::fmt;
use std::time::Duration;

use crate::{Limit, RpcError, Wait};

/// Telegram wants a call less often, by an answer to this call or to one before it that was like it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FloodWait {
    /// The function that was called.
    pub method: &'static str,
    /// The chat that it was about, its id marked as the Bot API does; 0 for the account itself.
    pub peer: Option<i64>,
    /// What Telegram said, or would have said: the call is not made while the answer is known.
    pub error: RpcError,
    /// How long the call would have waited.
    pub policy: Wait,
    /// What is known of the limit.
    pub limit: Limit,
    /// When it is over, in Unix time by this machine's clock.
    pub next_free: Duration,
}

impl FloodWait {
    /// `said` is the name of the error if this very call was refused; `now` is Unix time.
    pub(crate) fn new(method: &'static str, peer: Option<i64>, policy: Wait, limit: Limit, said: Option<String>, now: Duration) -> Self {
        let seconds = limit.next_free.as_secs() + u64::from(limit.next_free.subsec_nanos() > 0);
        let name = if limit.method.is_some() { "FLOOD_WAIT" } else { "SLOWMODE_WAIT" };
        let error = RpcError::new(420, &said.unwrap_or_else(|| format!("{name}_{seconds}")));
        let next_free = now + limit.next_free;
        Self { method, peer, error, policy, limit, next_free }
    }
}

impl fmt::Display for FloodWait {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.method)?;
        match self.peer {
            Some(0) => f.write_str(" to oneself")?,
            Some(peer) => write!(f, " to {peer}")?,
            None => {}
        }
        let wait = self.error.flood_wait().unwrap_or_default();
        // It would have been waited for, had it been the first.
        let again = if wait <= self.policy.most() { ", or after too many waits" } else { "" };
        let wait = wait.as_secs();
        write!(f, ": {} {wait} s (policy: {}{again})\n  ", self.error.name, self.policy)?;
        f.write_str(match (self.limit.method, self.limit.peer) {
            (Some(_), Some(_)) => "this method, this peer: ",
            (Some(_), None) => "this method: ",
            (None, _) => "this chat's slow mode: ",
        })?;
        let (waits, plural) = (self.limit.waits, if self.limit.waits == 1 { "" } else { "s" });
        let of_day = self.next_free.as_secs() % 86_400;
        let (hours, minutes, seconds) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        writeln!(f, "{waits} wait{plural} in the last hour; next free {hours:02}:{minutes:02}:{seconds:02} UTC")?;
        let enough = wait.next_multiple_of(60).max(60);
        write!(f, "  help: .flood_wait(Wait::Up({enough} * SECOND)) or .flood_wait(Wait::Reschedule)")
    }
}

impl std::error::Error for FloodWait {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_flood_wait_says() {
        let limit = Limit {
            dc: 2,
            method: Some("messages.sendMessage"),
            peer: Some(-1_001_234),
            next_free: Duration::from_millis(36_200),
            waits: 3,
        };
        let policy = Wait::Up(Duration::from_secs(30));
        let now = Duration::from_secs(1_800_000_000 - 1_800_000_000 % 86_400 + 14 * 3600 + 60 + 34);
        let flood = FloodWait::new("messages.sendMessage", limit.peer, policy, limit, None, now);
        assert_eq!(
            flood.to_string(),
            "messages.sendMessage to -1001234: FLOOD_WAIT 37 s (policy: fail above 30 s)\n  \
             this method, this peer: 3 waits in the last hour; next free 14:02:10 UTC\n  \
             help: .flood_wait(Wait::Up(60 * SECOND)) or .flood_wait(Wait::Reschedule)"
        );
    }
}
