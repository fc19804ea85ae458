use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::str::FromStr;
use std::time::Duration;

use quadruplex_api::{PeerRef, enums};

use super::Context;
use crate::router::{Chat, next_id, next_question};
use crate::{Client, Error, FormattedText, HOUR, Keyboard, Message};

/// An answer is waited for so long, unless told otherwise.
const PATIENCE: Duration = HOUR;

/// A question, to be awaited in a handler; see [`Chat::ask`]. `T` is what is made of the answer.
///
/// # Errors
/// [`Error::ConversationEnded`]: by `/cancel`, by another command, which is handled then, or by silence. Those of sending.
///
/// # Cancel safety
/// If it is dropped, nobody waits any more, and the question may have been sent.
#[must_use = "nothing is asked until it is awaited"]
pub struct Ask<T = Message> {
    client: Client,
    chat: PeerRef,
    question: FormattedText,
    or_say: Option<FormattedText>,
    keyboard: Option<enums::ReplyMarkup>,
    within: Duration,
    read: Read<T>,
}

type Read<T> = Box<dyn Fn(&Message) -> Option<T> + Send + Sync>;

impl Chat {
    /// Asks the one who has started the handler, and waits for the next message that he writes here.
    ///
    /// Others are handled meanwhile. The conversation survives a restart of the program, and a failure of the handler: it runs again, gets
    /// the answers that were given, and asks nothing twice. So what it does besides asking and sending should be such that doing it again is
    /// harmless, or stand behind the last question. A callback query that has started it is answered when the first question is asked.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn register(_: Text, chat: Chat) -> Result {
    ///     let name = chat.ask("What is your name?").text().await?;
    ///     let age: u8 = chat.ask("How old are you?").parse().or_say("A number, please.").await?;
    ///     let right = chat.ask(html!("<b>{name}</b>, {age}. Right?")).choice(["Yes", "No"]).within(5 * MINUTE).await?;
    ///     if right == "Yes" {
    ///         chat.send(html!("Welcome, <b>{name}</b>!")).await?;
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn ask(&self, question: impl Into<FormattedText>) -> Ask {
        let (client, chat, question) = (self.client().clone(), self.peer(), question.into());
        let read: Read<Message> = Box::new(|message| Some(message.clone()));
        Ask { client, chat, question, or_say: None, keyboard: None, within: PATIENCE, read }
    }
}

impl Ask<Message> {
    /// A text. To anything else the question is repeated.
    pub fn text(self) -> Ask<String> {
        self.read_by(|message| Some(message.text().trim()).filter(|text| !text.is_empty()).map(str::to_owned))
    }

    /// A text that can be parsed: a number, a date. To anything else the question is repeated.
    pub fn parse<T: FromStr>(self) -> Ask<T> {
        self.read_by(|message| message.text().trim().parse().ok())
    }

    /// One of these, which the user gets as keys. To anything else the question is repeated.
    pub fn choice(self, choices: impl IntoIterator<Item = impl Into<String>>) -> Ask<String> {
        let choices: Vec<String> = choices.into_iter().map(Into::into).collect();
        let keyboard: enums::ReplyMarkup = Keyboard::row(choices.clone()).once().into();
        let is_choice = move |message: &Message| choices.iter().find(|choice| *choice == message.text().trim()).cloned();
        Ask { keyboard: Some(keyboard), ..self.read_by(is_choice) }
    }

    fn read_by<T>(self, read: impl Fn(&Message) -> Option<T> + Send + Sync + 'static) -> Ask<T> {
        let Self { client, chat, question, or_say, keyboard, within, .. } = self;
        Ask { client, chat, question, or_say, keyboard, within, read: Box::new(read) }
    }
}

impl<T> Ask<T> {
    /// What is said to an answer that cannot be read, instead of the question again.
    pub fn or_say(self, text: impl Into<FormattedText>) -> Self {
        Self { or_say: Some(text.into()), ..self }
    }

    /// How long an answer is waited for, each time; an hour unless told otherwise. After a restart the time begins anew.
    pub fn within(self, time: Duration) -> Self {
        Self { within: time, ..self }
    }
}

impl<T: Send + 'static> IntoFuture for Ask<T> {
    type Output = Result<T, Error>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(async move {
            let Self { client, chat, mut question, or_say, keyboard, within, read } = self;
            let outside = || Error::Invalid("an answer can be waited for in a handler only, and not in a task that it spawns".to_owned());
            let context = Context::current().ok_or_else(outside)?;
            loop {
                let number = next_question().ok_or_else(outside)?;
                let message = match context.stored(&number).await? {
                    // The id with which it was sent counts, so that what follows has its own again.
                    Some(message) => next_id().map(|_| message),
                    None => {
                        let mut call = client.send(chat.clone(), &question);
                        if let Some(keyboard) = &keyboard {
                            call = call.buttons(keyboard.clone());
                        }
                        call.await?;
                        Some(context.answer(&number, within).await?)
                    }
                };
                if let Some(answer) = message.as_ref().and_then(&read) {
                    return Ok(answer);
                }
                if let Some(or_say) = &or_say {
                    question = or_say.clone();
                }
            }
        })
    }
}

impl<T> fmt::Debug for Ask<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("chat", &self.chat).field("question", &self.question.text).field("within", &self.within).finish()
    }
}
