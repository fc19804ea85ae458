//! What Telegram remembers, and how it survives a restart.

mod disk;
pub(crate) mod rows;
pub(crate) mod table;
pub(crate) mod tl;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fmt, io};

use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use serde_json::value::RawValue;

use self::disk::Disk;
use self::rows::*;
use self::table::Table;

/// A journal below this many bytes is never rewritten while the program runs.
const COMPACT_ABOVE: u64 = 32 << 20;

macro_rules! tables {
    ($($name:ident: $row:ty),+ $(,)?) => {
        /// Every table of the state, and what is derived from them.
        #[derive(Default)]
        pub(crate) struct Tables {
            $(pub(crate) $name: Table<$row>,)+
        }

        impl Tables {
            fn drain(&mut self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                $(self.$name.drain(out)?;)+
                Ok(())
            }

            fn dump(&self, out: &mut Vec<u8>) -> serde_json::Result<()> {
                $(self.$name.dump(out)?;)+
                Ok(())
            }

            fn forget(&mut self) {
                $(self.$name.forget();)+
            }

            fn len(&self) -> usize {
                [$(self.$name.len()),+].into_iter().sum()
            }

            fn load(&mut self, table: &str, key: &RawValue, row: &RawValue) -> Result<(), String> {
                match table {
                    $(<$row as table::Row>::TABLE => self.$name.load(key, row).map_err(|error| format!("table {table:?}: {error}")),)+
                    _ => Err(format!("there is no table {table:?}")),
                }
            }
        }
    };
}
tables! {
    meta: Meta, users: User, usernames: Username, phones: Phone, contacts: Contact, keys: Key, logins: Login, codes: Code,
    exports: Export, boxes: Mailbox, events: Entry, notes: Note, secrets: Secret, dialogs: Dialog, messages: Message, sent: Sent,
    scheduled: Scheduled, reactions: Reactions, polls: Poll,
    chats: Chat, channels: Channel, members: Member, invites: Invite, uploads: Upload, parts: Part, files: File, kv: Kv,
}

impl Tables {
    /// What happens by itself, as the rows say it.
    fn timers(&self) -> impl Iterator<Item = (i32, Timer)> {
        let scheduled = self.scheduled.iter().map(|(&(account, id), row)| (row.due, Timer::Scheduled(account, id)));
        let bans = self.members.iter().filter_map(|(&(channel, user), member)| {
            let until = member.restricted.as_ref()?.0.int("until_date").filter(|until| *until != i32::MAX)?;
            Some((until, Timer::Ban(channel, user)))
        });
        let open = self.polls.iter().filter(|(_, row)| !row.closed);
        let polls = open.filter_map(|(&id, row)| Some((row.poll.0.int("close_date")?, Timer::Poll(id))));
        bans.chain(scheduled).chain(polls)
    }
}

/// The tables, their indexes, the generator of random numbers and the place where all of it is written.
pub(crate) struct State {
    pub(crate) tables: Tables,
    pub(crate) seed: [u8; 32],
    disk: Disk,
    rng: ChaCha20Rng,
    /// The messages of each conversation: (box, conversation) → ids.
    histories: BTreeMap<(Peer, Peer), BTreeSet<i32>>,
    /// The copies of each message.
    twins: BTreeMap<u64, BTreeSet<(Peer, i32)>>,
    /// The keys signed in as each account.
    logins: BTreeMap<i64, BTreeSet<u64>>,
    /// What happens by itself, and when in unix seconds.
    pub(crate) timers: BTreeSet<(i32, Timer)>,
    compacted: u64,
}

/// Something that happens by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Timer {
    /// The ban or restriction of a user in a channel ends.
    Ban(i64, i64),
    /// A message of an account is sent, by its id among the scheduled.
    Scheduled(i64, i32),
    /// A poll is closed.
    Poll(i64),
}

impl State {
    /// An empty state that nothing survives.
    pub(crate) fn memory(seed: [u8; 32]) -> Self {
        Self::new(Tables::default(), seed, Disk::memory())
    }

