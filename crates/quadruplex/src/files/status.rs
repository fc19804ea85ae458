//! A message that tells how far a transfer is.

use std::time::Duration;

use tokio::time::Instant;

use super::{MIB, Progress};
use crate::Message;

/// Telegram does not like messages that are edited more often.
const PAUSE: Duration = Duration::from_secs(3);

/// Edits a message: at first, then after each pause, and at the end. Nobody waits for it; errors go where those of detached calls go.
pub(crate) fn told_in(status: &Message) -> impl FnMut(Progress) + Send + use<> {
    let (status, mut told) = (status.clone(), Told::default());
    // In order, so that what was said last stays.
    let queue = format!("progress in {} {}", status.chat(), status.id());
    move |progress| {
        if let Some(text) = told.next(progress, Instant::now()) {
            status.edit(text).queue(queue.as_str()).detach();
        }
    }
}

#[derive(Debug, Default)]
struct Told {
    last: Option<Instant>,
    text: String,
}

impl Told {
    /// What is to be said now.
    fn next(&mut self, progress: Progress, now: Instant) -> Option<String> {
        let is_whole = progress.total == Some(progress.done);
        if !is_whole && self.last.is_some_and(|last| now < last + PAUSE) {
            return None;
        }
        let mebibytes = |bytes: u64| bytes as f64 / MIB as f64;
        let text = match progress.fraction().zip(progress.total) {
            Some((part, total)) => format!("{:.0} % of {:.1} MiB", 100.0 * part, mebibytes(total)),
            None => format!("{:.1} MiB", mebibytes(progress.done)),
        };
        // An edit that changes nothing would be refused.
        if text == self.text {
            return None;
        }
        self.last = Some(now);
        self.text.clone_from(&text);
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_three_seconds_and_at_the_end() {
        let mut told = Told::default();
        let start = Instant::now();
        let mut check = |seconds: u64, done: u64, total: Option<u64>, expect: Option<&str>| {
            let next =
                told.next(Progress { done: done * MIB, total: total.map(|total| total * MIB) }, start + Duration::from_secs(seconds));
            assert_eq!(next.as_deref(), expect, "after {seconds} s");
        };
        check(0, 1, Some(10), Some("10 % of 10.0 MiB"));
        check(2, 3, Some(10), None);
        check(3, 3, Some(10), Some("30 % of 10.0 MiB"));
        check(7, 3, Some(10), None);
        check(8, 10, Some(10), Some("100 % of 10.0 MiB"));
        check(9, 10, Some(10), None);
        check(20, 11, None, Some("11.0 MiB"));
    }
}
