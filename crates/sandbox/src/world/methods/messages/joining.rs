//! Joining by an invite link, at once or after having asked: <https://core.telegram.org/api/invites>.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::state::rows::{Action, Importer, Invite, Peer, Status};
use super::super::super::view::{WithFlag, bare_peer};
use super::super::super::{RpcError, World, error};
use super::super::{channels, method};
use super::invites::{hash_of, managed};

pub(crate) const METHODS: &[Method] = &[
    method("messages.checkChatInvite", Access::Home, check),
    method("messages.hideAllChatJoinRequests", Access::Home, decide_all),
    method("messages.hideChatJoinRequest", Access::Home, decide),
    method("messages.importChatInvite", Access::Home, import),
];

/// How many of those who wait are named to administrators.
const NAMED_REQUESTERS: usize = 5;

/// The link of the field `hash`, if it is still good for anything.
fn invited_to(call: &Call<'_>) -> Result<(String, Invite), RpcError> {
    let hash = call.text("hash").trim_start_matches('+').to_owned();
    if hash.is_empty() {
        return Err(error::INVITE_HASH_EMPTY);
    }
    let invite = call.world.state.tables.invites.get(&hash).cloned().ok_or(error::INVITE_HASH_EXPIRED)?;
    let over = invite.revoked
        || invite.expires.is_some_and(|date| date <= call.date())
        || invite.limit.is_some_and(|limit| invite.joined.len() as i32 >= limit);
    if over { Err(error::INVITE_HASH_EXPIRED) } else { Ok((hash, invite)) }
}

fn is_member(world: &World, user: i64, peer: Peer) -> bool {
    match peer {
        Peer::Chat(id) => world.in_chat(id, user),
        Peer::Channel(id) => world.status(id, user).inside(),
        Peer::User(_) => false,
    }
}

fn check(call: &mut Call<'_>) -> Answer {
    let (_, invite) = invited_to(call)?;
    let peer = invite.peer;
    let view = call.world.view(call.me, call.date());
    if is_member(call.world, call.me, peer) {
        let chat = if let Peer::Channel(id) = peer { view.channel(id) } else { view.chat(peer.id()) };
        return Ok(Object::new("chatInviteAlready").with("chat", chat).into());
    }
    let (title, about, count, megagroup, photo) = match peer {
        Peer::Channel(id) => {
            let channel = call.world.channel(id)?;
            (&channel.title, &channel.about, call.world.member_count(id), Some(channel.megagroup), channel.photo)
        }
        _ => {
            let chat = call.world.chat(peer.id())?;
            (&chat.title, &chat.about, chat.members.len(), None, chat.photo)
        }
    };
    Ok(Object::new("chatInvite")
        .with_flag("channel", megagroup.is_some())
        .with_flag("broadcast", megagroup == Some(false))
        .with_flag("megagroup", megagroup == Some(true))
        .with_flag("request_needed", invite.request_needed)
        .with("title", title.as_str())
        .with_some("about", Some(about.as_str()).filter(|about| !about.is_empty()))
        .with("photo", view.photo(photo.unwrap_or(0)))
        .with("participants_count", count as i32)
        .with("color", 0)
        .into())
}

fn import(call: &mut Call<'_>) -> Answer {
    let (hash, invite) = invited_to(call)?;
    let (me, date) = (call.me, call.date());
    if is_member(call.world, me, invite.peer) {
        return Err(error::USER_ALREADY_PARTICIPANT);
    }
    if invite.request_needed {
        request(call, &hash, &invite);
        return Err(error::INVITE_REQUEST_SENT);
    }
    let mut fanout = Fanout::default();
    call.world.let_in(&mut fanout, invite.peer, me, invite.admin, Action::JoinedByLink(invite.admin), date)?;
    call.world.state.tables.invites.entry_of(&hash, |invite| invite.joined.push(Importer { user: me, date, approved_by: None }));
    Ok(channels::joined(call.publish(fanout)))
}

