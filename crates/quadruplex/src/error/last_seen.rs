use std::fmt;
use std::time::Duration;

use quadruplex_net::{Fate, Report};

/// What was known of a call when its caller did not wait any more.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum LastSeen {
    /// It had not been sent, so that it has not been executed; why not.
    NotSent(&'static str),
    /// It had been sent, and the server was told to drop the answer. What the connection knew.
    Sent(Report),
    /// The connection did not tell in time; or an earlier attempt may have been executed.
    Unknown,
}

impl LastSeen {
    pub(crate) fn of_report(report: Report) -> Self {
        match (report.fate, report.connected) {
            (Fate::NotSent, Some(_)) => Self::NotSent("it waited to be written"),
            (Fate::NotSent, None) => Self::NotSent("there was no connection"),
            _ => Self::Sent(report),
        }
    }

    /// For the error of a method.
    pub(super) fn of(self, method: &str) -> impl fmt::Display {
        let (what, help) = match method {
            "auth.logOut" => ("the login may have ended", SIGN_OUT),
            method if method.starts_with("messages.send") => ("the message may exist", ""),
            _ => ("the call may have been executed", ""),
        };
        Text { last_seen: self, what, help }
    }
}

struct Text {
    last_seen: LastSeen,
    what: &'static str,
    help: &'static str,
}

const SIGN_OUT: &str = "\n  help: the login is kept here; sign out again when the server answers, or end it on another device";

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.last_seen {
            LastSeen::NotSent(why) => write!(f, "nothing was sent\n  {why}")?,
            LastSeen::Sent(report) => {
                write!(f, "the server was told, {}\n  DC {}, ", self.what, report.dc)?;
                match report.connected {
                    Some(age) => write!(f, "connection {} old, ", rough(age))?,
                    None => f.write_str("no connection at the moment, ")?,
                }
                match report.fate {
                    Fate::Sent { ago, acknowledged } => {
                        let acknowledged = if acknowledged { "acknowledged" } else { "not acknowledged" };
                        write!(f, "sent {:.1} s ago, {acknowledged}, ", ago.as_secs_f64())?;
                    }
                    Fate::Ended => f.write_str("the answer was on its way, ")?,
                    Fate::NotSent => {}
                }
                write!(f, "clock {:+.1} s", report.clock)?;
            }
            LastSeen::Unknown => write!(f, "the server will be told, {}", self.what)?,
        }
        f.write_str(self.help)
    }
}

/// A duration as one says it.
fn rough(time: Duration) -> String {
    match time.as_secs() {
        seconds @ ..120 => format!("{seconds} s"),
        seconds @ ..7200 => format!("{} min", seconds / 60),
        seconds @ ..172_800 => format!("{} h", seconds / 3600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Error;

    #[test]
    fn what_a_cancelled_call_says() {
        let check = |method, last_seen, expected: &str| {
            let error = Error::Timeout { method, after: Duration::from_secs(2), last_seen };
            assert_eq!(error.to_string(), expected);
        };
        let fate = Fate::Sent { ago: Duration::from_millis(1900), acknowledged: false };
        let report = Report { dc: 2, connected: Some(Duration::from_secs(250)), fate, clock: 0.2 };
        check(
            "messages.sendMedia",
            LastSeen::of_report(report),
            "messages.sendMedia was cancelled after 2.0 s (timeout of the call); the server was told, the message may exist\n  \
             DC 2, connection 4 min old, sent 1.9 s ago, not acknowledged, clock +0.2 s",
        );
        check(
            "messages.editMessage",
            LastSeen::of_report(Report { fate: Fate::NotSent, connected: None, ..report }),
            "messages.editMessage was cancelled after 2.0 s (timeout of the call); nothing was sent\n  there was no connection",
        );
    }
}
