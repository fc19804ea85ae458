//! One part after another of a file that Telegram has, wherever it has it.

use std::sync::{Arc, Mutex};

use awaitkit::{Task, spawn};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt, StreamExt};
use quadruplex_api::functions::upload;
use quadruplex_api::{Encode, Peers, enums, types};
use quadruplex_tl::{Identifiable, Reader};
use tracing::debug;

use super::lanes::Direction;
use super::remote::RemoteFile;
use super::{GIB, KIB, Stopped};
use crate::client::{AttemptOptions, Function, lock};
use crate::{Client, Error};

/// The largest part that is asked for: four of them fill what may be on its way.
const PART: u64 = 512 * KIB;
/// The smallest that Telegram gives.
const SMALLEST: u64 = 4 * KIB;
/// The most parts of one file on their way or waiting for their turn.
pub(super) const WINDOW: usize = 4;
/// No file of Telegram's is longer: what says so is not believed.
const LONGEST: u64 = 64 * GIB;
/// What a question takes, its reference included.
const QUESTION: usize = 256;
/// So often the reference is renewed for one part, and so often a part follows to another data centre.
const TRIES: u32 = 3;

/// Fetches parts of one file.
pub(super) struct Fetcher {
    client: Client,
    file: RemoteFile,
    part: u64,
    /// The peers that the location names.
    peers: Peers,
    place: Mutex<Place>,
    renewing: tokio::sync::Mutex<()>,
}

/// Where the file is to be had; learnt on the way, for all parts.
#[derive(Clone)]
struct Place {
    location: enums::InputFileLocation,
    dc: Option<i32>,
    /// How often the reference was renewed.
    renewals: u32,
}

impl Fetcher {
    pub(super) async fn new(client: Client, file: RemoteFile) -> Result<Arc<Self>, Error> {
        if let Some(size) = file.size.filter(|size| *size > LONGEST) {
            return Err(Error::Invalid(format!("{} is said to have {size} bytes, more than any file of Telegram's", file.name)));
        }
        let mut lookups = Vec::new();
        file.location.lookups(&mut lookups);
        let peers = client.inner.peers.resolve(&client.inner, &lookups).await?;
        let place = Place { location: file.location.clone(), dc: file.dc, renewals: 0 };
        // A small file takes one part, and no more room than it needs.
        let part = file.size.map_or(PART, |size| size.next_power_of_two().clamp(SMALLEST, PART));
        Ok(Arc::new(Self { client, file, part, peers, place: Mutex::new(place), renewing: tokio::sync::Mutex::default() }))
    }

    pub(super) fn file(&self) -> &RemoteFile {
        &self.file
    }

    /// How long a part is, except the last.
    pub(super) fn part(&self) -> u64 {
        self.part
    }

    /// What an error says has stopped.
    pub(super) fn what(&self) -> String {
        format!("the download of {}", self.file.name())
    }

