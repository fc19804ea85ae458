use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use quadruplex_api::functions::messages;
use quadruplex_api::{Arg, InputPosition, PeerRef, enums, types};

use crate::{Call, Client, Download, Error, FormattedText, RemoteFile};

/// A message in a chat, with what can be done about it. Cheap to clone.
///
/// Wherever a peer belongs, a message stands for the chat it is in.
///
/// ```no_run
/// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
/// let message = client.send("@lena", "hello").await?;
/// message.edit("hello!").await?;
/// message.reply("how are you?").await?;
/// client.send(&message, "into the same chat").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Message {
    client: Client,
    raw: Arc<enums::Message>,
}

impl Message {
    /// A message as it came in an update or an answer; `None` if it is an empty one, which stands for one that is not there.
    pub fn new(client: &Client, raw: impl Into<enums::Message>) -> Option<Self> {
        let raw = raw.into();
        (!matches!(raw, enums::Message::Empty(_))).then(|| Self::of(client, raw))
    }

    /// A message that is known not to be empty.
    pub(crate) fn of(client: &Client, raw: enums::Message) -> Self {
        Self { client: client.clone(), raw: Arc::new(raw) }
    }

    /// Its id, which only means something together with the chat.
    pub fn id(&self) -> i32 {
        match &*self.raw {
            enums::Message::Message(message) => message.id,
            enums::Message::Service(service) => service.id,
            enums::Message::Empty(empty) => empty.id,
        }
    }

    /// The chat it is in.
    pub fn chat(&self) -> PeerRef {
        let chat = match &*self.raw {
            enums::Message::Message(message) => PeerRef::from(&message.peer_id),
            enums::Message::Service(service) => PeerRef::from(&service.peer_id),
            enums::Message::Empty(_) => PeerRef::Me,
        };
        let own = self.client.own_user().map(|user| PeerRef::Id(user.id));
        if own.as_ref() == Some(&chat) { PeerRef::Me } else { chat }
    }

    /// Who wrote it; nobody in particular in a channel.
    pub fn sender(&self) -> Option<PeerRef> {
        let (from, peer, out) = match &*self.raw {
            enums::Message::Message(message) => (&message.from_id, &message.peer_id, message.out),
            enums::Message::Service(service) => (&service.from_id, &service.peer_id, service.out),
            enums::Message::Empty(_) => return None,
        };
        match (from, peer) {
            (Some(from), _) => Some(PeerRef::from(from)),
            (None, _) if out => Some(PeerRef::Me),
            // In private chats Telegram leaves out what is clear.
            (None, enums::Peer::User(_)) => Some(PeerRef::from(peer)),
            _ => None,
        }
    }

    /// The text or caption, as it is shown without formatting; empty if there is none.
    pub fn text(&self) -> &str {
        self.content().map_or("", |message| &message.message)
    }

    /// The text with its formatting.
    pub fn formatted(&self) -> FormattedText {
        let entities = self.content().and_then(|message| message.entities.clone()).unwrap_or_default();
        FormattedText { text: self.text().to_owned(), entities }
    }

    /// The text with its formatting, as the HTML of the Bot API.
    pub fn html(&self) -> String {
        self.formatted().to_html()
    }

    /// The text with its formatting, as the Markdown of the Bot API.
    pub fn markdown(&self) -> String {
        self.formatted().to_markdown()
    }

    /// The buttons under it, or the keyboard that it brings.
    pub fn reply_markup(&self) -> Option<&enums::ReplyMarkup> {
        self.content()?.reply_markup.as_ref()
    }

    /// When it was sent.
    pub fn date(&self) -> SystemTime {
        time(match &*self.raw {
            enums::Message::Message(message) => message.date,
            enums::Message::Service(service) => service.date,
            enums::Message::Empty(_) => 0,
        })
    }

    /// When it was edited last, if it was.
    pub fn edited(&self) -> Option<SystemTime> {
        self.content()?.edit_date.map(time)
    }

    /// Whether this account has sent it.
    pub fn is_outgoing(&self) -> bool {
        match &*self.raw {
            enums::Message::Message(message) => message.out,
            enums::Message::Service(service) => service.out,
            enums::Message::Empty(_) => false,
        }
    }

    /// Whether it is pinned.
    pub fn is_pinned(&self) -> bool {
        self.content().is_some_and(|message| message.pinned)
    }

    /// The message that it answers.
    pub fn reply_to(&self) -> Option<i32> {
        let header = self.reply_header()?;
        // The first message of a topic is named by all that answer no other.
        let is_topic_alone = header.forum_topic && header.reply_to_top_id.is_none();
        header.reply_to_msg_id.filter(|_| !is_topic_alone)
    }

    /// The topic of a forum that it is in; `None` in the general one and elsewhere.
    pub fn topic(&self) -> Option<i32> {
        let header = self.reply_header().filter(|header| header.forum_topic)?;
        header.reply_to_top_id.or(header.reply_to_msg_id)
    }

    fn reply_header(&self) -> Option<&types::MessageReplyHeader> {
        let header = match &*self.raw {
            enums::Message::Message(message) => message.reply_to.as_ref(),
            enums::Message::Service(service) => service.reply_to.as_ref(),
            enums::Message::Empty(_) => None,
        };
        match header? {
            enums::MessageReplyHeader::MessageReplyHeader(header) => Some(header),
            _ => None,
        }
    }

    /// Whether it was written elsewhere before.
    pub fn is_forwarded(&self) -> bool {
        self.content().is_some_and(|message| message.fwd_from.is_some())
    }

