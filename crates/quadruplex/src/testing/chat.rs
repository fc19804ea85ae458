use std::fmt::Write;

use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, enums};
use tokio::time::timeout;

use super::log::{Entry, Unmet};
use super::{PATIENCE, User};
use crate::{Attachment, FormattedText, Message, Result};

/// A chat as a person in a [`Sandbox`](super::Sandbox) sees it.
#[derive(Clone, Debug)]
pub struct Chat {
    user: User,
    peer: PeerRef,
    title: String,
    /// What comes from here on in the person's log has not been read.
    next: usize,
}

/// What became of a button that was pressed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pressed {
    /// What was shown for a moment.
    pub toast: Option<String>,
    /// It was shown as an alert, to be closed.
    pub is_alert: bool,
    /// The address that was opened.
    pub url: Option<String>,
}

impl Chat {
    pub(super) fn new(user: &User, peer: PeerRef, title: String) -> Self {
        Self { user: user.clone(), peer, title, next: user.shared.log.len() }
    }

    /// Writes.
    ///
    /// # Errors
    /// Those of the call.
    ///
    /// # Cancel safety
    /// If it is dropped, the message may have been sent.
    pub async fn say(&self, text: impl Into<FormattedText>) -> Result<Message> {
        let sent = self.user.client().send(self.peer.clone(), text).await?;
        Ok(self.sent(sent))
    }

    /// Answers a message.
    ///
    /// # Errors
    /// Those of the call.
    ///
    /// # Cancel safety
    /// If it is dropped, the message may have been sent.
    pub async fn answer(&self, message: &Message, text: impl Into<FormattedText>) -> Result<Message> {
        let sent = self.user.client().send(self.peer.clone(), text).reply_to(message).await?;
        Ok(self.sent(sent))
    }

    /// Sends a photo: `chat.send_photo(UploadSource::bytes("sea.jpg", &b"\xff\xd8\xff"[..]))`.
    ///
    /// # Errors
    /// Those of the calls.
    ///
    /// # Cancel safety
    /// If it is dropped, the message may have been sent.
    pub async fn send_photo(&self, picture: impl Into<Attachment>) -> Result<Message> {
        let sent = self.user.client().send_photo(self.peer.clone(), picture).await?;
        Ok(self.sent(sent))
    }

    /// Sends a file.
    ///
    /// # Errors
    /// Those of the calls.
    ///
    /// # Cancel safety
    /// If it is dropped, the message may have been sent.
    pub async fn send_file(&self, file: impl Into<Attachment>) -> Result<Message> {
        let sent = self.user.client().send_file(self.peer.clone(), file).await?;
        Ok(self.sent(sent))
    }

    /// Sends several files as one album.
    ///
    /// # Errors
    /// Those of the calls.
    ///
    /// # Cancel safety
    /// If it is dropped, the messages may have been sent.
    pub async fn send_album(&self, files: impl IntoIterator<Item = impl Into<Attachment>>) -> Result<Vec<Message>> {
        let sent = self.user.client().send_album(self.peer.clone(), files).await?;
        Ok(sent.into_iter().map(|message| self.sent(message)).collect())
    }

    /// The next message of a bot in this chat.
    ///
    /// # Errors
    /// There is none within [five virtual seconds](PATIENCE): [`Unmet`], which shows the chat and the errors of handlers.
    ///
    /// # Cancel safety
    /// No message is lost if it is dropped.
    pub async fn reply(&mut self) -> Result<Message> {
        self.wait("no answer", |entry| !entry.edited).await
    }

    /// The next message that a bot edits in this chat, as it is then.
    ///
    /// # Errors
    /// As [`reply`](Self::reply).
    ///
    /// # Cancel safety
    /// No message is lost if it is dropped.
    pub async fn edited(&mut self) -> Result<Message> {
        self.wait("no message was edited", |entry| entry.edited).await
    }

    /// Waits as long as [`reply`](Self::reply) does, for nothing.
    ///
    /// # Errors
    /// A bot has written: [`Unmet`].
    ///
    /// # Cancel safety
    /// No message is lost if it is dropped.
    pub async fn silence(&mut self) -> Result {
        let found = self.next_of_bot(|entry| !entry.edited).await;
        match found {
            None => Ok(()),
            Some((entry, _)) => Err(self.unmet(format!("silence was expected, but there is {:?}", entry.message.text())).into()),
        }
    }

