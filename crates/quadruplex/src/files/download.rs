use std::fmt;
use std::future::{Future, IntoFuture};
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt, TryFutureExt};
use tokio::io::{AsyncWrite, AsyncWriteExt};

use super::fetch::{Fetcher, WINDOW};
use super::part_map::Whole;
use super::remote::RemoteFile;
use super::target::{Claim, Incomplete, claim};
use super::{OnProgress, Progress, Stopped, disk, names, told_in};
use crate::{Client, Error, Message};

/// A download, not begun yet; see [`Client::download`]. Say where to, then await it.
///
/// | | gives |
/// |---|---|
/// | [`to_dir`](Self::to_dir), [`to_path`](Self::to_path) | [`Saved`]; goes on where an earlier attempt has stopped |
/// | [`to_memory`](Self::to_memory) | the bytes |
/// | [`to_writer`](Self::to_writer) | how many bytes were written |
/// | [`chunks`](Self::chunks) | a stream of bytes, in order |
///
/// Parts are fetched side by side, from the data centre that has the file; an expired reference is renewed if it is known where from;
/// what arrives is checked against the size.
///
/// # Cancel safety
/// Dropping the future ends the download. What [`to_dir`](Self::to_dir) and [`to_path`](Self::to_path) have written so far is kept
/// beside the file, as `.part` and `.parts`, and the next attempt goes on from there; that holds also when the process is killed.
#[must_use = "a download does nothing until it is awaited"]
pub struct Download<'a, To = Nowhere> {
    client: Client,
    file: Result<RemoteFile, Error>,
    progress: Option<OnProgress<'a>>,
    to: To,
}

/// It has not been said yet where a [`Download`] goes.
#[derive(Clone, Copy, Debug)]
pub struct Nowhere;

/// A [`Download`] goes into a directory, under the file's own name.
#[derive(Clone, Debug)]
pub struct ToDir {
    dir: PathBuf,
    overwrite: bool,
}

/// A [`Download`] goes into this file.
#[derive(Clone, Debug)]
pub struct ToPath {
    path: PathBuf,
    overwrite: bool,
}

/// A [`Download`] goes into memory.
#[derive(Clone, Copy, Debug)]
pub struct ToMemory {
    limit: u64,
}

/// A [`Download`] goes wherever can be written.
#[derive(Clone, Copy, Debug)]
pub struct ToWriter<W> {
    writer: W,
}

/// A file that was downloaded.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Saved {
    /// Where it is.
    pub path: PathBuf,
    /// How many bytes it has.
    pub size: u64,
    /// How many of them were fetched now: none, if it was there already.
    pub fetched: u64,
}

impl<'a> Download<'a> {
    pub(crate) fn new(client: Client, file: Result<RemoteFile, Error>) -> Self {
        Self { client, file, progress: None, to: Nowhere }
    }

    /// Into a directory, which is made if it is not there, under the file's own name.
    ///
    /// A file that was downloaded before and has not changed since is not fetched again: its size is the same, and its time of modification
    /// says below the second of which document it is. If another file has the name, ours gets its id before the ending.
    pub fn to_dir(self, dir: impl Into<PathBuf>) -> Download<'a, ToDir> {
        self.to(ToDir { dir: dir.into(), overwrite: false })
    }

    /// Into this file. If it was downloaded before and has not changed since, it is not fetched again (see [`to_dir`](Self::to_dir)); another
    /// is replaced, at the end and at once.
    pub fn to_path(self, path: impl Into<PathBuf>) -> Download<'a, ToPath> {
        self.to(ToPath { path: path.into(), overwrite: false })
    }

    /// Into memory, if it is not more than this: `32 * MIB`.
    pub fn to_memory(self, limit: u64) -> Download<'a, ToMemory> {
        self.to(ToMemory { limit })
    }

    /// Into whatever can be written, in order; it is flushed at the end.
    pub fn to_writer<W: AsyncWrite + Unpin + Send + 'a>(self, writer: W) -> Download<'a, ToWriter<W>> {
        self.to(ToWriter { writer })
    }

    /// As a stream of parts, in order. At most 2 MiB are fetched ahead of the reader.
    pub fn chunks(self) -> Chunks {
        let Self { client, file, .. } = self;
        let open = async move {
            let fetcher = Fetcher::new(client, file?).await?;
            let what = fetcher.what();
            Ok::<_, Error>(fetcher.in_order().map(move |part| part.map_err(|stopped| stopped.of(what.clone()))))
        };
        Chunks(open.try_flatten_stream().boxed())
    }

    fn to<To>(self, to: To) -> Download<'a, To> {
        let Self { client, file, progress, to: Nowhere } = self;
        Download { client, file, progress, to }
    }
}

