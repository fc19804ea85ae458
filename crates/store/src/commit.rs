use std::collections::{BTreeMap, BTreeSet};

use crate::{
    ChannelState, CommonState, DeadLetter, Identity, KeyChange, KeySlot, LOGIN_TOKENS, Peer, PeerId, Row, Salt, StoredKey, Value, ValueKey,
};

/// One transaction: everything in it becomes durable together, or nothing does.
///
/// Fields are open so that a backend anywhere can apply them; who fills one uses the methods, which keep the rules between
/// the fields (a row that is done is not written, min never replaces full, a key is not overwritten).
///
/// ```
/// use quadruplex_store::{Commit, CommonState, Lane, Row};
///
/// let mut commit = Commit::default();
/// commit.add_row(Row { number: 1, lane: Lane::Account, attempts: 0, bytes: vec![1, 2, 3, 4] });
/// commit.common(CommonState { pts: 17, ..CommonState::default() });
/// commit.done(1);
/// assert!(commit.rows.is_empty() && commit.done.is_empty(), "a fast handler costs no row");
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Commit {
    /// Whose login it is.
    pub identity: Option<Identity>,
    /// Server time minus local wall time, in seconds.
    pub time_offset: Option<i32>,
    /// The configuration of the data centres, as it came from the server.
    pub config: Option<Vec<u8>>,
    /// New tokens of earlier logins, oldest first; the newest [`LOGIN_TOKENS`] are kept.
    pub login_tokens: Vec<Vec<u8>>,
    /// Keys added and removed.
    pub keys: BTreeMap<KeySlot, KeyChange>,
    /// All salts now known of a key, in place of those stored.
    pub salts: BTreeMap<KeySlot, Vec<Salt>>,

    /// The new state of the common box.
    pub common: Option<CommonState>,
    /// New states of channel boxes; none: the channel is not followed any more.
    pub channels: BTreeMap<i64, Option<ChannelState>>,
    /// Peers met, to be put [`onto`](Peer::onto) what is stored.
    pub peers: BTreeMap<PeerId, Peer>,

    /// Rows added to the journal.
    pub rows: BTreeMap<u64, Row>,
    /// Rows handled: they are deleted.
    pub done: BTreeSet<u64>,
    /// Failed attempts on rows stored by an earlier commit.
    pub attempts: BTreeMap<u64, u32>,
    /// The next number of the journal.
    pub next_row: Option<u64>,
    /// Dead letters added.
    pub buried: BTreeMap<u64, DeadLetter>,
    /// Dead letters removed.
    pub unburied: BTreeSet<u64>,

    /// Values set; none: removed.
    pub values: BTreeMap<ValueKey, Option<Value>>,
    /// Purges values whose end is at this time or before, in seconds of Unix time.
    pub expired_at: Option<i64>,
}

impl Commit {
    /// Whether there is nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Adds a key. See [`KeyChange::Add`].
    pub fn add_key(&mut self, slot: KeySlot, key: StoredKey) {
        self.keys.insert(slot, KeyChange::Add(key));
    }

    /// Removes a key and its salts.
    pub fn remove_key(&mut self, slot: KeySlot) {
        self.keys.insert(slot, KeyChange::Remove);
        self.salts.remove(&slot);
    }

    /// Sets all salts of a key.
    pub fn salts(&mut self, slot: KeySlot, salts: Vec<Salt>) {
        self.salts.insert(slot, salts);
    }

    /// Adds a token of an earlier login.
    pub fn login_token(&mut self, token: Vec<u8>) {
        self.login_tokens.retain(|known| *known != token);
        self.login_tokens.push(token);
        keep_newest(&mut self.login_tokens);
    }

    /// Sets the state of the common box.
    pub fn common(&mut self, state: CommonState) {
        self.common = Some(state);
    }

    /// Sets the state of a channel box.
    pub fn channel(&mut self, id: i64, state: ChannelState) {
        self.channels.insert(id, Some(state));
    }

