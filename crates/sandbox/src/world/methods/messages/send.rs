//! Sending: `messages.sendMessage`, `sendMedia`, `sendMultiMedia`.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::entities::detect;
use super::super::super::fanout::{Fanout, Update};
use super::super::super::peers::owner_of;
use super::super::super::state::rows::{Action, Content, Event, Peer, Sent, Status};
use super::super::super::state::tl::Tl;
use super::super::super::{RpcError, error};
use super::super::method;
use super::media::attach;
use super::{drafts, scheduled};

pub(crate) const METHODS: &[Method] = &[
    method("messages.sendMedia", Access::Home, send_media),
    method("messages.sendMessage", Access::Home, send_message),
    method("messages.sendMultiMedia", Access::Home, send_album),
    method("messages.startBot", Access::Home, start_bot),
];

/// The most messages of an album.
const MAX_ALBUM: usize = 10;
/// The most entities of a message.
const MAX_ENTITIES: usize = 100;
/// The longest parameter of a deep link, in bytes: <https://core.telegram.org/api/links#bot-links>.
const MAX_START_PARAM: usize = 64;

fn send_message(call: &mut Call<'_>) -> Answer {
    let peer = target(call)?;
    if let Some(answer) = repeated(call, &[call.long("random_id")])? {
        return Ok(answer);
    }
    let content = written(call, peer, call.request, call.world.config.message_length, error::MESSAGE_TOO_LONG)?;
    if content.text.is_empty() {
        return Err(error::MESSAGE_EMPTY);
    }
    let now = scheduled::due(call, peer, 1)?.is_none();
    let short = now && content.markup.is_none() && matches!(peer, Peer::User(user) if user != call.me);
    let entities: Value = content.entities.iter().map(|entity| entity.0.clone()).collect();
    let id = post(call, peer, vec![(content, call.long("random_id"))])?;
    let (ids, answer) = id;
    if !short {
        return Ok(answer.into());
    }
    let pts = call.world.mailbox(Peer::User(call.me)).pts;
    let sent = Object::new("updateShortSentMessage").with("out", true).with("id", ids[0]).with("pts", pts).with("pts_count", 1);
    let sent = sent.with("date", call.date());
    let entities = Some(entities).filter(|entities| entities.as_vector().is_some_and(|entities| !entities.is_empty()));
    Ok(sent.with_some("entities", entities).into())
}

fn send_media(call: &mut Call<'_>) -> Answer {
    let peer = target(call)?;
    if let Some(answer) = repeated(call, &[call.long("random_id")])? {
        return Ok(answer);
    }
    let mut content = written(call, peer, call.request, call.world.config.caption_length, error::MEDIA_CAPTION_TOO_LONG)?;
    let media = call.object("media")?.clone();
    content.media = Some(attach(call, &media)?);
    let random_id = call.long("random_id");
    Ok(post(call, peer, vec![(content, random_id)])?.1.into())
}

fn send_album(call: &mut Call<'_>) -> Answer {
    let peer = target(call)?;
    let items: Vec<Object> = call.request.objects("multi_media").cloned().collect();
    if items.is_empty() {
        return Err(error::MEDIA_EMPTY);
    }
    if items.len() > MAX_ALBUM {
        return Err(error::MULTI_MEDIA_TOO_LONG);
    }
    let random_ids: Vec<i64> = items.iter().map(|item| item.long("random_id").unwrap_or_default()).collect();
    if let Some(answer) = repeated(call, &random_ids)? {
        return Ok(answer);
    }
    let album = call.world.state.random();
    let mut contents = Vec::new();
    for (item, random_id) in items.iter().zip(random_ids) {
        let mut content = written(call, peer, item, call.world.config.caption_length, error::MEDIA_CAPTION_TOO_LONG)?;
        let input = item.object("media").ok_or(error::MEDIA_EMPTY)?;
        // An album takes only what `messages.uploadMedia` or a message has made a photo or document of.
        if !input.is("inputMediaPhoto") && !input.is("inputMediaDocument") {
            return Err(error::MEDIA_INVALID);
        }
        let media = attach(call, input).map_err(|problem| of_item(contents.len(), problem))?;
        content.media = Some(media);
        content.album = Some(album);
        contents.push((content, random_id));
    }
    Ok(post(call, peer, contents)?.1.into())
}

