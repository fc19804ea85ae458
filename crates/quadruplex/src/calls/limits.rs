//! What Telegram allows how often, learned from its refusals.
//!
//! A `FLOOD_WAIT` holds back further calls of the same method to the same peer on the same data centre; when two peers are held
//! at the same time, the method as a whole. A `SLOWMODE_WAIT` holds back everything that is sent to the chat. When the time is over one
//! call goes ahead, and with each that succeeds one more at the same time, so that the same refusal is not earned again by all who wait.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, sleep_until};

use super::slow::SlowModes;
use crate::RpcError;
use crate::client::lock;

/// What Telegram does not want too often, as far as is known; see [`Client::limits`](crate::Client::limits).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// The data centre.
    pub dc: i32,
    /// The function; `None` for everything that is sent to a chat in slow mode.
    pub method: Option<&'static str>,
    /// The chat, its id marked as the Bot API does (0 for the account itself); `None` for the function as a whole.
    pub peer: Option<i64>,
    /// How long until it is allowed again; zero if it is.
    pub next_free: Duration,
    /// How often Telegram has wanted a wait within the last hour.
    pub waits: usize,
}

/// A call as limits see it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Asked {
    pub(crate) dc: i32,
    pub(crate) method: &'static str,
    pub(crate) peer: Option<i64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Key {
    dc: i32,
    /// `None` for slow mode.
    method: Option<&'static str>,
    peer: Option<i64>,
}

/// The limits of an account.
#[derive(Debug, Default)]
pub(crate) struct Limits(Mutex<HashMap<Key, Entry>>, SlowModes);

#[derive(Debug)]
struct Entry {
    until: Instant,
    /// When waits began, within the last hour.
    waits: VecDeque<Instant>,
    /// As many permits as calls may go at the same time; `None` once there is no need to be careful.
    gate: Option<Arc<Semaphore>>,
    succeeded: u32,
}

/// So many limits are remembered, those that are over for at most so long.
const MAX: usize = 1024;
const REMEMBERED: Duration = Duration::from_secs(3600);
/// So many waits of one limit are counted.
const MAX_WAITS: usize = 256;
/// After so many successes there is no need to be careful.
const SAFE: u32 = 32;

impl Asked {
    /// The limit of this very kind of call.
    fn key(self) -> Key {
        Key { dc: self.dc, method: Some(self.method), peer: self.peer }
    }

    /// The limit of the method as a whole.
    fn whole(self) -> Key {
        Key { peer: None, ..self.key() }
    }

    /// The slow mode of the chat.
    fn slow(self) -> Key {
        Key { method: None, ..self.key() }
    }

    /// Everything that may hold it back, each once.
    fn keys(self) -> impl Iterator<Item = Key> {
        let of_peer = self.peer.is_some().then(|| [self.key(), self.slow()]);
        of_peer.into_iter().flatten().chain([self.whole()])
    }
}

impl Limits {
    /// Whether there is anything that may hold a call back.
    pub(crate) fn are_known(&self) -> bool {
        !lock(&self.0).is_empty()
    }

    /// Waits until a call may be made. `Err` if that would take longer than `most`.
    ///
    /// # Cancel safety
    /// Whoever goes away was never there.
    pub(crate) async fn admit(&self, asked: Asked, most: Duration) -> Result<Permit, Limit> {
        if !self.are_known() {
            return Ok(Permit::default());
        }
        // Apart, since few calls come so far and each that waits for its answer has room for it.
        Box::pin(self.pass(asked, most)).await
    }

    async fn pass(&self, asked: Asked, most: Duration) -> Result<Permit, Limit> {
        loop {
            let (until, gates) = self.look(asked, most)?;
            if let Some(until) = until {
                sleep_until(until).await;
                continue;
            }
            let mut held = Vec::with_capacity(gates.len());
            for (key, gate) in gates {
                let Ok(permit) = gate.acquire_owned().await else { break };
                held.push((key, permit));
            }
            // A wait has begun meanwhile, or there is no need to be careful any more.
            let (until, gates) = self.look(asked, most)?;
            if until.is_none()
                && gates.iter().all(|(key, gate)| held.iter().any(|(k, permit)| k == key && Arc::ptr_eq(permit.semaphore(), gate)))
            {
                return Ok(Permit(held));
            }
        }
    }

