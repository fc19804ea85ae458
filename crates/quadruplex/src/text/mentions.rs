//! Mentions by id: Telegram wants the user's access hash with them.

use std::any::Any;
use std::sync::Arc;

use futures_util::future::join_all;
use quadruplex_api::functions::messages;
use quadruplex_api::{InputPosition, PeerRef, enums, types};
use quadruplex_net::BoxFuture;
use tracing::debug;

use crate::Error;
use crate::client::Inner;

/// The lists of entities of one request.
pub(crate) type Mentions<'a> = Vec<&'a mut Vec<enums::MessageEntity>>;

/// The entities of a request that sends text, if a user is mentioned in them whose access hash it does not tell.
pub(crate) fn mentions_in(request: &mut dyn Any) -> Mentions<'_> {
    macro_rules! one_of {
        ($($kind:ty),+) => {$(
            if request.is::<$kind>() {
                let found = request.downcast_mut::<$kind>().and_then(|request| request.entities.as_mut());
                return found.into_iter().filter(|entities| entities.iter().any(|entity| mentioned(entity).is_some())).collect();
            }
        )+};
    }
    one_of!(messages::SendMessage, messages::SendMedia, messages::EditMessage, messages::EditInlineBotMessage, messages::SaveDraft);
    let Some(album) = request.downcast_mut::<messages::SendMultiMedia>() else { return Vec::new() };
    let lists = album.multi_media.iter_mut().filter_map(|media| media.entities.as_mut());
    lists.filter(|entities| entities.iter().any(|entity| mentioned(entity).is_some())).collect()
}

/// Looks up who is mentioned. A mention of somebody whom this account cannot name becomes plain text, as in the Bot API.
///
/// Boxed, since a lookup is itself made of calls.
pub(crate) fn complete<'a>(client: &'a Arc<Inner>, lists: Mentions<'a>) -> BoxFuture<'a, Result<(), Error>> {
    Box::pin(async move {
        for entities in lists {
            let old = std::mem::take(entities);
            let looked_up = join_all(old.into_iter().map(|entity| with_hash(client, entity))).await;
            for entity in looked_up {
                entities.extend(entity?);
            }
        }
        Ok(())
    })
}

async fn with_hash(client: &Arc<Inner>, entity: enums::MessageEntity) -> Result<Option<enums::MessageEntity>, Error> {
    let Some((offset, length, id)) = mentioned(&entity) else { return Ok(Some(entity)) };
    let user = match client.peers.find(client, &PeerRef::Id(id)).await {
        Ok(peer) => enums::InputUser::from_input_peer(&peer),
        Err(error) if error.is_unknown_peer() => None,
        Err(error) => return Err(error),
    };
    if user.is_none() {
        debug!(user = id, "not mentioned: this account has not met the user");
    }
    Ok(user.map(|user| types::InputMessageEntityMentionName::new(offset, length, user).into()))
}

/// The place of a mention that has no access hash yet, and who is mentioned.
fn mentioned(entity: &enums::MessageEntity) -> Option<(i32, i32, i64)> {
    match entity {
        enums::MessageEntity::MentionName(mention) => Some((mention.offset, mention.length, mention.user_id)),
        enums::MessageEntity::InputMessageEntityMentionName(mention) => match &mention.user_id {
            enums::InputUser::InputUser(user) if user.access_hash == 0 => Some((mention.offset, mention.length, user.user_id)),
            _ => None,
        },
        _ => None,
    }
}