    /// The state of a file, or an empty one that will be written to it. The seed of the file wins.
    pub(crate) fn open(path: &Path, seed: [u8; 32]) -> Result<Self, OpenError> {
        let mut tables = Tables::default();
        let mut records = 0;
        let (disk, seed) = Disk::open(path, &tl::hex::encode(&seed), |commit| {
            let commit: Vec<(&str, &RawValue, &RawValue)> = serde_json::from_str(commit).map_err(|error| error.to_string())?;
            records += commit.len();
            commit.into_iter().try_for_each(|(table, key, row)| tables.load(table, key, row))
        })?;
        let seed = tl::hex::decode(&seed)
            .and_then(|seed| seed.try_into().ok())
            .ok_or_else(|| OpenError::Form { path: path.to_owned(), problem: "its seed is not 32 bytes".to_owned() })?;
        let mut state = Self::new(tables, seed, disk);
        if records > 2 * state.tables.len() {
            state.compact().map_err(|error| OpenError::io(path, error))?;
        }
        Ok(state)
    }

    fn new(tables: Tables, seed: [u8; 32], disk: Disk) -> Self {
        let mut rng = ChaCha20Rng::from_seed(seed);
        rng.set_word_pos(u128::from(tables.meta.get(&()).map_or(0, |meta| meta.rng)));
        let (histories, twins, logins, timers) = Default::default();
        let compacted = disk.len();
        let mut state = Self { tables, seed, disk, rng, histories, twins, logins, timers, compacted };
        for (&(owner, id), message) in state.tables.messages.iter() {
            state.histories.entry((owner, message.peer)).or_default().insert(id);
            state.twins.entry(message.twin).or_default().insert((owner, id));
        }
        for (&key, login) in state.tables.logins.iter() {
            if let Some(user) = login.user {
                state.logins.entry(user).or_default().insert(key);
            }
        }
        state.timers = state.tables.timers().collect();
        state
    }

    /// The first timer that is due.
    pub(crate) fn due(&mut self, date: i32) -> Option<Timer> {
        self.timers.first().filter(|(due, _)| *due <= date)?;
        self.timers.pop_first().map(|(_, timer)| timer)
    }

    /// Writes what changed. When this returns, the operating system has it: the death of this process loses nothing.
    pub(crate) fn commit(&mut self) -> io::Result<()> {
        if let Disk::Memory(_) = self.disk {
            self.tables.forget();
            return Ok(());
        }
        let mut commit = vec![b'['];
        self.tables.drain(&mut commit)?;
        if commit.len() > 1 {
            close(&mut commit);
            self.disk.append(&commit)?;
        }
        if self.disk.len() > COMPACT_ABOVE.max(4 * self.compacted) {
            self.compact()?;
        }
        Ok(())
    }

    /// Lets go of the file.
    pub(crate) fn release(&mut self) {
        self.disk.release();
    }

    /// Rewrites the file with nothing but the present rows.
    fn compact(&mut self) -> io::Result<()> {
        let mut commit = vec![b'['];
        self.tables.dump(&mut commit)?;
        if commit.len() > 1 {
            close(&mut commit);
            self.disk.rewrite(&tl::hex::encode(&self.seed), &commit)?;
        }
        self.compacted = self.disk.len();
        Ok(())
    }

    /// A random number that is not zero, repeated by the same seed.
    pub(crate) fn random(&mut self) -> i64 {
        let number = loop {
            // An integer of 63 bits: some languages have no other positive ones.
            match (self.rng.next_u64() >> 1).cast_signed() {
                0 => {}
                number => break number,
            }
        };
        self.meta().rng = u64::try_from(self.rng.get_word_pos()).unwrap_or_default();
        number
    }

