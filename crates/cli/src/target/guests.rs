//! Who is in the sandbox that a command runs for itself.
//!
//! Each of them holds a share of the lock of a file that the note of the sandbox names. The sandbox ends with the whole of it in its hands, and
//! takes its note away meanwhile: whoever gets a share and finds the note as it was is waited for.

use std::fs::{self, File, OpenOptions};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use tokio::time::sleep;

use crate::Context;
use crate::failure::Failure;
use crate::state_dir::StateDir;

/// How often it is looked whether they have gone.
const LOOK: Duration = Duration::from_millis(20);

/// The file, which is there as long as the sandbox.
pub(super) struct Guests {
    path: PathBuf,
    lock: File,
}

impl Guests {
    /// None yet. The name is not that of another sandbox: those of one that has ended without them are not waited for.
    pub(super) fn none(context: &Context) -> Result<Self, Failure> {
        let path = context.state_dir.file(&format!("sandbox.guests.{}", std::process::id()))?;
        match OpenOptions::new().write(true).create(true).truncate(true).open(&path) {
            Ok(lock) => Ok(Self { path, lock }),
            Err(error) => Err(StateDir::failed(format_args!("cannot write {}", path.display()), &error)),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Resolves when there are none; then nobody comes any more.
    pub(super) async fn gone(&self) {
        while self.lock.try_lock().is_err() {
            sleep(LOOK).await;
        }
    }
}

impl Drop for Guests {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

/// The file that a note names.
pub(super) fn named_in(note: &str) -> Option<PathBuf> {
    let note: Value = serde_json::from_str(note).ok()?;
    note["guests"].as_str().map(PathBuf::from)
}

/// One of them, for as long as this lives.
#[derive(Debug)]
pub(super) struct Guest {
    _share: File,
}

impl Guest {
    /// `None` if it is too late.
    pub(super) fn enter(guests: &Path) -> Option<Self> {
        let share = File::open(guests).ok()?;
        share.try_lock_shared().ok()?;
        Some(Self { _share: share })
    }
}
