//! The messages of a chat, newest first.

use std::time::SystemTime;

use quadruplex_api::functions::messages;
use quadruplex_api::{PeerRef, enums};

use super::Message;
use super::load::messages_of;
use super::merge::merged;
use super::pages::{Fetch, Fetching, Page, Pages, Query};
use super::send::unix;
use crate::Client;

/// The messages of a chat, newest first; see [`Client::history`].
pub type History = Pages<HistoryQuery>;
/// The messages of a chat that fit, newest first; see [`Client::search`].
pub type Search = Pages<SearchQuery>;

/// What a [`History`] asks for.
#[derive(Clone, Debug)]
pub struct HistoryQuery {
    range: Range,
    only_media: bool,
}

/// What a [`Search`] asks for.
#[derive(Clone, Debug)]
pub struct SearchQuery {
    range: Range,
    text: String,
    from: Option<PeerRef>,
    filter: enums::MessagesFilter,
}

/// Which messages of a chat.
#[derive(Clone, Debug)]
struct Range {
    chat: PeerRef,
    /// Only older ones than this.
    before: i32,
    /// Only newer ones than this.
    after: i32,
    before_date: i32,
    seen: usize,
}

impl Client {
    /// The messages of a chat, newest first.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let mut history = client.history("@rustlang").limit(10);
    /// while let Some(message) = history.next().await {
    ///     println!("{}", message?.text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn history(&self, chat: impl Into<PeerRef>) -> History {
        Pages::new(self, HistoryQuery { range: Range::new(chat.into()), only_media: false })
    }

    /// The messages of a chat that contain these words, newest first. Telegram does the search.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// use quadruplex::api::enums::MessagesFilter;
    ///
    /// let about_async = client.search("@rustlang", "async").limit(50).collect().await?;
    /// let links = client.search("@rustlang", "").filter(MessagesFilter::InputMessagesFilterUrl).from("@lena").collect().await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn search(&self, chat: impl Into<PeerRef>, text: impl Into<String>) -> Search {
        let filter = enums::MessagesFilter::InputMessagesFilterEmpty;
        Pages::new(self, SearchQuery { range: Range::new(chat.into()), text: text.into(), from: None, filter })
    }
}

impl History {
    /// Only messages with a file: photos, videos, documents, music, voice. Telegram leaves out the others.
    pub fn with_media(mut self) -> Self {
        self.query.iter_mut().for_each(|query| query.only_media = true);
        self
    }
}

impl Search {
    /// Only messages of this kind.
    pub fn filter(mut self, filter: impl Into<enums::MessagesFilter>) -> Self {
        let filter = filter.into();
        self.query.iter_mut().for_each(|query| query.filter = filter);
        self
    }

    /// Only messages of this sender.
    pub fn from(mut self, sender: impl Into<PeerRef>) -> Self {
        let sender = sender.into();
        self.query.iter_mut().for_each(|query| query.from = Some(sender.clone()));
        self
    }
}

/// A query for messages of one chat.
pub trait OfChat: Query {
    #[doc(hidden)]
    fn set(&mut self, before: Option<i32>, after: Option<i32>, before_date: Option<i32>);
}

impl OfChat for HistoryQuery {
    fn set(&mut self, before: Option<i32>, after: Option<i32>, before_date: Option<i32>) {
        self.range.set(before, after, before_date);
    }
}

impl OfChat for SearchQuery {
    fn set(&mut self, before: Option<i32>, after: Option<i32>, before_date: Option<i32>) {
        self.range.set(before, after, before_date);
    }
}

impl<Q: OfChat> Pages<Q> {
    /// Only messages older than this one.
    pub fn before(mut self, id: impl Into<i32>) -> Self {
        let id = id.into();
        self.query.iter_mut().for_each(|query| query.set(Some(id), None, None));
        self
    }

    /// Only messages newer than this one.
    pub fn after(mut self, id: impl Into<i32>) -> Self {
        let id = id.into();
        self.query.iter_mut().for_each(|query| query.set(None, Some(id), None));
        self
    }