impl<'a, To> Download<'a, To> {
    /// Is called after every part.
    pub fn progress(mut self, tell: impl FnMut(Progress) + Send + 'a) -> Self {
        self.progress = Some(Box::new(tell));
        self
    }

    /// Tells how far it is in a message of this account, which is edited at most every three seconds: the other way than
    /// [`progress`](Self::progress).
    ///
    /// ```no_run
    /// # async fn example(message: quadruplex::Message) -> Result<(), quadruplex::Error> {
    /// let status = message.reply("0 %").await?;
    /// let saved = message.download().to_dir("downloads").edit(&status).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(self, status: &Message) -> Self {
        self.progress(told_in(status))
    }
}

impl Download<'_, ToDir> {
    /// Fetches and replaces a file of the same name.
    pub fn overwrite(mut self) -> Self {
        self.to.overwrite = true;
        self
    }
}

impl Download<'_, ToPath> {
    /// Fetches the file even if it is there.
    pub fn overwrite(mut self) -> Self {
        self.to.overwrite = true;
        self
    }
}

impl<'a> IntoFuture for Download<'a, ToDir> {
    type Output = Result<Saved, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, file, progress, to: ToDir { dir, overwrite } } = self;
            let file = file?;
            let made = dir.clone();
            let making = disk::blocking(move || std::fs::create_dir_all(made)).await;
            making.map_err(|error| Error::io(format!("cannot make the directory {}", dir.display()), error))?;
            let own = names::with_suffix(file.name(), &format!("-{}", file.id));
            let candidates = vec![dir.join(file.name()), dir.join(own)];
            save(Fetcher::new(client, file).await?, candidates, overwrite, progress).await
        })
    }
}

impl<'a> IntoFuture for Download<'a, ToPath> {
    type Output = Result<Saved, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, file, progress, to: ToPath { path, overwrite } } = self;
            save(Fetcher::new(client, file?).await?, vec![path], overwrite, progress).await
        })
    }
}

impl<'a> IntoFuture for Download<'a, ToMemory> {
    type Output = Result<Vec<u8>, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, file, mut progress, to: ToMemory { limit } } = self;
            let fetcher = Fetcher::new(client, file?).await?;
            let (total, what) = (fetcher.file().size(), fetcher.what());
            let too_large = |size: u64| Error::Invalid(format!("{what}: {size} bytes are more than the {limit} that it may take"));
            if let Some(size) = total.filter(|size| *size > limit) {
                return Err(too_large(size));
            }
            let mut bytes = Vec::with_capacity(total.unwrap_or(0) as usize);
            let mut parts = fetcher.in_order();
            while let Some(part) = parts.next().await {
                let part = part.map_err(|stopped| stopped.of(what.clone()))?;
                bytes.extend_from_slice(&part);
                if bytes.len() as u64 > limit {
                    return Err(too_large(bytes.len() as u64));
                }
                tell(&mut progress, bytes.len() as u64, total);
            }
            Ok(bytes)
        })
    }
}

impl<'a, W: AsyncWrite + Unpin + Send + 'a> IntoFuture for Download<'a, ToWriter<W>> {
    type Output = Result<u64, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send + 'a>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, file, mut progress, to: ToWriter { mut writer } } = self;
            let fetcher = Fetcher::new(client, file?).await?;
            let (total, what) = (fetcher.file().size(), fetcher.what());
            let failed = |offset, error| Stopped::at(offset, Error::io("cannot write", error)).of(what.clone());
            let mut parts = fetcher.in_order();
            let mut done = 0;
            while let Some(part) = parts.next().await {
                let part = part.map_err(|stopped| stopped.of(what.clone()))?;
                writer.write_all(&part).await.map_err(|error| failed(done, error))?;
                done += part.len() as u64;
                tell(&mut progress, done, total);
            }
            writer.flush().await.map_err(|error| failed(done, error))?;
            Ok(done)
        })
    }
}