    /// Until when a call has to wait, and which gates it has to pass then.
    #[expect(clippy::type_complexity, reason = "taken apart at once")]
    fn look(&self, asked: Asked, most: Duration) -> Result<(Option<Instant>, Vec<(Key, Arc<Semaphore>)>), Limit> {
        let table = lock(&self.0);
        let now = Instant::now();
        let known: Vec<_> = asked.keys().filter_map(|key| table.get(&key).map(|entry| (key, entry))).collect();
        if let Some((key, entry)) = known.iter().filter(|(_, entry)| entry.until > now).max_by_key(|(_, entry)| entry.until) {
            if entry.until - now > most {
                return Err(entry.describe(*key, now));
            }
            return Ok((Some(entry.until), Vec::new()));
        }
        Ok((None, known.into_iter().filter_map(|(key, entry)| Some((key, entry.gate.clone()?))).collect()))
    }

    /// Telegram has refused a call for now. What is known of the limit since then.
    pub(crate) fn refused(&self, asked: Asked, error: &RpcError, wait: Duration) -> Limit {
        let now = Instant::now();
        let key = match asked.peer {
            Some(peer) if error.name == "SLOWMODE_WAIT" => {
                self.1.refused(peer, now, wait);
                asked.slow()
            }
            _ => asked.key(),
        };
        let mut table = lock(&self.0);
        table.retain(|_, entry| entry.until + REMEMBERED > now);
        let is_other = |other: &Key| other.dc == key.dc && other.method == key.method && other.peer.is_some() && other.peer != key.peer;
        if key == asked.key() && key.peer.is_some() && table.iter().any(|(other, entry)| is_other(other) && entry.until > now) {
            table.entry(asked.whole()).or_insert_with(|| Entry::new(now)).hold(now, wait);
        }
        let entry = table.entry(key).or_insert_with(|| Entry::new(now));
        entry.hold(now, wait);
        let limit = entry.describe(key, now);
        make_room(&mut table);
        limit
    }

    /// A call that was admitted has succeeded.
    pub(crate) fn succeeded(&self, permit: Permit) {
        if permit.0.is_empty() {
            return;
        }
        let mut table = lock(&self.0);
        for (key, permit) in permit.0 {
            let Some(entry) = table.get_mut(&key) else { continue };
            let is_current = entry.gate.as_ref().is_some_and(|gate| Arc::ptr_eq(gate, permit.semaphore()));
            // In slow mode one is all that there ever is.
            if !is_current || key.method.is_none() {
                continue;
            }
            entry.succeeded += 1;
            permit.semaphore().add_permits(1);
            if entry.succeeded >= SAFE {
                entry.open();
            }
        }
    }

    /// What was sent has arrived. In slow mode, the next has to wait.
    pub(crate) fn sent(&self, asked: Asked) {
        let now = Instant::now();
        let Some(interval) = asked.peer.and_then(|peer| self.1.sent(peer, now)) else { return };
        let mut table = lock(&self.0);
        make_room(&mut table);
        let entry = table.entry(asked.slow()).or_insert_with(|| Entry::new(now));
        entry.until = entry.until.max(now + interval);
    }

    /// A chat has told how often this account may write to it; `None`: as often as it likes.
    pub(crate) fn learn_slow_mode(&self, peer: i64, interval: Option<Duration>) {
        if self.1.learn(peer, interval) && interval.is_none() {
            lock(&self.0).retain(|key, entry| {
                let is_over = key.method.is_none() && key.peer == Some(peer);
                if is_over {
                    entry.open();
                }
                !is_over
            });
        }
    }

    /// Everything that is known.
    pub(crate) fn list(&self) -> Vec<Limit> {
        let now = Instant::now();
        let table = lock(&self.0);
        let known = table.iter().filter(|(_, entry)| entry.until + REMEMBERED > now);
        let mut limits: Vec<_> = known.map(|(key, entry)| entry.describe(*key, now)).collect();
        limits.sort_by_key(|limit| (std::cmp::Reverse(limit.next_free), limit.dc, limit.method, limit.peer));
        limits
    }
}

/// What is over soonest is forgotten first.
fn make_room(table: &mut HashMap<Key, Entry>) {
    while table.len() > MAX
        && let Some(soonest) = table.iter().min_by_key(|(_, entry)| entry.until).map(|(key, _)| *key)
    {
        table.remove(&soonest);
    }
}

impl Entry {
    fn new(now: Instant) -> Self {
        Self { until: now, waits: VecDeque::new(), gate: None, succeeded: 0 }
    }

    fn hold(&mut self, now: Instant, wait: Duration) {
        // Calls that were on their way together are refused together.
        if self.until <= now {
            self.waits.push_back(now);
            self.waits.retain(|began| *began + REMEMBERED > now);
            if self.waits.len() > MAX_WAITS {
                self.waits.pop_front();
            }
            self.open();
            self.gate = Some(Arc::new(Semaphore::new(1)));
            self.succeeded = 0;
        }
        self.until = self.until.max(now + wait);
    }

