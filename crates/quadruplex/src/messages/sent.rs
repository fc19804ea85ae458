//! The sent message, out of the updates with which Telegram answers: <https://core.telegram.org/api/updates#recovering-gaps>.

use bytes::Bytes;
use quadruplex_api::functions::messages;
use quadruplex_api::{Arg, PeerRef, Request, enums, types};
use quadruplex_net::BoxFuture;
use quadruplex_tl::Identifiable;

use super::Message;
use super::again::{self, Part};
use crate::client::Finished;
use crate::{Client, Error};

/// Telegram has it already: that is as good as sent.
const REPEATED: &str = "RANDOM_ID_DUPLICATE";

pub(super) fn text(client: &Client, request: messages::SendMessage, answer: Result<Bytes, Error>) -> Finished<Message> {
    let messages::SendMessage { peer, message: text, random_id, silent, reply_to, .. } = request;
    let wanted = Wanted { peer, text, has_media: false, random_id, silent, reply_to };
    finish::<messages::SendMessage>(client, wanted, answer)
}

pub(super) fn media(client: &Client, request: messages::SendMedia, answer: Result<Bytes, Error>) -> Finished<Message> {
    let messages::SendMedia { peer, message: text, random_id, silent, reply_to, .. } = request;
    let wanted = Wanted { peer, text, has_media: true, random_id, silent, reply_to };
    finish::<messages::SendMedia>(client, wanted, answer)
}

pub(super) fn forwarded(client: &Client, request: messages::ForwardMessages, answer: Result<Bytes, Error>) -> Finished<Vec<Message>> {
    match answer {
        Err(error) if error.is(REPEATED) => Finished::Later(again::forwarded(client.clone(), request, error)),
        answer => Finished::Now(several::<messages::ForwardMessages>(client, &request.random_id, answer)),
    }
}

pub(super) fn album(client: &Client, request: messages::SendMultiMedia, answer: Result<Bytes, Error>) -> Finished<Vec<Message>> {
    match answer {
        Err(error) if error.is(REPEATED) => {
            let parts =
                request.multi_media.into_iter().map(|media| Part { random_id: media.random_id, text: media.message, has_media: true });
            Finished::Later(again::find(client.clone(), request.peer, parts.collect(), error))
        }
        answer => {
            let ids: Vec<i64> = request.multi_media.iter().map(|media| media.random_id).collect();
            Finished::Now(several::<messages::SendMultiMedia>(client, &ids, answer))
        }
    }
}

pub(super) fn edited(client: &Client, request: messages::EditMessage, answer: Result<Bytes, Error>) -> Finished<Message> {
    Finished::Now(answer.and_then(|answer| {
        let updates = client.read_answer(messages::EditMessage::NAME, &answer)?;
        let found = updates_of(updates).into_iter().find_map(|update| match update {
            enums::Update::EditMessage(edit) if id_of(&edit.message) == request.id => Some(edit.message),
            enums::Update::EditChannelMessage(edit) if id_of(&edit.message) == request.id => Some(edit.message),
            _ => new_message(update).filter(|message| id_of(message) == request.id),
        });
        found.and_then(|raw| Message::new(client, raw)).ok_or_else(|| missing(messages::EditMessage::NAME))
    }))
}

/// The one message that was sent.
struct Wanted {
    peer: Arg<enums::InputPeer>,
    text: String,
    has_media: bool,
    random_id: i64,
    silent: bool,
    reply_to: Option<enums::InputReplyTo>,
}

fn finish<R: Request<Return = enums::Updates>>(client: &Client, wanted: Wanted, answer: Result<Bytes, Error>) -> Finished<Message> {
    match answer.and_then(|answer| client.read_answer(R::NAME, &answer)) {
        Ok(enums::Updates::UpdateShortSentMessage(short)) => Finished::Later(complete(client.clone(), wanted, *short)),
        Ok(updates) => {
            let sent = found(updates, &[wanted.random_id]).into_iter().next();
            Finished::Now(sent.and_then(|raw| Message::new(client, raw)).ok_or_else(|| missing(R::NAME)))
        }
        Err(error) if error.is(REPEATED) => {
            let Wanted { peer, text, has_media, random_id, .. } = wanted;
            let found = again::find(client.clone(), peer, vec![Part { random_id, text, has_media }], error);
            let one = |found: Vec<Message>| found.into_iter().next().ok_or_else(|| missing(R::NAME));
            Finished::Later(Box::pin(async move { found.await.and_then(one) }))
        }
        Err(error) => Finished::Now(Err(error)),
    }
}

fn several<R: Request<Return = enums::Updates>>(
    client: &Client,
    random_ids: &[i64],
    answer: Result<Bytes, Error>,
) -> Result<Vec<Message>, Error> {
    let updates = client.read_answer(R::NAME, &answer?)?;
    let sent = found(updates, random_ids).into_iter();
    Ok(sent.filter_map(|raw| Message::new(client, raw)).collect())
}

/// The new messages of an answer, in the order of their random ids.
fn found(updates: enums::Updates, random_ids: &[i64]) -> Vec<enums::Message> {
    let mut ids = vec![None; random_ids.len()];
    let mut new = Vec::new();
    for update in updates_of(updates) {
        match update {
            enums::Update::MessageId(told) => {
                if let Some(at) = random_ids.iter().position(|random_id| *random_id == told.random_id) {
                    ids[at] = Some(told.id);
                }
            }
            other => new.extend(new_message(other)),
        }
    }
    let mut take = |id: i32| new.iter().position(|message| id_of(message) == id).map(|at| new.swap_remove(at));
    ids.into_iter().flatten().filter_map(&mut take).collect()
}

