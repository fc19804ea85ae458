//! Files: parts on their way up, complete files, references that expire.

use std::io;

use md5::{Digest, Md5};
use quadruplex_crypto::hash::sha256;
use quadruplex_tl_schema::Object;

use super::state::rows::{Done, File};
use super::state::tl::Tl;
use super::{RpcError, World, error};

/// What `saveFilePart` is for; above it, `saveBigFilePart`.
const SMALL_FILE: i64 = 10 << 20;
/// The first id of a file.
const FIRST_FILE: i64 = 5_000_000_000_000_000_000;

/// Whether an id, a hash and a reference name a file.
pub(crate) struct Location<'a> {
    pub(crate) id: i64,
    pub(crate) access_hash: i64,
    pub(crate) reference: &'a [u8],
}

impl World {
    /// The hash with which a file is named.
    pub(crate) fn file_hash(&self, id: i64) -> i64 {
        self.derive("file", &[id])
    }

    /// A reference to a file: its generation, when it was given, and a seal over both.
    pub(crate) fn file_reference(&self, id: i64, date: i32) -> Vec<u8> {
        let generation = self.state.tables.meta.get(&()).map_or(0, |meta| meta.references);
        self.seal(id, generation, date)
    }

    fn seal(&self, id: i64, generation: i32, date: i32) -> Vec<u8> {
        let mut reference = [generation.to_le_bytes(), date.to_le_bytes()].concat();
        let seal = sha256(&[&self.state.seed, b"reference", &id.to_le_bytes(), &reference]);
        reference.extend_from_slice(&seal[..8]);
        reference
    }

    /// The file that is named, if the hash is right and the reference still good.
    pub(crate) fn located(&self, location: &Location<'_>, date: i32) -> Result<&File, RpcError> {
        let file = self.state.tables.files.get(&location.id).ok_or(error::FILE_ID_INVALID)?;
        if location.access_hash != self.file_hash(location.id) {
            return Err(error::FILE_ID_INVALID);
        }
        let Some((generation, rest)) = location.reference.split_first_chunk() else {
            return Err(if location.reference.is_empty() { error::FILE_REFERENCE_EMPTY } else { error::FILE_REFERENCE_INVALID });
        };
        let Some((given, _)) = rest.split_first_chunk() else { return Err(error::FILE_REFERENCE_INVALID) };
        let (generation, given) = (i32::from_le_bytes(*generation), i32::from_le_bytes(*given));
        if self.seal(location.id, generation, given) != location.reference {
            return Err(error::FILE_REFERENCE_INVALID);
        }
        let present = self.state.tables.meta.get(&()).map_or(0, |meta| meta.references);
        if generation != present || given.saturating_add(self.config.file_reference_seconds) < date {
            return Err(error::FILE_REFERENCE_EXPIRED);
        }
        Ok(file)
    }

    /// Completes an upload: all parts must be there, of the right sizes.
    pub(crate) fn complete(&mut self, me: i64, input: &Object) -> Result<(u64, i32, Done), RpcError> {
        let id = input.long("id").unwrap_or_default();
        let parts = input.int("parts").unwrap_or_default();
        let upload = self.state.tables.uploads.get(&(me, id)).cloned().ok_or(error::FILE_PARTS_INVALID)?;
        let big = input.is("inputFileBig");
        if big != upload.total.is_some() {
            return Err(error::FILE_PARTS_INVALID);
        }
        if let Some(done) = upload.done {
            return if done.parts == parts { Ok((upload.blob, upload.part_size, done)) } else { Err(error::FILE_PARTS_INVALID) };
        }
        let sizes: Vec<(i32, i32)> =
            self.state.tables.parts.range((me, id, 0)..=(me, id, i32::MAX)).map(|(&(_, _, part), size)| (part, size.0)).collect();
        if parts < 1 || sizes.last().is_some_and(|(last, _)| *last >= parts) {
            return Err(error::FILE_PARTS_INVALID);
        }
        for wanted in 0..parts {
            match sizes.get(wanted as usize) {
                Some((part, _)) if *part == wanted => {}
                _ => return Err(error::file_part_missing(wanted)),
            }
        }
        let part_size = sizes[0].1;
        let size = sizes.iter().map(|(_, size)| i64::from(*size)).sum();
        if sizes[..sizes.len() - 1].iter().any(|(_, size)| *size != part_size) || !big && size > SMALL_FILE {
            return Err(error::FILE_PARTS_INVALID);
        }
        let done = Done { parts, size };
        if !big {
            self.check_md5(upload.blob, part_size, size, input.string("md5_checksum").unwrap_or_default())?;
        }
        for (part, _) in sizes {
            self.state.tables.parts.remove(&(me, id, part));
        }
        let upload = self.state.tables.uploads.entry(&(me, id));
        upload.part_size = part_size;
        upload.done = Some(done);
        Ok((upload.blob, part_size, done))
    }

