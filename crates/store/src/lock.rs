use std::ffi::OsString;
use std::fmt;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::time::{Instant, sleep};

use crate::Error;

/// How often a waiting process looks whether the lock is free.
const POLL: Duration = Duration::from_millis(50);

/// The right to use a session, held by one process at a time.
///
/// Two files stand next to the store: `<store>.lock`, which the holder keeps locked and in which its name stands, and, while
/// somebody waits, `<store>.lock.next`, locked by the one who waits. Both are advisory locks of the operating system: they
/// end with the process, however it ends, and a file left behind means nothing.
#[derive(Debug)]
pub struct SessionLock {
    file: File,
    next: PathBuf,
}

impl SessionLock {
    /// Locks the session stored at `store`. When another process has it, waits up to `wait` for it to let go, and shows it
    /// that somebody waits (see [`is_wanted`](Self::is_wanted)).
    ///
    /// # Errors
    /// [`Error::InUse`] after `wait`, naming the holder; [`Error::Io`] when the lock file cannot be made.
    ///
    /// # Cancel safety
    /// Dropped while waiting, it stands back and leaves nothing locked.
    pub async fn acquire(store: &Path, wait: Duration) -> Result<Self, Error> {
        let (path, next) = (beside(store, ".lock"), beside(store, ".lock.next"));
        let failed = |source| Error::from_io("lock", path.display().to_string(), source);
        let deadline = Instant::now() + wait;
        let file = open(&path).map_err(failed)?;
        let mut turn = None;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(TryLockError::Error(source)) => return Err(failed(source)),
                Err(TryLockError::WouldBlock) => {}
            }
            if Instant::now() >= deadline {
                return Err(Error::InUse { path: store.to_owned(), owner: Owner::read(&path) });
            }
            if turn.is_none() {
                turn = Turn::take(&next);
            }
            sleep(POLL).await;
        }
        Self::hold(file, next).map_err(failed)
    }

    fn hold(mut file: File, next: PathBuf) -> io::Result<Self> {
        file.set_len(0)?;
        file.write_all(Owner::this().to_lines().as_bytes())?;
        Ok(Self { file, next })
    }

    /// Whether another process waits for this session. Who wants to hand over then finishes its work and drops the lock.
    #[must_use]
    pub fn is_wanted(&self) -> bool {
        let Ok(file) = File::open(&self.next) else { return false };
        match file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => true,
            Err(TryLockError::Error(_)) => false,
            Ok(()) => {
                // Said aloud for the reason given where this lock is dropped.
                let _ = file.unlock();
                false
            }
        }
    }
}

impl Drop for SessionLock {
    fn drop(&mut self) {
        // The name in a file that nobody locks is of no use; if it stays, no harm is done either.
        let _ = self.file.set_len(0);
        // Closing it would do, but for a process that another thread is just starting: until it runs its own program it has a copy.
        let _ = self.file.unlock();
    }
}

/// The place of the one who waits. Its file is removed with it.
struct Turn {
    file: File,
    path: PathBuf,
}

impl Turn {
    fn take(path: &Path) -> Option<Self> {
        Self::lock(open(path).ok()?, path)
    }

    /// None also if whoever waited before has removed this file since it was opened: nobody would look at it.
    fn lock(file: File, path: &Path) -> Option<Self> {
        file.try_lock().ok()?;
        is_at(&file, path).then(|| Self { file, path: path.to_owned() })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
        let _ = self.file.unlock();
    }
}

/// Who holds a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// The id of the process.
    pub process: u32,
    /// The name of its machine.
    pub host: String,
    /// Since when, in seconds of Unix time.
    pub since: u64,
}

impl Owner {
    fn this() -> Self {
        Self { process: std::process::id(), host: host_name(), since: now() }
    }

    fn read(path: &Path) -> Option<Self> {
        let mut text = String::new();
        File::open(path).ok()?.take(1024).read_to_string(&mut text).ok()?;
        let mut lines = text.lines();
        Some(Self { process: lines.next()?.parse().ok()?, host: lines.next()?.to_owned(), since: lines.next()?.parse().ok()? })
    }

    fn to_lines(&self) -> String {
        format!("{}\n{}\n{}\n", self.process, self.host, self.since)
    }

    /// `process 4312 on web-2 since 12:03 UTC`, with the day when it is not the day of `now`.
    fn describe(&self, now: u64) -> String {
        let Self { process, host, since } = self;
        let (day, hour, minute) = (since / 86_400, since / 3_600 % 24, since / 60 % 60);
        let date = if day == now / 86_400 { String::new() } else { format!("{} ", date(day)) };
        format!("process {process} on {host} since {date}{hour:02}:{minute:02} UTC")
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.describe(now()))
    }
}

fn open(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Whether this is still the file at that path.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
    matches!((file.metadata().map(id), fs::metadata(path).map(id)), (Ok(open), Ok(there)) if open == there)
}

/// A file that is open cannot be replaced here.
#[cfg(not(unix))]
fn is_at(_: &File, path: &Path) -> bool {
    path.exists()
}

fn beside(store: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(store);
    name.push(suffix);
    name.into()
}

fn host_name() -> String {
    let from_kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let from_environment = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    match from_kernel.or_else(from_environment) {
        Some(name) if !name.trim().is_empty() => name.trim().to_owned(),
        _ => "this machine".to_owned(),
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Year-month-day of a day counted from 1970-01-01, by whole eras of 400 years beginning in March.
fn date(day: u64) -> String {
    let day = day + 719_468;
    let (era, day_of_era) = (day / 146_097, day % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day_of_month:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_described_with_the_day_when_it_matters() {
        let owner = Owner { process: 4312, host: "web-2".into(), since: 951_825_780 };
        assert_eq!(owner.describe(951_825_780 + 60), "process 4312 on web-2 since 12:03 UTC");
        assert_eq!(owner.describe(951_825_780 + 86_400), "process 4312 on web-2 since 2000-02-29 12:03 UTC");
    }

    #[test]
    fn a_place_in_a_file_that_is_gone_is_none() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("store.lock.next");
        let first = Turn::take(&path).unwrap();
        let opened = open(&path).unwrap();
        assert!(Turn::take(&path).is_none(), "somebody waits");
        drop(first);
        assert!(Turn::lock(opened, &path).is_none(), "that file was removed by the first");
        let _second = Turn::take(&path).unwrap();
        assert!(Turn::take(&path).is_none(), "and this is the place that the holder looks at");
    }

    #[tokio::test(start_paused = true)]
    async fn a_copy_of_the_file_keeps_nothing_locked() {
        let place = tempfile::tempdir().unwrap();
        let first = SessionLock::acquire(&place.path().join("store"), Duration::ZERO).await.unwrap();
        // As in a process that another thread has begun a moment ago.
        let _copy = first.file.try_clone().unwrap();
        drop(first);
        drop(SessionLock::acquire(&place.path().join("store"), Duration::ZERO).await.unwrap());
    }

    #[test]
    fn days_become_dates() {
        for (day, expect) in
            [(0, "1970-01-01"), (10_956, "1999-12-31"), (11_016, "2000-02-29"), (20_818, "2026-12-31"), (20_819, "2027-01-01")]
        {
            assert_eq!(date(day), expect);
        }
    }
}