    /// Whether it is the post of a channel, which has no single author.
    pub fn is_post(&self) -> bool {
        match &*self.raw {
            enums::Message::Message(message) => message.post,
            enums::Message::Service(service) => service.post,
            enums::Message::Empty(_) => false,
        }
    }

    /// What all messages of one album have in common.
    pub fn album(&self) -> Option<i64> {
        self.content()?.grouped_id
    }

    /// What hangs on it.
    pub fn media(&self) -> Option<&enums::MessageMedia> {
        self.content()?.media.as_ref()
    }

    /// What a service message tells: somebody has joined, a message was pinned.
    pub fn action(&self) -> Option<&enums::MessageAction> {
        match &*self.raw {
            enums::Message::Service(service) => Some(&service.action),
            _ => None,
        }
    }

    /// Its file, if there is one: of its photo or document, or of the web page that it shows. An expired reference is renewed by reading
    /// the message again.
    pub fn file(&self) -> Option<RemoteFile> {
        Some(RemoteFile::of_media(self.media()?)?.from_message(self.chat(), self.id()))
    }

    /// All of it, as Telegram has it.
    pub fn raw(&self) -> &enums::Message {
        &self.raw
    }

    /// The client it came through.
    pub fn client(&self) -> &Client {
        &self.client
    }

    fn content(&self) -> Option<&types::Message> {
        match &*self.raw {
            enums::Message::Message(message) => Some(message),
            _ => None,
        }
    }

    /// Sends into the same chat, and into the same topic of it.
    ///
    /// ```no_run
    /// # async fn example(message: quadruplex::Message) -> Result<(), quadruplex::Error> {
    /// message.respond("hello").silent().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "answer")]
    pub fn respond(&self, text: impl Into<FormattedText>) -> Call<Message, messages::SendMessage> {
        let call = self.client.send(self.chat(), text);
        match self.topic() {
            Some(topic) => call.reply_to(topic),
            None => call,
        }
    }

    /// Answers, quoting this message.
    ///
    /// ```no_run
    /// # async fn example(message: quadruplex::Message) -> Result<(), quadruplex::Error> {
    /// let answer = message.reply("indeed").await?;
    /// assert_eq!(answer.reply_to(), Some(message.id()));
    /// # Ok(())
    /// # }
    /// ```
    pub fn reply(&self, text: impl Into<FormattedText>) -> Call<Message, messages::SendMessage> {
        self.respond(text).reply_to(self.id())
    }

    /// Changes its text or caption; see [`Client::edit`].
    pub fn edit(&self, text: impl Into<FormattedText>) -> Call<Message, messages::EditMessage> {
        self.client.edit(self.chat(), self.id(), text)
    }

    /// Deletes it, for everybody; see [`Client::delete`].
    pub fn delete(&self) -> Call<()> {
        self.client.delete(self.chat(), [self.id()])
    }

    /// Forwards it, saying where it comes from; see [`Client::forward`].
    pub fn forward_to(&self, chat: impl Into<PeerRef>) -> Call<Message, messages::ForwardMessages> {
        let one = |sent: Vec<Message>| sent.into_iter().next().ok_or_else(|| Error::Invalid("Telegram forwarded nothing".to_owned()));
        self.client.forward(chat, self.chat(), [self.id()]).map(one)
    }

    /// Sends a copy, which does not say where it comes from.
    ///
    /// ```no_run
    /// # async fn example(message: quadruplex::Message) -> Result<(), quadruplex::Error> {
    /// let copy = message.copy_to("@mirror").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn copy_to(&self, chat: impl Into<PeerRef>) -> Call<Message, messages::ForwardMessages> {
        self.forward_to(chat).without_author()
    }

    /// Pins it, and tells the chat; see [`Client::pin`].
    pub fn pin(&self) -> Call<(), messages::UpdatePinnedMessage> {
        self.client.pin(self.chat(), self.id())
    }

    /// Unpins it.
    pub fn unpin(&self) -> Call<(), messages::UpdatePinnedMessage> {
        self.client.unpin(self.chat(), self.id())
    }

    /// Marks the chat as read up to here.
    pub fn read(&self) -> Call<()> {
        self.client.read_up_to(self.chat(), self.id())
    }

    /// Reads it again: as it is now, `None` if it is gone.
    pub fn reload(&self) -> Call<Option<Message>> {
        self.client.message(self.chat(), self.id())
    }

    /// Downloads its file: say where to, then await it. Without a file it is an error.
    ///
    /// ```no_run
    /// # async fn example(message: quadruplex::Message) -> Result<(), quadruplex::Error> {
    /// let saved = message.download().to_dir("downloads").progress(|progress| println!("{} bytes", progress.done)).await?;
    /// println!("{}", saved.path.display());
    /// # Ok(())
    /// # }
    /// ```
    pub fn download<'a>(&self) -> Download<'a> {
        let file = self.file().ok_or_else(|| Error::Invalid(format!("message {} in {} has no file", self.id(), self.chat())));
        Download::new(self.client.clone(), file)
    }
}

fn time(date: i32) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(date).unwrap_or(0))
}

impl From<&Message> for PeerRef {
    fn from(message: &Message) -> Self {
        message.chat()
    }
}

impl<T: InputPosition> From<&Message> for Arg<T> {
    fn from(message: &Message) -> Self {
        message.chat().into()
    }
}

impl From<&Message> for i32 {
    fn from(message: &Message) -> Self {
        message.id()
    }
}

/// The message itself; the client is left out.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.raw.fmt(f)
    }
}
