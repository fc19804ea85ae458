use quadruplex_api::PeerRef;
use quadruplex_api::functions::messages;

use crate::router::{Argument, Kind, Refusal, Update};
use crate::{Call, Message};

/// Photos or files that were sent together: one update; see [`Router::on_album`](crate::Router::on_album).
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn mirror(album: Album) -> Result {
///     album.copy_to("@mirror").await?;
///     Ok(())
/// }
///
/// let router = Router::new().on_album(mirror);
/// # let _ = router;
/// ```
#[derive(Clone, Debug)]
pub struct Album {
    messages: Vec<Message>,
}

impl Album {
    /// The messages, in their order; at least one.
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// What is written under it: the caption of the first message that has one, or nothing.
    pub fn text(&self) -> &str {
        self.messages.iter().map(Message::text).find(|text| !text.is_empty()).unwrap_or_default()
    }

    /// Sends a copy, which does not say where it comes from.
    pub fn copy_to(&self, chat: impl Into<PeerRef>) -> Call<Vec<Message>, messages::ForwardMessages> {
        self.forward_to(chat).without_author()
    }

    /// Forwards it, saying where it comes from.
    pub fn forward_to(&self, chat: impl Into<PeerRef>) -> Call<Vec<Message>, messages::ForwardMessages> {
        let first = &self.messages[0]; // there is one, see below
        first.client().forward(chat, first.chat(), self.messages.iter().map(Message::id))
    }
}

impl Argument for Album {
    fn fits(update: &Update) -> bool {
        update.kind() == Kind::Album
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        let messages: Vec<Message> = update.messages().cloned().collect();
        if Self::fits(update) && !messages.is_empty() { Ok(Self { messages }) } else { Err(Refusal::Skip) }
    }
}
