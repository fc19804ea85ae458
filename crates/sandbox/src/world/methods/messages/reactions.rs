//! Reactions: <https://core.telegram.org/api/reactions>.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::peers::owner_of;
use super::super::super::state::rows::{Given, Peer};
use super::super::super::state::tl::Tl;
use super::super::super::view::{View, WithFlag, bare_peer};
use super::super::super::{RpcError, World, error};
use super::super::method;

pub(crate) const METHODS: &[Method] = &[
    method("messages.getMessageReactionsList", Access::Home, list),
    method("messages.getMessagesReactions", Access::Home, get),
    method("messages.sendReaction", Access::Home, react),
];

/// The reactions that need no subscription, without the sign that asks for a coloured picture.
const FREE: &str = "👍 👎 ❤ 🔥 🥰 👏 😁 🤔 🤯 😱 🤬 😢 🎉 🤩 🤮 💩 🙏 👌 🕊 🤡 🥱 🥴 😍 🐳 ❤‍🔥 🌚 🌭 💯 🤣 ⚡ 🍌 🏆 💔 🤨 😐 🍓 🍾 💋 🖕 😈 😴 😭 🤓 👻 👨‍💻 👀 🎃 🙈 😇 😨 🤝 ✍ \
                    🤗 🫡 🎅 🎄 ☃ 💅 🤪 🗿 🆒 💘 🙉 🦄 😘 💊 🙊 😎 👾 🤷‍♂ 🤷 🤷‍♀ 😡";
/// The most reactions of one account to one message, without a subscription.
const MAX_REACTIONS: usize = 1;
/// How many of the last ones a message names with who gave them.
const RECENT: usize = 3;
/// The most of one answer.
const MAX_LIMIT: i32 = 100;

fn react(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let message = call.world.message_in(call.me, peer, call.int("msg_id"))?;
    if message.content.action.is_some() {
        return Err(error::MESSAGE_ID_INVALID);
    }
    if !matches!(peer, Peer::User(_)) {
        call.world.may_write_or_read(call.me, peer)?;
    }
    let twin = message.twin;
    let wanted = checked(call)?;
    let (me, date, big) = (call.me, call.date(), call.flag("big"));
    let row = call.world.state.tables.reactions.entry(&twin);
    let old: Vec<Tl> = row.given.iter().filter(|given| given.user == me).map(|given| given.reaction.clone()).collect();
    if old == wanted {
        return Err(error::MESSAGE_NOT_MODIFIED);
    }
    row.given.retain(|given| given.user != me);
    row.given.extend(wanted.iter().map(|reaction| Given { user: me, date, big, reaction: reaction.clone() }));
    let mut fanout = Fanout::default();
    call.world.tell_reactions(&mut fanout, twin, date);
    call.world.tell_bots_of_reaction(&mut fanout, me, twin, &old, &wanted, date);
    Ok(call.publish(fanout).into())
}

fn checked(call: &Call<'_>) -> Result<Vec<Tl>, RpcError> {
    let wanted: Vec<&Object> = call.request.objects("reaction").collect();
    if wanted.len() > MAX_REACTIONS {
        return Err(error::REACTIONS_TOO_MANY);
    }
    let check = |reaction: &Object| {
        if reaction.is("reactionEmpty") {
            return Err(error::REACTION_EMPTY);
        }
        let emoji = reaction.string("emoticon").unwrap_or_default().trim_end_matches('\u{fe0f}');
        if FREE.split(' ').any(|free| free == emoji) { Ok(Tl(reaction.clone())) } else { Err(error::REACTION_INVALID) }
    };
    wanted.into_iter().map(check).collect()
}

fn get(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let owner = owner_of(call.me, peer);
    let mut view = call.world.view(call.me, call.date());
    let updates: Vec<Object> = call.ints("id").into_iter().filter_map(|id| view.reactions_update(owner, id)).collect();
    view.mentioned.insert(peer);
    Ok(view.close(Object::new("updates").with("updates", updates).with("date", call.date()).with("seq", 0)).into())
}

fn list(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let twin = call.world.message_in(call.me, peer, call.int("id"))?.twin;
    let wanted = call.request.object("reaction");
    let given = call.world.state.tables.reactions.get(&twin).map_or(&[][..], |row| &row.given);
    let given: Vec<&Given> = given.iter().rev().filter(|given| wanted.is_none_or(|wanted| given.reaction.0 == *wanted)).collect();
    let skip = call.text("offset").parse().unwrap_or(0_usize);
    let limit = call.int("limit").clamp(0, MAX_LIMIT) as usize;
    let end = skip.saturating_add(limit);
    let next = (end < given.len()).then(|| end.to_string());
    let mut view = call.world.view(call.me, call.date());
    let page: Value = given.iter().skip(skip).take(limit).map(|given| view.given(given)).collect();
    let object = Object::new("messages.messageReactionsList").with("count", given.len() as i32).with("reactions", page);
    Ok(view.close(object.with_some("next_offset", next)).into())
}

