use std::ops::Deref;

use crate::router::{Argument, Refusal, Update};
use crate::{MediaKind, Message};

macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident: $fits:expr;)+) => {$(
        $(#[$doc])*
        ///
        /// It is a [`Message`] in all other respects.
        #[derive(Clone, Debug)]
        pub struct $name(Message);

        impl $name {
            /// The message itself.
            pub fn into_message(self) -> Message {
                self.0
            }

            fn of(message: &Message) -> bool {
                let fits: fn(&Message) -> bool = $fits;
                fits(message)
            }
        }

        impl Argument for $name {
            fn fits(update: &Update) -> bool {
                update.message().is_some_and(Self::of)
            }

            async fn take(update: &Update) -> Result<Self, Refusal> {
                update.message().filter(|message| Self::of(message)).cloned().map(Self).ok_or(Refusal::Skip)
            }
        }

        impl Deref for $name {
            type Target = Message;

            fn deref(&self) -> &Message {
                &self.0
            }
        }
    )+};
}

fn is(message: &Message, kind: MediaKind) -> bool {
    message.media_kind() == Some(kind)
}

messages! {
    /// A message with text, or with a caption.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn echo(msg: Text) -> Result {
    ///     msg.respond(msg.text()).await?;
    ///     Ok(())
    /// }
    ///
    /// let router = Router::new().on_message(echo);
    /// # let _ = router;
    /// ```
    Text: |message| !message.text().is_empty();

    /// A message with something that can be downloaded: a photo, or a file of any kind.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn keep(file: Media) -> Result<String> {
    ///     let saved = file.download().to_dir("kept").await?;
    ///     Ok(format!("kept as {}", saved.path.display()))
    /// }
    ///
    /// let router = Router::new().on_message(keep);
    /// # let _ = router;
    /// ```
    Media: |message| {
        use MediaKind as Kind;
        let kinds = [Kind::Photo, Kind::Video, Kind::RoundVideo, Kind::Gif, Kind::Audio, Kind::Voice, Kind::Sticker, Kind::Document];
        message.media_kind().is_some_and(|kind| kinds.contains(&kind))
    };

    /// A photo.
    Photo: |message| is(message, MediaKind::Photo);
    /// A video.
    Video: |message| is(message, MediaKind::Video);
    /// A round video.
    RoundVideo: |message| is(message, MediaKind::RoundVideo);
    /// A moving picture without sound.
    Gif: |message| is(message, MediaKind::Gif);
    /// Music.
    Audio: |message| is(message, MediaKind::Audio);
    /// A spoken note.
    Voice: |message| is(message, MediaKind::Voice);
    /// A sticker.
    Sticker: |message| is(message, MediaKind::Sticker);
    /// A file that is none of the others.
    Document: |message| is(message, MediaKind::Document);
    /// A poll or a quiz.
    Poll: |message| is(message, MediaKind::Poll);
    /// A place, a venue, or where somebody is now.
    Location: |message| is(message, MediaKind::Location);
    /// A contact.
    Contact: |message| is(message, MediaKind::Contact);
    /// A die, a dart, a slot machine.
    Dice: |message| is(message, MediaKind::Dice);
}
