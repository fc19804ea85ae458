//! The journal: what is accepted and not handled yet, in lanes, with rows that survive the process.
//!
//! No I/O and no clock: changes of the rows are made to a [`Commit`] that is handed in, which the writer stores in groups.
//! A row that is done before its group is written is never written.

mod lanes;
mod limits;

use std::collections::HashSet;
use std::time::Instant;

use quadruplex_crypto::hash::sha256;
use quadruplex_store::{Commit, DeadLetter, Lane, Row};

use lanes::Lanes;
pub(crate) use lanes::Track;
pub(crate) use limits::Limits;

/// Tells two updates apart that mean the same event, however it came: live, repeated or in a difference.
pub(crate) type Identity = [u8; 16];

/// The identity of what these bytes say.
pub(crate) fn identity_of(parts: &[&[u8]]) -> Identity {
    *sha256(parts).first_chunk().unwrap_or(&[0; 16])
}

/// What is accepted and not handled yet, over an opaque content `T`.
pub(crate) struct Journal<T> {
    lanes: Lanes<Waiting<T>>,
    limits: Limits,
    next: u64,
    /// What was read back at the start and is not done: it is not taken in again from a difference.
    replayed: HashSet<Identity>,
}

/// An update in its lane.
pub(crate) struct Waiting<T> {
    pub(crate) number: u64,
    /// What it belongs to, whatever it runs in.
    pub(crate) lane: Lane,
    pub(crate) attempts: u32,
    /// An earlier process had it and did not finish it.
    pub(crate) is_redelivered: bool,
    pub(crate) identity: Identity,
    pub(crate) content: T,
}

/// What became of a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failed {
    /// It is tried again, not before then; its lane waits.
    Again(Instant),
    /// It is a dead letter; its lane goes on.
    Dead,
}

impl<T> Journal<T> {
    /// A journal whose next number is `next`.
    pub(crate) fn new(next: u64, limits: Limits) -> Self {
        Self { lanes: Lanes::new(limits.at_once), limits, next, replayed: HashSet::new() }
    }

    /// Puts a row of an earlier process back, to run in `track`; `None`: alone. To be done in order, before anything is accepted.
    pub(crate) fn replay(&mut self, row: &Row, is_redelivered: bool, track: Option<Lane>, identity: Identity, content: T) {
        self.next = self.next.max(row.number + 1);
        self.replayed.insert(identity);
        let Row { number, lane, attempts, .. } = *row;
        self.lanes.push(track_of(track, number), Waiting { number, lane, attempts, is_redelivered, identity, content });
    }

    /// Takes an update in: it gets a number, a place in what it runs in (`None`: it runs alone) and a row. False if it is in the journal
    /// already.
    pub(crate) fn accept(
        &mut self,
        lane: Lane,
        track: Option<Lane>,
        identity: Identity,
        content: T,
        bytes: Vec<u8>,
        commit: &mut Commit,
    ) -> bool {
        if self.replayed.contains(&identity) {
            return false;
        }
        let number = self.number();
        commit.add_row(Row { number, lane, attempts: 0, bytes });
        self.lanes.push(track_of(track, number), Waiting { number, lane, attempts: 0, is_redelivered: false, identity, content });
        true
    }

    /// A number for what is not accepted.
    pub(crate) fn number(&mut self) -> u64 {
        self.next += 1;
        self.next - 1
    }

    /// The next update whose lane is free. It runs until one of the three below is told.
    pub(crate) fn give(&mut self, now: Instant) -> Option<(Track, Waiting<T>)> {
        self.wake(now);
        self.lanes.take()
    }

    /// What waits next in a lane that runs.
    pub(crate) fn peek(&self, lane: Track) -> Option<&T> {
        self.lanes.peek(lane).map(|waiting| &waiting.content)
    }

    /// The next update of a lane that runs, to be handled together with what runs there; each has an end of its own.
    pub(crate) fn give_along(&mut self, lane: Track) -> Option<Waiting<T>> {
        self.lanes.take_along(lane)
    }

    /// It is handled: its row goes.
    pub(crate) fn done(&mut self, lane: Track, number: u64, identity: &Identity, commit: &mut Commit) {
        commit.done(number);
        self.replayed.remove(identity);
        self.lanes.finish(lane);
    }

    /// Nobody said what became of it: its row stays for the next start, its lane goes on.
    pub(crate) fn let_go(&mut self, lane: Track) {
        self.lanes.finish(lane);
    }

    /// It was not begun: it is given once more, before anything else of its lane.
    pub(crate) fn put_back(&mut self, lane: Track, waiting: Waiting<T>, now: Instant) {
        self.lanes.put_back(lane, waiting, now);
    }

