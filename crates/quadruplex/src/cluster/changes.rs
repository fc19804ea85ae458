//! What a guest changes where the account is held.

use quadruplex_store::{Commit, DeadLetter, Lane, Peer, Row, Value, ValueKey};
use serde::{Deserialize, Serialize};

use super::frame::Kept;

/// What a guest changes in the store of the account.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Changes {
    pub(super) done: Vec<u64>,
    pub(super) attempts: Vec<(u64, u32)>,
    dead: Vec<Dead>,
    peers: Vec<Peer>,
    values: Vec<(String, Vec<u8>, Option<Kept>)>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Dead {
    number: u64,
    lane: Lane,
    attempts: u32,
    bytes: Vec<u8>,
    error: String,
    since: i64,
}

impl Changes {
    /// What a guest has to say of a commit of its own; the rest is the holder's business.
    pub(super) fn of(commit: &Commit) -> Self {
        let dead = commit.buried.values().map(|DeadLetter { row, error, since }| {
            let Row { number, lane, attempts, bytes } = row.clone();
            Dead { number, lane, attempts, bytes, error: error.clone(), since: *since }
        });
        let value = |(key, value): (&ValueKey, &Option<Value>)| {
            (key.space.clone(), key.key.clone(), value.as_ref().map(|value| (value.bytes.clone(), value.expires)))
        };
        Self {
            done: commit.done.iter().copied().collect(),
            attempts: commit.attempts.iter().map(|(number, attempts)| (*number, *attempts)).collect(),
            dead: dead.collect(),
            peers: commit.peers.values().cloned().collect(),
            values: commit.values.iter().map(value).collect(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        let Self { done, attempts, dead, peers, values } = self;
        done.is_empty() && attempts.is_empty() && dead.is_empty() && peers.is_empty() && values.is_empty()
    }

    /// Peers and values.
    pub(super) fn apply(&mut self, commit: &mut Commit) {
        self.peers.drain(..).for_each(|peer| commit.peer(peer));
        for (space, key, value) in self.values.drain(..) {
            let key = ValueKey { space, key };
            match value {
                Some((bytes, expires)) => commit.value(key, Value { bytes, expires }),
                None => commit.remove_value(key),
            }
        }
    }

    /// The dead letters.
    pub(super) fn dead(&mut self) -> impl Iterator<Item = DeadLetter> {
        self.dead.drain(..).map(|dead| {
            let Dead { number, lane, attempts, bytes, error, since } = dead;
            DeadLetter { row: Row { number, lane, attempts, bytes }, error, since }
        })
    }
}