    /// Presses the button with this text: under the last message that has it, or of the keyboard that a bot has brought, which writes its
    /// text. Waits until the bot answers, which the framework does when the handler ends.
    ///
    /// # Errors
    /// There is no such button: [`Unmet`]; those of the call.
    ///
    /// # Cancel safety
    /// If it is dropped, the button may have been pressed.
    pub async fn press(&self, button: &str) -> Result<Pressed> {
        match self.button(button) {
            Some((message, enums::InlineButtonType::Callback(callback))) => {
                let request = messages::GetBotCallbackAnswer {
                    data: Some(callback.data),
                    ..messages::GetBotCallbackAnswer::new(self.peer.clone(), message.id())
                };
                let answer = self.user.client().call(request).await?;
                Ok(Pressed { toast: answer.message, is_alert: answer.alert, url: answer.url })
            }
            Some((_, enums::InlineButtonType::Url(link))) => Ok(Pressed { url: Some(link.url), ..Pressed::default() }),
            Some((_, other)) => Err(format!("the sandbox cannot press {button:?}: {other:?}").into()),
            None if self.has_key(button) => self.say(button).await.map(|_| Pressed::default()),
            None => Err(self.unmet(format!("there is no button {button:?} in the chat")).into()),
        }
    }

    /// The chat so far, a line for each message.
    pub fn transcript(&self) -> String {
        let mut text = String::new();
        for Entry { at, edited, message } in self.user.shared.log.of(&self.peer) {
            let who = if message.is_outgoing() { self.user.shared.name.as_str() } else { self.title.as_str() };
            let sign = if edited { "✎ " } else { "" };
            let media = if message.media().is_some() { "[media] " } else { "" };
            // Writing into a string does not fail.
            let _ = writeln!(text, "  {:>8.3} {who}: {sign}{media}{}{}", at.as_secs_f64(), message.text(), buttons(&message));
        }
        text
    }

    async fn wait(&mut self, what: &str, wanted: impl Fn(&Entry) -> bool) -> Result<Message> {
        match self.next_of_bot(wanted).await {
            Some((entry, next)) => {
                self.next = next;
                Ok(entry.message)
            }
            None => Err(self.unmet(format!("{what} within {} s", PATIENCE.as_secs())).into()),
        }
    }

    async fn next_of_bot(&self, wanted: impl Fn(&Entry) -> bool) -> Option<(Entry, usize)> {
        let person = &self.user.shared;
        let of_bot = |message: &Message| matches!(message.sender(), Some(PeerRef::Id(id)) if person.facts.is_bot(id));
        let wanted = |entry: &Entry| entry.message.chat() == self.peer && of_bot(&entry.message) && wanted(entry);
        timeout(PATIENCE, person.log.find(self.next, wanted)).await.ok()
    }

    fn sent(&self, message: Message) -> Message {
        let person = &self.user.shared;
        person.log.add(Entry { at: person.facts.elapsed(), edited: false, message: message.clone() });
        message
    }

    /// Messages as they are now, the last first.
    fn latest(&self) -> Vec<Message> {
        let mut latest: Vec<Message> = Vec::new();
        for entry in self.user.shared.log.of(&self.peer).into_iter().rev() {
            if latest.iter().all(|message| message.id() != entry.message.id()) {
                latest.push(entry.message);
            }
        }
        latest
    }

    fn button(&self, text: &str) -> Option<(Message, enums::InlineButtonType)> {
        self.latest().into_iter().find_map(|message| {
            let enums::ReplyMarkup::ReplyInlineMarkup(markup) = message.reply_markup()? else { return None };
            let button = markup.rows.iter().flat_map(|row| &row.buttons).find(|button| button.text == text)?;
            let does = button.r#type.clone();
            Some((message, does))
        })
    }

    /// Whether the keyboard that is shown has a key: that of the last message which brought one or took it away.
    fn has_key(&self, text: &str) -> bool {
        let keyboard = self.latest().into_iter().find_map(|message| match message.reply_markup()? {
            enums::ReplyMarkup::ReplyKeyboardMarkup(keyboard) => Some(keyboard.rows.clone()),
            enums::ReplyMarkup::ReplyKeyboardHide(_) => Some(Vec::new()),
            _ => None,
        });
        keyboard.unwrap_or_default().iter().flat_map(|row| &row.buttons).any(|key| key.text == text)
    }

    fn unmet(&self, what: String) -> Unmet {
        Unmet { what, transcript: self.transcript(), failures: self.user.shared.facts.failures() }
    }
}

fn buttons(message: &Message) -> String {
    let texts: Vec<&str> = match message.reply_markup() {
        Some(enums::ReplyMarkup::ReplyInlineMarkup(markup)) => {
            markup.rows.iter().flat_map(|row| &row.buttons).map(|button| button.text.as_str()).collect()
        }
        Some(enums::ReplyMarkup::ReplyKeyboardMarkup(keyboard)) => {
            keyboard.rows.iter().flat_map(|row| &row.buttons).map(|key| key.text.as_str()).collect()
        }
        _ => return String::new(),
    };
    texts.iter().fold(String::new(), |shown, text| format!("{shown} [{text}]"))
}
