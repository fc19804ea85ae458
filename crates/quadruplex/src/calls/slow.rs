//! Slow mode: how often the account may write to a chat.
//!
//! Known from the chat itself (`channelFull`), or from a refusal: `SLOWMODE_WAIT_X` after something was sent is the interval less the time
//! since then. While it is known, what is sent to the chat waits here instead of earning a refusal each time.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use tokio::time::Instant;

use crate::client::lock;

/// So many chats are remembered.
const MAX: usize = 1024;
/// The intervals that a chat can have, in seconds.
const INTERVALS: [u64; 6] = [10, 30, 60, 300, 900, 3600];
/// Telegram counts whole seconds, and an answer takes its time.
const BLUR: Duration = Duration::from_secs(2);

/// What is known of chats, by their marked ids.
#[derive(Debug, Default)]
pub(super) struct SlowModes(Mutex<HashMap<i64, Chat>>);

#[derive(Debug, Default)]
struct Chat {
    interval: Option<Duration>,
    /// When something was sent last.
    sent: Option<Instant>,
}

impl SlowModes {
    /// Something has arrived in a chat; how long the next has to wait.
    pub(super) fn sent(&self, peer: i64, now: Instant) -> Option<Duration> {
        let mut chats = lock(&self.0);
        make_room(&mut chats, peer);
        let chat = chats.entry(peer).or_default();
        chat.sent = Some(now);
        chat.interval
    }

    /// A chat wants a wait.
    pub(super) fn refused(&self, peer: i64, now: Instant, wait: Duration) {
        if let Some(chat) = lock(&self.0).get_mut(&peer)
            && let Some(sent) = chat.sent
        {
            let least = (wait + now.saturating_duration_since(sent)).saturating_sub(BLUR);
            chat.interval = INTERVALS.into_iter().map(Duration::from_secs).find(|interval| *interval >= least);
        }
    }

    /// What the chat says of itself; `None`: it has no slow mode, or none for this account. Says whether that is news.
    pub(super) fn learn(&self, peer: i64, interval: Option<Duration>) -> bool {
        let mut chats = lock(&self.0);
        match interval {
            Some(_) => {
                make_room(&mut chats, peer);
                let chat = chats.entry(peer).or_default();
                std::mem::replace(&mut chat.interval, interval) != interval
            }
            None => chats.get_mut(&peer).is_some_and(|chat| chat.interval.take().is_some()),
        }
    }
}

fn make_room(chats: &mut HashMap<i64, Chat>, peer: i64) {
    if chats.len() < MAX || chats.contains_key(&peer) {
        return;
    }
    if let Some(oldest) = chats.iter().min_by_key(|(_, chat)| chat.sent).map(|(peer, _)| *peer) {
        chats.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn the_interval_follows_from_a_refusal() {
        let check = |since: Duration, wait: u32, expect: Option<u32>| {
            let (slow, start) = (SlowModes::default(), Instant::now());
            assert_eq!(slow.sent(1, start), None);
            slow.refused(1, start + since, wait * SECOND);
            assert_eq!(slow.sent(1, start), expect.map(|seconds| seconds * SECOND), "{since:?} {wait}");
        };
        check(Duration::from_millis(300), 10, Some(10));
        check(7 * SECOND, 4, Some(10));
        check(SECOND, 58, Some(60));
        check(2 * SECOND, 298, Some(300));
        check(SECOND, 9999, None);
        let slow = SlowModes::default();
        slow.refused(1, Instant::now(), 10 * SECOND);
        assert_eq!(slow.sent(1, Instant::now()), None, "it is not known since when");
    }

    #[test]
    fn what_the_chat_says_holds_and_memory_is_bounded() {
        let (slow, now) = (SlowModes::default(), Instant::now());
        assert!(slow.learn(1, Some(30 * SECOND)) && !slow.learn(1, Some(30 * SECOND)));
        assert_eq!(slow.sent(1, now), Some(30 * SECOND));
        assert!(slow.learn(1, None) && !slow.learn(1, None) && !slow.learn(2, None));
        assert_eq!(slow.sent(1, now), None);
        for peer in 0..5000 {
            slow.sent(peer, now);
        }
        assert_eq!(lock(&slow.0).len(), MAX);
    }
}
