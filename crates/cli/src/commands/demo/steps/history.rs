use quadruplex::api::enums;
use quadruplex::api::functions::messages;

use crate::commands::demo::actor::{Actor, text};

/// Telegram gives so many messages at once.
const PAGE: usize = 100;

/// The last messages of a conversation, newest first.
pub(super) async fn texts(actor: &Actor, peer: &str, count: usize) -> Result<Vec<String>, String> {
    let mut texts = Vec::new();
    let mut before = 0;
    while texts.len() < count {
        let limit = PAGE.min(count - texts.len()) as i32;
        let history = actor.client.call(messages::GetHistory::new(peer, before, 0, 0, limit, 0, 0, 0)).await.map_err(text)?;
        let page = match history {
            enums::messages::Messages::Messages(page) => page.messages,
            enums::messages::Messages::Slice(page) => page.messages,
            enums::messages::Messages::ChannelMessages(page) => page.messages,
            enums::messages::Messages::NotModified(_) => Vec::new(),
        };
        let len = texts.len();
        for message in page {
            if let enums::Message::Message(message) = message {
                before = message.id;
                texts.push(message.message);
            }
        }
        if texts.len() == len {
            break;
        }
    }
    Ok(texts)
}
