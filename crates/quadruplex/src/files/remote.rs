//! Files that Telegram has.

use std::fmt;
use std::sync::Arc;

use quadruplex_api::{Field, PeerRef, Value, Visit, Walk, enums, types};
use quadruplex_net::BoxFuture;

use super::names::{harmless, invented};
use crate::{Call, Client, Error};

/// A file that Telegram has: where it is, how large, what it is called, and where to find a new reference to it when this one expires.
///
/// Messages make them by themselves ([`Message::download`](crate::Message::download)); documents and photos become one with `into`.
#[derive(Clone)]
pub struct RemoteFile {
    pub(super) location: enums::InputFileLocation,
    pub(super) id: i64,
    pub(super) dc: Option<i32>,
    pub(super) size: Option<u64>,
    pub(super) name: String,
    refresh: Option<Arc<Refresh>>,
}

/// Finds a new reference to the file with this id; `None` if it is not there any more.
type Refresh = dyn Fn(Client, i64) -> BoxFuture<'static, Result<Option<Vec<u8>>, Error>> + Send + Sync;

impl RemoteFile {
    /// A file at a place, for which there is no document or photo: a profile photo, a thumbnail.
    ///
    /// ```
    /// use quadruplex::RemoteFile;
    /// use quadruplex::api::types;
    ///
    /// let place = types::InputPeerPhotoFileLocation { big: true, ..types::InputPeerPhotoFileLocation::new("@lena", 5) };
    /// let photo = RemoteFile::at(place).on(2).named("lena.jpg");
    /// # let _ = photo;
    /// ```
    pub fn at(location: impl Into<enums::InputFileLocation>) -> Self {
        let location = location.into();
        let id = match &location {
            enums::InputFileLocation::InputDocumentFileLocation(document) => document.id,
            enums::InputFileLocation::InputPhotoFileLocation(photo) => photo.id,
            enums::InputFileLocation::InputPeerPhotoFileLocation(photo) => photo.photo_id,
            _ => 0,
        };
        Self { location, id, dc: None, size: None, name: invented("file", id, ""), refresh: None }
    }

    /// The file of a photo, document, web page or game; `None` if there is none.
    pub fn of_media(media: &enums::MessageMedia) -> Option<Self> {
        let document = |document: Option<&enums::Document>| match document? {
            enums::Document::Document(document) => Some(Self::from(&**document)),
            enums::Document::Empty(_) => None,
        };
        let photo = |photo: Option<&enums::Photo>| match photo? {
            enums::Photo::Photo(photo) => Self::of_photo(photo),
            enums::Photo::Empty(_) => None,
        };
        match media {
            enums::MessageMedia::Photo(media) => photo(media.photo.as_ref()),
            enums::MessageMedia::Document(media) => document(media.document.as_ref()),
            enums::MessageMedia::WebPage(media) => match &media.webpage {
                enums::WebPage::WebPage(page) => document(page.document.as_ref()).or_else(|| photo(page.photo.as_ref())),
                _ => None,
            },
            enums::MessageMedia::Game(media) => document(media.game.document.as_ref()).or_else(|| photo(Some(&media.game.photo))),
            enums::MessageMedia::PaidMedia(media) => media.extended_media.iter().find_map(|media| match media {
                enums::MessageExtendedMedia::MessageExtendedMedia(bought) => Self::of_media(&bought.media),
                enums::MessageExtendedMedia::Preview(_) => None,
            }),
            _ => None,
        }
    }

    /// The largest size of a photo; `None` if it has none that can be fetched.
    pub fn of_photo(photo: &types::Photo) -> Option<Self> {
        let (_, kind, size) = photo.sizes.iter().filter_map(dimensions).max_by_key(|(area, ..)| *area)?;
        let location = types::InputPhotoFileLocation::new(photo.id, photo.access_hash, photo.file_reference.clone(), kind);
        let name = invented("photo", photo.id, "image/jpeg");
        Some(Self { dc: Some(photo.dc_id), size: u64::try_from(size).ok(), name, ..Self::at(enums::InputFileLocation::from(location)) })
    }

    /// The data centre that has it, if that is known; else the account's own is asked, which knows.
    #[must_use]
    pub fn on(self, dc: i32) -> Self {
        Self { dc: Some(dc), ..self }
    }

    /// How many bytes it has. What Telegram gives is checked against it, and parts are fetched side by side.
    #[must_use]
    pub fn sized(self, bytes: u64) -> Self {
        Self { size: Some(bytes), ..self }
    }

    /// What it is called when it is put into a directory.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        let name = harmless(name).unwrap_or_else(|| self.name.clone());
        Self { name, ..self }
    }

    /// The message that has it: read again when the reference has expired.
    #[must_use]
    pub fn from_message(self, chat: impl Into<PeerRef>, id: i32) -> Self {
        let chat = chat.into();
        let refresh = move |client: Client, file: i64| -> BoxFuture<'static, _> {
            let chat = chat.clone();
            Box::pin(async move {
                let messages = crate::messages::load(&client.inner, &chat, &[id]).await?;
                Ok(reference(messages.field(), file))
            })
        };
        Self { refresh: Some(Arc::new(refresh)), ..self }
    }

    /// A call whose answer has it: made again when the reference has expired.
    ///
    /// ```
    /// use quadruplex::RemoteFile;
    /// use quadruplex::api::{functions::messages, types};
    ///
    /// fn sticker(document: &types::Document) -> RemoteFile {
    ///     let set = || types::InputStickerSetShortName::new("Animals");
    ///     RemoteFile::from(document).from_call(move |client| client.call(messages::GetStickerSet::new(set(), 0)))
    /// }
    /// ```
    #[must_use]
    pub fn from_call<T: Value + Send + 'static>(self, call: impl Fn(&Client) -> Call<T> + Send + Sync + 'static) -> Self {
        let refresh = move |client: Client, file: i64| -> BoxFuture<'static, _> {
            let call = call(&client);
            Box::pin(async move { Ok(reference(call.await?.field(), file)) })
        };
        Self { refresh: Some(Arc::new(refresh)), ..self }
    }

    /// Its name: harmless, whatever Telegram says.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How many bytes it has, if that is known.
    pub fn size(&self) -> Option<u64> {
        self.size
    }

    /// A new reference; `None` if it is not known where to find one, or the file is gone.
    pub(super) async fn renew(&self, client: Client) -> Result<Option<Vec<u8>>, Error> {
        match &self.refresh {
            Some(refresh) => refresh(client, self.id).await,
            None => Ok(None),
        }
    }
}