    /// Whoever waits at the gate looks again.
    fn open(&mut self) {
        if let Some(gate) = self.gate.take() {
            gate.close();
        }
    }

    fn describe(&self, key: Key, now: Instant) -> Limit {
        let waits = self.waits.iter().filter(|began| **began + REMEMBERED > now).count();
        Limit { dc: key.dc, method: key.method, peer: key.peer, next_free: self.until.saturating_duration_since(now), waits }
    }
}

/// Leave to make one call. Dropped, it makes room for another.
#[derive(Debug, Default)]
pub(crate) struct Permit(Vec<(Key, OwnedSemaphorePermit)>);

#[cfg(test)]
mod tests {
    use super::*;

    const MOST: Duration = Duration::from_secs(30);

    fn asked(peer: i64) -> Asked {
        Asked { dc: 2, method: "messages.sendMessage", peer: Some(peer) }
    }

    fn refuse(limits: &Limits, peer: i64, error: &str) -> Limit {
        let error = RpcError::new(420, error);
        limits.refused(asked(peer), &error, error.flood_wait().unwrap())
    }

    async fn waited(limits: &Limits, asked: Asked) -> u64 {
        let began = Instant::now();
        drop(limits.admit(asked, MOST).await.unwrap());
        began.elapsed().as_secs()
    }

    #[tokio::test(start_paused = true)]
    async fn one_peer_is_held_back_then_the_method() {
        let limits = Limits::default();
        refuse(&limits, 1, "FLOOD_WAIT_7");
        assert_eq!(waited(&limits, asked(2)).await, 0);
        assert_eq!(waited(&limits, Asked { method: "messages.getHistory", ..asked(1) }).await, 0);
        assert_eq!(waited(&limits, Asked { dc: 4, ..asked(1) }).await, 0);
        refuse(&limits, 2, "FLOOD_WAIT_9");
        assert_eq!(waited(&limits, asked(3)).await, 9);
        assert_eq!(waited(&limits, asked(1)).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_method_without_a_peer_is_held_back_once() {
        let limits = Limits::default();
        let asked = Asked { dc: 2, method: "upload.saveFilePart", peer: None };
        let error = RpcError::new(420, "FLOOD_WAIT_4");
        limits.refused(asked, &error, Duration::from_secs(4));
        assert_eq!(waited(&limits, asked).await, 4);
        assert_eq!(waited(&limits, asked).await, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn slow_mode_is_of_the_chat() {
        let limits = Limits::default();
        refuse(&limits, 1, "SLOWMODE_WAIT_5");
        assert_eq!(waited(&limits, asked(2)).await, 0);
        assert_eq!(waited(&limits, Asked { method: "messages.sendMedia", ..asked(1) }).await, 5);
    }

    #[tokio::test(start_paused = true)]
    async fn too_long_is_refused_here_and_counted() {
        let limits = Limits::default();
        for _ in 0..3 {
            refuse(&limits, 1, "FLOOD_WAIT_37");
            refuse(&limits, 1, "FLOOD_WAIT_37");
            let limit = limits.admit(asked(1), MOST).await.unwrap_err();
            assert_eq!(limit.next_free, Duration::from_secs(37));
            sleep_until(Instant::now() + Duration::from_secs(40)).await;
        }
        assert_eq!(limits.list().iter().map(|limit| (limit.waits, limit.next_free)).collect::<Vec<_>>(), [(3, Duration::ZERO)]);
        sleep_until(Instant::now() + REMEMBERED).await;
        assert!(limits.list().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn after_a_wait_one_goes_first() {
        let limits = Arc::new(Limits::default());
        refuse(&limits, 1, "FLOOD_WAIT_3");
        let first = limits.admit(asked(1), MOST).await.unwrap();
        let gone = |limits: &Limits| lock(&limits.0).values().map(|entry| entry.gate.as_ref().unwrap().available_permits()).sum::<usize>();
        assert_eq!(gone(&limits), 0);
        limits.succeeded(first);
        assert_eq!(gone(&limits), 2);
        for _ in 1..SAFE {
            let permit = limits.admit(asked(1), MOST).await.unwrap();
            limits.succeeded(permit);
        }
        assert!(lock(&limits.0).values().all(|entry| entry.gate.is_none()));
    }

    #[tokio::test(start_paused = true)]
    async fn memory_is_bounded() {
        let limits = Limits::default();
        for peer in 0..5000 {
            refuse(&limits, peer, "FLOOD_WAIT_9");
        }
        assert_eq!(lock(&limits.0).len(), MAX);
    }
}
