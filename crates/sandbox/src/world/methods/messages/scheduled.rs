//! Messages that are sent later: <https://core.telegram.org/api/scheduled-messages>.

use quadruplex_tl_schema::{Object, Value};

use super::super::super::dispatch::{Access, Answer, Call, Method};
use super::super::super::fanout::{Fanout, Update};
use super::super::super::state::Timer;
use super::super::super::state::rows::{Content, Message, Peer, Scheduled, Sent};
use super::super::super::view::{View, bare_peer};
use super::super::super::{RpcError, World, error};
use super::super::method;
use super::edit::edited;

pub(crate) const METHODS: &[Method] = &[
    method("messages.deleteScheduledMessages", Access::Home, delete),
    method("messages.getScheduledHistory", Access::Home, history),
    method("messages.getScheduledMessages", Access::Home, get),
    method("messages.sendScheduledMessages", Access::Home, send_now),
];

/// The most messages that wait in one conversation.
const MAX_WAITING: usize = 100;
/// What is due sooner is sent at once, in seconds.
const SOON: i32 = 10;
/// The furthest that can be planned, in seconds.
const LATEST: i32 = 366 * 86_400;
/// Stands for the moment when the other one comes online, which nobody does here.
const WHEN_ONLINE: i32 = 0x7fff_fffe;

/// When the request wants its message sent; `None` for now.
pub(crate) fn due(call: &Call<'_>, peer: Peer, count: usize) -> Result<Option<i32>, RpcError> {
    let Some(due) = call.request.int("schedule_date").filter(|due| *due != 0) else { return Ok(None) };
    match due.saturating_sub(call.date()) {
        _ if call.world.is_bot(call.me) => Err(error::SCHEDULE_BOT_NOT_ALLOWED),
        _ if due == WHEN_ONLINE => Err(error::SCHEDULE_STATUS_PRIVATE),
        LATEST.. => Err(error::SCHEDULE_DATE_TOO_LATE),
        ..SOON => Ok(None),
        _ if call.world.scheduled_in(call.me, peer).count() + count > MAX_WAITING => Err(error::SCHEDULE_TOO_MUCH),
        _ => Ok(Some(due)),
    }
}

/// Keeps messages until they are due, and answers with the caller's updates.
pub(crate) fn keep(call: &mut Call<'_>, peer: Peer, contents: Vec<(Content, i64)>, due: i32) -> (Vec<i32>, Object) {
    let me = call.me;
    let mut fanout = Fanout::default();
    let mut ids = Vec::new();
    for (content, random_id) in contents {
        let meta = call.world.state.meta();
        meta.scheduled += 1;
        let id = meta.scheduled;
        let content = Content { from_scheduled: true, ..content };
        call.world.state.tables.sent.insert((me, random_id), Sent { owner: Peer::User(me), id, scheduled: true });
        call.world.state.tables.scheduled.insert((me, id), Scheduled { peer, due, content, random_id });
        call.world.state.timers.insert((due, Timer::Scheduled(me, id)));
        fanout.tell(me, Update::Id { id, random_id });
        fanout.tell(me, Update::Plain(new_scheduled(call, id)));
        ids.push(id);
    }
    (ids, call.publish(fanout))
}

/// `updateNewScheduledMessage`
pub(crate) fn new_scheduled(call: &Call<'_>, id: i32) -> Object {
    let message = call.world.view(call.me, call.date()).scheduled(id);
    Object::new("updateNewScheduledMessage").with("message", message)
}

/// Changes a message that is not sent yet, or when it will be.
pub(crate) fn edit(call: &mut Call<'_>, peer: Peer, id: i32) -> Answer {
    let key = (call.me, id);
    let row = call.world.state.tables.scheduled.get(&key).filter(|row| row.peer == peer).cloned().ok_or(error::MESSAGE_ID_INVALID)?;
    let due = due(call, peer, 0)?.ok_or(error::SCHEDULE_DATE_INVALID)?;
    let content = edited(call, peer, &row.content)?;
    if content == row.content && due == row.due {
        return Err(error::MESSAGE_NOT_MODIFIED);
    }
    call.world.state.timers.remove(&(row.due, Timer::Scheduled(call.me, id)));
    call.world.state.timers.insert((due, Timer::Scheduled(call.me, id)));
    call.world.state.tables.scheduled.insert(key, Scheduled { due, content, ..row });
    let mut fanout = Fanout::default();
    fanout.tell(call.me, Update::Plain(new_scheduled(call, id)));
    Ok(call.publish(fanout).into())
}

