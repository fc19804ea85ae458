//! A file on its way to the disk: under another name until it is complete.

use std::ffi::OsString;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;

use super::disk;
use super::part_map::{Found, PartMap, Whole};

/// How long to wait for a file that is in use.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is to be done about a file.
pub(super) enum Claim {
    /// It is there already.
    Complete { path: PathBuf, size: u64 },
    /// It is ours to fetch.
    Ours(Incomplete),
}

/// A file that is being fetched. Nobody else fetches it meanwhile, in this process or another.
pub(super) struct Incomplete {
    path: PathBuf,
    partial: PathBuf,
    file: Arc<File>,
    pub(super) map: Option<Arc<PartMap>>,
    whole: Option<Whole>,
}

/// Takes the first of the paths that is not somebody else's: another file's, or in use. The last one is taken in any case, unless it
/// is in use. Blocks.
pub(super) fn claim(candidates: &[PathBuf], whole: Option<Whole>, overwrite: bool) -> io::Result<Claim> {
    let (last, others) = candidates.split_last().ok_or(io::ErrorKind::InvalidInput)?;
    for path in others {
        let is_of_another = fs::metadata(path).is_ok_and(|there| !is_all_of(&there, whole)) && !overwrite;
        if is_of_another {
            continue;
        }
        match claim_path(path, whole, overwrite, false)? {
            Some(claim) => return Ok(claim),
            None => continue,
        }
    }
    claim_path(last, whole, overwrite, true)?.ok_or_else(|| io::Error::new(io::ErrorKind::WouldBlock, "somebody else is downloading to it"))
}

/// `None` if the path is in use or, unless it has to be this one, holds parts of another file.
fn claim_path(path: &Path, whole: Option<Whole>, overwrite: bool, insist: bool) -> io::Result<Option<Claim>> {
    let complete = || match fs::metadata(path) {
        Ok(there) if there.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(there) => Ok((is_all_of(&there, whole) && !overwrite).then_some(there.len())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    };
    let done = |size| Ok(Some(Claim::Complete { path: path.to_owned(), size }));
    if let Some(size) = complete()? {
        return done(size);
    }
    let partial = with_ending(path, ".part");
    let mut waited = Duration::ZERO;
    let file = loop {
        let file = File::options().read(true).write(true).create(true).truncate(false).open(&partial)?;
        match file.try_lock() {
            Ok(()) => {}
            // A download that was dropped may have a part left to write.
            Err(TryLockError::WouldBlock) if waited < PATIENCE => {
                waited += PATIENCE / 50;
                std::thread::sleep(PATIENCE / 50);
                continue;
            }
            Err(TryLockError::WouldBlock) => return Ok(None),
            // Some network file systems have no locks.
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        // Whoever had it may have finished, and taken the file away under us.
        if let Some(size) = complete()? {
            return done(size);
        }
        if partial.exists() {
            break file;
        }
    };
    let map = match whole {
        None => None,
        Some(whole) => {
            let place = with_ending(path, ".parts");
            match PartMap::find(&place, whole)? {
                Found::Same(map) if file.metadata()?.len() >= map.end() => Some(map),
                Found::Other if !insist => return Ok(None),
                _ => Some(PartMap::create(&place, whole)?),
            }
        }
    };
    if map.as_ref().is_none_or(|map| map.arrived() == 0) {
        file.set_len(0)?;
    }
    Ok(Some(Claim::Ours(Incomplete { path: path.to_owned(), partial, file: Arc::new(file), map: map.map(Arc::new), whole })))
}

impl Incomplete {
    pub(super) fn file(&self) -> Arc<File> {
        self.file.clone()
    }

    pub(super) async fn write(&self, bytes: Bytes, offset: u64) -> io::Result<()> {
        disk::write_at(self.file(), bytes, offset).await
    }

    /// Gives the file its name, once everything is on the disk.
    pub(super) async fn finish(self, size: u64) -> io::Result<PathBuf> {
        let Self { path, partial, file, map, whole } = self;
        disk::blocking(move || {
            file.set_len(size)?;
            if let Some(whole) = whole {
                // Where such times are not kept it is fetched again another time.
                let _ = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map(|now| file.set_modified(marked(now, whole)));
            }
            file.sync_all()?;
            fs::rename(&partial, &path)?;
            if map.is_some() {
                fs::remove_file(with_ending(&path, ".parts"))?;
            }
            Ok(path)
        })
        .await
    }
}

/// Whether a file is this one. Many have the same name and size: what was downloaded says by the fraction of the second in its time of
/// modification of which document it is.
fn is_all_of(there: &fs::Metadata, whole: Option<Whole>) -> bool {
    let since = |time: SystemTime| time.duration_since(SystemTime::UNIX_EPOCH).ok();
    // What has no id is never known again.
    whole.is_some_and(|whole| {
        whole.id != 0
            && there.len() == whole.size
            && there.modified().ok().and_then(since).is_some_and(|time| time.subsec_nanos() / TICK == fraction(whole))
    })
}

fn marked(now: Duration, whole: Whole) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::new(now.as_secs(), fraction(whole) * TICK)
}

/// What common file systems keep of a time, in nanoseconds.
const TICK: u32 = 100;

/// Less than a second, in ticks. The remainder by a prime, to which all bits of the id contribute.
fn fraction(whole: Whole) -> u32 {
    (whole.id.unsigned_abs() % 9_999_991) as u32
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    name.into()
}
