//! Messages by their ids.

use std::sync::Arc;

use quadruplex_api::functions::{channels, messages};
use quadruplex_api::{PeerRef, enums, types};
use quadruplex_tl::Identifiable;

use super::Message;
use super::by_kind::{ByKind, is_channel};
use crate::client::Inner;
use crate::{Call, Client, Error};

impl Client {
    /// A message by its id; `None` if it is not there.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// if let Some(message) = client.message("@rustlang", 42).await? {
    ///     println!("{}", message.text());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn message(&self, chat: impl Into<PeerRef>, id: i32) -> Call<Option<Message>> {
        self.messages(chat, [id]).map(|messages| Ok(messages.into_iter().next().flatten()))
    }

    /// Messages of one chat by their ids, in the order of the ids; `None` for those that are not there. Telegram takes 100 at once.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let messages = client.messages("@rustlang", 1..=10).await?;
    /// println!("{} are there", messages.iter().flatten().count());
    /// # Ok(())
    /// # }
    /// ```
    pub fn messages(&self, chat: impl Into<PeerRef>, ids: impl IntoIterator<Item = i32>) -> Call<Vec<Option<Message>>> {
        let chat = chat.into();
        let ids: Vec<i32> = ids.into_iter().collect();
        let request = ByKind::new::<messages::GetMessages>(chat.clone(), {
            let ids = ids.clone();
            move |found| {
                let inputs = ids.iter().map(|id| enums::InputMessage::from(types::InputMessageId::new(*id)));
                match is_channel(found) {
                    true => Box::new(channels::GetMessages::new(chat.clone(), inputs)),
                    false => Box::new(messages::GetMessages::new(inputs)),
                }
            }
        });
        request.call(self, move |client, answer| {
            let answer = client.read_answer(messages::GetMessages::NAME, &answer)?;
            let mut found: Vec<_> = messages_of(answer).into_iter().filter_map(|raw| Message::new(client, raw)).collect();
            let mut take = |id| found.iter().position(|message| message.id() == id).map(|at| found.swap_remove(at));
            Ok(ids.into_iter().map(&mut take).collect())
        })
    }
}

/// Reads messages of one chat again; empty ones where there are none.
pub(crate) async fn load(inner: &Arc<Inner>, chat: &PeerRef, ids: &[i32]) -> Result<Vec<enums::Message>, Error> {
    let client = Client::of(Arc::clone(inner));
    let found = client.messages(chat.clone(), ids.iter().copied()).await?;
    Ok(found.into_iter().flatten().map(|message| message.raw().clone()).collect())
}

/// The messages of an answer.
pub(super) fn messages_of(answer: enums::messages::Messages) -> Vec<enums::Message> {
    match answer {
        enums::messages::Messages::Messages(all) => all.messages,
        enums::messages::Messages::Slice(slice) => slice.messages,
        enums::messages::Messages::ChannelMessages(channel) => channel.messages,
        enums::messages::Messages::NotModified(_) => Vec::new(),
    }
}
