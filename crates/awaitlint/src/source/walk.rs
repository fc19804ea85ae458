//! Finding the Rust files of a directory.

use crate::hash::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

/// All `.rs` files under `root` in order of their paths. Hidden directories, `target` and the directories of other packages are left out; a
/// directory is entered once, however many links lead to it. What cannot be read, and links that go in circles, are told to `problem`.
pub(crate) fn rust_files(root: &Path, mut problem: impl FnMut(&Path, String)) -> Vec<PathBuf> {
    if root.is_file() {
        return vec![root.to_owned()];
    }
    let mut files = Vec::new();
    let mut seen = HashSet::default();
    let mut pending = vec![root.to_owned()];
    while let Some(dir) = pending.pop() {
        if let Ok(real) = dir.canonicalize() {
            let around = dir.parent().and_then(|parent| parent.canonicalize().ok());
            if dir != root && around.is_some_and(|around| around.starts_with(&real)) {
                problem(&dir, format!("a link back to {}, which it lies in", real.display()));
                continue;
            }
            if !seen.insert(real) {
                continue;
            }
        }
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) => {
                problem(&dir, error.to_string());
                continue;
            }
        };
        for entry in entries {
            match entry {
                Ok(entry) => sort_in(root, entry.path(), &mut files, &mut pending, &mut problem),
                Err(error) => problem(&dir, error.to_string()),
            }
        }
    }
    files.sort();
    files
}

fn sort_in(root: &Path, path: PathBuf, files: &mut Vec<PathBuf>, pending: &mut Vec<PathBuf>, problem: &mut impl FnMut(&Path, String)) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.starts_with('.') {
        return;
    }
    match fs::metadata(&path) {
        Ok(meta) if meta.is_dir() => {
            let foreign = path.join("Cargo.toml").exists() && path != root;
            if name != "target" && !foreign {
                pending.push(path);
            }
        }
        Ok(meta) if meta.is_file() && name.ends_with(".rs") => files.push(path),
        Ok(_) => {}
        Err(error) if name.ends_with(".rs") => problem(&path, error.to_string()),
        Err(_) => {} // a dangling link that is no Rust file
    }
}
