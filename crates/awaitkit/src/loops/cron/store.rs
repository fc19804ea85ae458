use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::sync::lock;
use crate::{BoxError, spawn_blocking};

/// Remembers which runs of a [`Cron`](crate::Cron) have been done.
pub trait CronStore: Send + Sync + 'static {
    /// When the last run was due that has been done.
    fn load(&self, name: &str) -> impl Future<Output = Result<Option<SystemTime>, BoxError>> + Send;

    /// The run that was due at this time has been done.
    fn save(&self, name: &str, due: SystemTime) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// A store with a name, behind a pointer.
pub(super) trait ErasedStore: Send + Sync {
    fn load(&self) -> BoxFuture<'_, Result<Option<SystemTime>, BoxError>>;

    fn save(&self, due: SystemTime) -> BoxFuture<'_, Result<(), BoxError>>;
}

pub(super) struct Named<S> {
    pub(super) store: S,
    pub(super) name: String,
}

impl<S: CronStore> ErasedStore for Named<S> {
    fn load(&self) -> BoxFuture<'_, Result<Option<SystemTime>, BoxError>> {
        self.store.load(&self.name).boxed()
    }

    fn save(&self, due: SystemTime) -> BoxFuture<'_, Result<(), BoxError>> {
        self.store.save(&self.name, due).boxed()
    }
}

/// A [`CronStore`] in a file of its own: a line for each name, replaced as a whole.
///
/// Clones share the file; two processes must not.
#[derive(Clone, Debug)]
pub struct CronFile {
    file: Arc<Mutex<PathBuf>>,
}

impl CronFile {
    /// A file that need not exist yet; its directory must.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { file: Arc::new(Mutex::new(path.into())) }
    }

    async fn with<T: Send + 'static>(&self, call: impl FnOnce(&PathBuf) -> io::Result<T> + Send + 'static) -> Result<T, BoxError> {
        let file = Arc::clone(&self.file);
        Ok(spawn_blocking(move || call(&lock(&file))).await??)
    }
}

impl CronStore for CronFile {
    async fn load(&self, name: &str) -> Result<Option<SystemTime>, BoxError> {
        let name = name.escape_default().to_string();
        self.with(move |path| {
            let millis = read(path)?.get(&name).copied();
            Ok(millis.and_then(|millis| UNIX_EPOCH.checked_add(Duration::from_millis(millis))))
        })
        .await
    }

    async fn save(&self, name: &str, due: SystemTime) -> Result<(), BoxError> {
        let name = name.escape_default().to_string();
        let millis = u64::try_from(due.duration_since(UNIX_EPOCH)?.as_millis())?;
        self.with(move |path| {
            let mut times = read(path)?;
            times.insert(name, millis);
            let new = path.with_extension("new");
            let mut file = File::create(&new)?;
            for (name, millis) in times {
                writeln!(file, "{millis} {name}")?;
            }
            file.sync_all()?;
            std::fs::rename(new, path)
        })
        .await
    }
}

/// Names as they were escaped, with milliseconds since 1970.
fn read(path: &PathBuf) -> io::Result<BTreeMap<String, u64>> {
    let text = match std::fs::read_to_string(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(BTreeMap::new()),
        other => other?,
    };
    text.lines()
        .map(|line| {
            let (millis, name) = line.split_once(' ')?;
            Some((name.to_owned(), millis.parse().ok()?))
        })
        .collect::<Option<_>>()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, format!("{} is not a file of cron times", path.display())))
}