    /// It is handled, and its lane was let go before.
    pub(crate) fn done_lent(&mut self, number: u64, identity: &Identity, commit: &mut Commit) {
        commit.done(number);
        self.replayed.remove(identity);
    }

    /// Its handler failed. `is_lent`: its lane was let go before, and others may have run there since.
    pub(crate) fn failed(
        &mut self,
        lane: Track,
        is_lent: bool,
        mut waiting: Waiting<T>,
        failure: Failure,
        now: Instant,
        commit: &mut Commit,
    ) -> Failed {
        waiting.attempts += 1;
        if waiting.attempts >= self.limits.attempts {
            let row = Row { number: waiting.number, lane: waiting.lane, attempts: waiting.attempts, bytes: failure.bytes };
            commit.bury(DeadLetter { row, error: failure.error, since: failure.clock });
            self.replayed.remove(&waiting.identity);
            if !is_lent {
                self.lanes.finish(lane);
            }
            return Failed::Dead;
        }
        commit.attempts(waiting.number, waiting.attempts);
        let until = now + self.limits.pause(waiting.attempts);
        match is_lent {
            true => self.lanes.bring_back(lane, waiting, until),
            false => self.lanes.put_back(lane, waiting, until),
        }
        Failed::Again(until)
    }

    /// Frees the lanes whose pause is over.
    pub(crate) fn wake(&mut self, now: Instant) {
        self.lanes.wake(now);
    }

    /// When a delayed lane may run again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.lanes.deadline()
    }

    /// No more is to be taken in.
    pub(crate) fn is_full(&self) -> bool {
        self.lanes.len() >= self.limits.high_water
    }

    /// More may be taken in again.
    pub(crate) fn has_room(&self) -> bool {
        self.lanes.len() <= self.limits.high_water / 2
    }

    /// How many updates wait or run.
    pub(crate) fn len(&self) -> usize {
        self.lanes.len()
    }
}

fn track_of(lane: Option<Lane>, number: u64) -> Track {
    lane.map_or(Track::Alone(number), Track::Lane)
}

/// What is written down of a failure.
pub(crate) struct Failure {
    /// The row, in case it becomes a dead letter.
    pub(crate) bytes: Vec<u8>,
    /// What the handler said.
    pub(crate) error: String,
    /// The wall time, in seconds of Unix time.
    pub(crate) clock: i64,
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quadruplex_store::PeerId;

    use super::*;

    const LANE: Lane = Lane::Peer(PeerId::User(1));
    const TRACK: Track = Track::Lane(LANE);

    fn accept(journal: &mut Journal<&'static str>, word: &'static str, commit: &mut Commit) -> bool {
        journal.accept(LANE, Some(LANE), identity(word), word, word.as_bytes().to_vec(), commit)
    }

    fn identity(word: &str) -> Identity {
        let mut identity = [0; 16];
        identity[..word.len()].copy_from_slice(word.as_bytes());
        identity
    }

    fn failure(error: &str) -> Failure {
        Failure { bytes: b"row".to_vec(), error: error.to_owned(), clock: 7 }
    }

    #[test]
    fn what_is_done_in_time_leaves_no_row() {
        let (mut journal, mut commit, now) = (Journal::new(5, Limits::default()), Commit::default(), Instant::now());
        assert!(accept(&mut journal, "a", &mut commit) && accept(&mut journal, "b", &mut commit));
        let (lane, a) = journal.give(now).unwrap();
        assert_eq!((lane, a.number, a.content, a.is_redelivered), (TRACK, 5, "a", false));
        assert!(journal.give(now).is_none(), "one at a time in a lane");
        journal.done(lane, a.number, &a.identity, &mut commit);
        assert_eq!(commit.rows.keys().copied().collect::<Vec<_>>(), [6]);
        assert!(commit.done.is_empty());
        assert_eq!(commit.next_row, Some(7));
        assert_eq!(journal.give(now).unwrap().1.content, "b");
    }

    #[test]
    fn what_was_let_go_keeps_its_row() {
        let (mut journal, mut commit, now) = (Journal::new(0, Limits::default()), Commit::default(), Instant::now());
        accept(&mut journal, "a", &mut commit);
        accept(&mut journal, "b", &mut commit);
        journal.give(now).unwrap();
        journal.let_go(TRACK);
        assert_eq!(journal.give(now).unwrap().1.content, "b");
        assert_eq!(commit.rows.len(), 2);
    }