impl From<&types::Document> for RemoteFile {
    fn from(document: &types::Document) -> Self {
        let types::Document { id, access_hash, file_reference, mime_type, .. } = document;
        let location = types::InputDocumentFileLocation::new(*id, *access_hash, file_reference.clone(), "");
        let told = document.attributes.iter().find_map(|attribute| match attribute {
            enums::DocumentAttribute::Filename(name) => harmless(&name.file_name),
            _ => None,
        });
        let name = told.unwrap_or_else(|| invented("file", *id, mime_type));
        let (dc, size) = (Some(document.dc_id), u64::try_from(document.size).ok());
        Self { dc, size, name, ..Self::at(enums::InputFileLocation::from(location)) }
    }
}

impl From<types::Document> for RemoteFile {
    fn from(document: types::Document) -> Self {
        Self::from(&document)
    }
}

impl fmt::Debug for RemoteFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { location, dc, size, name, .. } = self;
        let mut out = f.debug_struct("RemoteFile");
        out.field("name", name).field("size", size).field("dc", dc).field("location", location).finish_non_exhaustive()
    }
}

/// Area, kind and bytes of a size that can be fetched.
fn dimensions(size: &enums::PhotoSize) -> Option<(i64, &str, i32)> {
    let area = |w: i32, h: i32| i64::from(w) * i64::from(h);
    match size {
        enums::PhotoSize::PhotoSize(size) => Some((area(size.w, size.h), &size.r#type, size.size)),
        enums::PhotoSize::Progressive(size) => Some((area(size.w, size.h), &size.r#type, *size.sizes.iter().max()?)),
        _ => None,
    }
}

/// The reference of the document or photo with this id, wherever it is in an answer.
fn reference(answer: Field<'_>, id: i64) -> Option<Vec<u8>> {
    let mut search = Search { id, found: None };
    search.field("", answer);
    search.found
}

struct Search {
    id: i64,
    found: Option<Vec<u8>>,
}

impl<'a> Visit<'a> for Search {
    fn field(&mut self, _: &'static str, value: Field<'a>) {
        match value {
            Field::Object(object) if matches!(object.name(), "document" | "photo") => {
                if matches!(of_object(object, "id"), Some(Field::Long(id)) if id == self.id)
                    && let Some(Field::Bytes(reference)) = of_object(object, "file_reference")
                {
                    self.found = Some(reference.to_vec());
                }
            }
            Field::Object(object) => object.walk(self),
            Field::Vector(items) => (0..items.len()).filter_map(|at| items.item(at)).for_each(|item| self.field("", item)),
            _ => {}
        }
    }
}

fn of_object<'a>(object: &'a dyn Walk, wanted: &'static str) -> Option<Field<'a>> {
    struct One<'a>(&'static str, Option<Field<'a>>);
    impl<'a> Visit<'a> for One<'a> {
        fn field(&mut self, name: &'static str, value: Field<'a>) {
            if name == self.0 {
                self.1 = Some(value);
            }
        }
    }
    let mut one = One(wanted, None);
    object.walk(&mut one);
    one.1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_size_of_a_photo_is_taken() {
        let sizes: [enums::PhotoSize; 3] = [
            types::PhotoSize::new("x", 800, 600, 90_000).into(),
            types::PhotoSizeProgressive::new("y", 1280, 960, [10_000, 40_000, 200_000]).into(),
            types::PhotoSize::new("m", 320, 240, 20_000).into(),
        ];
        let photo = RemoteFile::of_photo(&types::Photo::new(5, 6, [7], 0, sizes, 4)).unwrap();
        assert_eq!((photo.size(), photo.name(), photo.dc), (Some(200_000), "photo_5.jpg", Some(4)));
        let enums::InputFileLocation::InputPhotoFileLocation(place) = &photo.location else { panic!("{photo:?}") };
        assert_eq!(place.thumb_size, "y");
    }

    #[test]
    fn a_new_reference_is_found_by_id() {
        let document = |id: i64, mark: u8| {
            let attributes: [enums::DocumentAttribute; 0] = [];
            let document = types::Document::new(id, 1, [mark], 0, "", 1, 2, attributes);
            types::MessageMediaDocument { document: Some(document.into()), ..types::MessageMediaDocument::new() }
        };
        let answer: Vec<enums::MessageMedia> = vec![document(5, 50).into(), document(6, 60).into()];
        assert_eq!(reference(answer.field(), 6), Some(vec![60]));
        assert_eq!(reference(answer.field(), 7), None);
    }
}
