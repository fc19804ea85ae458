//! `updates.*`: what a client missed.

use quadruplex_tl_schema::{Object, Value};

use super::super::dispatch::{Access, Answer, Call, Method};
use super::super::fanout::Update;
use super::super::state::rows::{Entry, Event, Peer};
use super::super::view::{View, WithFlag};
use super::super::{World, error};
use super::method;

pub(crate) const METHODS: &[Method] = &[
    method("updates.getChannelDifference", Access::Home, channel_difference),
    method("updates.getDifference", Access::Home, difference),
    method("updates.getState", Access::Home, get_state),
];

/// How many messages come with `channelDifferenceTooLong`.
const TOO_LONG_MESSAGES: usize = 20;
/// How long a client that watches a channel should wait before it asks again, in seconds.
const POLL_SECONDS: i32 = 30;

fn get_state(call: &mut Call<'_>) -> Answer {
    Ok(state(call.world, call.me, call.date()).into())
}

/// The `updates.State` of an account.
pub(crate) fn state(world: &World, me: i64, date: i32) -> Object {
    let mailbox = world.mailbox(Peer::User(me));
    Object::new("updates.state")
        .with("pts", mailbox.pts)
        .with("qts", mailbox.qts)
        .with("date", date)
        .with("seq", mailbox.seq)
        .with("unread_count", world.unread_total(me))
}

fn difference(call: &mut Call<'_>) -> Answer {
    let (me, date) = (call.me, call.date());
    let owner = Peer::User(me);
    let mailbox = call.world.mailbox(owner);
    let (pts, qts) = (call.int("pts"), call.int("qts"));
    if pts == 0 {
        return Err(error::PERSISTENT_TIMESTAMP_EMPTY);
    }
    if pts < 0 || pts > mailbox.pts || qts < 0 || qts > mailbox.qts {
        return Err(error::PERSISTENT_TIMESTAMP_INVALID);
    }
    let total_limit = call.request.int("pts_total_limit").unwrap_or(i32::MAX).min(call.world.config.difference_limit);
    if mailbox.pts - pts > total_limit {
        return Ok(Object::new("updates.differenceTooLong").with("pts", mailbox.pts).into());
    }

    let slice =
        call.request.int("pts_limit").map_or(usize::MAX, |limit| limit.max(1) as usize).min(call.world.config.difference_slice.max(1));
    let entries = call.world.entries(owner, pts, slice);
    let reached = entries.last().map_or(mailbox.pts, |(pts, _)| *pts);
    let last = reached == mailbox.pts;
    let mut view = call.world.view(me, date);
    let (messages, mut others) = events(&mut view, owner, &entries);
    if last {
        others.extend(uncounted(&mut view, me, call.int("date"), qts));
        others.extend(channels(&mut view, me));
    }
    if last && entries.is_empty() && others.is_empty() {
        return Ok(Object::new("updates.differenceEmpty").with("date", date).with("seq", mailbox.seq).into());
    }
    let (name, field) = if last { ("updates.difference", "state") } else { ("updates.differenceSlice", "intermediate_state") };
    let state = state(call.world, me, date).with("pts", reached).with("qts", if last { mailbox.qts } else { qts });
    let object = Object::new(name).with("new_messages", messages).with("new_encrypted_messages", Value::Vector(Vec::new()));
    Ok(view.close(object.with("other_updates", others).with(field, state)).into())
}

/// Updates counted by `seq`, which the client asks for by date, and by `qts`.
fn uncounted(view: &mut View<'_>, me: i64, since: i32, qts: i32) -> Vec<Value> {
    let tables = &view.world.state.tables;
    let notes = tables.notes.range((me, i32::MIN)..=(me, i32::MAX)).filter(|(_, note)| note.date >= since).map(|(_, note)| note);
    let secrets = tables.secrets.range((me, qts + 1)..=(me, i32::MAX)).map(|(_, secret)| &secret.0);
    let updates: Vec<Update> = notes.chain(secrets).flat_map(|note| &note.updates).map(|update| Update::Plain(update.0.clone())).collect();
    updates.iter().map(|update| view.update(update).into()).collect()
}

