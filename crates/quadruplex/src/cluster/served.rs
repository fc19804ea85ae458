//! A guest as the holder sees it: what it asks for is done in tasks of its own, which end with it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use quadruplex_store::ValueKey;
use serde::Serialize;
use tokio::task::{AbortHandle, JoinSet};
use tokio::time::Instant;

use super::Backend;
use super::frame::{Asked, Frame, Kept, Own, Standing, Told, after_failure};
use super::link::{HANDED, subject_of_guest};
use super::wrong::Wrong;
use crate::calls::{Place, Run};
use crate::client::lock;
use crate::{Client, Error};

pub(super) struct Guest {
    line: Arc<Line>,
    pub(super) works: bool,
    /// So many updates wait or are handled there, what waits for an answer not counted.
    waiting: usize,
    heard: u64,
    at: Instant,
    /// Something that it said was missed: it is not listened to any more.
    is_muted: bool,
    tasks: JoinSet<()>,
    calls: HashMap<u64, AbortHandle>,
    places: HashMap<u64, Place>,
}

/// Where it hears.
pub(super) struct Line {
    backend: Arc<dyn Backend>,
    subject: String,
    link: u64,
    told: Mutex<u64>,
}

impl Line {
    fn tell(&self, said: Told, body: Bytes) {
        // Held over the publishing, so that frames leave in the order of their numbers.
        let mut told = lock(&self.told);
        self.backend.publish(&self.subject, Frame { link: self.link, number: *told, said, body }.encode());
        *told += 1;
    }

    fn answer(&self, id: u64, answer: Result<Bytes, Error>) {
        match answer {
            Ok(body) => self.tell(Told::Answer { id, failed: None }, body),
            Err(error) => self.tell(Told::Answer { id, failed: Some(Wrong::of(&error)) }, Bytes::new()),
        }
    }

    fn answer_with<T: Serialize>(&self, id: u64, answer: Result<T, impl Into<Error>>) {
        // Nothing of it can fail to be written.
        let bytes = answer.map(|answer| serde_json::to_vec(&answer).unwrap_or_default().into());
        self.answer(id, bytes.map_err(Into::into));
    }

    /// Says that a commit is stored as soon as it is.
    pub(super) fn answer_when_stored(self: Arc<Self>, client: &Client, id: u64) {
        let client = client.clone();
        tokio::spawn(async move {
            client.inner.writer.flush().await;
            self.answer_with(id, Ok::<_, Error>(()));
        });
    }
}

impl Guest {
    /// Somebody who has said hello with this number.
    pub(super) fn new(backend: &Arc<dyn Backend>, account: &str, (link, guest): (u64, u64), number: u64, works: bool) -> Self {
        let line = Line { backend: Arc::clone(backend), subject: subject_of_guest(account, guest), link, told: Mutex::new(0) };
        Self {
            line: Arc::new(line),
            works,
            waiting: 0,
            heard: number + 1,
            at: Instant::now(),
            is_muted: false,
            tasks: JoinSet::new(),
            calls: HashMap::new(),
            places: HashMap::new(),
        }
    }

    /// Whether this is what it says next; it is heard of then.
    pub(super) fn is_next(&mut self, number: u64) -> bool {
        let is_next = !self.is_muted && number == self.heard;
        if is_next {
            self.heard += 1;
            self.at = Instant::now();
        }
        is_next
    }

    /// It is not listened to any more, until its lease is over or it has begun anew.
    pub(super) fn mute(&mut self) {
        self.is_muted = true;
        self.tell(Told::Over, Bytes::new());
    }

    pub(super) fn silence(&self) -> Duration {
        self.at.elapsed()
    }

    pub(super) fn has_hands(&self) -> bool {
        self.works && !self.is_muted && self.waiting < HANDED / 2
    }

    /// It says how many updates wait there.
    pub(super) fn waits(&mut self, waiting: usize) {
        self.waiting = waiting;
    }

    pub(super) fn hand(&mut self, said: Told, body: Bytes) {
        self.waiting += 1;
        self.tell(said, body);
    }

