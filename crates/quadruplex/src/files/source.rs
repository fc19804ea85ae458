//! What is uploaded: a file, bytes, a stream.

use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::disk;
#[cfg(feature = "http")]
use crate::Client;
use crate::Error;

/// Something to upload. A path becomes one by itself; bytes and streams need a name.
///
/// ```
/// use quadruplex::UploadSource;
///
/// let path = UploadSource::from("holiday.jpg");
/// let bytes = UploadSource::bytes("notes.txt", "hello");
/// let stream = UploadSource::stream("log.txt", tokio::io::empty()).size(0);
/// # let _ = (path, bytes, stream);
/// ```
pub struct UploadSource {
    name: String,
    content: Content,
}

enum Content {
    Path(PathBuf),
    Bytes(Bytes),
    Stream {
        reader: Pin<Box<dyn AsyncRead + Send>>,
        size: Option<u64>,
    },
    /// Becomes a stream when it is fetched.
    #[cfg(feature = "http")]
    Url(String),
}

/// A source that has been opened.
pub(super) struct Opened {
    pub(super) name: String,
    /// How long it is, if that is known before it has been read.
    pub(super) size: Option<u64>,
    reader: Reader,
}

enum Reader {
    File { file: Arc<File>, path: PathBuf },
    Bytes(Bytes),
    Stream(Pin<Box<dyn AsyncRead + Send>>),
}

impl UploadSource {
    /// A file on this machine. It is read by offset, a few parts at a time.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        Self { name, content: Content::Path(path) }
    }

    /// Bytes in memory.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self { name: name.into(), content: Content::Bytes(bytes.into()) }
    }

    /// Whatever can be read. Tell its [`size`](Self::size) if you know it: without one, Telegram takes the parts only one after another.
    pub fn stream(name: impl Into<String>, reader: impl AsyncRead + Send + 'static) -> Self {
        Self { name: name.into(), content: Content::Stream { reader: Box::pin(reader), size: None } }
    }

    /// What is at a URL, by the [HTTP client](crate::Client::http) of the account. It goes on as it comes and is never here as a whole. Its
    /// name is what the server says, or the last part of the URL; where the server tells the length, several parts travel at once.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> quadruplex::Result {
    /// let photo = client.upload(quadruplex::UploadSource::url("https://example.org/holiday.jpg")).await?;
    /// client.send_file("@lena", photo).await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "http")]
    pub fn url(url: impl Into<String>) -> Self {
        Self { name: String::new(), content: Content::Url(url.into()) }
    }

    /// How many bytes a stream has. A stream that ends earlier is an error; what comes after is not read.
    #[must_use]
    pub fn size(mut self, bytes: u64) -> Self {
        if let Content::Stream { size, .. } = &mut self.content {
            *size = Some(bytes);
        }
        self
    }

    /// Another name than the file has here.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// What is elsewhere is here then, as a stream.
    #[cfg(feature = "http")]
    pub(super) async fn fetch(self, client: &Client) -> Result<Self, Error> {
        let Content::Url(url) = &self.content else { return Ok(self) };
        let (given, size, reader) = crate::http::open(client, url).await?;
        let name = if self.name.is_empty() { given } else { self.name };
        Ok(Self { name, content: Content::Stream { reader: Box::pin(reader), size } })
    }

    pub(super) async fn open(self) -> Result<Opened, Error> {
        let Self { name, content } = self;
        let (reader, size) = match content {
            Content::Bytes(bytes) => {
                let size = bytes.len() as u64;
                (Reader::Bytes(bytes), Some(size))
            }
            Content::Stream { reader, size } => (Reader::Stream(reader), size),
            #[cfg(feature = "http")]
            Content::Url(url) => return Err(Error::Invalid(format!("{url} has not been fetched"))),
            Content::Path(path) => {
                let opened = path.clone();
                let found = disk::blocking(move || {
                    let file = File::open(&opened)?;
                    let facts = file.metadata()?;
                    if facts.is_dir() {
                        return Err(std::io::ErrorKind::IsADirectory.into());
                    }
                    Ok((file, facts.len()))
                });
                let (file, size) = found.await.map_err(|error| Error::io(format!("cannot read {}", path.display()), error))?;
                (Reader::File { file: Arc::new(file), path }, Some(size))
            }
        };
        Ok(Opened { name, size, reader })
    }
}

impl Opened {
    /// Appends the `len` bytes at `offset` to `buffer`; fewer only at the end. Streams are read in order, whatever the offset.
    pub(super) async fn read(&mut self, mut buffer: Vec<u8>, offset: u64, len: usize) -> Result<Vec<u8>, Error> {
        match &mut self.reader {
            Reader::Bytes(bytes) => {
                let rest = bytes.get(offset as usize..).unwrap_or_default();
                buffer.extend_from_slice(&rest[..len.min(rest.len())]);
                Ok(buffer)
            }
            Reader::File { file, path } => {
                let read = disk::read_at(file.clone(), buffer, offset, len).await;
                read.map_err(|error| Error::io(format!("cannot read {}", path.display()), error))
            }
            Reader::Stream(reader) => {
                let read = reader.as_mut().take(len as u64).read_to_end(&mut buffer).await;
                read.map_err(|error| Error::io("cannot read the stream", error))?;
                Ok(buffer)
            }
        }
    }
}

impl From<PathBuf> for UploadSource {
    fn from(path: PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&Path> for UploadSource {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl From<&PathBuf> for UploadSource {
    fn from(path: &PathBuf) -> Self {
        Self::path(path)
    }
}

impl From<&str> for UploadSource {
    fn from(path: &str) -> Self {
        Self::path(path)
    }
}

impl From<String> for UploadSource {
    fn from(path: String) -> Self {
        Self::path(path)
    }
}

impl fmt::Debug for UploadSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("UploadSource");
        out.field("name", &self.name);
        match &self.content {
            Content::Path(path) => out.field("path", path),
            Content::Bytes(bytes) => out.field("bytes", &bytes.len()),
            Content::Stream { size, .. } => out.field("stream", size),
            #[cfg(feature = "http")]
            Content::Url(url) => out.field("url", url),
        };
        out.finish()
    }
}
