//! Invite links and requests to join: <https://core.telegram.org/api/invites>.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::state::rows::{Action, Importer, Invite, Peer, Status};
use super::super::super::state::tl::hex;
use super::super::super::view::{View, WithFlag, bare_peer};
use super::super::super::{RpcError, World, error};
use super::super::{channels, method};

pub(crate) const METHODS: &[Method] = &[
    method("messages.checkChatInvite", Access::Home, check),
    method("messages.deleteExportedChatInvite", Access::Home, delete),
    method("messages.deleteRevokedExportedChatInvites", Access::Home, delete_revoked),
    method("messages.editExportedChatInvite", Access::Home, edit),
    method("messages.exportChatInvite", Access::Home, export),
    method("messages.getChatInviteImporters", Access::Home, importers),
    method("messages.getExportedChatInvite", Access::Home, get),
    method("messages.getExportedChatInvites", Access::Home, list),
    method("messages.hideAllChatJoinRequests", Access::Home, decide_all),
    method("messages.hideChatJoinRequest", Access::Home, decide),
    method("messages.importChatInvite", Access::Home, import),
];

/// The most uses that can be allowed.
const MAX_USES: i32 = 99_999;
/// The most links or users of one answer.
const MAX_LIMIT: i32 = 100;
/// How many of those who wait are named to administrators.
const NAMED_REQUESTERS: usize = 5;

/// The group or channel of the request, if the caller may invite to it by links.
fn managed(call: &Call<'_>) -> Result<Peer, RpcError> {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    if let Peer::User(_) = peer {
        return Err(error::PEER_ID_INVALID);
    }
    call.world.check_right(call.me, peer, "invite_users")?;
    Ok(peer)
}

fn export(call: &mut Call<'_>) -> Answer {
    let (peer, me) = (managed(call)?, call.me);
    let (expires, limit) = limits(call)?;
    let plain = expires.is_none() && limit.is_none() && !call.flag("request_needed") && call.request.get("title").is_none();
    let old = call.world.primary(peer, me);
    let permanent = call.flag("legacy_revoke_permanent") || old.is_none() && plain;
    if let Some(old) = old.filter(|_| permanent) {
        call.world.state.tables.invites.entry_of(&old, |invite| invite.revoked = true);
    }
    let invite = Invite {
        peer,
        admin: me,
        date: call.date(),
        permanent,
        title: call.text("title").to_owned(),
        request_needed: call.flag("request_needed"),
        expires,
        limit,
        ..Invite::of(peer)
    };
    let hash = call.world.add_invite(invite);
    Ok(call.world.view(me, call.date()).invite(&hash).into())
}

fn limits(call: &Call<'_>) -> Result<(Option<i32>, Option<i32>), RpcError> {
    let expires = call.request.int("expire_date").filter(|date| *date != 0);
    if expires.is_some_and(|date| date <= call.date()) {
        return Err(error::EXPIRE_DATE_INVALID);
    }
    let limit = call.request.int("usage_limit").filter(|limit| *limit != 0);
    let requests = call.flag("request_needed") || call.request.get("request_needed").and_then(Value::as_bool) == Some(true);
    if limit.is_some_and(|limit| !(1..=MAX_USES).contains(&limit) || requests) {
        return Err(error::USAGE_LIMIT_INVALID);
    }
    Ok((expires, limit))
}

/// The hash in a link, or the hash itself.
fn hash_of(link: &str) -> String {
    link.rsplit(['/', '+']).next().unwrap_or_default().to_owned()
}

/// The link of the request, which must be one to this group.
fn linked(call: &Call<'_>, peer: Peer) -> Result<String, RpcError> {
    let hash = hash_of(call.text("link"));
    let invite = call.world.state.tables.invites.get(&hash).filter(|invite| invite.peer == peer);
    invite.map(|_| hash).ok_or(error::INVITE_HASH_EXPIRED)
}

fn edit(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let hash = linked(call, peer)?;
    let permanent = call.world.state.tables.invites.get(&hash).is_some_and(|invite| invite.permanent);
    let admin = call.world.state.tables.invites.get(&hash).map_or(call.me, |invite| invite.admin);
    if call.flag("revoked") {
        call.world.state.tables.invites.entry_of(&hash, |invite| invite.revoked = true);
        let new = permanent.then(|| {
            let invite = Invite { admin, date: call.date(), permanent, ..Invite::of(peer) };
            call.world.add_invite(invite)
        });
        return Ok(described(call, &hash, new.as_deref()));
    }
    if permanent {
        return Err(error::CHAT_INVITE_PERMANENT);
    }
    let (expires, limit) = limits(call)?;
    let has = |field: &str| call.request.get(field).is_some();
    let request_needed = call.request.get("request_needed").and_then(Value::as_bool);
    let (sets_expires, sets_limit, title) = (has("expire_date"), has("usage_limit"), call.request.string("title"));
    call.world.state.tables.invites.entry_of(&hash, |invite| {
        if sets_expires {
            invite.expires = expires;
        }
        if sets_limit {
            invite.limit = limit;
        }
        if let Some(title) = title {
            title.clone_into(&mut invite.title);
        }
        invite.request_needed = request_needed.unwrap_or(invite.request_needed);
    });
    Ok(described(call, &hash, None))
}

