//! Messages that Telegram says it has already: an earlier answer was lost, or an earlier process has sent them.

use quadruplex_api::functions::messages;
use quadruplex_api::{Arg, PeerRef, enums};
use quadruplex_net::BoxFuture;

use super::Message;
use super::load::messages_of;
use super::sent::peer_of;
use crate::{Client, Error};

/// How many messages of others are looked through for those that are wanted.
const LOOKED_THROUGH: usize = 50;

/// A message that was sent.
pub(super) struct Part {
    pub(super) random_id: i64,
    pub(super) text: String,
    pub(super) has_media: bool,
}

/// Finds what was sent to `peer` in one call. Updates may have told which messages it has become; else they are the newest of ours in the
/// chat that say the same in the same order. If they are not there, `error` says why nothing was sent.
pub(super) fn find(
    client: Client,
    peer: Arg<enums::InputPeer>,
    parts: Vec<Part>,
    error: Error,
) -> BoxFuture<'static, Result<Vec<Message>, Error>> {
    Box::pin(async move {
        let peer = match peer {
            Arg::Known(peer) => peer,
            Arg::Lookup(peer) => client.inner.peers.find(&client.inner, &peer).await?,
        };
        let own = client.own_user().map(|user| user.id);
        let told: Option<Vec<i32>> = parts.iter().map(|part| client.inner.sent_ids.get(part.random_id)).collect();
        if let (Some(ids), Some(chat)) = (told, peer_of(&peer, own))
            && let Some(found) = client.messages(chat, ids).await?.into_iter().collect::<Option<Vec<_>>>()
        {
            return Ok(found);
        }
        let count = i32::try_from(LOOKED_THROUGH + parts.len()).unwrap_or(i32::MAX);
        let history = client.inner.invoke(messages::GetHistory::new(peer, 0, 0, 0, count, 0, 0, 0)).await?;
        let own = messages_of(history).into_iter().filter(|message| matches!(message, enums::Message::Message(message) if message.out));
        let own: Vec<_> = own.collect();
        let found = newest(&own, &parts).ok_or(error)?;
        Ok(found.iter().rev().filter_map(|raw| Message::new(&client, raw.clone())).collect())
    })
}

/// Finds what was forwarded. It says what it said where it came from.
pub(super) fn forwarded(
    client: Client,
    request: messages::ForwardMessages,
    error: Error,
) -> BoxFuture<'static, Result<Vec<Message>, Error>> {
    Box::pin(async move {
        let messages::ForwardMessages { from_peer, to_peer, id, random_id, drop_media_captions, .. } = request;
        let from = match from_peer {
            Arg::Known(peer) => peer_of(&peer, client.own_user().map(|user| user.id)).map(PeerRef::from),
            Arg::Lookup(peer) => Some(*peer),
        };
        let Some(from) = from else { return Err(error) };
        let originals = client.messages(from, id).await?;
        let parts = originals.into_iter().zip(random_id).filter_map(|(original, random_id)| {
            let original = original?;
            let has_media = original.media().is_some();
            let text = if has_media && drop_media_captions { String::new() } else { original.text().to_owned() };
            Some(Part { random_id, text, has_media })
        });
        find(client, to_peer, parts.collect(), error).await
    })
}

/// The newest run of messages, which come newest first, that says what was sent, in its order.
fn newest<'a>(own: &'a [enums::Message], parts: &[Part]) -> Option<&'a [enums::Message]> {
    let is_it = |(message, part): (&enums::Message, &Part)| match message {
        enums::Message::Message(message) => message.message == part.text.trim() && message.media.is_some() >= part.has_media,
        _ => false,
    };
    match parts.len() {
        0 => None,
        count => own.windows(count).find(|run| run.iter().zip(parts.iter().rev()).all(is_it)),
    }
}