    #[test]
    fn what_lends_its_lane_is_done_later() {
        let (mut journal, mut commit, now) = (Journal::new(0, Limits::default()), Commit::default(), Instant::now());
        accept(&mut journal, "a", &mut commit);
        accept(&mut journal, "b", &mut commit);
        let (lane, a) = journal.give(now).unwrap();
        journal.let_go(lane);
        let (_, b) = journal.give(now).unwrap();
        journal.done_lent(a.number, &a.identity, &mut commit);
        accept(&mut journal, "c", &mut commit);
        assert!(journal.give(now).is_none(), "b still has the lane");
        journal.done(lane, b.number, &b.identity, &mut commit);
        let (lane, c) = journal.give(now).unwrap();
        journal.let_go(lane);
        assert_eq!(journal.failed(lane, true, c, failure("one"), now, &mut commit), Failed::Again(now + Duration::from_secs(1)));
        accept(&mut journal, "d", &mut commit);
        assert!(journal.give(now).is_none(), "c comes again before d");
        let later = now + Duration::from_secs(9);
        let (lane, mut c) = journal.give(later).unwrap();
        assert_eq!((c.content, c.attempts), ("c", 1));
        journal.let_go(lane);
        c.attempts = 2;
        assert_eq!(journal.failed(lane, true, c, failure("late"), later, &mut commit), Failed::Dead);
        assert_eq!((commit.buried[&2].error.as_str(), commit.buried[&2].row.lane), ("late", LANE));
        assert_eq!(journal.give(later).unwrap().1.content, "d");
    }

    #[test]
    fn rows_of_an_earlier_process_come_first_and_once() {
        let (mut journal, mut commit, now) = (Journal::new(0, Limits::default()), Commit::default(), Instant::now());
        let row = Row { number: 9, lane: LANE, attempts: 2, bytes: vec![] };
        journal.replay(&row, true, Some(LANE), identity("a"), "a");
        assert!(!accept(&mut journal, "a", &mut commit), "the server sends it again");
        assert!(accept(&mut journal, "b", &mut commit));
        let (_, a) = journal.give(now).unwrap();
        assert_eq!((a.number, a.attempts, a.is_redelivered), (9, 2, true));
        journal.done(TRACK, a.number, &a.identity, &mut commit);
        assert_eq!(commit.done, [9].into());
        let (_, b) = journal.give(now).unwrap();
        assert_eq!((b.number, b.content), (10, "b"));
        assert!(accept(&mut journal, "a", &mut commit), "once it is done the same event would be a new one");
    }

    #[test]
    fn failures_delay_the_lane_and_end_as_a_dead_letter() {
        let (mut journal, mut commit, now) = (Journal::new(0, Limits::default()), Commit::default(), Instant::now());
        accept(&mut journal, "a", &mut commit);
        let (lane, a) = journal.give(now).unwrap();
        let again = journal.failed(lane, false, a, failure("one"), now, &mut commit);
        assert_eq!(again, Failed::Again(now + Duration::from_secs(1)));
        assert_eq!(commit.rows[&0].attempts, 1);
        assert!(journal.give(now).is_none());
        assert_eq!(journal.deadline(), Some(now + Duration::from_secs(1)));

        let mut commit = Commit::default();
        let later = now + Duration::from_secs(1);
        let (lane, a) = journal.give(later).unwrap();
        assert_eq!(journal.failed(lane, false, a, failure("two"), later, &mut commit), Failed::Again(later + Duration::from_secs(2)));
        assert_eq!(commit.attempts, [(0, 2)].into());

        let (lane, a) = journal.give(later + Duration::from_secs(2)).unwrap();
        assert_eq!(journal.failed(lane, false, a, failure("three"), later, &mut commit), Failed::Dead);
        let letter = &commit.buried[&0];
        assert_eq!((letter.error.as_str(), letter.row.attempts, letter.since), ("three", 3, 7));
        assert_eq!((commit.done.clone(), journal.len()), ([0].into(), 0));
    }

    #[test]
    fn the_mark_is_high_and_low() {
        let (mut journal, mut commit, now) =
            (Journal::new(0, Limits { high_water: 4, ..Limits::default() }), Commit::default(), Instant::now());
        for word in ["a", "b", "c", "d"] {
            assert!(!journal.is_full());
            accept(&mut journal, word, &mut commit);
        }
        assert!(journal.is_full());
        for is_room in [false, true] {
            let (lane, waiting) = journal.give(now).unwrap();
            journal.done(lane, waiting.number, &waiting.identity, &mut commit);
            assert_eq!((journal.is_full(), journal.has_room()), (false, is_room));
        }
    }
}