impl World {
    /// Checks that an account sees what it reacts to as a member.
    fn may_write_or_read(&self, me: i64, peer: Peer) -> Result<(), RpcError> {
        let inside = match peer {
            Peer::Chat(id) => self.in_chat(id, me),
            Peer::Channel(id) => self.status(id, me).inside(),
            Peer::User(_) => true,
        };
        if inside { Ok(()) } else { Err(error::CHAT_WRITE_FORBIDDEN) }
    }

    /// Tells everybody who has a copy of a message which reactions it has now.
    fn tell_reactions(&self, fanout: &mut Fanout, twin: u64, date: i32) {
        for (owner, id) in self.state.copies(twin) {
            let readers: Vec<i64> = match owner {
                Peer::Channel(channel) => self.channel_members(channel).map(|(user, _)| user).collect(),
                Peer::User(account) | Peer::Chat(account) => vec![account],
            };
            for reader in readers.into_iter().filter(|reader| !self.is_bot(*reader)) {
                if let Some(update) = self.view(reader, date).reactions_update(owner, id) {
                    fanout.tell(reader, Update::Plain(update));
                }
            }
        }
    }

    /// Bots hear of reactions in their private chats, and where they are administrators.
    fn tell_bots_of_reaction(&mut self, fanout: &mut Fanout, actor: i64, twin: u64, old: &[Tl], new: &[Tl], date: i32) {
        let mut told = Vec::new();
        for (owner, id) in self.state.copies(twin) {
            let Some(message) = self.state.tables.messages.get(&(owner, id)) else { continue };
            let peer = message.peer;
            match owner {
                Peer::Channel(channel) => {
                    let members = self.channel_members(channel).map(|(user, _)| user);
                    told.extend(
                        members.filter(|user| self.is_bot(*user) && self.admin_rights(*user, peer).is_some()).map(|bot| (bot, peer, id)),
                    );
                }
                Peer::User(account) | Peer::Chat(account) => {
                    let hears = matches!(peer, Peer::User(_)) || self.admin_rights(account, peer).is_some();
                    told.extend((self.is_bot(account) && hears && account != actor).then_some((account, peer, id)));
                }
            }
        }
        let objects = |reactions: &[Tl]| -> Value { reactions.iter().map(|reaction| reaction.0.clone()).collect() };
        for (bot, peer, id) in told {
            let update = Object::new("updateBotMessageReaction")
                .with("peer", bare_peer(peer))
                .with("msg_id", id)
                .with("date", date)
                .with("actor", bare_peer(Peer::User(actor)))
                .with("old_reactions", objects(old))
                .with("new_reactions", objects(new));
            let update = self.log_qts(bot, date, update);
            fanout.tell(bot, Update::Qts(update));
        }
    }
}

impl View<'_> {
    /// `updateMessageReactions`
    fn reactions_update(&mut self, owner: Peer, id: i32) -> Option<Object> {
        let message = self.world.state.tables.messages.get(&(owner, id))?;
        let none = Object::new("messageReactions").with("results", Value::Vector(Vec::new()));
        let reactions = self.reactions(message.twin).unwrap_or(none);
        let peer = self.peer(message.peer);
        Some(Object::new("updateMessageReactions").with("peer", peer).with("msg_id", id).with("reactions", reactions))
    }

    /// `MessageReactions`; `None` if there are none.
    pub(crate) fn reactions(&mut self, twin: u64) -> Option<Object> {
        let row = self.world.state.tables.reactions.get(&twin).filter(|row| !row.given.is_empty())?;
        let mut counts: Vec<(&Tl, i32, bool)> = Vec::new();
        for given in &row.given {
            let mine = given.user == self.viewer;
            match counts.iter_mut().find(|(reaction, ..)| **reaction == given.reaction) {
                Some((_, count, chosen)) => (*count, *chosen) = (*count + 1, *chosen || mine),
                None => counts.push((&given.reaction, 1, mine)),
            }
        }
        counts.sort_by_key(|(_, count, _)| -count);
        let results: Value = counts
            .into_iter()
            .map(|(reaction, count, chosen)| {
                let object = Object::new("reactionCount").with_some("chosen_order", chosen.then_some(1));
                object.with("reaction", reaction.0.clone()).with("count", count)
            })
            .collect();
        let recent: Value = row.given.iter().rev().take(RECENT).map(|given| self.given(given)).collect();
        Some(Object::new("messageReactions").with("can_see_list", true).with("results", results).with("recent_reactions", recent))
    }

    fn given(&mut self, given: &Given) -> Object {
        Object::new("messagePeerReaction")
            .with_flag("big", given.big)
            .with_flag("my", given.user == self.viewer)
            .with("peer_id", self.peer(Peer::User(given.user)))
            .with("date", given.date)
            .with("reaction", given.reaction.0.clone())
    }
}
