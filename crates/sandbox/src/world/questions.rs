//! Questions to bots: whoever presses a button, or types after a bot's name, waits until the bot has answered.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quadruplex_tl_schema::Object;

use super::dispatch::{Answer, Call};
use super::fanout::{Fanout, Update};
use super::state::rows::Content;
use super::{RpcError, World, error};

/// More questions that are open at once are not waited for.
const MAX_OPEN: usize = 4096;
/// How many offers of bots are remembered.
const MAX_OFFERS: usize = 256;

/// What is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A button of a keyboard was pressed.
    Callback,
    /// Results for a text after the bot's name.
    Inline,
}

/// A question that a bot has not answered yet.
#[derive(Debug)]
struct Question {
    ticket: u64,
    asker: i64,
    bot: i64,
    kind: Kind,
    text: String,
    due: i64,
}

/// What a bot has offered, to be sent by whoever chooses it.
#[derive(Debug)]
pub(crate) struct Offer {
    pub(crate) query_id: i64,
    pub(crate) bot: i64,
    /// The text that was asked about.
    pub(crate) query: String,
    /// Only this one may send it, if anybody in particular.
    pub(crate) only_for: Option<i64>,
    pub(crate) results: Vec<(String, Content)>,
}

/// The questions of all bots. They do not survive a restart: nobody waits for them then.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    tickets: u64,
    open: BTreeMap<i64, Question>,
    /// When each is given up, in milliseconds.
    due: BTreeSet<(i64, i64)>,
    answered: Vec<(u64, Answer)>,
    /// The latest offers.
    offers: VecDeque<Offer>,
}

impl Questions {
    fn close(&mut self, query_id: i64) -> Option<Question> {
        let question = self.open.remove(&query_id)?;
        self.due.remove(&(question.due, query_id));
        Some(question)
    }

    /// Keeps what a bot has offered.
    pub(crate) fn offer(&mut self, offer: Offer) {
        if self.offers.len() == MAX_OFFERS {
            self.offers.pop_front();
        }
        self.offers.push_back(offer);
    }

    /// What was offered in answer to a question.
    pub(crate) fn offered(&self, query_id: i64) -> Option<&Offer> {
        self.offers.iter().find(|offer| offer.query_id == query_id)
    }

    /// When the next one is given up.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.due.first().map(|(due, _)| *due)
    }

    pub(crate) fn take_answers(&mut self) -> Vec<(u64, Answer)> {
        std::mem::take(&mut self.answered)
    }

    /// Gives up those that no bot has answered in time.
    pub(crate) fn expire(&mut self, now: i64) {
        while let Some((_, query_id)) = self.due.first().copied().filter(|(due, _)| *due <= now) {
            if let Some(question) = self.close(query_id) {
                self.answered.push((question.ticket, Err(error::BOT_RESPONSE_TIMEOUT)));
            }
        }
    }
}

impl World {
    /// A number for a question to a bot.
    pub(crate) fn new_query_id(&mut self) -> i64 {
        self.state.random()
    }
}

impl Call<'_> {
    /// Asks a bot by an update and answers the request when the bot has, or when it has not in time.
    pub(crate) fn ask_bot(&mut self, bot: i64, kind: Kind, query_id: i64, update: Object) -> Answer {
        let questions = &mut self.world.questions;
        if questions.open.len() >= MAX_OPEN {
            return Err(error::BOT_RESPONSE_TIMEOUT);
        }
        questions.tickets += 1;
        let ticket = questions.tickets;
        let due = self.now.ms.saturating_add(self.world.config.bot_answer_ms);
        let text = update.string("query").unwrap_or_default().to_owned();
        questions.open.insert(query_id, Question { ticket, asker: self.me, bot, kind, text, due });
        questions.due.insert((due, query_id));
        let mut fanout = Fanout::default();
        fanout.tell(bot, Update::Plain(update));
        self.publish_all(fanout);
        self.later = Some(ticket);
        Ok(true.into())
    }

    /// Who has asked a question, which must be one to this bot that is still open.
    pub(crate) fn asker(&self, query_id: i64, kind: Kind) -> Result<i64, RpcError> {
        let question = self.world.questions.open.get(&query_id);
        let question = question.filter(|question| question.bot == self.me && question.kind == kind);
        question.map(|question| question.asker).ok_or(error::QUERY_ID_INVALID)
    }

    /// Answers a question. Returns the text that it was about.
    pub(crate) fn answer_question(&mut self, query_id: i64, kind: Kind, answer: Object) -> Result<String, RpcError> {
        self.asker(query_id, kind)?;
        let questions = &mut self.world.questions;
        let question = questions.close(query_id).ok_or(error::QUERY_ID_INVALID)?;
        questions.answered.push((question.ticket, Ok(answer.into())));
        Ok(question.text)
    }
}