/// `messages.ExportedChatInvite`
fn described(call: &Call<'_>, hash: &str, new: Option<&str>) -> Value {
    let mut view = call.world.view(call.me, call.date());
    let invite = view.invite(hash);
    let object = match new {
        Some(new) => {
            let new = view.invite(new);
            Object::new("messages.exportedChatInviteReplaced").with("invite", invite).with("new_invite", new)
        }
        None => Object::new("messages.exportedChatInvite").with("invite", invite),
    };
    object.with("users", view.users()).into()
}

fn get(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let hash = linked(call, peer)?;
    Ok(described(call, &hash, None))
}

fn list(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let admin = call.world.input_user(call.me, call.object("admin_id")?)?;
    let revoked = call.flag("revoked");
    let rows = call.world.state.tables.invites.iter();
    let mine = rows.filter(|(_, invite)| invite.peer == peer && invite.admin == admin && invite.revoked == revoked);
    let mut hashes: Vec<(i32, &String)> = mine.map(|(hash, invite)| (-invite.date, hash)).collect();
    hashes.sort_unstable();
    let mut view = call.world.view(call.me, call.date());
    let limit = call.int("limit").clamp(0, MAX_LIMIT) as usize;
    let invites: Value = hashes.iter().take(limit).map(|(_, hash)| view.invite(hash)).collect();
    let object = Object::new("messages.exportedChatInvites").with("count", hashes.len() as i32).with("invites", invites);
    Ok(object.with("users", view.users()).into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let hash = linked(call, peer)?;
    if call.world.state.tables.invites.get(&hash).is_some_and(|invite| !invite.revoked) {
        return Err(error::INVITE_REVOKED_MISSING);
    }
    call.world.state.tables.invites.remove(&hash);
    Ok(true.into())
}

fn delete_revoked(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let admin = call.world.input_user(call.me, call.object("admin_id")?)?;
    let rows = call.world.state.tables.invites.iter();
    let doomed = rows.filter(|(_, invite)| invite.peer == peer && invite.admin == admin && invite.revoked);
    let doomed: Vec<String> = doomed.map(|(hash, _)| hash.clone()).collect();
    for hash in doomed {
        call.world.state.tables.invites.remove(&hash);
    }
    Ok(true.into())
}

fn importers(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let hash = call.request.string("link").map(hash_of);
    let requested = call.flag("requested");
    let rows = call.world.state.tables.invites.iter();
    let rows = rows.filter(|(of, invite)| invite.peer == peer && hash.as_ref().is_none_or(|hash| hash == *of));
    let users: Vec<Importer> = rows.flat_map(|(_, invite)| if requested { &invite.requested } else { &invite.joined }).cloned().collect();
    let limit = call.int("limit").clamp(0, MAX_LIMIT) as usize;
    let mut view = call.world.view(call.me, call.date());
    let list: Value = users
        .iter()
        .take(limit)
        .map(|importer| {
            view.mentioned.insert(Peer::User(importer.user));
            Object::new("chatInviteImporter")
                .with_flag("requested", requested)
                .with("user_id", importer.user)
                .with("date", importer.date)
                .with_some("approved_by", importer.approved_by)
        })
        .collect();
    let object = Object::new("messages.chatInviteImporters").with("count", users.len() as i32).with("importers", list);
    Ok(object.with("users", view.users()).into())
}

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
    fn add_invite(&mut self, invite: Invite) -> String {
        let hash = hex::encode(&self.state.random_bytes::<8>());
        self.state.tables.invites.insert(hash.clone(), invite);
        hash
    }

    /// The permanent link of an administrator.
    pub(crate) fn primary(&self, peer: Peer, admin: i64) -> Option<String> {
        let mut rows = self.state.tables.invites.iter();
        let primary = |invite: &Invite| invite.peer == peer && invite.admin == admin && invite.permanent && !invite.revoked;
        rows.find(|(_, invite)| primary(invite)).map(|(hash, _)| hash.clone())
    }

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

impl View<'_> {
    /// An `ExportedChatInvite`.
    pub(crate) fn invite(&mut self, hash: &str) -> Object {
        let row = self.world.state.tables.invites.get(&hash.to_owned());
        let Some(invite) = row else { return Object::new("chatInvitePublicJoinRequests") };
        self.mentioned.insert(Peer::User(invite.admin));
        let some = |count: usize| Some(count as i32).filter(|count| *count > 0);
        Object::new("chatInviteExported")
            .with_flag("revoked", invite.revoked)
            .with_flag("permanent", invite.permanent)
            .with_flag("request_needed", invite.request_needed)
            .with("link", format!("https://t.me/+{hash}"))
            .with("admin_id", invite.admin)
            .with("date", invite.date)
            .with_some("expire_date", invite.expires)
            .with_some("usage_limit", invite.limit)
            .with_some("usage", some(invite.joined.len()))
            .with_some("requested", some(invite.requested.len()))
            .with_some("title", Some(invite.title.as_str()).filter(|title| !title.is_empty()))
    }
}