fn new_message(update: enums::Update) -> Option<enums::Message> {
    match update {
        enums::Update::NewMessage(new) => Some(new.message),
        enums::Update::NewChannelMessage(new) => Some(new.message),
        enums::Update::NewScheduledMessage(new) => Some(new.message),
        enums::Update::QuickReplyMessage(new) => Some(new.message),
        _ => None,
    }
}

pub(super) fn updates_of(updates: enums::Updates) -> Vec<enums::Update> {
    match updates {
        enums::Updates::Updates(updates) => updates.updates,
        enums::Updates::Combined(updates) => updates.updates,
        enums::Updates::UpdateShort(short) => vec![short.update],
        _ => Vec::new(),
    }
}

fn id_of(message: &enums::Message) -> i32 {
    match message {
        enums::Message::Message(message) => message.id,
        enums::Message::Service(service) => service.id,
        enums::Message::Empty(empty) => empty.id,
    }
}

/// The short answer tells only what the request does not.
fn complete(client: Client, wanted: Wanted, short: types::UpdateShortSentMessage) -> BoxFuture<'static, Result<Message, Error>> {
    Box::pin(async move {
        let own = client.own_user().map(|user| user.id);
        let input = match wanted.peer {
            Arg::Known(peer) => peer,
            Arg::Lookup(peer) => client.inner.peers.find(&client.inner, &peer).await?,
        };
        let peer = peer_of(&input, own).ok_or_else(|| missing(messages::SendMessage::NAME))?;
        let mut message = crate::updates::sent(short, peer, own, wanted.text);
        message.silent = wanted.silent;
        message.reply_to = wanted.reply_to.as_ref().and_then(reply_header);
        Message::new(&client, message).ok_or_else(|| missing(messages::SendMessage::NAME))
    })
}

/// What a message says of the one it answers. Every field is named, so that a new layer cannot add one unnoticed.
fn reply_header(reply_to: &enums::InputReplyTo) -> Option<enums::MessageReplyHeader> {
    let enums::InputReplyTo::Message(reply) = reply_to else { return None };
    let header = types::MessageReplyHeader {
        reply_to_scheduled: false,
        forum_topic: false,
        quote: reply.quote_text.is_some(),
        reply_to_ephemeral: false,
        reply_to_msg_id: Some(reply.reply_to_msg_id),
        reply_to_peer_id: None,
        reply_from: None,
        reply_media: None,
        reply_to_top_id: reply.top_msg_id,
        quote_text: reply.quote_text.clone(),
        quote_entities: reply.quote_entities.clone(),
        quote_offset: reply.quote_offset,
        todo_item_id: reply.todo_item_id,
        poll_option: reply.poll_option.clone(),
    };
    Some(header.into())
}

pub(super) fn peer_of(input: &enums::InputPeer, own: Option<i64>) -> Option<enums::Peer> {
    Some(match input {
        enums::InputPeer::Empty => return None,
        enums::InputPeer::PeerSelf => types::PeerUser::new(own?).into(),
        enums::InputPeer::User(user) => types::PeerUser::new(user.user_id).into(),
        enums::InputPeer::UserFromMessage(user) => types::PeerUser::new(user.user_id).into(),
        enums::InputPeer::Chat(chat) => types::PeerChat::new(chat.chat_id).into(),
        enums::InputPeer::Channel(channel) => types::PeerChannel::new(channel.channel_id).into(),
        enums::InputPeer::ChannelFromMessage(channel) => types::PeerChannel::new(channel.channel_id).into(),
    })
}

fn missing(method: &'static str) -> Error {
    Error::Invalid(format!("{method}: Telegram answered without the message"))
}

/// The chat that an answer is about.
pub(super) fn chat_of(method: &'static str, updates: enums::Updates) -> Result<PeerRef, Error> {
    let chats = match updates {
        enums::Updates::Updates(updates) => updates.chats,
        enums::Updates::Combined(updates) => updates.chats,
        _ => Vec::new(),
    };
    let found = chats.iter().find_map(|chat| {
        Some(match chat {
            enums::Chat::Chat(chat) => PeerRef::from(enums::Peer::from(types::PeerChat::new(chat.id))),
            enums::Chat::Channel(channel) => PeerRef::from(enums::Peer::from(types::PeerChannel::new(channel.id))),
            _ => return None,
        })
    });
    found.ok_or_else(|| Error::Invalid(format!("{method}: Telegram answered without the chat")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_found_by_their_random_ids() {
        let new = |id: i32, text: &str| {
            let short = types::UpdateShortSentMessage {
                out: true,
                id,
                pts: 1,
                pts_count: 1,
                date: 1,
                media: None,
                entities: None,
                ttl_period: None,
            };
            let message = crate::updates::sent(short, types::PeerUser::new(7).into(), Some(1), text.to_owned());
            enums::Update::from(types::UpdateNewMessage { message: message.into(), pts: 1, pts_count: 1 })
        };
        let told = |id, random_id| enums::Update::from(types::UpdateMessageId { id, random_id });
        let updates = vec![told(11, 100), told(12, 200), new(10, "service"), new(12, "second"), new(11, "first")];
        let updates = types::Updates { updates, users: Vec::new(), chats: Vec::new(), date: 0, seq: 0 };
        let texts = |random_ids: &[i64]| -> Vec<String> {
            let text = |message| match message {
                enums::Message::Message(message) => message.message,
                other => panic!("{other:?}"),
            };
            found(updates.clone().into(), random_ids).into_iter().map(text).collect()
        };
        assert_eq!(texts(&[100, 200]), ["first", "second"]);
        assert_eq!(texts(&[200]), ["second"]);
        assert_eq!(texts(&[300]), Vec::<String>::new());
    }
}
