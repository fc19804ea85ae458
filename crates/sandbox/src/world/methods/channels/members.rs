//! Who is in a channel.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::Fanout;
use super::super::super::state::rows::{Action, Peer, Status};
use super::super::super::{RpcError, error};
use super::super::messages::chats::{invited, named_users};
use super::super::method;
use super::channel;

pub(crate) const METHODS: &[Method] = &[
    method("channels.getParticipant", Access::Home, get_participant),
    method("channels.getParticipants", Access::Home, get_participants),
    method("channels.inviteToChannel", Access::Home, invite),
    method("channels.joinChannel", Access::Home, join_channel),
    method("channels.leaveChannel", Access::Home, leave),
];

/// The most members of one answer.
const MAX_LIMIT: i32 = 200;

fn join_channel(call: &mut Call<'_>) -> Answer {
    let id = call.world.named_channel(call.me, call.object("channel")?)?;
    let public = call.world.channel(id)?.username.is_some();
    match call.world.status(id, call.me) {
        Status::Banned => Err(error::CHANNEL_PRIVATE),
        Status::Left if public => join(call, id),
        Status::Left => Err(error::CHANNEL_PRIVATE),
        Status::Member | Status::Admin | Status::Creator => Err(error::USER_ALREADY_PARTICIPANT),
    }
}

/// Lets the caller into a public channel.
fn join(call: &mut Call<'_>, id: i64) -> Answer {
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    call.world.set_member(&mut fanout, id, me, me, date, |member| member.status = Status::Member);
    if call.world.is_megagroup(id) {
        call.world.post_action(&mut fanout, me, Peer::Channel(id), Action::AddUsers(vec![me]), date);
    }
    Ok(joined(call.publish(fanout)))
}

/// `messages.chatInviteJoinResultOk`
pub(crate) fn joined(updates: Object) -> Value {
    Object::new("messages.chatInviteJoinResultOk").with("updates", updates).into()
}

fn leave(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    match call.world.status(id, call.me) {
        Status::Creator => return Err(error::USER_CREATOR),
        Status::Left | Status::Banned => return Err(error::USER_NOT_PARTICIPANT),
        Status::Member | Status::Admin => {}
    }
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    if call.world.is_megagroup(id) {
        call.world.post_action(&mut fanout, me, Peer::Channel(id), Action::DeleteUser(me), date);
    }
    call.world.set_member(&mut fanout, id, me, me, date, |member| member.status = Status::Left);
    Ok(call.publish(fanout).into())
}

fn invite(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    let users = named_users(call, "users")?;
    call.world.check_may(call.me, Peer::Channel(id), "invite_users")?;
    if users.iter().any(|user| call.world.status(id, *user) == Status::Banned) {
        return Err(error::USER_KICKED);
    }
    if !call.world.is_megagroup(id) && users.iter().any(|user| call.world.is_bot(*user)) {
        return Err(error::USER_BOT);
    }
    let (me, date) = (call.me, call.date());
    let new: Vec<i64> = users.into_iter().filter(|user| !call.world.status(id, *user).inside()).collect();
    let mut fanout = Fanout::default();
    for user in &new {
        call.world.set_member(&mut fanout, id, *user, me, date, |member| member.status = Status::Member);
    }
    if call.world.is_megagroup(id) && !new.is_empty() {
        call.world.post_action(&mut fanout, me, Peer::Channel(id), Action::AddUsers(new), date);
    }
    Ok(invited(call.publish(fanout)))
}

fn get_participants(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    if !call.world.is_megagroup(id) && !call.world.status(id, call.me).admin() {
        return Err(error::CHAT_ADMIN_REQUIRED);
    }
    let filter = call.object("filter")?;
    let wanted = filter.string("q").unwrap_or_default().to_lowercase();
    let contacts = call.world.contacts_of(call.me);
    let named = |user: i64| {
        let Ok(user) = call.world.user(user) else { return false };
        let name = format!("{} {} {}", user.first_name, user.last_name, user.username.as_deref().unwrap_or_default());
        name.to_lowercase().contains(&wanted)
    };
    let rows = call.world.state.tables.members.range((id, i64::MIN)..=(id, i64::MAX));
    let users: Vec<i64> = rows
        .filter(|((_, user), member)| {
            named(*user)
                && match filter.name.as_str() {
                    "channelParticipantsAdmins" => member.status.admin(),
                    "channelParticipantsBots" => member.status.inside() && call.world.is_bot(*user),
                    "channelParticipantsKicked" => member.status == Status::Banned,
                    "channelParticipantsBanned" => member.status == Status::Member && member.restricted.is_some(),
                    "channelParticipantsContacts" => member.status.inside() && contacts.contains(user),
                    _ => member.status.inside(),
                }
        })
        .map(|((_, user), _)| *user)
        .collect();
    let (offset, limit) = (call.int("offset").max(0) as usize, call.int("limit").clamp(0, MAX_LIMIT) as usize);
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(Peer::Channel(id));
    let page: Value = users.iter().skip(offset).take(limit).map(|user| view.participant(id, *user)).collect();
    let object = Object::new("channels.channelParticipants").with("count", users.len() as i32).with("participants", page);
    Ok(view.close(object).into())
}

fn get_participant(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    let user = participant(call)?;
    if call.world.status(id, user) == Status::Left {
        return Err(error::USER_NOT_PARTICIPANT);
    }
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(Peer::Channel(id));
    let participant = view.participant(id, user);
    Ok(view.close(Object::new("channels.channelParticipant").with("participant", participant)).into())
}

/// The user of the field `participant`.
pub(crate) fn participant(call: &Call<'_>) -> Result<i64, RpcError> {
    match call.world.input_peer(call.me, call.object("participant")?) {
        Ok(Peer::User(user)) => Ok(user),
        _ => Err(error::PARTICIPANT_ID_INVALID),
    }
}
