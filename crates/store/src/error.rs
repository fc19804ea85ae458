use std::io;
use std::path::PathBuf;

use crate::{KeySlot, Owner};

/// Why the store could not do what it was asked. Whatever the reason, nothing that was stored before is lost or changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process (or another part of this one) holds the session.
    #[error(
        "this session is in use by {} (store: {})\n  \
         two connections with one session make Telegram destroy the login, so this one has not connected\n  \
         help: stop the other; it hands over within a second. To wait longer: --wait 10m",
        .owner.as_ref().map_or_else(|| "another process".to_owned(), ToString::to_string),
        .path.display()
    )]
    InUse {
        /// The store both want.
        path: PathBuf,
        /// Who holds it, when it could be read.
        owner: Option<Owner>,
    },

    /// What is stored there is not a store, or is damaged.
    #[error(
        "{place} is not a readable session store: {reason}\n  \
         it was left as it is\n  \
         help: restore a copy of it, or give another path and sign in again"
    )]
    Corrupt {
        /// The file or address of the store.
        place: String,
        /// What was found.
        reason: String,
    },

    /// A newer release wrote it.
    #[error(
        "{place} was written by a newer release (format {found}, this one reads up to {supported})\n  \
         it was left as it is\n  \
         help: use the newer release, or give another path and sign in again"
    )]
    Newer {
        /// The file or address of the store.
        place: String,
        /// The format it has.
        found: u32,
        /// The newest format this release reads.
        supported: u32,
    },

    /// There is no room to write.
    #[error(
        "no room left to write {place}\n  \
         what was stored before is intact, the last changes are not written\n  \
         help: free some space; pending changes are written again by themselves"
    )]
    Full {
        /// The file or address of the store.
        place: String,
    },

    /// A permanent authorization key would have been overwritten with another one: that would destroy a login silently.
    #[error(
        "data centre {} already has another {:?} key; it was kept\n  \
         help: log out, or remove the key on purpose, before another takes its place",
        .slot.dc,
        .slot.kind
    )]
    KeyExists {
        /// The place that is taken.
        slot: KeySlot,
    },

    /// The operating system refused.
    #[error("could not {doing} {place}: {source}")]
    Io {
        /// What was tried.
        doing: &'static str,
        /// The file or address of the store.
        place: String,
        /// What the operating system said.
        source: io::Error,
    },

    /// The backend failed in a way of its own.
    #[error("could not {doing} {place}: {source}")]
    Backend {
        /// What was tried.
        doing: &'static str,
        /// The file or address of the store.
        place: String,
        /// The backend's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl Error {
    /// Sorts an error of the operating system: a full disk is told apart from the rest.
    #[doc(hidden)]
    pub fn from_io(doing: &'static str, place: impl Into<String>, source: io::Error) -> Self {
        let place = place.into();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::Full { place },
            _ => Self::Io { doing, place, source },
        }
    }
}