/// The content of a file, in order; see [`Download::chunks`].
#[must_use = "a stream does nothing until it is read"]
pub struct Chunks(BoxStream<'static, Result<Bytes, Error>>);

impl Chunks {
    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// Those of a download. Nothing comes after an error.
    ///
    /// # Cancel safety
    /// Nothing is lost if it is dropped.
    pub async fn next(&mut self) -> Option<Result<Bytes, Error>> {
        self.0.next().await
    }
}

impl Stream for Chunks {
    type Item = Result<Bytes, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_next_unpin(cx)
    }
}

impl fmt::Debug for Chunks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Chunks")
    }
}

impl<To: fmt::Debug> fmt::Debug for Download<'_, To> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download").field("file", &self.file).field("to", &self.to).finish_non_exhaustive()
    }
}

/// Fetches into the first path that is free.
async fn save(
    fetcher: Arc<Fetcher>,
    candidates: Vec<PathBuf>,
    overwrite: bool,
    mut progress: Option<OnProgress<'_>>,
) -> Result<Saved, Error> {
    let size = fetcher.file().size();
    let whole = size.map(|size| Whole { id: fetcher.file().id, size, part: fetcher.part() });
    let first = candidates[0].display().to_string();
    let claimed = disk::blocking(move || claim(&candidates, whole, overwrite)).await;
    match claimed.map_err(|error| Error::io(format!("cannot write {first}"), error))? {
        Claim::Complete { path, size } => {
            tell(&mut progress, size, Some(size));
            Ok(Saved { path, size, fetched: 0 })
        }
        Claim::Ours(target) => {
            let what = fetcher.what();
            fill(fetcher, target, &mut progress).await.map_err(|stopped| stopped.of(what))
        }
    }
}

/// Fetches what is missing.
async fn fill(fetcher: Arc<Fetcher>, target: Incomplete, progress: &mut Option<OnProgress<'_>>) -> Result<Saved, Stopped> {
    let total = fetcher.file().size();
    let failed = |offset, error| Stopped::at(offset, Error::io("cannot write", error));
    let (mut done, mut fetched) = (0, 0);
    if let Some(map) = target.map.clone() {
        done = map.arrived();
        let file = target.file();
        let missing = map.missing();
        let fetch = |part| {
            let (fetcher, file, map) = (fetcher.clone(), file.clone(), map.clone());
            let task = awaitkit::spawn(async move {
                let (bytes, offset) = (fetcher.fetch(part).await?, part * fetcher.part());
                let len = bytes.len() as u64;
                let written = disk::blocking(move || disk::write_all_at(&file, &bytes, offset).and_then(|()| map.set(part))).await;
                written.map_err(|error| failed(offset, error))?;
                Ok(len)
            });
            // A task of ours ends early only with its runtime.
            task.unwrap_or_else(|error| Err(Stopped::at(0, Error::Invalid(error.to_string()))))
        };
        let mut parts = stream::iter(missing).map(fetch).buffer_unordered(WINDOW);
        while let Some(arrived) = parts.next().await {
            let len = arrived?;
            done += len;
            fetched += len;
            tell(progress, done, total);
        }
    } else {
        let mut parts = fetcher.in_order();
        while let Some(part) = parts.next().await {
            let part = part?;
            let len = part.len() as u64;
            target.write(part, done).await.map_err(|error| failed(done, error))?;
            done += len;
            fetched += len;
            tell(progress, done, total);
        }
    }
    let path = target.finish(done).await.map_err(|error| failed(done, error))?;
    Ok(Saved { path, size: done, fetched })
}

fn tell(progress: &mut Option<OnProgress<'_>>, done: u64, total: Option<u64>) {
    if let Some(tell) = progress {
        tell(Progress { done, total });
    }
}