/// An album says which of its file references is bad.
fn of_item(at: usize, problem: RpcError) -> RpcError {
    match problem.name.strip_prefix("FILE_REFERENCE_") {
        Some(what) => RpcError::new(problem.code, format!("FILE_REFERENCE_{at}_{what}")),
        None => problem,
    }
}

fn start_bot(call: &mut Call<'_>) -> Answer {
    let bot = call.world.input_user(call.me, call.object("bot")?)?;
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    if !call.world.is_bot(bot) {
        return Err(error::USER_BOT_REQUIRED);
    }
    call.world.may_write(call.me, peer, call.date())?;
    let parameter = call.text("start_param");
    if parameter.len() > MAX_START_PARAM {
        return Err(error::START_PARAM_TOO_LONG);
    }
    if !parameter.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')) {
        return Err(error::START_PARAM_INVALID);
    }
    if let Some(answer) = repeated(call, &[call.long("random_id")])? {
        return Ok(answer);
    }
    let command = match peer {
        Peer::User(_) => "/start".to_owned(),
        Peer::Chat(_) | Peer::Channel(_) => {
            bring(call, bot, peer)?;
            format!("/start@{}", call.world.user(bot)?.username.as_deref().unwrap_or_default())
        }
    };
    let text = if parameter.is_empty() { command } else { format!("{command} {parameter}") };
    let mut entities = Vec::new();
    detect(&text, &mut entities);
    let content = Content { text, entities, ..Content::default() };
    let random_id = call.long("random_id");
    Ok(post(call, peer, vec![(content, random_id)])?.1.into())
}

/// Adds a bot to a group in which it is to be started.
fn bring(call: &mut Call<'_>, bot: i64, group: Peer) -> Result<(), RpcError> {
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    match group {
        Peer::Chat(id) if !call.world.in_chat(id, bot) => {
            call.world.check_may(me, group, "invite_users")?;
            call.world.join_chat(&mut fanout, id, bot, me, date);
        }
        Peer::Channel(id) if call.world.is_megagroup(id) && !call.world.status(id, bot).inside() => {
            call.world.check_may(me, group, "invite_users")?;
            call.world.set_member(&mut fanout, id, bot, me, date, |member| member.status = Status::Member);
        }
        _ => return Ok(()),
    }
    call.world.post_action(&mut fanout, me, group, Action::AddUsers(vec![bot]), date);
    call.publish_all(fanout);
    Ok(())
}

/// The conversation to which the request sends, if the caller may write there.
pub(crate) fn target(call: &Call<'_>) -> Result<Peer, RpcError> {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    call.world.may_write(call.me, peer, call.date())?;
    Ok(peer)
}

/// Posts messages and answers with the caller's updates.
pub(crate) fn post(call: &mut Call<'_>, peer: Peer, contents: Vec<(Content, i64)>) -> Result<(Vec<i32>, Object), RpcError> {
    let mut fanout = Fanout::default();
    let (me, date) = (call.me, call.date());
    if let Some(due) = scheduled::due(call, peer, contents.len())? {
        drafts::clear(call, peer);
        return Ok(scheduled::keep(call, peer, contents, due));
    }
    contents.iter().try_for_each(|(content, _)| call.world.may_send(me, peer, content))?;
    drafts::clear(call, peer);
    let ids = contents.into_iter().map(|(content, random_id)| call.world.post(&mut fanout, me, peer, content, random_id, date)).collect();
    Ok((ids, call.publish(fanout)))
}

