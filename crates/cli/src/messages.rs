//! Messages as commands show them.

use std::collections::HashMap;
use std::io::ErrorKind;

use quadruplex::api::functions::messages;
use quadruplex::api::{PeerRef, enums, types};
use quadruplex::{Client, Error};
use serde_json::{Value, json};

use crate::failure::Failure;
use crate::output::{one_line, plain, say};
use crate::people::{chat_name, name_of};

/// Telegram gives so many messages at once.
const PAGE: usize = 100;
/// So many are asked for at least, since what is not to be shown may stand among them.
const SMALL_PAGE: usize = 20;

/// Before each line of a text but the first: no text looks like another message.
const CONTINUED: &str = "\n                  ";

/// A message, and how those are called who have to do with it.
#[derive(Clone, Debug)]
pub(crate) struct Shown {
    pub(crate) message: types::Message,
    pub(crate) sender: String,
}

/// The names of users and chats that came with an answer.
#[derive(Debug, Default)]
pub(crate) struct Names(HashMap<PeerRef, String>);

impl Names {
    pub(crate) fn of(users: &[enums::User], chats: &[enums::Chat]) -> Self {
        let users = users.iter().map(name_of).map(|name| (PeerRef::Id(name.id), name.name));
        Self(users.chain(chats.iter().filter_map(chat_name)).collect())
    }

    /// A message with the name of its sender: in a channel the channel, in a private chat one of the two.
    pub(crate) fn show(&self, message: types::Message) -> Shown {
        let sender = PeerRef::from(message.from_id.as_ref().unwrap_or(&message.peer_id));
        let sender = if message.out { "me".to_owned() } else { self.0.get(&sender).cloned().unwrap_or_else(|| sender.to_string()) };
        Shown { message, sender }
    }
}

impl Shown {
    /// One line for people: when, who, what.
    pub(crate) fn to_line(&self) -> String {
        let Self { message, sender } = self;
        let media = message.media.as_ref().map(|media| format!("[{}] ", one_line(&describe(media)))).unwrap_or_default();
        let text = plain(&message.message).replace('\n', CONTINUED);
        format!("{:>6}  {}  {}: {media}{text}", message.id, clock(message.date), one_line(sender))
    }

    /// One line for programs.
    pub(crate) fn to_json(&self, event: &str) -> Value {
        let Self { message, sender } = self;
        json!({
            "event": event,
            "id": message.id,
            "chat": PeerRef::from(&message.peer_id).to_string(),
            "sender": sender,
            "out": message.out,
            "date": message.date,
            "text": message.message,
            "media": message.media.as_ref().map(describe),
        })
    }

    pub(crate) fn print(&self, json: bool) -> Result<(), Failure> {
        if json { say(self.to_json("message")) } else { say(self.to_line()) }
    }

    /// Prints it beside somebody who types.
    pub(crate) async fn echo(&self, json: bool) -> Result<(), Failure> {
        let line = if json { self.to_json("message").to_string() } else { self.to_line() };
        awaitkit::echo(line + "\n").await.map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Failure::unread(),
            _ => Failure::io("cannot write to the standard output", &error),
        })
    }
}

/// The last messages of a conversation, oldest first.
pub(crate) async fn history(client: &Client, peer: &PeerRef, count: usize) -> Result<Vec<Shown>, Error> {
    let mut found = Vec::new();
    let mut before = 0;
    while found.len() < count {
        let limit = (count - found.len()).clamp(SMALL_PAGE, PAGE) as i32;
        let answer = client.call(messages::GetHistory::new(peer.clone(), before, 0, 0, limit, 0, 0, 0)).await?;
        // Of all, since a page may be of nothing but service messages.
        let Some(oldest) = all(&answer).iter().map(id).min() else { break };
        before = oldest;
        found.extend(shown(answer));
    }
    found.truncate(count);
    found.reverse();
    Ok(found)
}

/// One message of a conversation.
///
/// Asked for by its place in the history, which is right for every kind of chat.
pub(crate) async fn by_id(client: &Client, peer: &PeerRef, id: i32) -> Result<Option<Shown>, Error> {
    let answer = client.call(messages::GetHistory::new(peer.clone(), id.saturating_add(1), 0, 0, 1, 0, 0, 0)).await?;
    Ok(shown(answer).into_iter().find(|shown| shown.message.id == id))
}

fn all(answer: &enums::messages::Messages) -> &[enums::Message] {
    match answer {
        enums::messages::Messages::Messages(page) => &page.messages,
        enums::messages::Messages::Slice(page) => &page.messages,
        enums::messages::Messages::ChannelMessages(page) => &page.messages,
        enums::messages::Messages::NotModified(_) => &[],
    }
}

fn id(message: &enums::Message) -> i32 {
    match message {
        enums::Message::Empty(message) => message.id,
        enums::Message::Message(message) => message.id,
        enums::Message::Service(message) => message.id,
    }
}

/// The messages of an answer in its order; service messages are left out.
fn shown(answer: enums::messages::Messages) -> Vec<Shown> {
    let (all, users, chats) = match answer {
        enums::messages::Messages::Messages(page) => (page.messages, page.users, page.chats),
        enums::messages::Messages::Slice(page) => (page.messages, page.users, page.chats),
        enums::messages::Messages::ChannelMessages(page) => (page.messages, page.users, page.chats),
        enums::messages::Messages::NotModified(_) => return Vec::new(),
    };
    let names = Names::of(&users, &chats);
    all.into_iter()
        .filter_map(|message| if let enums::Message::Message(message) = message { Some(names.show(*message)) } else { None })
        .collect()
}

fn describe(media: &enums::MessageMedia) -> String {
    match media {
        enums::MessageMedia::Photo(_) => "photo".to_owned(),
        enums::MessageMedia::Document(media) => match &media.document {
            Some(enums::Document::Document(document)) => file_name(document).unwrap_or_else(|| "file".to_owned()),
            _ => "file".to_owned(),
        },
        _ => "media".to_owned(),
    }
}

fn file_name(document: &types::Document) -> Option<String> {
    document.attributes.iter().find_map(|attribute| match attribute {
        enums::DocumentAttribute::Filename(name) => Some(name.file_name.clone()),
        _ => None,
    })
}

/// The time of day in UTC.
fn clock(date: i32) -> String {
    let seconds = date.rem_euclid(86_400);
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day() {
        for (date, expect) in [(0, "00:00:00"), (86_399, "23:59:59"), (1_795_320_127, "04:02:07")] {
            assert_eq!(clock(date), expect);
        }
    }
}
