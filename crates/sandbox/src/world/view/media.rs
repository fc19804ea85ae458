//! Files as objects.

use quadruplex_tl_schema::{Object, Value};

use super::super::state::rows::{File, Media, Peer};
use super::{View, WithFlag};

impl View<'_> {
    /// A `MessageMedia`.
    pub(crate) fn media(&mut self, media: &Media) -> Object {
        match media {
            Media::Photo { file, spoiler, ttl } => Object::new("messageMediaPhoto")
                .with_flag("spoiler", *spoiler)
                .with("photo", self.photo(*file))
                .with_some("ttl_seconds", *ttl),
            Media::Document { file, spoiler, ttl } => {
                let attributes = self.world.state.tables.files.get(file).map(|file| &file.attributes);
                let has = |name: &str, flag: &str| {
                    attributes.into_iter().flatten().any(|attribute| attribute.0.is(name) && (flag.is_empty() || attribute.0.flag(flag)))
                };
                Object::new("messageMediaDocument")
                    .with_flag("spoiler", *spoiler)
                    .with_flag("video", has("documentAttributeVideo", ""))
                    .with_flag("round", has("documentAttributeVideo", "round_message"))
                    .with_flag("voice", has("documentAttributeAudio", "voice"))
                    .with("document", self.document(*file))
                    .with_some("ttl_seconds", *ttl)
            }
            Media::Poll(id) => self.poll(*id),
            Media::Other(tl) => {
                if let Some(user) = tl.0.long("user_id").filter(|id| *id != 0) {
                    self.mentioned.insert(Peer::User(user));
                }
                tl.0.clone()
            }
        }
    }

    /// A `Photo`: the file itself in every size, because nothing here resizes.
    pub(crate) fn photo(&self, id: i64) -> Object {
        let Some(file) = self.world.state.tables.files.get(&id) else { return photo_empty(id) };
        let (width, height) = file.dimensions.unwrap_or((800, 600));
        let longest = width.max(height).max(1);
        let size = |kind: &'static str, bound: i32| {
            let scaled =
                |side: i32| if longest <= bound { side } else { (i64::from(side) * i64::from(bound) / i64::from(longest)).max(1) as i32 };
            Object::new("photoSize").with("type", kind).with("w", scaled(width)).with("h", scaled(height)).with("size", file.size as i32)
        };
        self.file("photo", id, file).with("sizes", vec![size("m", 320), size("x", 800)])
    }

    /// A `Document`.
    pub(crate) fn document(&self, id: i64) -> Object {
        let Some(file) = self.world.state.tables.files.get(&id) else { return Object::new("documentEmpty").with("id", id) };
        let attributes: Value = file.attributes.iter().map(|attribute| attribute.0.clone()).collect();
        self.file("document", id, file).with("mime_type", file.mime.as_str()).with("size", file.size).with("attributes", attributes)
    }

    fn file(&self, name: &'static str, id: i64, file: &File) -> Object {
        Object::new(name)
            .with("id", id)
            .with("access_hash", self.world.file_hash(id))
            .with("file_reference", self.world.file_reference(id, self.date))
            .with("date", file.date)
            .with("dc_id", file.dc)
    }
}

/// A `Photo` that is not there.
fn photo_empty(id: i64) -> Object {
    Object::new("photoEmpty").with("id", id)
}
