use std::fmt;

use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, enums};

use super::argument::{Argument, Refusal};
use super::{Kind, Update};
use crate::client::Finished;
use crate::messages::NOT_MODIFIED;
use crate::{Call, FormattedText};

/// What Telegram says of an answer to a query that has one, or for which nobody waits any more.
pub(super) const TOO_LATE: &str = "QUERY_ID_INVALID";
/// So many UTF-16 code units are shown for a moment.
pub(super) const TOAST: usize = 200;

/// A button below a message was pressed.
///
/// What no handler answers is answered by the framework when the handlers have succeeded or will not be tried again, or when one of them
/// [asks](crate::router::Chat::ask), so that the button does not go on turning. Nothing but the first answer counts, and none that comes after
/// some seconds: a later one is no error, so that a handler can run again.
#[derive(Clone)]
pub struct CallbackQuery {
    update: Update,
}

impl CallbackQuery {
    /// The query that an update is.
    pub(crate) fn of(update: &Update) -> Option<Self> {
        (update.kind() == Kind::Callback).then(|| Self { update: update.clone() })
    }

    /// A button goes on turning until its query is answered; this does it unless a handler has.
    pub(crate) fn answer_once(update: &Update) {
        if let Some(query) = Self::of(update)
            && update.set_answered()
        {
            query.answer().detach();
        }
    }

    /// What the button of an update carries, if it is a press.
    pub(crate) fn data_of(update: &Update) -> Option<&[u8]> {
        match update.other()? {
            enums::Update::BotCallbackQuery(query) => query.data.as_deref(),
            enums::Update::InlineBotCallbackQuery(query) => query.data.as_deref(),
            _ => None,
        }
    }

    /// The query's id.
    pub fn id(&self) -> i64 {
        match self.update.other() {
            Some(enums::Update::BotCallbackQuery(query)) => query.query_id,
            Some(enums::Update::InlineBotCallbackQuery(query)) => query.query_id,
            _ => 0,
        }
    }

    /// What the button carries; empty if it is the button of a game.
    pub fn data(&self) -> &[u8] {
        Self::data_of(&self.update).unwrap_or_default()
    }

    /// Who pressed it.
    pub fn sender(&self) -> PeerRef {
        PeerRef::Id(match self.update.other() {
            Some(enums::Update::BotCallbackQuery(query)) => query.user_id,
            Some(enums::Update::InlineBotCallbackQuery(query)) => query.user_id,
            _ => 0,
        })
    }

    /// Shows a few words above the chat, for a moment: at most 200 UTF-16 code units.
    pub fn toast(&self, text: impl Into<String>) -> Call<()> {
        self.respond(messages::SetBotCallbackAnswer { message: Some(text.into()), ..self.request() })
    }

    /// Shows words that have to be confirmed.
    pub fn alert(&self, text: impl Into<String>) -> Call<()> {
        self.respond(messages::SetBotCallbackAnswer { message: Some(text.into()), alert: true, ..self.request() })
    }

    /// Says that the press was seen, and nothing else.
    pub fn answer(&self) -> Call<()> {
        self.respond(self.request())
    }

    /// The message below which the button stands.
    pub fn message(&self) -> ButtonMessage {
        ButtonMessage { query: self.clone() }
    }

    fn request(&self) -> messages::SetBotCallbackAnswer {
        messages::SetBotCallbackAnswer::new(self.id(), 0)
    }

    fn respond(&self, request: messages::SetBotCallbackAnswer) -> Call<()> {
        self.update.set_answered();
        self.update.client().call(request).repeatable().map(|_| Ok(())).recover(TOO_LATE, |_, _| Finished::Now(Ok(())))
    }
}

/// The message below which a button was pressed: in a chat, or sent through an inline query, when only its text and buttons can be
/// changed.
#[derive(Clone, Debug)]
pub struct ButtonMessage {
    query: CallbackQuery,
}

impl ButtonMessage {
    /// The chat; `None` if it was sent through an inline query, when the bot does not know.
    pub fn chat(&self) -> Option<PeerRef> {
        match self.query.update.other() {
            Some(enums::Update::BotCallbackQuery(query)) => Some(PeerRef::from(&query.peer)),
            _ => None,
        }
    }

    /// Its id in the chat; `None` as above.
    pub fn id(&self) -> Option<i32> {
        match self.query.update.other() {
            Some(enums::Update::BotCallbackQuery(query)) => Some(query.msg_id),
            _ => None,
        }
    }

    /// Changes its text. The buttons go. It is no error if it says so already: others press, too, and a handler may run again.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// let router = Router::new().on_callback(async |query: CallbackQuery| query.message().edit("pressed"));
    /// # let _ = router;
    /// ```
    pub fn edit(&self, text: impl Into<FormattedText>) -> Call<()> {
        let FormattedText { text, entities } = text.into();
        let (message, entities) = (Some(text), Some(entities).filter(|entities| !entities.is_empty()));
        let client = self.query.update.client();
        let call: Call<()> = match self.query.update.other() {
            Some(enums::Update::InlineBotCallbackQuery(query)) => {
                let dc = match &query.msg_id {
                    enums::InputBotInlineMessageId::InputBotInlineMessageId(id) => id.dc_id,
                    enums::InputBotInlineMessageId::InputBotInlineMessageId64(id) => id.dc_id,
                };
                let request = messages::EditInlineBotMessage { message, entities, ..messages::EditInlineBotMessage::new(query.msg_id) };
                client.call(request).dc(dc).map(|_| Ok(()))
            }
            _ => {
                let (chat, id) = (self.chat().unwrap_or(PeerRef::Me), self.id().unwrap_or_default());
                client.call(messages::EditMessage { message, entities, ..messages::EditMessage::new(chat, id) }).map(|_| Ok(()))
            }
        };
        call.recover(NOT_MODIFIED, |_, _| Finished::Now(Ok(())))
    }
}

impl Argument for CallbackQuery {
    fn fits(update: &Update) -> bool {
        update.kind() == Kind::Callback
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        Self::of(update).ok_or(Refusal::Skip)
    }
}

impl fmt::Debug for CallbackQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.update.fmt(f)
    }
}
