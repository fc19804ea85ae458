//! The boxes of accounts and channels: their counters, and the log from which differences are made.

use super::World;
use super::peers::owner_of;
use super::state::rows::{Entry, Event, Mailbox, Note, Peer, Secret};
use super::state::tl::Tl;
use quadruplex_tl_schema::Object;

impl World {
    /// The counters of a box.
    pub(crate) fn mailbox(&self, owner: Peer) -> Mailbox {
        self.state.tables.boxes.get(&owner).cloned().unwrap_or_default()
    }

    /// The next message id of a box.
    pub(crate) fn next_id(&mut self, owner: Peer) -> i32 {
        let mailbox = self.state.tables.boxes.entry(&owner);
        mailbox.last_id += 1;
        mailbox.last_id
    }

    /// Logs an event that moves `pts` by `count`, and returns where it is then.
    pub(crate) fn log(&mut self, owner: Peer, count: i32, event: Event) -> i32 {
        let mailbox = self.state.tables.boxes.entry(&owner);
        mailbox.pts += count;
        let pts = mailbox.pts;
        self.state.tables.events.insert((owner, pts), Entry { count, event });
        self.forget_events(owner, pts);
        pts
    }

    /// What is older than the limit of a difference is answered with "too long" and need not be kept.
    fn forget_events(&mut self, owner: Peer, pts: i32) {
        let limit = match owner {
            Peer::Channel(_) => self.config.channel_difference_limit,
            Peer::User(_) | Peer::Chat(_) => self.config.difference_limit,
        };
        let from = (owner, i32::MIN);
        let old = self.state.tables.events.range(from..=(owner, pts.saturating_sub(limit))).map(|(key, _)| *key).next();
        if let Some(old) = old {
            self.state.tables.events.remove(&old);
        }
    }

    /// Logs updates that are counted by `seq`, and returns the new value.
    pub(crate) fn log_seq(&mut self, account: i64, date: i32, updates: Vec<Object>) -> i32 {
        let mailbox = self.state.tables.boxes.entry(&Peer::User(account));
        mailbox.seq += 1;
        let seq = mailbox.seq;
        self.state.tables.notes.insert((account, seq), Note { date, updates: updates.into_iter().map(Tl).collect() });
        self.state.tables.notes.remove(&(account, seq.saturating_sub(self.config.difference_limit)));
        seq
    }

    /// Logs an update that is counted by `qts` and returns it with its number.
    pub(crate) fn log_qts(&mut self, account: i64, date: i32, update: Object) -> Object {
        let mailbox = self.state.tables.boxes.entry(&Peer::User(account));
        mailbox.qts += 1;
        let qts = mailbox.qts;
        let update = update.with("qts", qts);
        self.state.tables.secrets.insert((account, qts), Secret(Note { date, updates: vec![Tl(update.clone())] }));
        self.state.tables.secrets.remove(&(account, qts.saturating_sub(self.config.difference_limit)));
        update
    }

    /// How many messages of a conversation an account has not read.
    pub(crate) fn unread(&self, account: i64, peer: Peer) -> i32 {
        let owner = owner_of(account, peer);
        let read = self.state.tables.dialogs.get(&(account, peer)).map_or(0, |dialog| dialog.read_inbox);
        let history = self.state.history(owner, peer).range(read.saturating_add(1)..);
        let foreign = |id: &&i32| self.state.tables.messages.get(&(owner, **id)).is_some_and(|message| message.author != account);
        i32::try_from(history.filter(foreign).count()).unwrap_or(i32::MAX)
    }

    /// How many messages an account has not read at all.
    pub(crate) fn unread_total(&self, account: i64) -> i32 {
        self.state.conversations(Peer::User(account)).map(|(peer, _)| self.unread(account, peer)).sum()
    }
}
