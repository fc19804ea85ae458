mod turn;

use std::error::Error;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::time::Duration;
use std::{fmt, io};

use tokio::runtime::Handle;
use tokio::time::{Instant, sleep, timeout};
use tokio_util::sync::CancellationToken;

use turn::{FileId, Turn};

/// Locks a file among all processes that use the same kind of lock (`flock`), creating it if it is not there.
///
/// Waits without blocking the runtime: it tries, and tries again after the [poll](Flock::poll) interval. Within this process
/// locks are given in the order in which they were asked for, shared ones together; between processes whoever tries first gets it. The
/// operating system releases the lock when the process ends, however it ends. The file itself is never removed.
///
/// Locking a file twice without unlocking it waits for ever. That two locks are shared does not help for sure: if somebody has asked
/// for an exclusive one in between, the second waits behind it, and it waits for the first. Set a [timeout](Flock::timeout) where that
/// can happen.
///
/// # Cancel safety
///
/// Dropping the future gives up its place; a lock that was just being taken is released.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use awaitkit::{Lock, flock};
///
/// let path = std::env::temp_dir().join(format!("awaitkit-doc-{}.lock", std::process::id()));
/// {
///     let _guard = flock(&path, Lock::Shared).await?;
/// } // unlocked
/// let guard = flock(&path, Lock::Exclusive).await?;
/// guard.unlock()?; // says whether it worked
/// # std::fs::remove_file(path)?;
/// # Ok(()) }
/// ```
pub fn flock(path: impl AsRef<Path>, lock: Lock) -> Flock {
    Flock { path: path.as_ref().to_owned(), lock, poll: POLL, timeout: None, cancel: None }
}

/// Who may hold a lock at the same time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lock {
    /// Only one.
    Exclusive,
    /// Any number that also want it shared.
    Shared,
}

/// A lock to be taken, see [`flock`]: await it.
#[derive(Clone, Debug)]
#[must_use = "nothing is locked until this is awaited"]
pub struct Flock {
    path: PathBuf,
    lock: Lock,
    poll: Duration,
    timeout: Option<Duration>,
    cancel: Option<CancellationToken>,
}

impl Flock {
    /// How long to wait between two tries. Default: 0.1 seconds.
    pub fn poll(mut self, interval: Duration) -> Self {
        self.poll = interval;
        self
    }

    /// Gives up after so long.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// Gives up when `token` is cancelled.
    pub fn cancel_on(mut self, token: CancellationToken) -> Self {
        self.cancel = Some(token);
        self
    }

    async fn take(self) -> Result<FlockGuard, FlockError> {
        let begin = Instant::now();
        let within = async {
            match self.timeout {
                Some(limit) => timeout(limit, self.wait()).await.unwrap_or(Err(Reason::TimedOut)),
                None => self.wait().await,
            }
        };
        let result = match &self.cancel {
            Some(token) => token.run_until_cancelled(within).await.unwrap_or(Err(Reason::Cancelled)),
            None => within.await,
        };
        result.map_err(|reason| FlockError { path: self.path, reason, waited: begin.elapsed() })
    }

    async fn wait(&self) -> Result<FlockGuard, Reason> {
        loop {
            let path = self.path.clone();
            let (file, id) = blocking(move || open(&path)).await?;
            let turn = Turn::take(id.clone(), self.lock).await;
            let file = self.lock_file(file).await?;
            // Somebody may have removed or replaced the file while we waited: then this locks nothing that others see.
            let path = self.path.clone();
            if blocking(move || FileId::of_path(&path)).await.is_ok_and(|now| now == id) {
                return Ok(FlockGuard { file, _turn: turn });
            }
        }
    }

    async fn lock_file(&self, mut file: File) -> Result<File, Reason> {
        let lock = self.lock;
        loop {
            let (tried, locked) = blocking(move || {
                let tried = match lock {
                    Lock::Exclusive => file.try_lock(),
                    Lock::Shared => file.try_lock_shared(),
                };
                match tried {
                    Ok(()) => Ok((file, true)),
                    Err(TryLockError::WouldBlock) => Ok((file, false)),
                    Err(TryLockError::Error(e)) => Err(e),
                }
            })
            .await?;
            if locked {
                return Ok(tried);
            }
            file = tried;
            sleep(self.poll).await;
        }
    }
}

impl IntoFuture for Flock {
    type Output = Result<FlockGuard, FlockError>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.take())
    }
}

/// A lock that is held; dropping it unlocks.
#[derive(Debug)]
#[must_use = "the file is unlocked when this is dropped"]
pub struct FlockGuard {
    // Unlocked before the next in this process gets its turn.
    file: File,
    _turn: Turn,
}

impl FlockGuard {
    /// Unlocks now, and says whether that worked.
    ///
    /// # Errors
    ///
    /// The operating system's; the file is closed all the same, which unlocks it.
    pub fn unlock(self) -> io::Result<()> {
        self.file.unlock()
    }

    /// The file that is locked, open for reading and, if permissions allow, writing.
    pub fn file(&self) -> &File {
        &self.file
    }
}

impl Drop for FlockGuard {
    fn drop(&mut self) {
        // Closing would do, but for a process that another thread is just starting: until it runs its own program it has a copy of the file.
        let _closed_anyway = self.file.unlock();
    }
}

/// Why a file was not locked.
#[derive(Debug)]
pub struct FlockError {
    path: PathBuf,
    reason: Reason,
    waited: Duration,
}

impl FlockError {
    /// Whether the timeout was over.
    pub fn is_timeout(&self) -> bool {
        matches!(self.reason, Reason::TimedOut)
    }

    /// Whether the token was cancelled.
    pub fn is_cancelled(&self) -> bool {
        matches!(self.reason, Reason::Cancelled)
    }
}

#[derive(Debug)]
enum Reason {
    Cancelled,
    Io(io::Error),
    TimedOut,
}

impl From<io::Error> for Reason {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl fmt::Display for FlockError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, waited) = (self.path.display(), self.waited);
        match &self.reason {
            Reason::Cancelled => write!(f, "waiting for the lock of {path} was cancelled after {waited:?}"),
            Reason::Io(e) => write!(f, "{path} could not be locked: {e}"),
            Reason::TimedOut => write!(f, "{path} is locked by somebody else; waited {waited:?}"),
        }
    }
}

impl Error for FlockError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.reason {
            Reason::Io(e) => Some(e),
            Reason::Cancelled | Reason::TimedOut => None,
        }
    }
}

fn open(path: &Path) -> io::Result<(File, FileId)> {
    let writable = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
    let file = match writable {
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => File::open(path)?,
        other => other?,
    };
    let id = FileId::of_file(&file, path)?;
    Ok((file, id))
}

/// Runs a short call to the operating system where it may block.
async fn blocking<T: Send + 'static>(call: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let runtime = Handle::try_current().map_err(io::Error::other)?;
    runtime.spawn_blocking(call).await.map_err(io::Error::other)?
}

const POLL: Duration = Duration::from_millis(100);
