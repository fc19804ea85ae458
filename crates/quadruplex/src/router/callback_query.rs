use std::fmt;

use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, enums};

use super::argument::{Argument, Refusal};
use super::{Kind, Update};
use crate::Call;

/// A button below a message was pressed.
///
/// What no handler answers is answered by the framework when the handlers have ended, so that the button does not go on turning.
#[derive(Clone)]
pub struct CallbackQuery {
    update: Update,
}

impl CallbackQuery {
    /// The query that an update is.
    pub(crate) fn of(update: &Update) -> Option<Self> {
        (update.kind() == Kind::Callback).then(|| Self { update: update.clone() })
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
        let data = match self.update.other() {
            Some(enums::Update::BotCallbackQuery(query)) => query.data.as_deref(),
            Some(enums::Update::InlineBotCallbackQuery(query)) => query.data.as_deref(),
            _ => None,
        };
        data.unwrap_or_default()
    }

    /// Who pressed it.
    pub fn sender(&self) -> PeerRef {
        PeerRef::Id(match self.update.other() {
            Some(enums::Update::BotCallbackQuery(query)) => query.user_id,
            Some(enums::Update::InlineBotCallbackQuery(query)) => query.user_id,
            _ => 0,
        })
    }

    /// Shows a few words above the chat, for a moment. Nothing but the first answer counts.
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

    fn request(&self) -> messages::SetBotCallbackAnswer {
        messages::SetBotCallbackAnswer::new(self.id(), 0)
    }

    fn respond(&self, request: messages::SetBotCallbackAnswer) -> Call<()> {
        self.update.set_answered();
        self.update.client().call(request).repeatable().map(|_| Ok(()))
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
