//! A source as the parts in which it travels up: <https://core.telegram.org/api/files#uploading-files>.

use bytes::Bytes;
use quadruplex_api::functions::upload;
use quadruplex_tl::{Identifiable, Serialize};

use super::KIB;
use super::source::Opened;
use crate::Error;
use crate::client::Function;

/// The largest part that Telegram takes: the fewest calls.
pub(super) const PART: u64 = 512 * KIB;
/// What an account with Telegram Premium may upload; others get half of it.
const MAX_PARTS: u64 = 8000;
/// Room before the content of a part for the longest header: id, file, part, total, length.
const HEAD: usize = 4 + 8 + 4 + 4 + 4;

/// Reads a source part by part.
pub(super) struct Parts {
    source: Opened,
    offset: u64,
    /// Read already, because only what follows tells whether it is the last.
    ahead: Option<Part>,
    ended: bool,
}

/// A part: [`HEAD`] bytes of room, then its content.
pub(super) struct Part {
    pub(super) offset: u64,
    pub(super) is_last: bool,
    buffer: Vec<u8>,
}

/// How the parts of one file are sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// `upload.saveFilePart`
    Small,
    /// `upload.saveBigFilePart`, with the number of parts if it is known.
    Big(Option<u32>),
}

impl Parts {
    pub(super) fn new(source: Opened) -> Self {
        Self { source, offset: 0, ahead: None, ended: false }
    }

    /// How long the source is, if that is known before it has been read.
    pub(super) fn size(&self) -> Option<u64> {
        self.source.size
    }

    /// The next part; `None` after the last.
    pub(super) async fn next(&mut self) -> Result<Option<Part>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut part = match self.ahead.take() {
            Some(part) => part,
            None => self.read().await?,
        };
        part.is_last = match self.source.size {
            Some(size) => part.end() == size,
            None if (part.len() as u64) < PART => true,
            None => {
                let next = self.read().await?;
                let none = next.len() == 0;
                self.ahead = Some(next).filter(|_| !none);
                none
            }
        };
        self.ended = part.is_last;
        Ok(Some(part))
    }

    async fn read(&mut self) -> Result<Part, Error> {
        let offset = self.offset;
        let wanted = self.source.size.map_or(PART, |size| (size - offset).min(PART)) as usize;
        let mut buffer = Vec::with_capacity(HEAD + wanted + 3);
        buffer.resize(HEAD, 0);
        let part = Part { offset, is_last: false, buffer: self.source.read(buffer, offset, wanted).await? };
        if let Some(size) = self.source.size
            && part.len() < wanted
        {
            return Err(Error::Invalid(format!("the source ended after {} of {size} bytes: did it change meanwhile?", part.end())));
        }
        self.offset = part.end();
        if self.offset > MAX_PARTS * PART {
            return Err(Error::Invalid(format!("Telegram takes at most {MAX_PARTS} parts of {} KiB", PART / KIB)));
        }
        Ok(part)
    }
}

impl Part {
    pub(super) fn content(&self) -> &[u8] {
        &self.buffer[HEAD..]
    }

    pub(super) fn len(&self) -> usize {
        self.buffer.len() - HEAD
    }

    fn end(&self) -> u64 {
        self.offset + self.len() as u64
    }

    fn index(&self) -> i32 {
        // Below MAX_PARTS.
        (self.offset / PART) as i32
    }

    /// The call that sends it. The content stays where it is; the header is put before it.
    pub(super) fn into_call(mut self, file: i64, kind: Kind) -> (Function, Bytes) {
        let index = self.index();
        let len = self.len();
        let mut head = Vec::with_capacity(HEAD);
        let function = match kind {
            Kind::Small => {
                upload::SaveFilePart::ID.serialize(&mut head);
                file.serialize(&mut head);
                index.serialize(&mut head);
                Function { id: upload::SaveFilePart::ID, name: upload::SaveFilePart::NAME }
            }
            Kind::Big(total) => {
                upload::SaveBigFilePart::ID.serialize(&mut head);
                file.serialize(&mut head);
                index.serialize(&mut head);
                total.map_or(-1, |total| total as i32).serialize(&mut head);
                Function { id: upload::SaveBigFilePart::ID, name: upload::SaveBigFilePart::NAME }
            }
        };
        let long = (len as u32) << 8 | 0xfe;
        match u8::try_from(len) {
            Ok(short) if short < 254 => head.push(short),
            _ => head.extend_from_slice(&long.to_le_bytes()),
        }
        let start = HEAD - head.len();
        self.buffer[start..HEAD].copy_from_slice(&head);
        let padding = (self.buffer.len() - start).next_multiple_of(4) - (self.buffer.len() - start);
        self.buffer.resize(self.buffer.len() + padding, 0);
        (function, Bytes::from(self.buffer).slice(start..))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UploadSource;
    use quadruplex_api::{Encode, Peers};

    async fn parts_of(source: UploadSource) -> Vec<Part> {
        let mut parts = Parts::new(source.open().await.unwrap());
        let mut all = Vec::new();
        while let Some(part) = parts.next().await.unwrap() {
            all.push(part);
        }
        all
    }

    fn encoded(request: &impl Encode) -> Vec<u8> {
        let mut out = Vec::new();
        request.encode(&Peers::new(), &mut out);
        out
    }

    #[tokio::test]
    async fn a_part_is_encoded_as_the_schema_has_it() {
        for len in [1, 3, 253, 254, 255, 1024, 300_000] {
            let content: Vec<u8> = (0..len).map(|at| at as u8).collect();
            let part = || async { parts_of(UploadSource::bytes("x", content.clone())).await.remove(0) };
            let (_, small) = part().await.into_call(7, Kind::Small);
            assert_eq!(small, encoded(&upload::SaveFilePart::new(7, 0, content.clone())), "{len}");
            let (_, big) = part().await.into_call(7, Kind::Big(None));
            assert_eq!(big, encoded(&upload::SaveBigFilePart::new(7, 0, -1, content.clone())), "{len}");
        }
    }

    #[tokio::test]
    async fn the_last_part_is_known_with_and_without_a_size() {
        let part = PART as usize;
        for (len, expect) in [(1, vec![1]), (part, vec![part]), (part + 1, vec![part, 1]), (2 * part, vec![part, part])] {
            let content = vec![5; len];
            let stream = || UploadSource::stream("x", std::io::Cursor::new(content.clone()));
            for source in [UploadSource::bytes("x", content.clone()), stream(), stream().size(len as u64)] {
                let parts = parts_of(source).await;
                assert_eq!(parts.iter().map(Part::len).collect::<Vec<_>>(), expect);
                let last = parts.iter().position(|part| part.is_last);
                assert_eq!(last, Some(expect.len() - 1), "{len}");
            }
        }
    }

    #[tokio::test]
    async fn a_source_that_ends_early_is_an_error() {
        let short = UploadSource::stream("x", std::io::Cursor::new(vec![0; 10])).size(11);
        let mut parts = Parts::new(short.open().await.unwrap());
        let error = parts.next().await.err().expect("it is short").to_string();
        assert!(error.contains("after 10 of 11 bytes"), "{error}");
    }
}
