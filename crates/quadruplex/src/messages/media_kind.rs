use quadruplex_api::{enums, types};

use super::Message;

/// What hangs on a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MediaKind {
    /// A photo.
    Photo,
    /// A video.
    Video,
    /// A round video.
    RoundVideo,
    /// A moving picture without sound.
    Gif,
    /// Music.
    Audio,
    /// A spoken note.
    Voice,
    /// A sticker.
    Sticker,
    /// Any other file.
    Document,
    /// A poll or a quiz.
    Poll,
    /// A place, a venue, or where somebody is now.
    Location,
    /// A contact.
    Contact,
    /// A die, a dart, a slot machine.
    Dice,
    /// A game.
    Game,
    /// An invoice.
    Invoice,
    /// A story.
    Story,
    /// The preview of a link.
    WebPage,
    /// What this release has no name for.
    Other,
}

impl Message {
    /// What hangs on it, if anything does.
    pub fn media_kind(&self) -> Option<MediaKind> {
        use enums::MessageMedia as Media;
        Some(match self.media()? {
            Media::Empty => return None,
            Media::Photo(_) => MediaKind::Photo,
            Media::Document(media) => document(media),
            Media::Poll(_) => MediaKind::Poll,
            Media::Geo(_) | Media::GeoLive(_) | Media::Venue(_) => MediaKind::Location,
            Media::Contact(_) => MediaKind::Contact,
            Media::Dice(_) => MediaKind::Dice,
            Media::Game(_) => MediaKind::Game,
            Media::Invoice(_) => MediaKind::Invoice,
            Media::Story(_) => MediaKind::Story,
            Media::WebPage(_) => MediaKind::WebPage,
            _ => MediaKind::Other,
        })
    }
}

/// Everything that is neither a photo nor made of words is a document; its attributes say of which kind.
fn document(media: &types::MessageMediaDocument) -> MediaKind {
    let Some(enums::Document::Document(document)) = &media.document else { return MediaKind::Document };
    let mut kind = MediaKind::Document;
    for attribute in &document.attributes {
        kind = match attribute {
            enums::DocumentAttribute::Sticker(_) | enums::DocumentAttribute::CustomEmoji(_) => return MediaKind::Sticker,
            // A moving picture is a video too.
            enums::DocumentAttribute::Animated => return MediaKind::Gif,
            enums::DocumentAttribute::Video(video) if video.round_message => MediaKind::RoundVideo,
            enums::DocumentAttribute::Video(_) => MediaKind::Video,
            enums::DocumentAttribute::Audio(audio) if audio.voice => MediaKind::Voice,
            enums::DocumentAttribute::Audio(_) => MediaKind::Audio,
            _ => kind,
        };
    }
    kind
}