    /// Stops following a channel.
    pub fn forget_channel(&mut self, id: i64) {
        self.channels.insert(id, None);
    }

    /// Adds what is known of a peer.
    pub fn peer(&mut self, peer: Peer) {
        let id = peer.id;
        let merged = peer.onto(self.peers.get(&id));
        self.peers.insert(id, merged);
    }

    /// Adds a row to the journal.
    pub fn add_row(&mut self, row: Row) {
        self.next_row = self.next_row.max(Some(row.number + 1));
        self.rows.insert(row.number, row);
    }

    /// Deletes a row: it is handled. One added by this same commit is not written at all.
    pub fn done(&mut self, number: u64) {
        self.attempts.remove(&number);
        if self.rows.remove(&number).is_none() {
            self.done.insert(number);
        }
    }

    /// Records that a handler has failed on a row so many times.
    pub fn attempts(&mut self, number: u64, attempts: u32) {
        match self.rows.get_mut(&number) {
            Some(row) => row.attempts = attempts,
            None => drop(self.attempts.insert(number, attempts)),
        }
    }

    /// Moves a row to the dead letters.
    pub fn bury(&mut self, letter: DeadLetter) {
        let number = letter.row.number;
        self.done(number);
        self.unburied.remove(&number);
        self.buried.insert(number, letter);
    }

    /// Removes a dead letter.
    pub fn unbury(&mut self, number: u64) {
        self.buried.remove(&number);
        self.unburied.insert(number);
    }

    /// Sets a value.
    pub fn value(&mut self, key: ValueKey, value: Value) {
        self.values.insert(key, Some(value));
    }

    /// Removes a value.
    pub fn remove_value(&mut self, key: ValueKey) {
        self.values.insert(key, None);
    }

    /// Records that the reply `key` is sent with this `random_id`, to be remembered until `expires` (seconds of Unix time).
    pub fn once(&mut self, key: impl Into<Vec<u8>>, random_id: i64, expires: Option<i64>) {
        self.value(ValueKey::once(key), Value { bytes: random_id.to_le_bytes().to_vec(), expires });
    }

    /// Puts a later commit on top of this one, whose own outcome is not known: after a failed write parts of it may be
    /// stored, so a row that is done is deleted even if this commit added it.
    pub fn append(&mut self, later: Commit) {
        let Commit {
            identity,
            time_offset,
            config,
            login_tokens,
            keys,
            salts,
            common,
            channels,
            peers,
            rows,
            done,
            attempts,
            next_row,
            buried,
            unburied,
            values,
            expired_at,
        } = later;
        self.identity = identity.or(self.identity.take());
        self.time_offset = time_offset.or(self.time_offset);
        self.config = config.or(self.config.take());
        login_tokens.into_iter().for_each(|token| self.login_token(token));
        for (slot, change) in keys {
            match change {
                KeyChange::Add(key) => self.add_key(slot, key),
                KeyChange::Remove => self.remove_key(slot),
            }
        }
        self.salts.extend(salts);
        self.common = common.or(self.common);
        self.channels.extend(channels);
        peers.into_values().for_each(|peer| self.peer(peer));
        for number in done {
            self.rows.remove(&number);
            self.attempts.remove(&number);
            self.done.insert(number);
        }
        rows.into_values().for_each(|row| self.add_row(row));
        attempts.into_iter().for_each(|(number, attempts)| self.attempts(number, attempts));
        self.next_row = self.next_row.max(next_row);
        unburied.into_iter().for_each(|number| self.unbury(number));
        for (number, letter) in buried {
            self.unburied.remove(&number);
            self.buried.insert(number, letter);
        }
        self.values.extend(values);
        self.expired_at = self.expired_at.max(expired_at);
    }
}

/// Drops the oldest tokens above [`LOGIN_TOKENS`].
pub(crate) fn keep_newest(tokens: &mut Vec<Vec<u8>>) {
    tokens.drain(..tokens.len().saturating_sub(LOGIN_TOKENS));
}
