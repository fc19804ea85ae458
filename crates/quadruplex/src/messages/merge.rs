//! Several lists of messages as one, newest first.

use std::collections::VecDeque;

use futures_util::future::try_join_all;

use super::Message;
use super::pages::{Fetch, Page};
use crate::Error;

/// One of the lists: what was fetched and not taken yet, and how to fetch more.
struct List {
    ready: VecDeque<Message>,
    next: Option<Fetch<Message>>,
}

/// Merges lists that are each ordered by id, newest first. A message that is in several comes once.
pub(super) fn merged(lists: impl IntoIterator<Item = Fetch<Message>>) -> Fetch<Message> {
    page(lists.into_iter().map(|fetch| List { ready: VecDeque::new(), next: Some(fetch) }).collect())
}

fn page(mut lists: Vec<List>) -> Fetch<Message> {
    Fetch::new(|limit| {
        Box::pin(async move {
            let mut items: Vec<Message> = Vec::new();
            while items.len() < limit {
                // The newest of all is known only when each list has shown its newest.
                try_join_all(lists.iter_mut().map(|list| list.fill(limit))).await?;
                let newest = lists.iter_mut().filter(|list| !list.ready.is_empty()).max_by_key(|list| list.ready.front().map(Message::id));
                let Some(message) = newest.and_then(|list| list.ready.pop_front()) else { break };
                if items.last().is_none_or(|last| last.id() != message.id()) {
                    items.push(message);
                }
            }
            let last = items.last().map(Message::id);
            for list in &mut lists {
                list.ready.retain(|message| Some(message.id()) != last);
            }
            lists.retain(|list| !list.ready.is_empty() || list.next.is_some());
            Ok(Page { items, next: (!lists.is_empty()).then(|| page(lists)) })
        })
    })
}

impl List {
    /// Fetches until there is something, or nothing more comes.
    async fn fill(&mut self, limit: usize) -> Result<(), Error> {
        while self.ready.is_empty()
            && let Some(next) = self.next.take()
        {
            let page = next.fetch(limit).await?;
            (self.ready, self.next) = (page.items.into(), page.next);
        }
        Ok(())
    }
}
