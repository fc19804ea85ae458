use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex, Weak};

use tokio::sync::{OwnedRwLockReadGuard, OwnedRwLockWriteGuard, RwLock};

use super::Lock;
use crate::sync::lock;

/// Which file it is, whatever its path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct FileId(Identity);

#[cfg(unix)]
type Identity = (u64, u64);

#[cfg(not(unix))]
type Identity = std::path::PathBuf;

impl FileId {
    #[cfg(unix)]
    pub(super) fn of_file(file: &File, _: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = file.metadata()?;
        Ok(Self((metadata.dev(), metadata.ino())))
    }

    #[cfg(not(unix))]
    pub(super) fn of_file(_: &File, path: &Path) -> io::Result<Self> {
        Self::of_path(path)
    }

    #[cfg(unix)]
    pub(super) fn of_path(path: &Path) -> io::Result<Self> {
        use std::os::unix::fs::MetadataExt;
        let metadata = path.metadata()?;
        Ok(Self((metadata.dev(), metadata.ino())))
    }

    #[cfg(not(unix))]
    pub(super) fn of_path(path: &Path) -> io::Result<Self> {
        Ok(Self(path.canonicalize()?))
    }
}

/// The right of this process's caller to try for the lock of a file. Tokio's lock is fair; polling alone would not be.
#[derive(Debug)]
#[expect(dead_code, reason = "the guards are held, not looked at")]
pub(super) enum Turn {
    Exclusive(OwnedRwLockWriteGuard<()>),
    Shared(OwnedRwLockReadGuard<()>),
}

impl Turn {
    pub(super) async fn take(id: FileId, kind: Lock) -> Self {
        let queue = {
            let mut queues = lock(&QUEUES);
            queues.retain(|_, queue| queue.strong_count() > 0);
            let queue = queues.get(&id).and_then(Weak::upgrade).unwrap_or_default();
            queues.insert(id, Arc::downgrade(&queue));
            queue
        };
        match kind {
            Lock::Exclusive => Self::Exclusive(queue.write_owned().await),
            Lock::Shared => Self::Shared(queue.read_owned().await),
        }
    }
}

/// One queue for each file that somebody here holds or waits for.
static QUEUES: LazyLock<Mutex<HashMap<FileId, Weak<RwLock<()>>>>> = LazyLock::new(Mutex::default);
