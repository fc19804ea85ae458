//! Reading: `messages.getHistory`, `getMessages`, `search`.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::peers::owner_of;
use super::super::super::state::rows::{Media, Message, Peer};
use super::super::super::{RpcError, World, error};
use super::super::method;

pub(crate) const METHODS: &[Method] = &[
    method("messages.getHistory", Access::Home, get_history),
    method("messages.getMessages", Access::Home, get_messages),
    method("messages.getSearchCounters", Access::Home, search_counters),
    method("messages.search", Access::Home, search),
    method("messages.searchGlobal", Access::Home, search_global),
];

/// The most messages of one answer.
const MAX_LIMIT: i32 = 100;

fn get_history(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let ids: Vec<i32> = call.world.state.history(owner_of(call.me, peer), peer).iter().copied().collect();
    Ok(page(call, peer, &ids))
}

fn get_messages(call: &mut Call<'_>) -> Answer {
    let owner = Peer::User(call.me);
    let ids: Vec<i32> = call.request.objects("id").map(|input| named(call.world, owner, None, input).unwrap_or_default()).collect();
    let mut view = call.world.view(call.me, call.date());
    let messages = view.messages(owner, ids);
    Ok(view.close(Object::new("messages.messages").with("messages", messages).with("topics", Value::Vector(Vec::new()))).into())
}

/// The id that an `InputMessage` names.
pub(crate) fn named(world: &World, owner: Peer, peer: Option<Peer>, input: &Object) -> Option<i32> {
    match input.name.as_str() {
        "inputMessageID" => input.int("id"),
        "inputMessageReplyTo" => world.state.tables.messages.get(&(owner, input.int("id")?))?.content.reply_to,
        "inputMessagePinned" => {
            let peer = peer?;
            let pinned = |id: &&i32| world.state.tables.messages.get(&(owner, **id)).is_some_and(|message| message.pinned);
            world.state.history(owner, peer).iter().rev().find(pinned).copied()
        }
        _ => None,
    }
}

fn search(call: &mut Call<'_>) -> Answer {
    let filter = call.object("filter")?.name.as_str().to_owned();
    let peer = match call.object("peer")? {
        // Searching nowhere in particular is searching the box of the account.
        input if input.is("inputPeerEmpty") => None,
        input => Some(call.world.input_peer(call.me, input)?),
    };
    let from = call.request.object("from_id").map(|input| call.world.input_peer(call.me, input)).transpose()?;
    let wanted = call.text("q").to_lowercase();
    let (min_date, max_date) = (call.int("min_date"), call.int("max_date"));
    let owner = owner_of(call.me, peer.unwrap_or(Peer::User(call.me)));
    let fits = |message: &Message| {
        (wanted.is_empty() || message.content.text.to_lowercase().contains(&wanted))
            && from.is_none_or(|from| from == Peer::User(message.author))
            && (min_date == 0 || message.date > min_date)
            && (max_date == 0 || message.date < max_date)
            && matches_filter(call.world, &filter, message)
    };
    let messages = call.world.state.tables.messages.range((owner, i32::MIN)..=(owner, i32::MAX));
    let ids: Vec<i32> =
        messages.filter(|(_, message)| peer.is_none_or(|peer| message.peer == peer) && fits(message)).map(|((_, id), _)| *id).collect();
    Ok(page(call, peer.unwrap_or(Peer::User(call.me)), &ids))
}

fn search_global(call: &mut Call<'_>) -> Answer {
    let wanted = call.text("q").to_lowercase();
    let filter = call.object("filter")?.name.as_str().to_owned();
    let owner = Peer::User(call.me);
    let messages = call.world.state.tables.messages.range((owner, i32::MIN)..=(owner, i32::MAX));
    let fits = |message: &Message| message.content.text.to_lowercase().contains(&wanted) && matches_filter(call.world, &filter, message);
    let ids: Vec<i32> = messages.filter(|(_, message)| fits(message)).map(|((_, id), _)| *id).collect();
    Ok(page(call, owner, &ids))
}

fn search_counters(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let owner = owner_of(call.me, peer);
    let history = call.world.state.history(owner, peer);
    let counters: Value = call
        .request
        .objects("filters")
        .map(|filter| {
            let row = |id: &&i32| {
                call.world
                    .state
                    .tables
                    .messages
                    .get(&(owner, **id))
                    .is_some_and(|message| matches_filter(call.world, &filter.name, message))
            };
            Object::new("messages.searchCounter").with("filter", filter.clone()).with("count", history.iter().filter(row).count() as i32)
        })
        .collect();
    Ok(counters)
}

