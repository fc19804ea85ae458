//! `channels.*`: supergroups and channels.

mod members;
mod rights;

use quadruplex_tl_schema::Object;

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::fanout::{Fanout, Update};
use super::super::state::rows::{Action, Peer, Status};
use super::super::view::WithFlag;
use super::super::{RpcError, error};
use super::messages::chats::checked_title;
use super::messages::history::channel_messages;
use super::{messages, method};

pub(crate) use self::members::{METHODS as MEMBERS, joined};
pub(crate) use self::rights::METHODS as RIGHTS;

pub(crate) const METHODS: &[Method] = &[
    method("channels.checkUsername", Access::Home, check_username),
    method("channels.createChannel", Access::Home, create),
    method("channels.deleteChannel", Access::Home, delete),
    method("channels.deleteHistory", Access::Home, delete_history),
    method("channels.deleteMessages", Access::Home, delete_messages),
    method("channels.editTitle", Access::Home, edit_title),
    method("channels.getChannels", Access::Home, get_channels),
    method("channels.getFullChannel", Access::Home, full_channel),
    method("channels.getMessages", Access::Home, |call| channel_messages(call, channel(call)?)),
    method("channels.getSendAs", Access::Home, send_as),
    method("channels.readHistory", Access::Home, read_history),
    method("channels.readMessageContents", Access::Home, |call| channel(call).map(|_| true.into())),
    method("channels.toggleSignatures", Access::Home, toggle_signatures),
    method("channels.toggleSlowMode", Access::Home, toggle_slow_mode),
    method("channels.updateUsername", Access::Home, update_username),
];

const MAX_ABOUT: usize = 255;

/// The channel of the field `channel`, if the caller may look at it.
fn channel(call: &Call<'_>) -> Result<i64, RpcError> {
    call.world.input_channel(call.me, call.object("channel")?)
}

/// The channel of the field `channel`, if the caller may do there what takes a right.
fn administered(call: &Call<'_>, right: &str) -> Result<i64, RpcError> {
    let id = channel(call)?;
    call.world.check_may(call.me, Peer::Channel(id), right)?;
    Ok(id)
}

fn create(call: &mut Call<'_>) -> Answer {
    let title = checked_title(call)?;
    let about = call.text("about");
    if about.chars().count() > MAX_ABOUT {
        return Err(error::CHAT_ABOUT_TOO_LONG);
    }
    let (me, date) = (call.me, call.date());
    let megagroup = call.flag("megagroup") || !call.flag("broadcast");
    let id = call.world.make_channel(me, &title, about, megagroup, date);
    let mut fanout = Fanout::default();
    fanout.tell(me, Update::Seq(Object::new("updateChannel").with("channel_id", id)));
    call.world.post_action(&mut fanout, me, Peer::Channel(id), Action::ChannelCreate { title }, date);
    Ok(call.publish(fanout).into())
}

fn delete(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    let row = call.world.channel(id)?.clone();
    if row.creator != call.me {
        return Err(error::CHAT_ADMIN_REQUIRED);
    }
    call.world.set_username(Peer::Channel(id), row.username, None)?;
    call.world.state.tables.channels.entry_of(&id, |channel| {
        channel.deleted = true;
        channel.username = None;
    });
    tell_changed(call, id)
}

/// Tells every member that something about the channel has changed.
fn tell_changed(call: &mut Call<'_>, id: i64) -> Answer {
    let members: Vec<i64> = call.world.channel_members(id).map(|(user, _)| user).collect();
    let mut fanout = Fanout::default();
    for member in members {
        fanout.tell(member, Update::Seq(Object::new("updateChannel").with("channel_id", id)));
    }
    Ok(call.publish(fanout).into())
}

fn edit_title(call: &mut Call<'_>) -> Answer {
    let (id, title) = (administered(call, "change_info")?, checked_title(call)?);
    if call.world.channel(id)?.title == title {
        return Err(error::CHAT_NOT_MODIFIED);
    }
    call.world.state.tables.channels.entry_of(&id, |channel| channel.title.clone_from(&title));
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    call.world.post_action(&mut fanout, me, Peer::Channel(id), Action::Title(title), date);
    Ok(call.publish(fanout).into())
}

fn toggle_signatures(call: &mut Call<'_>) -> Answer {
    let (id, enabled) = (administered(call, "change_info")?, call.flag("signatures_enabled"));
    if call.world.channel(id)?.signatures == enabled {
        return Err(error::CHAT_NOT_MODIFIED);
    }
    call.world.state.tables.channels.entry_of(&id, |channel| channel.signatures = enabled);
    tell_changed(call, id)
}

fn toggle_slow_mode(call: &mut Call<'_>) -> Answer {
    let (id, seconds) = (administered(call, "ban_users")?, call.int("seconds"));
    if !matches!(seconds, 0 | 5 | 10 | 30 | 60 | 300 | 900 | 3600) {
        return Err(error::SECONDS_INVALID);
    }
    let slow_mode = Some(seconds).filter(|seconds| *seconds > 0);
    if call.world.channel(id)?.slow_mode == slow_mode {
        return Err(error::CHAT_NOT_MODIFIED);
    }
    call.world.state.tables.channels.entry_of(&id, |channel| channel.slow_mode = slow_mode);
    tell_changed(call, id)
}

