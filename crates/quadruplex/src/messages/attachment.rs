//! What is sent with a message.

use std::path::{Path, PathBuf};

use quadruplex_api::{enums, types};

use crate::files::mime_of;
use crate::{Client, Error, FormattedText, MIB, Progress, UploadSource, Uploaded};

/// Telegram takes photos up to here.
const LARGEST_PHOTO: u64 = 10 * MIB;

/// A file to be sent, with what is said of it. A path becomes one by itself, as do an [`UploadSource`] and an [`Uploaded`] file.
///
/// ```
/// use quadruplex::Attachment;
///
/// let first = Attachment::from("sea.jpg").caption("the sea");
/// let second = Attachment::from("report.pdf").mime("application/pdf");
/// # let _ = (first, second);
/// ```
#[derive(Debug)]
pub struct Attachment {
    content: Content,
    as_photo: Option<bool>,
    caption: FormattedText,
    mime: Option<String>,
    attributes: Vec<enums::DocumentAttribute>,
    spoiler: bool,
}

#[derive(Debug)]
enum Content {
    Source(UploadSource),
    Uploaded(Uploaded),
    Ready(enums::InputMedia),
}

impl Attachment {
    /// What is written under it.
    #[must_use]
    pub fn caption(self, caption: impl Into<FormattedText>) -> Self {
        Self { caption: caption.into(), ..self }
    }

    /// As a photo, which Telegram scales and compresses.
    #[must_use]
    pub fn photo(self) -> Self {
        Self { as_photo: Some(true), ..self }
    }

    /// As a file that arrives as it is.
    #[must_use]
    pub fn document(self) -> Self {
        Self { as_photo: Some(false), ..self }
    }

    /// What kind of file it is; guessed by its name unless told.
    #[must_use]
    pub fn mime(self, mime: impl Into<String>) -> Self {
        Self { mime: Some(mime.into()), ..self }
    }

    /// Says more of a document: that it is a video of this size, music of this length.
    #[must_use]
    pub fn attribute(mut self, attribute: impl Into<enums::DocumentAttribute>) -> Self {
        self.attributes.push(attribute.into());
        self
    }

    /// Covered until it is tapped.
    #[must_use]
    pub fn spoiler(self) -> Self {
        Self { spoiler: true, ..self }
    }

    fn of(content: Content) -> Self {
        Self { content, as_photo: None, caption: FormattedText::default(), mime: None, attributes: Vec::new(), spoiler: false }
    }

    pub(super) fn take_caption(&mut self) -> FormattedText {
        std::mem::take(&mut self.caption)
    }

    /// Uploads what has to be, and gives what the request takes. Whether a picture is a photo is decided by `photo` unless it was said.
    pub(super) async fn upload(
        self,
        client: &Client,
        photo: bool,
        progress: impl FnMut(Progress) + Send,
    ) -> Result<enums::InputMedia, Error> {
        let Self { content, as_photo, mime, mut attributes, spoiler, .. } = self;
        let file = match content {
            Content::Ready(media) => return Ok(media),
            Content::Uploaded(file) => file,
            Content::Source(source) => client.upload(source).progress(progress).await?,
        };
        let mime = mime.unwrap_or_else(|| mime_of(file.name()).to_owned());
        let looks_like_one =
            matches!(mime.as_str(), "image/jpeg" | "image/png" | "image/webp" | "image/bmp") && file.size() <= LARGEST_PHOTO;
        if as_photo.unwrap_or(photo && looks_like_one) {
            return Ok(types::InputMediaUploadedPhoto { spoiler, ..types::InputMediaUploadedPhoto::new(file) }.into());
        }
        // Who says nothing of the file wants it to arrive as it is.
        let force_file = attributes.is_empty();
        if !attributes.iter().any(|attribute| matches!(attribute, enums::DocumentAttribute::Filename(_))) {
            attributes.push(types::DocumentAttributeFilename::new(file.name()).into());
        }
        let media = types::InputMediaUploadedDocument::new(file, mime, attributes);
        Ok(types::InputMediaUploadedDocument { spoiler, force_file, ..media }.into())
    }
}

impl From<UploadSource> for Attachment {
    fn from(source: UploadSource) -> Self {
        Self::of(Content::Source(source))
    }
}

/// Sent as it is, as often as you like, without uploading it again.
impl From<Uploaded> for Attachment {
    fn from(uploaded: Uploaded) -> Self {
        Self::of(Content::Uploaded(uploaded))
    }
}

/// A photo or document that Telegram has.
impl From<enums::InputMedia> for Attachment {
    fn from(media: enums::InputMedia) -> Self {
        Self::of(Content::Ready(media))
    }
}

macro_rules! from_paths {
    ($($path:ty),+) => {$(
        impl From<$path> for Attachment {
            fn from(path: $path) -> Self {
                Self::from(UploadSource::from(path))
            }
        }
    )+};
}
from_paths!(&str, String, &Path, PathBuf, &PathBuf);

/// Media that Telegram has made of an upload, as requests name it.
pub(super) fn stored(media: &enums::MessageMedia) -> Option<enums::InputMedia> {
    match media {
        enums::MessageMedia::Photo(types::MessageMediaPhoto { photo: Some(enums::Photo::Photo(photo)), spoiler, .. }) => {
            let id = types::InputPhoto::new(photo.id, photo.access_hash, photo.file_reference.clone());
            Some(types::InputMediaPhoto { spoiler: *spoiler, ..types::InputMediaPhoto::new(id) }.into())
        }
        enums::MessageMedia::Document(media) => match &media.document {
            Some(enums::Document::Document(document)) => {
                let id = types::InputDocument::new(document.id, document.access_hash, document.file_reference.clone());
                Some(types::InputMediaDocument { spoiler: media.spoiler, ..types::InputMediaDocument::new(id) }.into())
            }
            _ => None,
        },
        _ => None,
    }
}