    /// The parts in order, fetched a few at a time.
    pub(super) fn in_order(self: Arc<Self>) -> BoxStream<'static, Result<Bytes, Stopped>> {
        match self.file.size {
            Some(size) => {
                let parts = size.div_ceil(self.part);
                stream::iter(0..parts).map(move |part| self.clone().start(part)).buffered(WINDOW).boxed()
            }
            None => {
                let next = |(fetcher, part): (Arc<Self>, Option<u64>)| async move {
                    let fetched = fetcher.clone().start(part?).await;
                    let next = match &fetched {
                        Ok(bytes) if bytes.len() as u64 == fetcher.part => part.map(|part| part + 1),
                        _ => None,
                    };
                    Some((fetched, (fetcher, next)))
                };
                stream::unfold((self, Some(0)), next)
                    .filter(|part| std::future::ready(!matches!(part, Ok(part) if part.is_empty())))
                    .boxed()
            }
        }
    }

    /// Fetches a part in a task of its own, so that a slow reader does not hold up the connection. Dropping it ends the task.
    fn start(self: Arc<Self>, part: u64) -> impl Future<Output = Result<Bytes, Stopped>> + Send + 'static {
        let task: Task<_> = spawn(async move { self.fetch(part).await });
        // A task of ours ends early only with its runtime.
        task.map(|ended| ended.unwrap_or_else(|error| Err(Stopped::at(0, Error::Invalid(error.to_string())))))
    }

    /// Fetches a part, by its number. If the size of the file is known, the length of what comes is checked.
    pub(super) async fn fetch(&self, part: u64) -> Result<Bytes, Stopped> {
        let offset = part * self.part;
        let bytes = self.bytes_at(offset).await.map_err(|error| Stopped::at(offset, error))?;
        if let Some(size) = self.file.size {
            let expected = size.saturating_sub(offset).min(self.part);
            if bytes.len() as u64 != expected {
                let what = format!("Telegram gave {} bytes of {expected}; the file was said to have {size}", bytes.len());
                return Err(Stopped::at(offset, Error::Invalid(what)));
            }
        }
        Ok(bytes)
    }

    async fn bytes_at(&self, offset: u64) -> Result<Bytes, Error> {
        let inner = &self.client.inner;
        let (mut renewals, mut migrations) = (0, 0);
        loop {
            let place = lock(&self.place).clone();
            let dc = place.dc.unwrap_or_else(|| inner.home_dc());
            let mut body = Vec::with_capacity(QUESTION);
            upload::GetFile::new(place.location, offset as i64, self.part as i32).encode(&self.peers, &mut body);
            let function = Function { id: upload::GetFile::ID, name: upload::GetFile::NAME };
            let slot = inner.lanes.enter(dc, Direction::Down, inner.settings.download_connections, self.part).await;
            let options = AttemptOptions { dc: Some(dc), purpose: slot.purpose(), ..AttemptOptions::default() };
            let error = match inner.perform_encoded(function, body.into(), options).await {
                Ok(answer) => return content(&answer),
                Err(error) => error,
            };
            drop(slot);
            if error.is("FILE_MIGRATE_*") && migrations < TRIES {
                migrations += 1;
                lock(&self.place).dc = error.rpc_error().and_then(|error| error.value).and_then(|dc| i32::try_from(dc).ok());
            } else if is_expired(&error) && renewals < TRIES {
                renewals += 1;
                self.renew(place.renewals, error).await?;
            } else {
                return Err(error);
            }
        }
    }

    /// Renews the reference, once for all parts that found it expired.
    async fn renew(&self, seen: u32, error: Error) -> Result<(), Error> {
        let _one_at_a_time = self.renewing.lock().await;
        if lock(&self.place).renewals != seen {
            return Ok(());
        }
        debug!(file = self.file.name(), %error, "the reference is renewed");
        let Some(renewed) = self.file.renew(self.client.clone()).await? else {
            debug!(file = self.file.name(), "nobody knows where to find a new reference: see RemoteFile::from_message");
            return Err(error);
        };
        let mut place = lock(&self.place);
        place.renewals += 1;
        match &mut place.location {
            enums::InputFileLocation::InputDocumentFileLocation(document) => document.file_reference = renewed,
            enums::InputFileLocation::InputPhotoFileLocation(photo) => photo.file_reference = renewed,
            _ => return Err(error),
        }
        Ok(())
    }
}

fn is_expired(error: &Error) -> bool {
    error.is("FILE_REFERENCE_*") || error.is("FILEREF_UPGRADE_NEEDED")
}

/// The bytes of an `upload.file`, as a part of the answer.
fn content(answer: &Bytes) -> Result<Bytes, Error> {
    let read = || {
        let mut reader = Reader::new(answer);
        match reader.u32("upload.file")? {
            types::upload::File::ID => {}
            types::upload::FileCdnRedirect::ID => return Ok(None),
            id => return Err(reader.unknown("upload.file", id)),
        }
        let (_kind, _modified) = (reader.u32("upload.file")?, reader.u32("upload.file")?);
        Ok(Some(answer.slice_ref(reader.bytes("upload.file")?)))
    };
    match read() {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(Error::Invalid("Telegram sent us to a CDN although we said that we know none".to_owned())),
        Err(error) => Err(Error::Unreadable { method: upload::GetFile::NAME, error }),
    }
}