    /// Random bytes, repeated by the same seed.
    pub(crate) fn random_bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        self.rng.fill_bytes(&mut bytes);
        self.meta().rng = u64::try_from(self.rng.get_word_pos()).unwrap_or_default();
        bytes
    }

    /// The counters, to be changed.
    pub(crate) fn meta(&mut self) -> &mut Meta {
        self.tables.meta.entry(&())
    }

    /// Puts a message into a box.
    pub(crate) fn put_message(&mut self, owner: Peer, id: i32, message: Message) {
        self.histories.entry((owner, message.peer)).or_default().insert(id);
        self.twins.entry(message.twin).or_default().insert((owner, id));
        self.tables.messages.insert((owner, id), message);
    }

    /// Takes a message out of a box.
    pub(crate) fn take_message(&mut self, owner: Peer, id: i32) -> Option<Message> {
        let message = self.tables.messages.remove(&(owner, id))?;
        if let Some(ids) = self.histories.get_mut(&(owner, message.peer)) {
            ids.remove(&id);
        }
        if let Some(copies) = self.twins.get_mut(&message.twin) {
            copies.remove(&(owner, id));
            if copies.is_empty() {
                self.twins.remove(&message.twin);
                self.tables.reactions.remove(&message.twin);
            }
        }
        Some(message)
    }

    /// The ids of a conversation, oldest first.
    pub(crate) fn history(&self, owner: Peer, peer: Peer) -> &BTreeSet<i32> {
        static NONE: BTreeSet<i32> = BTreeSet::new();
        self.histories.get(&(owner, peer)).unwrap_or(&NONE)
    }

    /// The conversations of a box that hold a message.
    pub(crate) fn conversations(&self, owner: Peer) -> impl Iterator<Item = (Peer, &BTreeSet<i32>)> {
        let from = (owner, Peer::User(i64::MIN));
        self.histories
            .range(from..)
            .take_while(move |((box_, _), _)| *box_ == owner)
            .map(|((_, peer), ids)| (*peer, ids))
            .filter(|(_, ids)| !ids.is_empty())
    }

    /// The copies of a message in all boxes.
    pub(crate) fn copies(&self, twin: u64) -> Vec<(Peer, i32)> {
        self.twins.get(&twin).into_iter().flatten().copied().collect()
    }

    /// The keys signed in as an account, at home or elsewhere.
    pub(crate) fn keys_of(&self, user: i64) -> impl Iterator<Item = (u64, &Login)> {
        self.logins.get(&user).into_iter().flatten().filter_map(|key| Some((*key, self.tables.logins.get(key)?)))
    }

    /// Sets who has signed in with a key.
    pub(crate) fn set_login(&mut self, key: u64, login: Login) {
        if let Some(user) = self.tables.logins.get(&key).and_then(|login| login.user) {
            self.logins.entry(user).or_default().remove(&key);
        }
        if let Some(user) = login.user {
            self.logins.entry(user).or_default().insert(key);
        }
        self.tables.logins.insert(key, login);
    }

    /// Stores a part of a file.
    pub(crate) fn write_part(&mut self, blob: u64, part: i32, bytes: &[u8]) -> io::Result<()> {
        self.disk.write_part(blob, part, bytes)
    }

    /// Removes all parts of a file that nobody needs any more.
    pub(crate) fn remove_parts(&mut self, blob: u64) {
        if let Err(error) = self.disk.remove_parts(blob) {
            tracing::warn!(%error, blob, "the parts of an abandoned upload cannot be removed");
        }
    }

    /// Reads from a file that is stored in parts of `part_size` bytes.
    pub(crate) fn read_file(&self, blob: u64, part_size: i32, offset: i64, length: usize) -> io::Result<Vec<u8>> {
        let mut out = Vec::with_capacity(length);
        let part_size = i64::from(part_size.max(1));
        let mut at = offset;
        while out.len() < length {
            let before = out.len();
            let part = i32::try_from(at / part_size).map_err(|_| io::ErrorKind::InvalidInput)?;
            let inside = (at % part_size) as usize;
            let wanted = (length - before).min(part_size as usize - inside);
            self.disk.read_part(blob, part, inside, wanted, &mut out)?;
            if out.len() - before < wanted {
                break;
            }
            at += wanted as i64;
        }
        Ok(out)
    }
}

/// Ends a list of records, each of which left a comma, as a line.
fn close(commit: &mut Vec<u8>) {
    commit.pop();
    commit.extend_from_slice(b"]\n");
}

/// Why a state file could not be opened.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// The file, or the directory of file parts beside it, could not be read or written.
    Io {
        /// The state file.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The file is not a state of the sandbox, is newer than this program, or is damaged.
    Form {
        /// The state file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
}

impl OpenError {
    fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { path, error } => write!(f, "the state file {} cannot be used: {error}", path.display()),
            Self::Form { path, problem } => write!(f, "the state file {} cannot be read: {problem}", path.display()),
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { error, .. } => Some(error),
            Self::Form { .. } => None,
        }
    }
}
