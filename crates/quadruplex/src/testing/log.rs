//! What a person has seen.

use std::error::Error;
use std::fmt;
use std::sync::Mutex;
use std::time::Duration;

use quadruplex_api::{PeerRef, enums};
use tokio::sync::Notify;

use crate::client::lock;
use crate::{Client, Message};

/// Everything that came to a person and that he has sent, in its order.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: Mutex<Vec<Entry>>,
    changed: Notify,
}

#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) at: Duration,
    pub(super) edited: bool,
    pub(super) message: Message,
}

impl Log {
    /// A message; the second time of an own one is left out.
    pub(super) fn add(&self, entry: Entry) {
        let mut entries = lock(&self.entries);
        let same = |other: &Entry| other.message.id() == entry.message.id() && other.message.chat() == entry.message.chat();
        if !entry.edited && entries.iter().any(|other| !other.edited && same(other)) {
            return;
        }
        entries.push(entry);
        drop(entries);
        self.changed.notify_waiters();
    }

    pub(super) fn update(&self, client: &Client, at: Duration, update: &enums::Update) {
        let (raw, edited) = match update {
            enums::Update::NewMessage(new) => (&new.message, false),
            enums::Update::NewChannelMessage(new) => (&new.message, false),
            enums::Update::EditMessage(edit) => (&edit.message, true),
            enums::Update::EditChannelMessage(edit) => (&edit.message, true),
            _ => return,
        };
        if let Some(message) = Message::new(client, raw.clone()) {
            self.add(Entry { at, edited, message });
        }
    }

    /// The first entry from `next` on that is wanted, and the place behind it; waits for it.
    pub(super) async fn find(&self, next: usize, wanted: impl Fn(&Entry) -> bool) -> (Entry, usize) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            // From here on no change is missed.
            changed.as_mut().enable();
            let found = {
                let entries = lock(&self.entries);
                let coming = entries.iter().enumerate().skip(next);
                coming.filter(|(_, entry)| wanted(entry)).map(|(at, entry)| (entry.clone(), at + 1)).next()
            };
            match found {
                Some(found) => return found,
                None => changed.await,
            }
        }
    }

    pub(super) fn len(&self) -> usize {
        lock(&self.entries).len()
    }

    /// What is in a chat, in the order of the chat.
    pub(super) fn of(&self, chat: &PeerRef) -> Vec<Entry> {
        let mut entries: Vec<Entry> = lock(&self.entries).iter().filter(|entry| entry.message.chat() == *chat).cloned().collect();
        entries.sort_by_key(|entry| (entry.at, entry.message.id()));
        entries
    }
}

/// What was waited for and did not come, with the chat and what handlers have failed with.
pub struct Unmet {
    pub(super) what: String,
    pub(super) transcript: String,
    pub(super) failures: Vec<String>,
}

impl fmt::Display for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}\n{}", self.what, self.transcript)?;
        match self.failures.as_slice() {
            [] => write!(f, "  no handler has failed"),
            failures => failures.iter().try_for_each(|failure| writeln!(f, "  {failure}")),
        }
    }
}

/// As it is displayed, since that is what a test shows that returns it.
impl fmt::Debug for Unmet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Unmet {}
