//! Copies of projects, for what must not be done to the original.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{fs, io};

/// A copy of a directory in the system's place for temporary files; it goes when this does.
pub(crate) struct Copy(PathBuf);

impl Copy {
    /// Copies what lies under `root`, without what Cargo has built there.
    pub(crate) fn of(root: &Path) -> Result<Copy, String> {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("awaitlint-copy-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let made = Copy(std::env::temp_dir().join(name));
        copy(root, &made.0).map_err(|error| format!("{} cannot be copied to {}: {error}", root.display(), made.0.display()))?;
        Ok(made)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0); // it lies where things are removed anyway
    }
}

/// Copies the files under `from`; links to directories, and directories marked as caches, as Cargo's `target` is, are left out.
pub(crate) fn copy(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            if !source.join("CACHEDIR.TAG").is_file() {
                copy(&source, &target)?;
            }
        } else if source.is_file() {
            fs::copy(source, target)?;
        }
    }
    Ok(())
}
