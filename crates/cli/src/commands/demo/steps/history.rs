use quadruplex::api::functions::messages;
use quadruplex::api::{PeerRef, enums, types};

use crate::commands::demo::actor::{Actor, text};

/// Telegram gives so many messages at once.
const PAGE: usize = 100;

/// The texts of the last messages of a conversation, newest first.
pub(super) async fn texts(actor: &Actor, peer: impl Into<PeerRef>, count: usize) -> Result<Vec<String>, String> {
    let peer = peer.into();
    let mut texts = Vec::new();
    let mut before = 0;
    while texts.len() < count {
        let page = page(actor, &peer, before, PAGE.min(count - texts.len())).await?;
        let Some(last) = page.last() else { break };
        before = last.id;
        texts.extend(page.into_iter().map(|message| message.message));
    }
    Ok(texts)
}

/// The last message of a conversation.
pub(super) async fn latest(actor: &Actor, peer: impl Into<PeerRef>) -> Result<Option<types::Message>, String> {
    Ok(page(actor, &peer.into(), 0, 1).await?.into_iter().next())
}

async fn page(actor: &Actor, peer: &PeerRef, before: i32, limit: usize) -> Result<Vec<types::Message>, String> {
    let limit = i32::try_from(limit).unwrap_or(i32::MAX);
    let history = actor.client.call(messages::GetHistory::new(peer.clone(), before, 0, 0, limit, 0, 0, 0)).await.map_err(text)?;
    let page = match history {
        enums::messages::Messages::Messages(page) => page.messages,
        enums::messages::Messages::Slice(page) => page.messages,
        enums::messages::Messages::ChannelMessages(page) => page.messages,
        enums::messages::Messages::NotModified(_) => Vec::new(),
    };
    let message = |message| if let enums::Message::Message(message) = message { Some(*message) } else { None };
    Ok(page.into_iter().filter_map(message).collect())
}
