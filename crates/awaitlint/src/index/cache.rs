//! The index of a dependency on disk: one file per version of a crate, in the target directory of the workspace.

use std::fs;
use std::path::{Path, PathBuf};

use super::CrateItems;
use crate::project::Package;

/// Part of the file name; a change of [`CrateItems`] or of lowering makes it another.
const FORMAT: u32 = 4;

fn file(dir: &Path, package: &Package) -> PathBuf {
    dir.join(format!("{}-{}.v{FORMAT}.json", package.name, package.version))
}

/// What was kept of a crate, if it can be read.
pub(super) fn read(dir: Option<&Path>, package: &Package) -> Option<CrateItems> {
    let bytes = fs::read(file(dir.filter(|_| package.fixed)?, package)).ok()?;
    serde_json::from_slice(&bytes).ok()
}

/// Keeps a crate; a cache that cannot be written only costs time.
pub(super) fn write(dir: Option<&Path>, package: &Package, items: &CrateItems) {
    let Some(dir) = dir.filter(|_| package.fixed) else { return };
    let path = file(dir, package);
    let partial = path.with_extension(format!("{}.tmp", std::process::id()));
    let written = fs::create_dir_all(dir).is_ok() && serde_json::to_vec(items).is_ok_and(|bytes| fs::write(&partial, bytes).is_ok());
    if written {
        let _ = fs::rename(&partial, &path); // another process may have been first; its file is as good
    }
}
