//! Sending text, editing, forwarding.

use std::time::{SystemTime, UNIX_EPOCH};

use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, Request, enums, types};

use super::Message;
use super::sent::{self, edited};
use crate::client::Finished;
use crate::router::is_handling;
use crate::{Call, Client, FormattedText};

/// What Telegram says of a change that changes nothing.
pub(crate) const NOT_MODIFIED: &str = "MESSAGE_NOT_MODIFIED";

impl Client {
    /// Sends a message.
    ///
    /// It is sent exactly once, however often the connection breaks meanwhile.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// use std::time::Duration;
    ///
    /// let sent = client.send("@lena", "hello").silent().timeout(Duration::from_secs(2)).await?;
    /// println!("message {} of {:?}", sent.id(), sent.date());
    /// # Ok(())
    /// # }
    /// ```
    pub fn send(&self, chat: impl Into<PeerRef>, text: impl Into<FormattedText>) -> Call<Message, messages::SendMessage> {
        let (message, entities) = text.into().into_parts();
        let request = messages::SendMessage { entities, ..messages::SendMessage::new(chat.into(), message) };
        Call::typed(self.clone(), request, sent::text)
    }

    /// Sends a text that may be too long for a message, as several: one call for each, to be awaited in order. Where it is cut, see
    /// [`FormattedText::split`].
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client, log: String) -> Result<(), quadruplex::Error> {
    /// for part in client.send_long("@lena", log) {
    ///     part.silent().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_long(&self, chat: impl Into<PeerRef>, text: impl Into<FormattedText>) -> Vec<Call<Message, messages::SendMessage>> {
        let chat = chat.into();
        let parts = text.into().split(self.message_length());
        parts.into_iter().map(|part| self.send(chat.clone(), part)).collect()
    }

    /// How many UTF-16 code units a message may have, as the server has said last.
    pub fn message_length(&self) -> usize {
        self.inner.text_limits.message()
    }

    /// How many UTF-16 code units a caption may have, as the server has said last.
    pub fn caption_length(&self) -> usize {
        self.inner.text_limits.caption()
    }

    /// Sends media that needs no upload: a poll, a place, a die, a contact, a photo that Telegram has already.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// use quadruplex::api::types;
    ///
    /// let die = client.send_media("@lena", types::InputMediaDice::new("🎲"), "").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn send_media(
        &self,
        chat: impl Into<PeerRef>,
        media: impl Into<enums::InputMedia>,
        caption: impl Into<FormattedText>,
    ) -> Call<Message, messages::SendMedia> {
        let (caption, entities) = caption.into().into_parts();
        let request = messages::SendMedia { entities, ..messages::SendMedia::new(chat.into(), media, caption) };
        Call::typed(self.clone(), request, sent::media)
    }

    /// Changes the text of a message, or the caption of its media.
    ///
    /// That it says so already (`MESSAGE_NOT_MODIFIED`) is an error, but not in a handler, which may have changed it when it ran before.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.edit("@lena", 42, "what I meant").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn edit(&self, chat: impl Into<PeerRef>, id: i32, text: impl Into<FormattedText>) -> Call<Message, messages::EditMessage> {
        let (text, entities) = text.into().into_parts();
        let chat = chat.into();
        let request = messages::EditMessage { message: Some(text), entities, ..messages::EditMessage::new(chat.clone(), id) };
        let call = Call::typed(self.clone(), request, edited);
        if !is_handling() {
            return call;
        }
        call.recover(NOT_MODIFIED, move |client, error| {
            let message = client.message(chat, id).into_future();
            Finished::Later(Box::pin(async move { message.await?.ok_or(error) }))
        })
    }

    /// Forwards messages, at most 100 at once, to `chat`. The answer has those that arrived, in the order of `ids`.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.forward("me", "@rustlang", [1, 2, 3]).silent().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn forward(
        &self,
        chat: impl Into<PeerRef>,
        from: impl Into<PeerRef>,
        ids: impl IntoIterator<Item = i32>,
    ) -> Call<Vec<Message>, messages::ForwardMessages> {
        let request = messages::ForwardMessages::new(from.into(), ids, chat.into());
        Call::typed(self.clone(), request, sent::forwarded)
    }
}

/// A request that sends messages.
pub trait Outgoing: Request {
    #[doc(hidden)]
    fn options(&mut self) -> Options<'_>;
}

/// What can be said of everything that is sent.
pub struct Options<'a> {
    pub(super) silent: &'a mut bool,
    pub(super) noforwards: &'a mut bool,
    pub(super) reply_to: &'a mut Option<enums::InputReplyTo>,
    pub(super) schedule_date: &'a mut Option<i32>,
}

macro_rules! outgoing {
    ($($request:ty),+) => {$(
        impl Outgoing for $request {
            fn options(&mut self) -> Options<'_> {
                let Self { silent, noforwards, reply_to, schedule_date, .. } = self;
                Options { silent, noforwards, reply_to, schedule_date }
            }
        }
    )+};
}
outgoing!(messages::SendMessage, messages::SendMedia, messages::SendMultiMedia, messages::ForwardMessages);

impl<T: Send + 'static, R: Outgoing> Call<T, R> {
    /// Without a sound at the other end.
    pub fn silent(mut self) -> Self {
        *self.request.options().silent = true;
        self
    }

    /// As an answer to a message of the same chat: its id, or the message.
    pub fn reply_to(mut self, message: impl Into<i32>) -> Self {
        *self.request.options().reply_to = Some(types::InputReplyToMessage::new(message.into()).into());
        self
    }

    /// Later, by Telegram itself. Until then it is in the chat's list of scheduled messages, and the id is of that list.
    pub fn schedule(mut self, at: SystemTime) -> Self {
        *self.request.options().schedule_date = Some(unix(at));
        self
    }

    /// Cannot be forwarded or saved.
    pub fn protected(mut self) -> Self {
        *self.request.options().noforwards = true;
        self
    }
}

impl<T: Send + 'static> Call<T, messages::SendMessage> {
    /// Without a preview of the first link.
    pub fn no_preview(mut self) -> Self {
        self.request.no_webpage = true;
        self
    }
}

impl<T: Send + 'static> Call<T, messages::EditMessage> {
    /// Without a preview of the first link.
    pub fn no_preview(mut self) -> Self {
        self.request.no_webpage = true;
        self
    }
}

impl<T: Send + 'static> Call<T, messages::ForwardMessages> {
    /// As copies, which do not say where they come from.
    pub fn without_author(mut self) -> Self {
        self.request.drop_author = true;
        self
    }
}

pub(super) fn unix(at: SystemTime) -> i32 {
    let seconds = at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    i32::try_from(seconds).unwrap_or(i32::MAX)
}