/// The answer to random ids that were used before: the messages that were sent with them, as they are now.
pub(crate) fn repeated(call: &mut Call<'_>, random_ids: &[i64]) -> Result<Option<Value>, RpcError> {
    if random_ids.contains(&0) {
        return Err(error::RANDOM_ID_EMPTY);
    }
    if random_ids.iter().enumerate().any(|(at, id)| random_ids[..at].contains(id)) {
        return Err(error::RANDOM_ID_INVALID);
    }
    let sent: Vec<(i64, Sent)> =
        random_ids.iter().filter_map(|id| Some((*id, *call.world.state.tables.sent.get(&(call.me, *id))?))).collect();
    if sent.is_empty() {
        return Ok(None);
    }
    let mut view = call.world.view(call.me, call.date());
    let mut updates = Vec::new();
    for (random_id, sent) in sent {
        updates.push(view.update(&Update::Id { id: sent.id, random_id }));
        if sent.scheduled {
            updates.push(scheduled::new_scheduled(call, sent.id));
        } else if call.world.state.tables.messages.contains(&(sent.owner, sent.id)) {
            // The message moves no counter a second time.
            let pts = call.world.mailbox(sent.owner).pts;
            updates.push(view.update(&Update::Event { owner: sent.owner, pts, count: 0, event: Event::New(sent.id) }));
        }
    }
    Ok(Some(view.close(Object::new("updates").with("updates", updates).with("date", call.date()).with("seq", 0)).into()))
}

/// Text, entities, keyboard and what is answered, from a request or an item of an album.
pub(crate) fn written(call: &Call<'_>, peer: Peer, from: &Object, limit: usize, too_long: RpcError) -> Result<Content, RpcError> {
    let (text, entities) = styled(call, from, limit, too_long)?;
    let markup = keyboard(call)?;
    let signature = match peer {
        Peer::Channel(id) if call.world.channel(id)?.signatures && !call.world.is_megagroup(id) => {
            Some(call.world.user(call.me)?.first_name.clone())
        }
        _ => None,
    };
    Ok(Content {
        text,
        entities,
        markup,
        reply_to: answered(call, peer)?,
        silent: call.flag("silent"),
        noforwards: call.flag("noforwards"),
        invert_media: call.flag("invert_media"),
        signature,
        ..Content::default()
    })
}

/// Text and entities, what can be seen in the text among them.
pub(crate) fn styled(call: &Call<'_>, from: &Object, limit: usize, too_long: RpcError) -> Result<(String, Vec<Tl>), RpcError> {
    let written = from.string("message").unwrap_or_default();
    let text = written.trim_end().to_owned();
    let units = text.encode_utf16().count();
    if units > limit {
        return Err(too_long);
    }
    let mut entities = entities(call, from, written.encode_utf16().count(), units)?;
    detect(&text, &mut entities);
    Ok((text, entities))
}

/// The keyboard of the request. Those of people are ignored.
pub(crate) fn keyboard(call: &Call<'_>) -> Result<Option<Tl>, RpcError> {
    match call.request.object("reply_markup") {
        Some(markup) if call.world.is_bot(call.me) => call.world.checked_keyboard(call.me, markup),
        _ => Ok(None),
    }
}

/// The message that the request answers, if it is there: Telegram ignores one that is gone.
pub(crate) fn answered(call: &Call<'_>, peer: Peer) -> Result<Option<i32>, RpcError> {
    let Some(reply) = call.request.object("reply_to").filter(|reply| reply.is("inputReplyToMessage")) else { return Ok(None) };
    let id = reply.int("reply_to_msg_id").unwrap_or_default();
    let there = call.world.state.tables.messages.get(&(owner_of(call.me, peer), id)).is_some_and(|message| message.peer == peer);
    Ok(Some(id).filter(|_| there))
}

/// The entities, each inside the text as it was `written` and cut to what is `kept` of it; names of users become what readers get
/// to see.
pub(crate) fn entities(call: &Call<'_>, from: &Object, written: usize, kept: usize) -> Result<Vec<Tl>, RpcError> {
    let mut entities = Vec::new();
    for entity in from.objects("entities").take(MAX_ENTITIES) {
        let (offset, length) = (entity.int("offset").unwrap_or(-1), entity.int("length").unwrap_or(-1));
        if offset < 0 || length < 0 || offset as usize + length as usize > written {
            return Err(error::ENTITY_BOUNDS_INVALID);
        }
        let length = length.min(kept as i32 - offset);
        if length <= 0 {
            continue;
        }
        let entity = match entity.object("user_id") {
            Some(input) => {
                let user = call.world.input_user(call.me, input)?;
                Object::new("messageEntityMentionName").with("offset", offset).with("length", length).with("user_id", user)
            }
            None => entity.clone().with("length", length),
        };
        entities.push(Tl(entity));
    }
    Ok(entities)
}
