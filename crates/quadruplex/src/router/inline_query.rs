use std::fmt;

use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, enums, types};

use super::argument::{Argument, Refusal};
use super::callback_query::TOO_LATE;
use super::{Kind, Update};
use crate::client::Finished;
use crate::{Call, FormattedText};

/// How long Telegram keeps an answer for others who ask the same, in seconds.
const CACHE_TIME: i32 = 300;

/// Somebody has written the bot's name and something after it, in any chat.
#[derive(Clone)]
pub struct InlineQuery {
    update: Update,
}

impl InlineQuery {
    fn raw(&self) -> Option<&types::UpdateBotInlineQuery> {
        match self.update.other() {
            Some(enums::Update::BotInlineQuery(query)) => Some(query),
            _ => None,
        }
    }

    /// The query's id.
    pub fn id(&self) -> i64 {
        self.raw().map_or(0, |query| query.query_id)
    }

    /// What was written after the name.
    pub fn text(&self) -> &str {
        self.raw().map_or("", |query| &query.query)
    }

    /// Where the results have to begin: what the answer before gave as the next offset; empty at first.
    pub fn offset(&self) -> &str {
        self.raw().map_or("", |query| &query.offset)
    }

    /// Who asks.
    pub fn sender(&self) -> PeerRef {
        PeerRef::Id(self.raw().map_or(0, |query| query.user_id))
    }

    /// Shows results, at most 50. It is no error if somebody has answered before, or nobody waits for it any more.
    pub fn answer(&self, results: impl IntoIterator<Item = impl Into<enums::InputBotInlineResult>>) -> Call<()> {
        let results: Vec<enums::InputBotInlineResult> = results.into_iter().map(Into::into).collect();
        let request = messages::SetInlineBotResults::new(self.id(), results, CACHE_TIME);
        self.update.client().call(request).repeatable().map(|_| Ok(())).recover(TOO_LATE, |_, _| Finished::Now(Ok(())))
    }

    /// A result that sends a text. `id` tells it apart from the others.
    pub fn article(id: impl Into<String>, title: impl Into<String>, text: impl Into<FormattedText>) -> enums::InputBotInlineResult {
        let FormattedText { text, entities } = text.into();
        let entities = Some(entities).filter(|entities| !entities.is_empty());
        let message = types::InputBotInlineMessageText { entities, ..types::InputBotInlineMessageText::new(text) };
        types::InputBotInlineResult { title: Some(title.into()), ..types::InputBotInlineResult::new(id, "article", message) }.into()
    }
}

impl Argument for InlineQuery {
    fn fits(update: &Update) -> bool {
        update.kind() == Kind::InlineQuery
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        if Self::fits(update) { Ok(Self { update: update.clone() }) } else { Err(Refusal::Skip) }
    }
}

impl fmt::Debug for InlineQuery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.update.fmt(f)
    }
}
