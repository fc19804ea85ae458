//! Where the state lives: in memory, or in a file that grows by one line per commit, with a directory of file parts beside it.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::OpenError;

/// The first line of a state file names its form.
const FORMAT: &str = "quadruplex-sandbox";
/// The form that this program writes; a file with a higher number is refused.
const VERSION: u64 = 1;

/// The place of the journal and of the file parts.
pub(crate) enum Disk {
    Memory(HashMap<(u64, i32), Vec<u8>>),
    Files(Journal),
}

/// An append-only file of commits.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// How far the file is known to be good: a failed write is cut off again before the next.
    end: u64,
    /// What could not be written yet.
    unwritten: Vec<u8>,
}

impl Disk {
    pub(crate) fn memory() -> Self {
        Self::Memory(HashMap::new())
    }

    /// Opens a journal, or begins one, and gives every commit to `load`.
    pub(crate) fn open(path: &Path, seed: &str, mut load: impl FnMut(&str) -> Result<(), String>) -> Result<(Self, String), OpenError> {
        let io = |error| OpenError::io(path, error);
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(path).map_err(io)?;
        file.try_lock().map_err(|_| OpenError::Form {
            path: path.to_owned(),
            problem: "another sandbox is using it; stop that one or use another file".to_owned(),
        })?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;

        let mut seed = seed.to_owned();
        let mut end = 0;
        let mut lines = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
        match lines.next() {
            Some(header) => {
                seed = read_header(header).map_err(|problem| OpenError::Form { path: path.to_owned(), problem })?;
                end += header.len();
            }
            None if !bytes.is_empty() && !header(&seed).as_bytes().starts_with(&bytes[..bytes.len().min(FORMAT.len())]) => {
                return Err(OpenError::Form { path: path.to_owned(), problem: "it does not begin with the line of a sandbox".to_owned() });
            }
            None => {}
        }
        for line in lines {
            let loaded = std::str::from_utf8(line).map_err(|error| error.to_string()).and_then(&mut load);
            if let Err(problem) = loaded {
                // Only what the last commit left half-written may be cut off; damage before good lines is not ours to hide.
                if end + line.len() < bytes.len() {
                    let problem = format!("the commit at byte {end} is damaged: {problem}");
                    return Err(OpenError::Form { path: path.to_owned(), problem });
                }
                break;
            }
            end += line.len();
        }
        if end < bytes.len() {
            tracing::warn!(path = %path.display(), bytes = bytes.len() - end, "the last commit was cut off while it was written; it is dropped");
            file.set_len(end as u64).map_err(io)?;
        }
        let mut journal = Journal { path: path.to_owned(), file, end: end as u64, unwritten: Vec::new() };
        if end == 0 {
            journal.append(header(&seed).as_bytes()).map_err(io)?;
        }
        fs::create_dir_all(journal.parts()).map_err(io)?;
        Ok((Self::Files(journal), seed))
    }

