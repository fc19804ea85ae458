//! Files up and down: <https://core.telegram.org/api/files>.
//!
//! Parts travel over connections of their own, several at a time and never more than 2 MiB to or from one data centre, so that
//! calls and updates are not held up. Nothing here holds a file in memory unless it is asked to.

mod disk;
mod download;
mod fetch;
mod lanes;
mod names;
mod part_map;
mod parts;
mod remote;
mod source;
mod status;
mod target;
mod upload;

pub use download::{Chunks, Download, Nowhere, Saved, ToDir, ToMemory, ToPath, ToWriter};
pub(crate) use lanes::Lanes;
pub(crate) use names::mime_of;
pub use remote::RemoteFile;
pub use source::UploadSource;
pub(crate) use status::told_in;
pub use upload::{Upload, Uploaded};

use crate::{Client, Error};

/// 1,024 bytes.
pub const KIB: u64 = 1024;
/// 1,024 KiB: `32 * MIB`.
pub const MIB: u64 = 1024 * KIB;
/// 1,024 MiB.
pub const GIB: u64 = 1024 * MIB;

/// How far a transfer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// How many bytes have arrived, those of an earlier attempt included.
    pub done: u64,
    /// How many there are, if that is known.
    pub total: Option<u64>,
}

impl Progress {
    /// The part that has arrived, from 0 to 1; `None` if the whole is not known.
    ///
    /// ```
    /// # fn example(progress: quadruplex::Progress) {
    /// if let Some(part) = progress.fraction() {
    ///     println!("{:.0} %", 100.0 * part);
    /// }
    /// # }
    /// ```
    pub fn fraction(&self) -> Option<f64> {
        self.total.map(|total| if total == 0 { 1.0 } else { self.done as f64 / total as f64 })
    }
}

/// Where a transfer has stopped, and why.
#[derive(Debug)]
struct Stopped {
    offset: u64,
    error: Error,
}

impl Stopped {
    fn at(offset: u64, error: Error) -> Self {
        Self { offset, error }
    }

    fn of(self, what: String) -> Error {
        Error::Transfer { what, offset: self.offset, source: Box::new(self.error) }
    }
}

/// Who is told how far a transfer has come.
type OnProgress<'a> = Box<dyn FnMut(Progress) + Send + 'a>;

impl Client {
    /// Uploads a file, from a path, [bytes or a stream](UploadSource). What comes of it can be sent, as often as you like, for some hours.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let photo = client.upload("holiday.jpg").progress(|progress| println!("{} bytes", progress.done)).await?;
    /// println!("{} has {} bytes", photo.name(), photo.size());
    /// # Ok(())
    /// # }
    /// ```
    pub fn upload<'a>(&self, source: impl Into<UploadSource>) -> Upload<'a> {
        Upload::new(self.clone(), source.into())
    }

    /// Downloads a file: say [where to](Download), then await it.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client, document: quadruplex::api::types::Document) -> Result<(), quadruplex::Error> {
    /// use quadruplex::MIB;
    ///
    /// let saved = client.download(&document).to_dir("downloads").await?;
    /// println!("{}: {} bytes", saved.path.display(), saved.size);
    /// let bytes = client.download(&document).to_memory(32 * MIB).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn download<'a>(&self, file: impl Into<RemoteFile>) -> Download<'a> {
        Download::new(self.clone(), Ok(file.into()))
    }
}
