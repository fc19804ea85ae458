//! Channels whose updates Telegram does not send by itself: <https://core.telegram.org/api/updates#subscribing-to-updates-of-channels-supergroups>.

use std::fmt;
use std::sync::{Arc, Weak};

use quadruplex_api::{PeerRef, enums};

use super::Updates;
use crate::{Client, Error};

/// A chat that is open: see [`Client::open_chat`]. It is closed when this is dropped.
#[must_use = "the chat is closed when this is dropped"]
pub struct OpenChat {
    /// The updates, the channel and the number under which it is open there. `None`: there is nothing to ask.
    polled: Option<(Weak<Updates>, i64, u64)>,
}

impl Client {
    /// Opens a chat, as a person does who looks at it: its updates come even if Telegram does not send them by itself.
    ///
    /// It does not for a public channel or supergroup that this account has not joined, and is late with some that it has. As long as the
    /// chat is open the client asks for what is new there (`updates.getChannelDifference`), at once and then as often as Telegram wants it,
    /// which is about every half minute. What comes goes the way of all updates: in order, once, to the stream or the handlers. A channel
    /// that was never followed begins where it is now; one that was goes on from there. Other chats need no asking, and opening them
    /// costs nothing. Keep it to a few at a time (Telegram speaks of ten): each is a request every half minute.
    ///
    /// If the channel is closed to the account meanwhile, a [`Gap`](crate::Gap) tells so, and nothing is asked any more.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let mut updates = client.updates().await?;
    /// let news = client.open_chat("@telegram").await?;
    /// while let Some(delivery) = updates.next().await {
    ///     println!("{:?}", delivery.event);
    ///     delivery.done();
    /// }
    /// drop(news);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// The peer cannot be found; the updates of the client are not taken ([`Client::updates`], or an application that runs).
    ///
    /// # Cancel safety
    /// A lookup goes on for whoever else waits for it; nothing is open.
    #[doc(alias = "subscribeToUpdates")]
    #[doc(alias = "poll")]
    pub async fn open_chat(&self, chat: impl Into<PeerRef>) -> Result<OpenChat, Error> {
        let nobody = || Error::Invalid("a chat is opened for its updates, and nobody takes them".to_owned());
        let updates = self.inner.updates().ok_or_else(nobody)?;
        let channel = match self.input_peer(chat).await? {
            enums::InputPeer::Channel(channel) => channel.channel_id,
            enums::InputPeer::ChannelFromMessage(channel) => channel.channel_id,
            _ => return Ok(OpenChat { polled: None }),
        };
        let number = updates.open_channel(channel).ok_or_else(nobody)?;
        Ok(OpenChat { polled: Some((Arc::downgrade(&updates), channel, number)) })
    }
}

impl Drop for OpenChat {
    fn drop(&mut self) {
        if let Some((updates, channel, number)) = self.polled.take()
            && let Some(updates) = updates.upgrade()
        {
            updates.close_channel(channel, number);
        }
    }
}

impl fmt::Debug for OpenChat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let channel = self.polled.as_ref().map(|(_, channel, _)| channel);
        f.debug_struct("OpenChat").field("polled_channel", &channel).finish()
    }
}