    /// Only messages sent before this moment.
    pub fn before_date(mut self, at: SystemTime) -> Self {
        self.query.iter_mut().for_each(|query| query.set(None, None, Some(unix(at))));
        self
    }
}

impl Range {
    fn new(chat: PeerRef) -> Self {
        Self { chat, before: 0, after: 0, before_date: 0, seen: 0 }
    }

    fn set(&mut self, before: Option<i32>, after: Option<i32>, before_date: Option<i32>) {
        self.before = before.unwrap_or(self.before);
        self.after = after.unwrap_or(self.after);
        self.before_date = before_date.unwrap_or(self.before_date);
    }

    /// Where to go on after an answer; `None` if it was the end.
    fn next(mut self, answer: &enums::messages::Messages) -> Option<Self> {
        let (messages, count) = match answer {
            enums::messages::Messages::Slice(slice) => (&slice.messages, (!slice.inexact).then_some(slice.count)),
            enums::messages::Messages::ChannelMessages(channel) => (&channel.messages, (!channel.inexact).then_some(channel.count)),
            _ => return None,
        };
        self.seen += messages.len();
        self.before = messages.last().map(raw_id)?;
        let all = count.is_some_and(|count| self.seen >= usize::try_from(count).unwrap_or(0));
        (!all).then_some(self)
    }
}

impl Query for HistoryQuery {
    type Item = Message;

    fn begin(self, client: Client) -> Fetch<Message> {
        if !self.only_media {
            return Fetch::new(move |limit| history(client, self.range, limit));
        }
        use enums::MessagesFilter as Filter;
        // Together these are everything that can be downloaded; none of them is all.
        let filters = [
            Filter::InputMessagesFilterPhotoVideo,
            Filter::InputMessagesFilterDocument,
            Filter::InputMessagesFilterMusic,
            Filter::InputMessagesFilterGif,
            Filter::InputMessagesFilterRoundVoice,
        ];
        let search = |filter| SearchQuery { range: self.range.clone(), text: String::new(), from: None, filter };
        merged(filters.map(|filter| search(filter).begin(client.clone())))
    }
}

impl Query for SearchQuery {
    type Item = Message;

    fn begin(self, client: Client) -> Fetch<Message> {
        Fetch::new(move |limit| found(client, self, limit))
    }
}

fn history(client: Client, range: Range, limit: usize) -> Fetching<Message> {
    Box::pin(async move {
        let Range { chat, before, after, before_date, .. } = range.clone();
        let request = messages::GetHistory::new(chat, before, before_date, 0, limit as i32, 0, after, 0);
        let answer = client.inner.invoke(request).await?;
        let next = range.next(&answer);
        let items = handles(&client, answer);
        Ok(Page { items, next: next.map(|range| Fetch::new(move |limit| history(client, range, limit))) })
    })
}

fn found(client: Client, query: SearchQuery, limit: usize) -> Fetching<Message> {
    Box::pin(async move {
        let SearchQuery { range, text, from, filter } = query.clone();
        let Range { chat, before, after, before_date, .. } = range.clone();
        let request = messages::Search::new(chat, text, filter, 0, before_date, before, 0, limit as i32, 0, after, 0);
        let answer = client.inner.invoke(messages::Search { from_id: from.map(Into::into), ..request }).await?;
        let next = range.next(&answer);
        let items = handles(&client, answer);
        let again = |range| Fetch::new(move |limit| found(client, SearchQuery { range, ..query }, limit));
        Ok(Page { items, next: next.map(again) })
    })
}

fn handles(client: &Client, answer: enums::messages::Messages) -> Vec<Message> {
    messages_of(answer).into_iter().filter_map(|raw| Message::new(client, raw)).collect()
}

fn raw_id(message: &enums::Message) -> i32 {
    match message {
        enums::Message::Message(message) => message.id,
        enums::Message::Service(service) => service.id,
        enums::Message::Empty(empty) => empty.id,
    }
}
