//! What handlers can have as arguments, besides commands and callback data.

mod media;
mod place;
mod state;

pub use media::Text;
pub use place::{Chat, Sender};
pub use state::State;

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
