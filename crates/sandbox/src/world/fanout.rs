//! Who has to hear what: updates are collected for each account while a request is executed, and published at its end.

use std::collections::BTreeMap;

use quadruplex_tl_schema::{Object, Value};

use super::dispatch::Call;
use super::state::rows::{Event, Peer};
use super::{Caller, Push, World};

/// Something that an account has to hear.
#[derive(Clone, Debug)]
pub(crate) enum Update {
    /// An event that is in the log of a box.
    Event { owner: Peer, pts: i32, count: i32, event: Event },
    /// Which message a random id has become; only the sender's session gets it live.
    Id { id: i32, random_id: i64 },
    /// Something that is neither counted nor kept, such as typing.
    Plain(Object),
    /// Something that is counted by `seq`.
    Seq(Object),
    /// Something that is counted by `qts` and in its log already.
    Qts(Object),
}

/// The updates of one request, for each account in order.
#[derive(Debug, Default)]
pub(crate) struct Fanout {
    accounts: BTreeMap<i64, Vec<Update>>,
}

impl Fanout {
    /// Tells an account.
    pub(crate) fn tell(&mut self, account: i64, update: Update) {
        self.accounts.entry(account).or_default().push(update);
    }
}

impl World {
    /// Logs an event and tells everybody whose box it is in.
    pub(crate) fn happen(&mut self, fanout: &mut Fanout, owner: Peer, count: i32, event: Event) -> i32 {
        let pts = self.log(owner, count, event.clone());
        let update = Update::Event { owner, pts, count, event };
        match owner {
            Peer::Channel(id) => {
                for member in self.channel_audience(id, &update) {
                    fanout.tell(member, update.clone());
                }
            }
            Peer::User(account) | Peer::Chat(account) => fanout.tell(account, update),
        }
        pts
    }

    /// Sends the updates to all sessions but that of the caller, whose `Updates` are returned.
    fn publish(&mut self, mut fanout: Fanout, date: i32, caller: Option<(i64, &Caller)>) -> Object {
        let me = caller.map(|(me, _)| me);
        let mut answer = None;
        if let Some(me) = me {
            fanout.accounts.entry(me).or_default();
        }
        for (account, updates) in fanout.accounts {
            let mine = me == Some(account);
            let keys: Vec<u64> = self.live_keys(account).collect();
            let noted: Vec<Object> =
                updates.iter().filter_map(|update| if let Update::Seq(object) = update { Some(object.clone()) } else { None }).collect();
            let seq = if noted.is_empty() { 0 } else { self.log_seq(account, date, noted) };
            if mine {
                answer = Some(self.updates_object(account, &updates, seq, date));
            }
            let updates: Vec<Update> = updates.into_iter().filter(|update| !matches!(update, Update::Id { .. })).collect();
            if updates.is_empty() || keys.is_empty() {
                continue;
            }
            let short = self.view(account, date).short(&updates);
            let update = Value::from(short.unwrap_or_else(|| self.updates_object(account, &updates, seq, date)));
            for key in keys {
                let except_session = caller.filter(|(_, caller)| mine && caller.auth_key_id == key).map(|(_, caller)| caller.session_id);
                self.pushes.push(Push { auth_key_id: key, except_session, update: update.clone() });
            }
        }
        answer.unwrap_or_else(|| Object::new("updatesTooLong"))
    }

    fn updates_object(&self, account: i64, updates: &[Update], seq: i32, date: i32) -> Object {
        let mut view = self.view(account, date);
        let list: Value = match updates {
            [Update::Plain(object)] if is_fleeting(object) => {
                let update = view.update(&updates[0]);
                return Object::new("updateShort").with("update", update).with("date", date);
            }
            _ => updates.iter().map(|update| view.update(update)).collect(),
        };
        view.close(Object::new("updates").with("updates", list).with("date", date).with("seq", seq))
    }

    /// The keys with which an account is signed in at home: those that get updates.
    pub(crate) fn live_keys(&self, account: i64) -> impl Iterator<Item = u64> {
        let home = self.state.tables.users.get(&account).map_or(0, |user| user.dc);
        self.state.keys_of(account).filter(move |(_, login)| login.dc == home && login.parent.is_none()).map(|(key, _)| key)
    }

    /// Publishes updates that no request has caused.
    pub(crate) fn publish_all(&mut self, fanout: Fanout, date: i32) {
        self.publish(fanout, date, None);
    }
}

impl Call<'_> {
    /// Publishes the updates; the caller's own come back as an `Updates`.
    pub(crate) fn publish(&mut self, fanout: Fanout) -> Object {
        let date = self.date();
        self.world.publish(fanout, date, Some((self.me, self.caller)))
    }

    /// Publishes the updates to every session, that of the caller too: for methods that do not answer with `Updates`.
    pub(crate) fn publish_all(&mut self, fanout: Fanout) {
        let date = self.date();
        self.world.publish_all(fanout, date);
    }
}

/// Whether an update is one of those that come without users and chats.
fn is_fleeting(update: &Object) -> bool {
    ["updateUserTyping", "updateChatUserTyping", "updateChannelUserTyping", "updateUserStatus"].iter().any(|name| update.is(name))
}