    pub(super) fn has_done(&mut self, count: usize) {
        self.waiting = self.waiting.saturating_sub(count);
    }

    pub(super) fn line(&self) -> Arc<Line> {
        Arc::clone(&self.line)
    }

    pub(super) fn tell(&self, said: Told, body: Bytes) {
        self.line.tell(said, body);
    }

    pub(super) fn welcome(&self, greeting: u64, client: &Client, holder: u64, is_here: bool) {
        let own = client.own_user().map(Own::of);
        self.tell(Told::Welcome { greeting, holder, own, home_dc: client.home_dc(), is_here }, Bytes::new());
    }

    /// Does what it asks for.
    pub(super) fn serve(&mut self, client: &Client, asked: Asked, body: Bytes) {
        let (line, client) = (self.line(), client.clone());
        match asked {
            Asked::Hello { .. } | Asked::Bye | Asked::Commit { .. } | Asked::Status { .. } => {}
            Asked::Join { place, queue, after_failure: number, forgives } => {
                let joined = client.inner.queues.join(queue.into(), after_failure(number), forgives.map(Into::into));
                self.places.insert(place, joined);
            }
            Asked::Leave { place } => drop(self.places.remove(&place)),
            Asked::Call { id, call } => {
                let place = call.place.map(|place| self.places.remove(&place));
                let (Some((function, options)), false) = (call.take(), matches!(place, Some(None))) else {
                    let why = "the holder of the account has changed, or is of another version of the program; the call was not made";
                    return line.answer(id, Err(Error::Invalid(why.to_owned())));
                };
                // It has its place in the connection's queue from now on, as its place in its own.
                let mut run = Run::encoded(&client.inner, function, body, options);
                run.take_place(place.flatten());
                run.is_about(call.peer);
                let task = self.tasks.spawn(async move { line.answer(id, run.finish(None).await) });
                self.calls.insert(id, task);
            }
            Asked::Cancel { id } => {
                if let Some(call) = self.calls.remove(&id) {
                    call.abort();
                }
            }
            Asked::Peers { id, keys } => {
                let keys = keys.into_iter().map(Into::into).collect();
                self.tasks.spawn(async move { line.answer_with(id, client.inner.writer.peers(keys).await) });
            }
            Asked::Value { id, space, key } => {
                self.tasks.spawn(async move {
                    let value = client.inner.writer.value(ValueKey { space, key }).await;
                    line.answer_with(id, value.map(|value| value.map(|value| -> Kept { (value.bytes, value.expires) })));
                });
            }
            Asked::Values { id, space, key, limit } => {
                self.tasks.spawn(async move {
                    let values = client.inner.writer.store().values(ValueKey { space, key }, limit).await;
                    let values = values.map(|values| -> Vec<(Vec<u8>, Kept)> {
                        values.into_iter().map(|(key, value)| (key, (value.bytes, value.expires))).collect()
                    });
                    line.answer_with(id, values);
                });
            }
        }
    }

    /// How the account stands; so many updates are handed out.
    pub(super) fn tell_standing(&mut self, client: &Client, id: u64, out: usize) {
        let (line, client) = (self.line(), client.clone());
        self.tasks.spawn(async move {
            let (waiting, _) = client.inner.waiting_updates();
            let has_caught_up = client.inner.is_at_rest(usize::MAX).await;
            // awaitlint: allow(blocking-in-async) the kernel answers from memory
            let machine = machine_name();
            let standing = Standing { machine, waiting: waiting + out, has_caught_up, silence: client.inner.pool.silence() };
            line.answer_with(id, Ok::<_, Error>(standing));
        });
    }

    /// Forgets calls that have ended.
    pub(super) fn tidy(&mut self) {
        while self.tasks.try_join_next().is_some() {}
        self.calls.retain(|_, call| !call.is_finished());
    }
}

/// By which people know this machine.
fn machine_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").or_else(|_| std::env::var("HOSTNAME").map_err(std::io::Error::other));
    name.map_or_else(|_| "a machine without a name".to_owned(), |name| name.trim().to_owned())
}
