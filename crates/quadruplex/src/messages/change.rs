//! Deleting, pinning, reading.

use quadruplex_api::PeerRef;
use quadruplex_api::functions::{channels, messages};

use super::by_kind::{ByKind, is_channel};
use crate::client::Finished;
use crate::{Call, Client};

impl Client {
    /// Deletes messages, for everybody who has them. Those that are gone already are no error.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.delete("@lena", [42, 43]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn delete(&self, chat: impl Into<PeerRef>, ids: impl IntoIterator<Item = i32>) -> Call<()> {
        let chat = chat.into();
        let ids: Vec<i32> = ids.into_iter().collect();
        let request = ByKind::new::<messages::DeleteMessages>(chat.clone(), move |found| match is_channel(found) {
            true => Box::new(channels::DeleteMessages::new(chat.clone(), ids.iter().copied())),
            false => Box::new(messages::DeleteMessages { revoke: true, ..messages::DeleteMessages::new(ids.iter().copied()) }),
        });
        request.call(self, |_, _| Ok(())).repeatable()
    }

    /// Pins a message, and tells the chat, unless it is [`silent`](Call::silent).
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.pin("@rustlang", 42).silent().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn pin(&self, chat: impl Into<PeerRef>, id: i32) -> Call<(), messages::UpdatePinnedMessage> {
        self.change_pin(messages::UpdatePinnedMessage::new(chat.into(), id))
    }

    /// Unpins a message.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.unpin("@rustlang", 42).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn unpin(&self, chat: impl Into<PeerRef>, id: i32) -> Call<(), messages::UpdatePinnedMessage> {
        self.change_pin(messages::UpdatePinnedMessage { unpin: true, ..messages::UpdatePinnedMessage::new(chat.into(), id) })
    }

    /// Unpins every message of a chat.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.unpin_all("@rustlang").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn unpin_all(&self, chat: impl Into<PeerRef>) -> Call<()> {
        self.call(messages::UnpinAllMessages::new(chat.into())).repeatable().map(|_| Ok(()))
    }

    /// Marks a chat as read.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.read("@lena").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn read(&self, chat: impl Into<PeerRef>) -> Call<()> {
        self.read_up_to(chat, i32::MAX)
    }

    /// Marks a chat as read up to a message.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// client.read_up_to("@lena", 42).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn read_up_to(&self, chat: impl Into<PeerRef>, id: i32) -> Call<()> {
        let chat = chat.into();
        let request = ByKind::new::<messages::ReadHistory>(chat.clone(), move |found| match is_channel(found) {
            true => Box::new(channels::ReadHistory::new(chat.clone(), id)),
            false => Box::new(messages::ReadHistory::new(chat.clone(), id)),
        });
        request.call(self, |_, _| Ok(())).repeatable()
    }

    fn change_pin(&self, request: messages::UpdatePinnedMessage) -> Call<(), messages::UpdatePinnedMessage> {
        Call::typed(self.clone(), request, |_, _, answer| Finished::Now(answer.map(drop))).repeatable()
    }
}

impl<T: Send + 'static> Call<T, messages::UpdatePinnedMessage> {
    /// Without a notification. The chat gets its service message all the same.
    pub fn silent(mut self) -> Self {
        self.request.silent = true;
        self
    }

    /// For this account alone, in a private chat.
    pub fn for_me(mut self) -> Self {
        self.request.pm_oneside = true;
        self
    }
}