/// Notes that the caller wants to join, and tells those who decide.
fn request(call: &mut Call<'_>, hash: &String, invite: &Invite) {
    let (me, date, peer) = (call.me, call.date(), invite.peer);
    if !invite.requested.iter().any(|importer| importer.user == me) {
        call.world.state.tables.invites.entry_of(hash, |invite| invite.requested.push(Importer { user: me, date, approved_by: None }));
    }
    let mut fanout = Fanout::default();
    call.world.tell_requests(&mut fanout, peer);
    for bot in call.world.deciders(peer).into_iter().filter(|user| call.world.is_bot(*user)).collect::<Vec<_>>() {
        let invite = call.world.view(bot, date).invite(hash);
        let update = Object::new("updateBotChatInviteRequester").with("peer", bare_peer(peer)).with("date", date).with("user_id", me);
        let update = call.world.log_qts(bot, date, update.with("about", "").with("invite", invite));
        fanout.tell(bot, Update::Qts(update));
    }
    call.publish_all(fanout);
}

fn decide(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let user = call.world.input_user(call.me, call.object("user_id")?)?;
    let waiting = call.world.requesters(peer, None);
    if !waiting.contains(&user) {
        return Err(error::HIDE_REQUESTER_MISSING);
    }
    settle(call, peer, &[user])
}

fn decide_all(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let link = call.request.string("link").map(hash_of);
    let waiting = call.world.requesters(peer, link.as_deref());
    settle(call, peer, &waiting)
}

fn settle(call: &mut Call<'_>, peer: Peer, users: &[i64]) -> Answer {
    let (me, date, approved) = (call.me, call.date(), call.flag("approved"));
    let hashes: Vec<String> =
        call.world.state.tables.invites.iter().filter(|(_, invite)| invite.peer == peer).map(|(hash, _)| hash.clone()).collect();
    let mut fanout = Fanout::default();
    for user in users {
        for hash in &hashes {
            call.world.state.tables.invites.entry_of(hash, |invite| {
                let waited = invite.requested.len();
                invite.requested.retain(|importer| importer.user != *user);
                if approved && invite.requested.len() < waited {
                    invite.joined.push(Importer { user: *user, date, approved_by: Some(me) });
                }
            });
        }
        if approved && !is_member(call.world, *user, peer) {
            call.world.let_in(&mut fanout, peer, *user, me, Action::JoinedByRequest, date)?;
        }
    }
    call.world.tell_requests(&mut fanout, peer);
    Ok(call.publish(fanout).into())
}

impl World {
    /// Those who wait to be let in, by one link or by any.
    fn requesters(&self, peer: Peer, link: Option<&str>) -> Vec<i64> {
        let rows = self.state.tables.invites.iter();
        let rows = rows.filter(|(hash, invite)| invite.peer == peer && link.is_none_or(|link| link == hash.as_str()));
        rows.flat_map(|(_, invite)| &invite.requested).map(|importer| importer.user).collect()
    }

    /// The administrators who let people in.
    fn deciders(&self, peer: Peer) -> Vec<i64> {
        let members = match peer {
            Peer::Chat(id) => self.chat_members(id),
            _ => self.channel_members(peer.id()).map(|(user, _)| user).collect(),
        };
        members.into_iter().filter(|user| self.has_right(*user, peer, "invite_users")).collect()
    }

    fn tell_requests(&self, fanout: &mut Fanout, peer: Peer) {
        let waiting = self.requesters(peer, None);
        let recent: Value = waiting.iter().rev().take(NAMED_REQUESTERS).map(|user| Value::Long(*user)).collect();
        let update = Object::new("updatePendingJoinRequests").with("peer", bare_peer(peer));
        let update = update.with("requests_pending", waiting.len() as i32).with("recent_requesters", recent);
        for admin in self.deciders(peer).into_iter().filter(|user| !self.is_bot(*user)) {
            fanout.tell(admin, Update::Plain(update.clone()));
        }
    }

    /// Makes somebody a member by way of a link.
    fn let_in(&mut self, fanout: &mut Fanout, peer: Peer, user: i64, actor: i64, action: Action, date: i32) -> Result<(), RpcError> {
        match peer {
            Peer::Channel(id) => {
                if self.status(id, user) == Status::Banned {
                    return Err(error::INVITE_HASH_EXPIRED);
                }
                self.set_member(fanout, id, user, actor, date, |member| member.status = Status::Member);
                if self.is_megagroup(id) {
                    self.post_action(fanout, user, peer, action, date);
                }
            }
            _ => {
                self.join_chat(fanout, peer.id(), user, actor, date);
                self.post_action(fanout, user, peer, action, date);
            }
        }
        Ok(())
    }
}
