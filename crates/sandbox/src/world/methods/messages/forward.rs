//! Forwarding messages.

use std::collections::BTreeMap;

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::state::rows::{Content, Forward, Message, Peer};
use super::super::super::{World, error};
use super::super::method;
use super::send::{post, repeated};

pub(crate) const METHODS: &[Method] = &[method("messages.forwardMessages", Access::Home, forward)];

/// The most messages of one request.
const MAX_FORWARDED: usize = 100;

fn forward(call: &mut Call<'_>) -> Answer {
    let from = call.world.input_peer(call.me, call.object("from_peer")?)?;
    let to = call.world.input_peer(call.me, call.object("to_peer")?)?;
    call.world.may_write(call.me, to, call.date())?;
    let ids = call.ints("id");
    let random_ids: Vec<i64> = call.request.longs("random_id").collect();
    if ids.is_empty() {
        return Err(error::MESSAGE_IDS_EMPTY);
    }
    if random_ids.len() != ids.len() || ids.len() > MAX_FORWARDED {
        return Err(error::RANDOM_ID_INVALID);
    }
    if let Some(answer) = repeated(call, &random_ids)? {
        return Ok(answer);
    }
    let mut contents = Vec::new();
    let mut albums = BTreeMap::new();
    for (id, random_id) in ids.into_iter().zip(random_ids) {
        let message = call.world.message_in(call.me, from, id)?.clone();
        if message.content.action.is_some() {
            return Err(error::MESSAGE_ID_INVALID);
        }
        if message.content.noforwards {
            return Err(error::CHAT_FORWARDS_RESTRICTED);
        }
        let album = message.content.album.map(|old| *albums.entry(old).or_insert_with(|| call.world.state.random()));
        let captionless = call.flag("drop_media_captions") && message.content.media.is_some();
        let header = (!call.flag("drop_author")).then(|| call.world.forward_header(id, &message));
        let mut content = Content {
            reply_to: None,
            markup: None,
            album,
            forward: header,
            from_scheduled: false,
            silent: call.flag("silent"),
            noforwards: call.flag("noforwards"),
            ..message.content
        };
        if captionless {
            content.text.clear();
            content.entities.clear();
        }
        contents.push((content, random_id));
    }
    Ok(post(call, to, contents)?.1.into())
}

impl World {
    /// Where a forwarded message came from: a forwarded one keeps its origin.
    fn forward_header(&self, id: i32, message: &Message) -> Forward {
        if let Some(forward) = &message.content.forward {
            return forward.clone();
        }
        let signature = message.content.signature.clone();
        match message.peer {
            Peer::Channel(channel) if !self.is_megagroup(channel) => {
                Forward { from: Some(message.peer), date: message.date, post: Some(id), signature }
            }
            _ => Forward { from: Some(Peer::User(message.author)), date: message.date, post: None, signature: None },
        }
    }
}
