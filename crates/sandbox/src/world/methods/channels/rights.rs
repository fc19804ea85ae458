//! Administrators and those who are banned or restricted.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::state::Timer;
use super::super::super::state::rows::{Action, Peer, Status};
use super::super::super::state::tl::Tl;
use super::super::super::view::bare_peer;
use super::super::super::{RpcError, error};
use super::super::method;
use super::channel;
use super::members::participant;

pub(crate) const METHODS: &[Method] = &[
    method("channels.editAdmin", Access::Home, edit_admin),
    method("channels.editBanned", Access::Home, edit_banned),
    method("messages.editChatAdmin", Access::Home, edit_chat_admin),
    method("messages.editChatDefaultBannedRights", Access::Home, edit_default),
];

/// The longest title of an administrator, in characters.
const MAX_RANK: usize = 16;
/// A ban for longer than this is for ever, and so is one for less than [`SHORTEST_BAN`], in seconds.
const LONGEST_BAN: i32 = 366 * 86_400;
const SHORTEST_BAN: i32 = 30;

fn edit_admin(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    let (me, date, peer) = (call.me, call.date(), Peer::Channel(id));
    call.world.check_right(me, peer, "add_admins")?;
    let user = call.world.input_user(me, call.object("user_id")?)?;
    let rights = call.object("admin_rights")?.clone();
    let given: Vec<&str> = set(&rights).collect();
    let rank = call.text("rank").trim().to_owned();
    if rank.chars().count() > MAX_RANK {
        return Err(error::ADMIN_RANK_INVALID);
    }
    if rank.chars().any(|char| char >= '\u{1f000}') {
        return Err(error::ADMIN_RANK_EMOJI_NOT_ALLOWED);
    }
    if given.iter().any(|right| !call.world.has_right(me, peer, right)) {
        return Err(error::RIGHT_FORBIDDEN);
    }
    let row = call.world.state.tables.members.get(&(id, user)).cloned().unwrap_or_default();
    let status = match row.status {
        Status::Creator if user == me && call.world.status(id, me) == Status::Creator => Status::Creator,
        Status::Creator => return Err(error::USER_CREATOR),
        Status::Banned => return Err(error::USER_KICKED),
        Status::Admin if row.promoted_by != me && call.world.status(id, me) != Status::Creator => return Err(error::CHAT_ADMIN_REQUIRED),
        Status::Left if given.is_empty() => return Err(error::USER_NOT_PARTICIPANT),
        _ if given.is_empty() => Status::Member,
        _ => Status::Admin,
    };
    let mut fanout = Fanout::default();
    call.world.set_member(&mut fanout, id, user, me, date, |member| {
        member.status = status;
        member.rights = (status == Status::Admin).then_some(Tl(rights));
        member.promoted_by = me;
        member.rank = if status.admin() { rank } else { String::new() };
        if status == Status::Admin {
            member.restricted = None;
        }
    });
    Ok(call.publish(fanout).into())
}

/// The names of the flags that are set.
fn set(rights: &Object) -> impl Iterator<Item = &str> {
    rights.fields.iter().filter(|(_, value)| value.as_bool() == Some(true)).map(|(name, _)| name.as_str())
}

fn edit_banned(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    let (me, date, peer) = (call.me, call.date(), Peer::Channel(id));
    call.world.check_right(me, peer, "ban_users")?;
    let user = participant(call)?;
    if user == me || call.world.status(id, user).admin() {
        return Err(error::USER_ADMIN_INVALID);
    }
    let rights = call.object("banned_rights")?.clone();
    let banned = rights.flag("view_messages");
    let restricted = set(&rights).next().is_some();
    let until = rights.int("until_date").unwrap_or_default();
    let lasts = (SHORTEST_BAN..=LONGEST_BAN).contains(&until.saturating_sub(date)) && restricted;
    let rights = rights.with("until_date", if lasts { until } else { i32::MAX });
    let before = call.world.status(id, user);
    let mut fanout = Fanout::default();
    if before.inside() && banned && call.world.is_megagroup(id) {
        call.world.post_action(&mut fanout, me, peer, Action::DeleteUser(user), date);
    }
    call.world.set_member(&mut fanout, id, user, me, date, |member| {
        member.status = match (banned, member.status) {
            (true, _) => Status::Banned,
            // Lifting a ban does not bring anybody back.
            (false, Status::Banned) => Status::Left,
            (false, status) => status,
        };
        member.restricted = restricted.then_some(Tl(rights));
        member.kicked_by = me;
    });
    if lasts {
        call.world.state.timers.insert((until, Timer::Ban(id, user)));
    }
    Ok(call.publish(fanout).into())
}

fn edit_chat_admin(call: &mut Call<'_>) -> Answer {
    let id = call.long("chat_id");
    let user = call.world.input_user(call.me, call.object("user_id")?)?;
    let admin = call.request.get("is_admin").and_then(Value::as_bool).unwrap_or_default();
    if !call.world.in_chat(id, call.me) {
        return Err(error::CHAT_ID_INVALID);
    }
    if call.world.chat(id)?.creator != call.me {
        return Err(error::CHAT_ADMIN_REQUIRED);
    }
    if !call.world.in_chat(id, user) {
        return Err(error::USER_NOT_PARTICIPANT);
    }
    if user == call.me {
        return Err(error::USER_CREATOR);
    }
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    call.world.change_chat(&mut fanout, id, user, me, date, |chat| {
        if let Some(member) = chat.members.iter_mut().find(|member| member.user == user) {
            member.admin = admin;
        }
    });
    call.publish_all(fanout);
    Ok(true.into())
}

fn edit_default(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    if let Peer::User(_) = peer {
        return Err(error::PEER_ID_INVALID);
    }
    call.world.check_right(call.me, peer, "ban_users")?;
    let rights = checked_default(call)?;
    if call.world.default_banned(peer) == rights {
        return Err(error::CHAT_NOT_MODIFIED);
    }
    let (members, version) = match peer {
        Peer::Chat(id) => {
            call.world.state.tables.chats.entry_of(&id, |chat| {
                chat.default_banned = Some(Tl(rights.clone()));
                chat.version += 1;
            });
            (call.world.chat_members(id), call.world.chat(id)?.version)
        }
        _ => {
            let id = peer.id();
            call.world.state.tables.channels.entry_of(&id, |channel| channel.default_banned = Some(Tl(rights.clone())));
            (call.world.channel_members(id).map(|(user, _)| user).collect(), 0)
        }
    };
    let update = Object::new("updateChatDefaultBannedRights")
        .with("peer", bare_peer(peer))
        .with("default_banned_rights", rights)
        .with("version", version);
    let mut fanout = Fanout::default();
    for member in members {
        fanout.tell(member, Update::Seq(update.clone()));
    }
    Ok(call.publish(fanout).into())
}

fn checked_default(call: &Call<'_>) -> Result<Object, RpcError> {
    let rights = call.object("banned_rights")?;
    if rights.flag("view_messages") {
        return Err(error::BANNED_RIGHTS_INVALID);
    }
    match rights.int("until_date") {
        Some(0 | i32::MAX) | None => Ok(rights.clone().with("until_date", i32::MAX)),
        Some(_) => Err(error::UNTIL_DATE_INVALID),
    }
}