/// Whether a message passes a `MessagesFilter`.
fn matches_filter(world: &World, filter: &str, message: &Message) -> bool {
    let content = &message.content;
    let attribute = |name: &str, flag: Option<&str>| match &content.media {
        Some(Media::Document { file, .. }) => world.state.tables.files.get(file).is_some_and(|file| {
            file.attributes.iter().any(|attribute| attribute.0.is(name) && flag.is_none_or(|flag| attribute.0.flag(flag)))
        }),
        _ => false,
    };
    let photo = matches!(content.media, Some(Media::Photo { .. }));
    let video = attribute("documentAttributeVideo", None);
    let audio = attribute("documentAttributeAudio", None);
    let voice = attribute("documentAttributeAudio", Some("voice"));
    let round = attribute("documentAttributeVideo", Some("round_message"));
    let other = |name: &str| matches!(&content.media, Some(Media::Other(tl)) if tl.0.is(name));
    match filter {
        "inputMessagesFilterEmpty" => true,
        "inputMessagesFilterPhotos" => photo,
        "inputMessagesFilterVideo" => video,
        "inputMessagesFilterPhotoVideo" => photo || video,
        "inputMessagesFilterDocument" => matches!(content.media, Some(Media::Document { .. })) && !video && !audio,
        "inputMessagesFilterGif" => attribute("documentAttributeAnimated", None),
        "inputMessagesFilterVoice" => voice,
        "inputMessagesFilterRoundVoice" => voice || round,
        "inputMessagesFilterRoundVideo" => round,
        "inputMessagesFilterMusic" => audio && !voice,
        "inputMessagesFilterPinned" => message.pinned,
        "inputMessagesFilterMyMentions" => message.mentioned,
        "inputMessagesFilterContacts" => other("messageMediaContact"),
        "inputMessagesFilterGeo" => other("messageMediaGeo") || other("messageMediaVenue"),
        "inputMessagesFilterUrl" => {
            content.entities.iter().any(|entity| entity.0.is("messageEntityUrl") || entity.0.is("messageEntityTextUrl"))
        }
        _ => false,
    }
}

/// A page of messages, newest first, as `offset_id`, `add_offset` and `limit` of the request cut it out of `ids`, oldest first.
pub(crate) fn page(call: &Call<'_>, peer: Peer, ids: &[i32]) -> Value {
    let owner = owner_of(call.me, peer);
    let (offset_id, offset_date) = (call.int("offset_id"), call.int("offset_date"));
    let (min_id, max_id) = (call.int("min_id"), call.int("max_id"));
    let date = |id: i32| call.world.state.tables.messages.get(&(owner, id)).map_or(0, |message| message.date);
    let newest_first: Vec<i32> = ids.iter().rev().copied().collect();
    // Where the page would begin without `add_offset`: at the first message older than the offset.
    let start = newest_first
        .iter()
        .position(|id| if offset_id > 0 { *id < offset_id } else { offset_date <= 0 || date(*id) < offset_date })
        .unwrap_or(newest_first.len());
    let limit = i64::from(call.int("limit").clamp(0, MAX_LIMIT));
    let from = start as i64 + i64::from(call.int("add_offset"));
    let to = (from + limit).max(0) as usize;
    let from = from.max(0) as usize;
    let inside = |id: &i32| (min_id <= 0 || *id > min_id) && (max_id <= 0 || *id < max_id);
    let page: Vec<i32> = newest_first.iter().skip(from).take(to.saturating_sub(from)).copied().filter(inside).collect();
    let whole = page.len() == ids.len();

    let mut view = call.world.view(call.me, call.date());
    let messages = view.messages(owner, page);
    let count = ids.len() as i32;
    let object = match peer {
        Peer::Channel(_) => Object::new("messages.channelMessages").with("pts", call.world.mailbox(owner).pts).with("count", count),
        _ if whole => Object::new("messages.messages"),
        _ => Object::new("messages.messagesSlice").with("count", count),
    };
    if let Peer::Channel(_) | Peer::Chat(_) = peer {
        view.mentioned.insert(peer);
    }
    view.close(object.with("messages", messages).with("topics", Value::Vector(Vec::new()))).into()
}

/// The messages of a channel that are named, `messageEmpty` for those that are not there.
pub(crate) fn channel_messages(call: &Call<'_>, channel: i64) -> Result<Value, RpcError> {
    let owner = Peer::Channel(channel);
    let ids: Vec<i32> = call.request.objects("id").map(|input| named(call.world, owner, Some(owner), input).unwrap_or_default()).collect();
    if ids.is_empty() {
        return Err(error::MESSAGE_IDS_EMPTY);
    }
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(owner);
    let count = ids.len() as i32;
    let messages = view.messages(owner, ids);
    let object = Object::new("messages.channelMessages").with("pts", call.world.mailbox(owner).pts).with("count", count);
    Ok(view.close(object.with("messages", messages).with("topics", Value::Vector(Vec::new()))).into())
}