    /// Appends a commit. When it fails, the commit is kept and written first the next time.
    pub(crate) fn append(&mut self, commit: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(_) => Ok(()),
            Self::Files(journal) => journal.append(commit),
        }
    }

    /// Replaces the whole journal by `commits`, in one step as seen from a crash.
    pub(crate) fn rewrite(&mut self, seed: &str, commits: &[u8]) -> io::Result<()> {
        let Self::Files(journal) = self else { return Ok(()) };
        let new = with_suffix(&journal.path, ".new");
        let mut file = OpenOptions::new().read(true).append(true).create(true).open(&new)?;
        file.set_len(0)?;
        file.try_lock()?;
        file.write_all(header(seed).as_bytes())?;
        file.write_all(commits)?;
        journal.end = file.seek(SeekFrom::End(0))?;
        fs::rename(&new, &journal.path)?;
        journal.file = file;
        journal.unwritten.clear();
        Ok(())
    }

    /// Lets go of the files: whoever comes next may have them, and what is written from now on is not kept.
    pub(crate) fn release(&mut self) {
        if let Self::Files(journal) = self {
            // By name: a process that is being started at this moment has the file open too.
            let _ = journal.file.unlock();
            *self = Self::memory();
        }
    }

    /// The length of the journal in bytes.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(_) => 0,
            Self::Files(journal) => journal.end,
        }
    }

    /// Stores a part of a file.
    pub(crate) fn write_part(&mut self, blob: u64, part: i32, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Memory(parts) => {
                parts.insert((blob, part), bytes.to_vec());
                Ok(())
            }
            Self::Files(journal) => {
                let directory = journal.parts().join(blob.to_string());
                let file = directory.join(part.to_string());
                let written = fs::create_dir_all(&directory).and_then(|()| fs::write(&file, bytes));
                if written.is_err() {
                    // Half a part is of no use to anybody, and a full disk has no room for one with every attempt.
                    let _ = fs::remove_file(&file);
                    let _ = fs::remove_dir(&directory);
                }
                written
            }
        }
    }

    /// Removes all parts of a file.
    pub(crate) fn remove_parts(&mut self, blob: u64) -> io::Result<()> {
        match self {
            Self::Memory(parts) => {
                parts.retain(|(of, _), _| *of != blob);
                Ok(())
            }
            Self::Files(journal) => fs::remove_dir_all(journal.parts().join(blob.to_string())),
        }
    }

    /// Appends `length` bytes of a part, from `offset`, to `out`; fewer if the part ends.
    pub(crate) fn read_part(&self, blob: u64, part: i32, offset: usize, length: usize, out: &mut Vec<u8>) -> io::Result<()> {
        match self {
            Self::Memory(parts) => {
                let part = parts.get(&(blob, part)).ok_or(io::ErrorKind::NotFound)?;
                let rest = part.get(offset..).unwrap_or_default();
                out.extend_from_slice(&rest[..rest.len().min(length)]);
            }
            Self::Files(journal) => {
                let mut file = File::open(journal.parts().join(blob.to_string()).join(part.to_string()))?;
                file.seek(SeekFrom::Start(offset as u64))?;
                file.take(length as u64).read_to_end(out)?;
            }
        }
        Ok(())
    }
}

impl Journal {
    fn append(&mut self, commit: &[u8]) -> io::Result<()> {
        self.unwritten.extend_from_slice(commit);
        if self.file.metadata()?.len() != self.end {
            self.file.set_len(self.end)?;
        }
        self.file.write_all(&self.unwritten)?;
        self.end += self.unwritten.len() as u64;
        self.unwritten.clear();
        Ok(())
    }

    fn parts(&self) -> PathBuf {
        with_suffix(&self.path, ".files")
    }
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn header(seed: &str) -> String {
    format!("{{\"{FORMAT}\":{VERSION},\"seed\":\"{seed}\"}}\n")
}

/// The seed of a journal that this program can read.
fn read_header(line: &[u8]) -> Result<String, String> {
    let strange = "it does not begin with the line of a sandbox";
    let header = serde_json::from_slice::<serde_json::Value>(line).map_err(|_| strange.to_owned())?;
    match header.get(FORMAT).and_then(serde_json::Value::as_u64) {
        Some(VERSION) => header.get("seed").and_then(serde_json::Value::as_str).map(str::to_owned).ok_or_else(|| strange.to_owned()),
        Some(newer) if newer > VERSION => {
            Err(format!("it was written by a newer version (form {newer}, this one reads {VERSION}); use that version or another file"))
        }
        _ => Err(strange.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_commit_that_failed_is_written_first_the_next_time() -> io::Result<()> {
        let place = tempfile::tempdir()?;
        let path = place.path().join("state");
        fs::write(&path, "")?;
        // A file that was opened for reading refuses to be written, as a full disk does.
        let mut journal = Journal { path: path.clone(), file: File::open(&path)?, end: 0, unwritten: Vec::new() };
        assert!(journal.append(b"one\n").is_err());
        assert!(journal.append(b"two\n").is_err());
        journal.file = OpenOptions::new().append(true).open(&path)?;
        // Half of a failed write may have reached the file.
        fs::write(&path, "on")?;
        journal.append(b"three\n")?;
        assert_eq!(fs::read_to_string(&path)?, "one\ntwo\nthree\n");
        Ok(())
    }
}
