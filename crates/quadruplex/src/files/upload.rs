use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;

use awaitkit::spawn;
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use md5::{Digest, Md5};
use quadruplex_api::{enums, types};

use super::lanes::{Direction, Slot};
use super::parts::{Kind, PART, Part, Parts};
use super::source::UploadSource;
use super::{MIB, OnProgress, Progress, Stopped, told_in};
use crate::client::{AttemptOptions, Inner};
use crate::{Client, Error, Message};

/// Up to here Telegram takes the file with a checksum; above, in parts of a big file.
const SMALL: u64 = 10 * MIB;
/// The most parts of one file on their way.
const WINDOW: usize = 4;

/// An upload, not begun yet; see [`Client::upload`].
///
/// # Cancel safety
/// Dropping the future ends the upload. Telegram forgets parts that nobody sends.
#[must_use = "an upload does nothing until it is awaited"]
pub struct Upload<'a> {
    client: Client,
    source: UploadSource,
    progress: Option<OnProgress<'a>>,
}

/// A file that Telegram has, but that nobody was sent yet.
#[derive(Clone, Debug, PartialEq)]
pub struct Uploaded {
    file: enums::InputFile,
    name: String,
    size: u64,
}

impl<'a> Upload<'a> {
    pub(super) fn new(client: Client, source: UploadSource) -> Self {
        Self { client, source, progress: None }
    }

    /// Another name than the file has here.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.source = self.source.name(name);
        self
    }

    /// Is called after every part.
    pub fn progress(mut self, tell: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(tell));
        self
    }

    /// Tells how far it is in a message of this account, which is edited at most every three seconds: the other way than
    /// [`progress`](Self::progress).
    pub fn edit(self, status: &Message) -> Self {
        self.progress(told_in(status))
    }
}

impl Uploaded {
    /// What it is called in calls that take a file.
    pub fn input(&self) -> enums::InputFile {
        self.file.clone()
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has.
    pub fn size(&self) -> u64 {
        self.size
    }
}

impl From<Uploaded> for enums::InputFile {
    fn from(uploaded: Uploaded) -> Self {
        uploaded.file
    }
}

impl<'a> IntoFuture for Upload<'a> {
    type Output = Result<Uploaded, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

impl Upload<'_> {
    async fn run(self) -> Result<Uploaded, Error> {
        let Self { client, source, mut progress } = self;
        #[cfg(feature = "http")]
        let source = source.fetch(&client).await?;
        let opened = source.open().await?;
        let name = opened.name.clone();
        let stopped = |stopped: Stopped| stopped.of(format!("the upload of {name}"));
        let mut parts = Parts::new(opened);
        let first = parts.next().await.map_err(|error| stopped(Stopped::at(0, error)))?;
        let Some(first) = first.filter(|part| part.len() > 0) else {
            return Err(Error::Invalid(format!("{name} is empty, and Telegram takes no empty files")));
        };
        let size = if first.is_last { Some(first.len() as u64) } else { parts.size() };
        let mut run = Run { client, file: 0, sent: FuturesUnordered::new(), done: 0, size };
        run.file = run.client.inner.random_id();
        let mut checksum = Md5::new();
        let (mut count, mut next) = (0, Some(first));
        while let Some(part) = next {
            count += 1;
            if size.is_some_and(|size| size <= SMALL) {
                checksum.update(part.content());
            }
            run.send(part, count, &mut progress).await.map_err(stopped)?;
            next = parts.next().await.map_err(|error| stopped(Stopped::at(run.done, error)))?;
        }
        while run.settle(&mut progress).await.map_err(stopped)? {}
        let parts = count as i32;
        let file = match size {
            Some(size) if size <= SMALL => {
                let checksum: String = checksum.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
                types::InputFile::new(run.file, parts, name.as_str(), checksum).into()
            }
            _ => types::InputFileBig::new(run.file, parts, name.as_str()).into(),
        };
        Ok(Uploaded { file, size: run.done, name })
    }
}

/// The parts of one file on their way.
struct Run {
    client: Client,
    file: i64,
    sent: FuturesUnordered<awaitkit::Task<Result<u64, Stopped>>>,
    done: u64,
    size: Option<u64>,
}

impl Run {
    /// Sends a part, the `count`th, as soon as there is room for it.
    async fn send(&mut self, part: Part, count: u32, progress: &mut Option<OnProgress<'_>>) -> Result<(), Stopped> {
        // Telegram takes the parts of a file whose length it was not told only one after another.
        let window = if self.size.is_some() { WINDOW } else { 1 };
        while self.sent.len() >= window {
            self.settle(progress).await?;
        }
        let (inner, dc) = (self.client.inner.clone(), self.client.home_dc());
        let connections = inner.settings.upload_connections;
        let slot = loop {
            tokio::select! {
                biased;
                settled = self.settle(progress), if !self.sent.is_empty() => { settled?; }
                slot = inner.lanes.enter(dc, Direction::Up, connections, part.len() as u64) => break slot,
            }
        };
        let kind = match self.size {
            Some(size) if size <= SMALL => Kind::Small,
            Some(size) => Kind::Big(Some(size.div_ceil(PART) as u32)),
            None => Kind::Big(part.is_last.then_some(count)),
        };
        self.sent.push(spawn(save(inner, slot, self.file, part, kind)));
        Ok(())
    }

    /// Waits until one part has arrived; false if none is on its way.
    async fn settle(&mut self, progress: &mut Option<OnProgress<'_>>) -> Result<bool, Stopped> {
        let Some(settled) = self.sent.next().await else { return Ok(false) };
        // A task of ours ends early only with its runtime.
        let len = settled.map_err(|error| Stopped::at(self.done, Error::Invalid(error.to_string())))??;
        self.done += len;
        if let Some(tell) = progress {
            tell(Progress { done: self.done, total: self.size });
        }
        Ok(true)
    }
}

/// Sends one part and says how long it was.
async fn save(inner: Arc<Inner>, slot: Slot, file: i64, part: Part, kind: Kind) -> Result<u64, Stopped> {
    let (offset, len) = (part.offset, part.len() as u64);
    let (function, body) = part.into_call(file, kind);
    let options = AttemptOptions { purpose: slot.purpose(), repeatable: true, ..AttemptOptions::default() };
    let saved = inner.perform_encoded(function, body, options).await.map_err(|error| Stopped::at(offset, error))?;
    match <bool as quadruplex_tl::Deserialize>::from_bytes(&saved) {
        Ok(true) => Ok(len),
        Ok(false) => Err(Stopped::at(offset, Error::Invalid("Telegram did not keep the part".to_owned()))),
        Err(error) => Err(Stopped::at(offset, Error::Unreadable { method: function.name, error })),
    }
}

impl fmt::Debug for Upload<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("source", &self.source).finish_non_exhaustive()
    }
}