fn check_username(call: &mut Call<'_>) -> Answer {
    let name = call.text("username");
    super::super::accounts::check_username(name)?;
    Ok(call.world.by_username(name).is_none().into())
}

fn update_username(call: &mut Call<'_>) -> Answer {
    let id = administered(call, "change_info")?;
    let name = Some(call.text("username")).filter(|name| !name.is_empty());
    let old = call.world.channel(id)?.username.clone();
    if old.as_deref() == name {
        return Err(error::USERNAME_NOT_MODIFIED);
    }
    call.world.set_username(Peer::Channel(id), old, name)?;
    call.world.state.tables.channels.entry_of(&id, |channel| channel.username = name.map(str::to_owned));
    tell_changed(call, id)?;
    Ok(true.into())
}

fn get_channels(call: &mut Call<'_>) -> Answer {
    let view = call.world.view(call.me, call.date());
    let mut chats = Vec::new();
    for input in call.request.objects("id") {
        chats.push(view.channel(call.world.named_channel(call.me, input)?));
    }
    Ok(Object::new("messages.chats").with("chats", chats).into())
}

fn full_channel(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    let row = call.world.channel(id)?.clone();
    let status = call.world.status(id, call.me);
    let peer = Peer::Channel(id);
    let admins = call.world.channel_members(id).filter(|(_, member)| member.status.admin()).count();
    let dialog = call.world.state.tables.dialogs.get(&(call.me, peer)).cloned().unwrap_or_default();
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(peer);
    let full = Object::new("channelFull")
        .with("id", id)
        .with_flag("can_view_participants", row.megagroup || status.admin())
        .with_flag("can_set_username", status == Status::Creator)
        .with_flag("can_delete_channel", status == Status::Creator)
        .with("about", row.about.as_str())
        .with("participants_count", call.world.member_count(id) as i32)
        .with_some("admins_count", status.admin().then_some(admins as i32))
        .with("read_inbox_max_id", dialog.read_inbox)
        .with("read_outbox_max_id", dialog.read_outbox)
        .with("unread_count", call.world.unread(call.me, peer))
        .with("chat_photo", view.photo(row.photo.unwrap_or(0)))
        .with("notify_settings", Object::new("peerNotifySettings"))
        .with("bot_info", call.world.group_bots(peer, call.me, &call.caller.lang_code))
        .with_some("exported_invite", call.world.primary(peer, call.me).map(|hash| view.invite(&hash)))
        .with_some("migrated_from_chat_id", row.migrated_from)
        .with_some("migrated_from_max_id", row.migrated_from.map(|_| 0))
        .with_some("pinned_msg_id", messages::pin::newest_pin(call.world, call.me, peer))
        .with_some("slowmode_seconds", row.slow_mode)
        .with("pts", call.world.mailbox(peer).pts);
    Ok(view.close(Object::new("messages.chatFull").with("full_chat", full)).into())
}

fn read_history(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    let mut fanout = Fanout::default();
    call.world.read_up_to(&mut fanout, call.me, Peer::Channel(id), call.int("max_id"));
    call.publish_all(fanout);
    Ok(true.into())
}

fn delete_messages(call: &mut Call<'_>) -> Answer {
    let (id, ids) = (channel(call)?, call.ints("id"));
    if ids.is_empty() {
        return Err(error::MESSAGE_IDS_EMPTY);
    }
    let owner = Peer::Channel(id);
    let admin = call.world.has_right(call.me, owner, "delete_messages");
    let mut doomed = Vec::new();
    for id in ids {
        match call.world.state.tables.messages.get(&(owner, id)) {
            Some(message) if admin || message.author == call.me => doomed.push((owner, id)),
            Some(_) => return Err(error::MESSAGE_DELETE_FORBIDDEN),
            None => {}
        }
    }
    let mut fanout = Fanout::default();
    let (pts, count) = call.world.remove(&mut fanout, owner, &doomed);
    call.publish(fanout);
    Ok(Object::new("messages.affectedMessages").with("pts", pts).with("pts_count", count).into())
}

fn delete_history(call: &mut Call<'_>) -> Answer {
    let id = channel(call)?;
    if call.flag("for_everyone") {
        administered(call, "delete_messages")?;
        let owner = Peer::Channel(id);
        let max_id = if call.int("max_id") <= 0 { i32::MAX } else { call.int("max_id") };
        let doomed: Vec<(Peer, i32)> = call.world.state.history(owner, owner).range(..=max_id).map(|id| (owner, *id)).collect();
        let mut fanout = Fanout::default();
        call.world.remove(&mut fanout, owner, &doomed);
        return Ok(call.publish(fanout).into());
    }
    // For oneself alone there is nothing to delete in a channel but what one has not read.
    let mut fanout = Fanout::default();
    call.world.read_up_to(&mut fanout, call.me, Peer::Channel(id), call.int("max_id"));
    Ok(call.publish(fanout).into())
}

fn send_as(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(peer);
    let me = Object::new("sendAsPeer").with("peer", view.peer(Peer::User(call.me)));
    Ok(view.close(Object::new("channels.sendAsPeers").with("peers", vec![me])).into())
}
