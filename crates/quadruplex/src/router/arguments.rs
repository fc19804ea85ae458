//! What handlers can have as arguments, besides commands and callback data.

mod album;
mod failure;
mod media;
mod place;
mod state;
mod wrappers;

pub use album::Album;
pub use failure::Failure;
pub use media::{Audio, Contact, Dice, Document, Gif, Location, Media, Photo, Poll, RoundVideo, Sticker, Text, Video, Voice};
pub use place::{Chat, Sender};
pub use state::State;
pub(crate) use wrappers::ChatKind;
pub use wrappers::{Channel, FromAdmin, Group, Private, Reply};

use super::{Argument, Refusal, Update};
use crate::{Client, Gap, Message};

impl Argument for Update {
    async fn take(update: &Update) -> Result<Self, Refusal> {
        Ok(update.clone())
    }
}

impl Argument for Client {
    async fn take(update: &Update) -> Result<Self, Refusal> {
        Ok(update.client().clone())
    }
}

impl Argument for Message {
    fn fits(update: &Update) -> bool {
        update.message().is_some()
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        update.message().cloned().ok_or(Refusal::Skip)
    }
}

impl Argument for Gap {
    fn fits(update: &Update) -> bool {
        update.gap().is_some()
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        update.gap().ok_or(Refusal::Skip)
    }
}