/// Where the account's channels are. Telegram does not say which ones it names in a difference; naming all is always right: a
/// client that has missed something asks for the channel's difference, one that has not sees so by `pts`.
fn channels(view: &mut View<'_>, me: i64) -> Vec<Value> {
    let rows = view.world.conversations(me).into_iter();
    let updates: Vec<Update> = rows
        .filter(|row| matches!(row.peer, Peer::Channel(_)))
        .map(|row| (row.peer.id(), view.world.mailbox(row.peer).pts))
        .map(|(channel, pts)| Update::Plain(Object::new("updateChannelTooLong").with("channel_id", channel).with("pts", pts)))
        .collect();
    updates.iter().map(|update| view.update(update).into()).collect()
}

/// New messages apart from everything else, as differences have them.
fn events(view: &mut View<'_>, owner: Peer, entries: &[(i32, Entry)]) -> (Value, Vec<Value>) {
    let (mut messages, mut others) = (Vec::new(), Vec::new());
    for (pts, entry) in entries {
        match &entry.event {
            Event::New(id) => {
                let Some(message) = view.world.state.tables.messages.get(&(owner, *id)) else { continue };
                let visible = view.world.sees(view.viewer, message);
                if message.author == view.viewer && message.random_id != 0 {
                    others.push(view.update(&Update::Id { id: *id, random_id: message.random_id }).into());
                }
                if visible {
                    messages.push(view.message(owner, *id));
                }
            }
            Event::Edit(id) if !view.world.state.tables.messages.contains(&(owner, *id)) => {}
            event => {
                let update = Update::Event { owner, pts: *pts, count: entry.count, event: event.clone() };
                others.push(view.update(&update).into());
            }
        }
    }
    (messages.into_iter().collect(), others)
}

fn channel_difference(call: &mut Call<'_>) -> Answer {
    let channel = call.world.input_channel(call.me, call.object("channel")?)?;
    let (pts, limit) = (call.int("pts"), call.int("limit"));
    let owner = Peer::Channel(channel);
    let present = call.world.mailbox(owner).pts;
    if pts == 0 {
        return Err(error::PERSISTENT_TIMESTAMP_EMPTY);
    }
    if pts < 0 || pts > present {
        return Err(error::PERSISTENT_TIMESTAMP_INVALID);
    }
    if limit < 1 {
        return Err(error::LIMIT_INVALID);
    }
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(owner);
    if pts == present {
        let object = Object::new("updates.channelDifferenceEmpty").with("final", true).with("pts", pts).with("timeout", POLL_SECONDS);
        return Ok(object.into());
    }
    if present - pts > call.world.config.channel_difference_limit {
        let newest = call.world.state.history(owner, owner).iter().rev().copied().take(TOO_LONG_MESSAGES);
        let messages = view.messages(owner, newest);
        let object = Object::new("updates.channelDifferenceTooLong").with("final", true).with("timeout", POLL_SECONDS);
        let dialog = view.dialog(owner);
        return Ok(view.close(object.with("dialog", dialog).with("messages", messages)).into());
    }
    let entries = call.world.entries(owner, pts, (limit as usize).min(call.world.config.difference_slice.max(1)));
    let reached = entries.last().map_or(present, |(pts, _)| *pts);
    let (messages, others) = events(&mut view, owner, &entries);
    let object = Object::new("updates.channelDifference")
        .with_flag("final", reached == present)
        .with("pts", reached)
        .with("timeout", POLL_SECONDS)
        .with("new_messages", messages)
        .with("other_updates", others);
    Ok(view.close(object).into())
}

impl World {
    /// The events of a box after `pts`, at most `limit` of them.
    fn entries(&self, owner: Peer, pts: i32, limit: usize) -> Vec<(i32, Entry)> {
        let log = self.state.tables.events.range((owner, pts.saturating_add(1))..=(owner, i32::MAX));
        log.take(limit).map(|((_, pts), entry)| (*pts, entry.clone())).collect()
    }
}