    /// Drops the parts of files that are not complete: those that are too old, and the oldest of too many.
    pub(crate) fn collect_uploads(&mut self, date: i32) {
        let uploads = self.state.tables.uploads.iter().filter(|(_, upload)| upload.done.is_none());
        let mut pending: Vec<(i32, (i64, i64), i64)> = uploads
            .map(|(&(account, id), upload)| {
                let parts = self.state.tables.parts.range((account, id, 0)..=(account, id, i32::MAX));
                (upload.touched, (account, id), parts.map(|(_, size)| i64::from(size.0)).sum())
            })
            .collect();
        pending.sort_unstable();
        let mut bytes: i64 = pending.iter().map(|(.., bytes)| bytes).sum();
        for (touched, key, size) in pending {
            if bytes > self.config.upload_bytes || touched.saturating_add(self.config.upload_seconds) < date {
                bytes -= size;
                self.drop_upload(key);
            }
        }
    }

    fn drop_upload(&mut self, (account, id): (i64, i64)) {
        let parts: Vec<_> = self.state.tables.parts.range((account, id, 0)..=(account, id, i32::MAX)).map(|(key, _)| *key).collect();
        for part in parts {
            self.state.tables.parts.remove(&part);
        }
        if let Some(upload) = self.state.tables.uploads.remove(&(account, id)) {
            self.state.remove_parts(upload.blob);
        }
    }

    fn check_md5(&self, blob: u64, part_size: i32, size: i64, wanted: &str) -> Result<(), RpcError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let bytes = self.state.read_file(blob, part_size, 0, size as usize).map_err(|error| unreadable(&error))?;
        let found = super::state::tl::hex::encode(&Md5::digest(&bytes));
        if found.eq_ignore_ascii_case(wanted) { Ok(()) } else { Err(error::MD5_CHECKSUM_INVALID) }
    }

    /// Makes a document of a complete upload.
    pub(crate) fn make_document(&mut self, me: i64, input: &Object, mime: &str, attributes: Vec<Tl>, date: i32) -> Result<i64, RpcError> {
        let name = input.string("name").unwrap_or_default().to_owned();
        let (blob, part_size, done) = self.complete(me, input)?;
        let mut attributes = attributes;
        if !name.is_empty() && !attributes.iter().any(|attribute| attribute.0.is("documentAttributeFilename")) {
            attributes.push(Tl(Object::new("documentAttributeFilename").with("file_name", name)));
        }
        let dc = self.user(me)?.dc;
        let file = File { photo: false, size: done.size, mime: mime.to_owned(), attributes, date, dc, blob, part_size, dimensions: None };
        Ok(self.add_file(file))
    }

    /// Makes a photo of a complete upload, which must be a picture.
    pub(crate) fn make_photo(&mut self, me: i64, input: &Object, date: i32) -> Result<i64, RpcError> {
        let (blob, part_size, done) = self.complete(me, input)?;
        let head = self.state.read_file(blob, part_size, 0, done.size.min(64 << 10) as usize).map_err(|error| unreadable(&error))?;
        let dimensions = Some(picture_size(&head).ok_or(error::IMAGE_PROCESS_FAILED)?);
        let dc = self.user(me)?.dc;
        let mime = "image/jpeg".to_owned();
        let file = File { photo: true, size: done.size, mime, attributes: Vec::new(), date, dc, blob, part_size, dimensions };
        Ok(self.add_file(file))
    }

    fn add_file(&mut self, file: File) -> i64 {
        let meta = self.state.meta();
        meta.files += 1;
        let id = FIRST_FILE + meta.files;
        self.state.tables.files.insert(id, file);
        id
    }
}

/// A stored file that cannot be read is trouble of the machine, not of the client.
pub(crate) fn unreadable(error: &io::Error) -> RpcError {
    tracing::error!(%error, "a stored file cannot be read");
    error::RPC_CALL_FAIL
}

/// So is a part that cannot be kept: the client may send it again.
pub(crate) fn unwritable(error: &io::Error) -> RpcError {
    tracing::error!(%error, "a part of an upload cannot be written beside the state file");
    error::RPC_CALL_FAIL
}

/// Width and height of a PNG, GIF, BMP, WebP or JPEG; `None` if the bytes begin like none of them.
fn picture_size(head: &[u8]) -> Option<(i32, i32)> {
    let big = |at: usize| Some(i32::from(u16::from_be_bytes(*head.get(at..)?.first_chunk()?)));
    let little = |at: usize| Some(i32::from(u16::from_le_bytes(*head.get(at..)?.first_chunk()?)));
    if head.starts_with(b"\x89PNG\r\n\x1a\n") {
        return Some((big(18)?, big(22)?));
    }
    if head.starts_with(b"GIF8") {
        return Some((little(6)?, little(8)?));
    }
    if head.starts_with(b"BM") {
        return Some((little(18)?, little(22)?));
    }
    if head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP") {
        return Some((512, 512));
    }
    head.starts_with(b"\xff\xd8\xff").then(|| jpeg_size(head).unwrap_or((800, 600)))
}

/// Walks the segments of a JPEG to its frame header.
fn jpeg_size(head: &[u8]) -> Option<(i32, i32)> {
    let mut at = 2;
    loop {
        let [0xff, kind, high, low] = *head.get(at..)?.first_chunk()? else { return None };
        if matches!(kind, 0xc0..=0xcf) && !matches!(kind, 0xc4 | 0xc8 | 0xcc) {
            let [h1, h0, w1, w0] = *head.get(at + 5..)?.first_chunk()?;
            return Some((i32::from(u16::from_be_bytes([w1, w0])), i32::from(u16::from_be_bytes([h1, h0]))));
        }
        at += 2 + usize::from(u16::from_be_bytes([high, low]));
    }
}
