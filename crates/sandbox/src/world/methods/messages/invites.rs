//! Invite links, as those see them who give them out: <https://core.telegram.org/api/invites>.

use std::collections::BTreeMap;

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::state::rows::{Importer, Invite, Peer};
use super::super::super::state::tl::hex;
use super::super::super::view::{View, WithFlag};
use super::super::super::{RpcError, World, error};
use super::super::method;

pub(crate) const METHODS: &[Method] = &[
    method("messages.deleteExportedChatInvite", Access::Home, delete),
    method("messages.deleteRevokedExportedChatInvites", Access::Home, delete_revoked),
    method("messages.editExportedChatInvite", Access::Home, edit),
    method("messages.exportChatInvite", Access::Home, export),
    method("messages.getChatInviteImporters", Access::Home, importers),
    method("messages.getAdminsWithInvites", Access::Home, admins),
    method("messages.getExportedChatInvite", Access::Home, get),
    method("messages.getExportedChatInvites", Access::Home, list),
];

/// The most uses that can be allowed.
const MAX_USES: i32 = 99_999;
/// The most links or users of one answer.
const MAX_LIMIT: i32 = 100;

/// The group or channel of the request, if the caller may invite to it by links.
pub(crate) fn managed(call: &Call<'_>) -> Result<Peer, RpcError> {
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
pub(crate) fn hash_of(link: &str) -> String {
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

fn admins(call: &mut Call<'_>) -> Answer {
    let peer = managed(call)?;
    let mut counts: BTreeMap<i64, (i32, i32)> = BTreeMap::new();
    for invite in call.world.state.tables.invites.iter().map(|(_, invite)| invite).filter(|invite| invite.peer == peer) {
        let (good, revoked) = counts.entry(invite.admin).or_default();
        *(if invite.revoked { revoked } else { good }) += 1;
    }
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.extend(counts.keys().copied().map(Peer::User));
    let admins: Value = counts
        .into_iter()
        .map(|(admin, (good, revoked))| {
            let object = Object::new("chatAdminWithInvites").with("admin_id", admin);
            object.with("invites_count", good).with("revoked_invites_count", revoked)
        })
        .collect();
    Ok(Object::new("messages.chatAdminsWithInvites").with("admins", admins).with("users", view.users()).into())
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
