//! Messages by their ids.

use std::sync::Arc;

use quadruplex_api::functions::{channels, messages};
use quadruplex_api::{PeerRef, enums, types};

use crate::Error;
use crate::client::Inner;

/// Reads messages of one chat again; empty ones where there are none.
pub(crate) async fn load(inner: &Arc<Inner>, chat: &PeerRef, ids: &[i32]) -> Result<Vec<enums::Message>, Error> {
    let ids = ids.iter().map(|id| enums::InputMessage::from(types::InputMessageId::new(*id)));
    let in_channel = matches!(inner.peers.find(inner, chat).await?, enums::InputPeer::Channel(_) | enums::InputPeer::ChannelFromMessage(_));
    let found = match in_channel {
        true => inner.invoke(channels::GetMessages::new(chat.clone(), ids)).await?,
        false => inner.invoke(messages::GetMessages::new(ids)).await?,
    };
    Ok(messages_of(found))
}

/// The messages of an answer.
pub(crate) fn messages_of(answer: enums::messages::Messages) -> Vec<enums::Message> {
    match answer {
        enums::messages::Messages::Messages(all) => all.messages,
        enums::messages::Messages::Slice(slice) => slice.messages,
        enums::messages::Messages::ChannelMessages(channel) => channel.messages,
        enums::messages::Messages::NotModified(_) => Vec::new(),
    }
}