fn history(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let mut rows: Vec<(i32, i32)> = call.world.scheduled_in(call.me, peer).map(|(id, row)| (row.due, id)).collect();
    rows.sort_unstable();
    let ids: Vec<i32> = rows.into_iter().rev().map(|(_, id)| id).collect();
    Ok(listed(call, peer, &ids))
}

fn get(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let ids = named(call, peer);
    Ok(listed(call, peer, &ids))
}

fn listed(call: &Call<'_>, peer: Peer, ids: &[i32]) -> Value {
    let mut view = call.world.view(call.me, call.date());
    view.mentioned.insert(peer);
    let messages: Value = ids.iter().map(|id| view.scheduled(*id)).collect();
    view.close(Object::new("messages.messages").with("messages", messages).with("topics", Value::Vector(Vec::new()))).into()
}

/// The waiting messages of the conversation that the request names.
fn named(call: &Call<'_>, peer: Peer) -> Vec<i32> {
    let there = |id: &i32| call.world.state.tables.scheduled.get(&(call.me, *id)).is_some_and(|row| row.peer == peer);
    call.ints("id").into_iter().filter(there).collect()
}

fn delete(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let ids = named(call, peer);
    for id in &ids {
        call.world.forget_scheduled(call.me, *id);
    }
    let mut fanout = Fanout::default();
    fanout.tell(call.me, Update::Plain(gone(peer, ids, None)));
    Ok(call.publish(fanout).into())
}

fn send_now(call: &mut Call<'_>) -> Answer {
    let peer = call.world.input_peer(call.me, call.object("peer")?)?;
    let ids = named(call, peer);
    if ids.is_empty() {
        return Err(error::MESSAGE_ID_INVALID);
    }
    let (me, date) = (call.me, call.date());
    let mut fanout = Fanout::default();
    for id in ids {
        call.world.send_scheduled(&mut fanout, me, id, date);
    }
    Ok(call.publish(fanout).into())
}

/// `updateDeleteScheduledMessages`
fn gone(peer: Peer, ids: Vec<i32>, sent: Option<Vec<i32>>) -> Object {
    Object::new("updateDeleteScheduledMessages").with("peer", bare_peer(peer)).with("messages", ids).with_some("sent_messages", sent)
}

impl World {
    /// The messages of an account that wait in a conversation.
    fn scheduled_in(&self, me: i64, peer: Peer) -> impl Iterator<Item = (i32, &Scheduled)> {
        let mine = self.state.tables.scheduled.range((me, i32::MIN)..=(me, i32::MAX));
        mine.filter(move |(_, row)| row.peer == peer).map(|((_, id), row)| (*id, row))
    }

    fn forget_scheduled(&mut self, me: i64, id: i32) -> Option<Scheduled> {
        let row = self.state.tables.scheduled.remove(&(me, id))?;
        self.state.timers.remove(&(row.due, Timer::Scheduled(me, id)));
        Some(row)
    }

    /// Sends what was kept, if its author may still write there.
    pub(crate) fn send_scheduled(&mut self, fanout: &mut Fanout, me: i64, id: i32, date: i32) {
        let Some(row) = self.forget_scheduled(me, id) else { return };
        let may = self.may_write(me, row.peer, date).and_then(|()| self.may_send(me, row.peer, &row.content));
        let sent = may.is_ok().then(|| self.post(fanout, me, row.peer, row.content, row.random_id, date));
        fanout.tell(me, Update::Plain(gone(row.peer, vec![id], sent.map(|sent| vec![sent]))));
    }
}

impl View<'_> {
    /// A message that is not sent yet; `messageEmpty` if there is none.
    pub(crate) fn scheduled(&mut self, id: i32) -> Object {
        let Some(row) = self.world.state.tables.scheduled.get(&(self.viewer, id)) else {
            return Object::new("messageEmpty").with("id", id);
        };
        let message = Message {
            peer: row.peer,
            author: self.viewer,
            date: row.due,
            content: row.content.clone(),
            edited: None,
            pinned: false,
            views: None,
            media_unread: false,
            mentioned: false,
            twin: 0,
            random_id: 0,
        };
        self.message_row(id, &message)
    }
}
