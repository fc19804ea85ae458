//! Buttons: `messages.getBotCallbackAnswer` of whoever presses one, `setBotCallbackAnswer` of the bot.

use quadruplex_tl_schema::Object;

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::peers::owner_of;
use super::super::super::questions::Kind;
use super::super::super::state::rows::{Message, Peer};
use super::super::super::view::{WithFlag, bare_peer};
use super::super::super::{World, error, keyboards};
use super::super::method;

pub(crate) const METHODS: &[Method] =
    &[method("messages.getBotCallbackAnswer", Access::Home, press), method("messages.setBotCallbackAnswer", Access::Home, answer)];

/// The longest text of an answer, in UTF-16 units.
const MAX_ANSWER: usize = 200;

fn press(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let id = call.int("msg_id");
    let message = call.world.message_in(call.me, peer, id)?.clone();
    let data = call.request.bytes("data").ok_or(error::DATA_INVALID)?;
    let markup = message.content.markup.as_ref().ok_or(error::MESSAGE_ID_INVALID)?;
    if !keyboards::sends(&markup.0, data) {
        return Err(error::DATA_INVALID);
    }
    let bot = call.world.asked_bot(&message);
    if !call.world.is_bot(bot) {
        return Err(error::MESSAGE_ID_INVALID);
    }
    let query_id = call.world.new_query_id();
    let chat_instance = call.world.derive("chat instance", &[bot, message.twin.cast_signed()]);
    let owner = owner_of(call.me, peer);
    let seen_by_bot = match peer {
        Peer::Channel(_) => Some(id),
        _ => call.world.twin_in(owner, id, Peer::User(bot)),
    };
    let update = match (seen_by_bot, message.content.via) {
        (Some(msg_id), None) => Object::new("updateBotCallbackQuery")
            .with("query_id", query_id)
            .with("user_id", call.me)
            .with("peer", bare_peer(if let Peer::User(_) = peer { Peer::User(call.me) } else { peer }))
            .with("msg_id", msg_id),
        _ => Object::new("updateInlineBotCallbackQuery")
            .with("query_id", query_id)
            .with("user_id", call.me)
            .with("msg_id", call.world.inline_message_id(&message)),
    };
    call.ask_bot(bot, Kind::Callback, query_id, update.with("chat_instance", chat_instance).with("data", data))
}

fn answer(call: &mut Call<'_>) -> Answer {
    let message = call.request.string("message");
    if message.is_some_and(|message| message.encode_utf16().count() > MAX_ANSWER) {
        return Err(error::MESSAGE_TOO_LONG);
    }
    let url = call.request.string("url");
    if url.is_some_and(|url| !url.contains("://")) {
        return Err(error::URL_INVALID);
    }
    let object = Object::new("messages.botCallbackAnswer")
        .with_flag("alert", call.flag("alert"))
        .with_flag("has_url", url.is_some())
        .with_flag("native_ui", true)
        .with_some("message", message)
        .with_some("url", url)
        .with("cache_time", call.int("cache_time"));
    call.answer_question(call.long("query_id"), Kind::Callback, object)?;
    Ok(true.into())
}

impl World {
    /// The bot that hears of the buttons of a message.
    fn asked_bot(&self, message: &Message) -> i64 {
        message.content.via.unwrap_or(message.author)
    }

    /// How a bot names a message that was sent by way of it and is in nobody's box of its own.
    pub(crate) fn inline_message_id(&self, message: &Message) -> Object {
        let copies = self.state.copies(message.twin);
        let own = copies.iter().find(|(owner, _)| matches!(owner, Peer::Channel(_)) || *owner == Peer::User(message.author));
        let (owner, id) = own.map_or((0, 0), |(owner, id)| (owner.id(), *id));
        Object::new("inputBotInlineMessageID64")
            .with("dc_id", self.state.tables.users.get(&message.author).map_or(1, |user| user.dc))
            .with("owner_id", owner)
            .with("id", id)
            .with("access_hash", self.derive("inline message", &[message.twin.cast_signed()]))
    }
}
