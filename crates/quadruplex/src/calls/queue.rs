//! Queues of calls: the server executes them in the order in which they took their places.
//!
//! A call that is sent while the one before it is on its way names that one's message (`invokeAfterMsg`), so that a whole queue travels
//! in one packet. Where the server cannot know of the one before, because it goes over another connection or is not on its way at
//! all, the call waits here.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use quadruplex_net::{Connection, Ticket};
use tokio::sync::Notify;

use crate::Error;
use crate::client::lock;
use crate::cluster::{Link, Reserved};

/// What a call does when the one before it in its queue has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AfterFailure {
    /// It is made all the same.
    #[default]
    Continue,
    /// It fails without being made, and with it whoever comes after it and stops too.
    Stop,
    /// It fails without being made; those after it are made.
    Skip,
}

/// The queue of a call, if it is in one, and what it does after a failure.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub(crate) name: Option<Arc<str>>,
    pub(crate) after_failure: Option<AfterFailure>,
    /// The error with which the call has done its work.
    pub(crate) forgives: Option<&'static str>,
}

impl Line {
    /// What is not said is said by another.
    pub(crate) fn or(&mut self, other: &Self) {
        if self.name.is_none() {
            self.name.clone_from(&other.name);
        }
        self.after_failure = self.after_failure.or(other.after_failure);
    }
}

/// The queues of a client. A queue exists as long as somebody is in it.
#[derive(Debug, Default)]
pub(crate) struct Queues {
    names: Mutex<HashMap<Arc<str>, Places>>,
    /// Whoever holds the account has them.
    far: Option<Arc<Link>>,
}

#[derive(Debug, Default)]
struct Places {
    next: u64,
    places: BTreeMap<u64, Entry>,
}

#[derive(Debug)]
struct Entry {
    /// Where its call is on its way.
    sent: Option<(Connection, Ticket)>,
    /// The call of one that stood before it and has gone away while its call was on its way.
    left_by: Option<(Connection, Ticket)>,
    before_failed: bool,
    /// Told when something has changed before it.
    changed: Arc<Notify>,
}

/// A place in a queue. Whoever comes after it waits until it is given up.
#[derive(Debug)]
pub(crate) struct Place {
    queues: Arc<Queues>,
    name: Arc<str>,
    after_failure: AfterFailure,
    forgives: Option<Cow<'static, str>>,
    number: u64,
    changed: Arc<Notify>,
    given_up: bool,
    far: Option<Reserved>,
}

/// When it is the turn of a call.
enum Turn {
    /// Now; on the server after this one.
    Now(Option<Ticket>),
    /// Later.
    Later,
    /// Never: the one before has failed.
    Never,
}

impl Queues {
    /// Those of an account that is held elsewhere.
    pub(crate) fn far(link: &Arc<Link>) -> Self {
        Self { far: Some(Arc::clone(link)), ..Self::default() }
    }

    /// Takes the last place. With the error `forgives` a call has done its work.
    pub(crate) fn join(self: &Arc<Self>, name: Arc<str>, after_failure: AfterFailure, forgives: Option<Cow<'static, str>>) -> Place {
        if let Some(link) = &self.far {
            let far = Some(link.join(&name, after_failure, forgives.as_deref()));
            return Place { queues: self.clone(), name, after_failure, forgives, number: 0, changed: Arc::default(), given_up: true, far };
        }
        let mut table = lock(&self.names);
        let places = table.entry(name.clone()).or_default();
        let number = places.next;
        places.next += 1;
        let changed = Arc::new(Notify::new());
        places.places.insert(number, Entry { sent: None, left_by: None, before_failed: false, changed: changed.clone() });
        drop(table);
        Place { queues: self.clone(), name, after_failure, forgives, number, changed, given_up: false, far: None }
    }

    /// The queues by name, with how many are in each.
    pub(crate) fn list(&self) -> Vec<(Arc<str>, usize)> {
        let mut list: Vec<_> = lock(&self.names).iter().map(|(name, places)| (name.clone(), places.places.len())).collect();
        list.sort();
        list
    }
}

impl Place {
    /// The place that is kept elsewhere.
    pub(crate) fn reserved(&mut self) -> Option<&mut Reserved> {
        self.far.as_mut()
    }

    /// Whether the call has failed for those that come after it: neither who was skipped has, nor what Telegram has done already.
    pub(crate) fn is_failure(&self, error: &Error) -> bool {
        match error {
            Error::Queue { stopped, .. } => *stopped,
            error => !error.is("RANDOM_ID_DUPLICATE") && !self.forgives.as_deref().is_some_and(|name| error.is(name)),
        }
    }

    pub(crate) fn queue(&self) -> &str {
        &self.name
    }

    pub(crate) fn after_failure(&self) -> AfterFailure {
        self.after_failure
    }

    /// Waits until the call may be sent over a connection, and says after which other. `refused` is the one with which the server
    /// has refused it before. `None` if the one before has failed and the call is not to be made.
    ///
    /// # Cancel safety
    /// Changes nothing.
    pub(crate) async fn turn(&self, connection: &Connection, refused: Option<&Ticket>) -> Option<Option<Ticket>> {
        loop {
            match self.look(connection, refused) {
                Turn::Now(after) => return Some(after),
                Turn::Never => return None,
                Turn::Later => self.changed.notified().await,
            }
        }
    }

    fn look(&self, connection: &Connection, refused: Option<&Ticket>) -> Turn {
        let mut table = lock(&self.queues.names);
        let Some(places) = table.get_mut(&self.name).map(|places| &mut places.places) else { return Turn::Now(None) };
        let usable = |sent: &(Connection, Ticket)| (sent.0.is(connection) && refused != Some(&sent.1)).then(|| sent.1.clone());
        if let Some(entry) = places.get_mut(&self.number) {
            if entry.before_failed && self.after_failure != AfterFailure::Continue {
                return Turn::Never;
            }
            match entry.left_by.as_ref().and_then(usable) {
                Some(ticket) => return Turn::Now(Some(ticket)),
                None => entry.left_by = None,
            }
        }
        match places.range(..self.number).next_back() {
            None => Turn::Now(None),
            Some((_, before)) => match before.sent.as_ref().and_then(usable) {
                Some(ticket) => Turn::Now(Some(ticket)),
                None => Turn::Later,
            },
        }
    }

    /// The call is on its way: the next one may follow.
    pub(crate) fn sent(&self, connection: &Connection, ticket: &Ticket) {
        self.change(|entry| entry.sent = Some((connection.clone(), ticket.clone())));
        let table = lock(&self.queues.names);
        let next = table.get(&self.name).and_then(|places| places.places.range(self.number + 1..).next());
        if let Some((_, next)) = next {
            next.changed.notify_one();
        }
    }

    /// The call was refused and will be sent again, perhaps later.
    pub(crate) fn unsent(&self) {
        self.change(|entry| entry.sent = None);
    }

    /// The call has ended.
    pub(crate) fn end(mut self, failed: bool) {
        self.unsent();
        self.change(|entry| entry.left_by = None);
        self.give_up(Some(failed));
    }

    /// Nobody waits for the call any more. If it is on its way, the next one is still executed after it.
    pub(crate) fn abandon(mut self) {
        self.give_up(Some(true));
    }

    fn change(&self, change: impl FnOnce(&mut Entry)) {
        let mut table = lock(&self.queues.names);
        if let Some(entry) = table.get_mut(&self.name).and_then(|places| places.places.get_mut(&self.number)) {
            change(entry);
        }
    }

    /// `None` if it is not known whether the call has failed: then it is as if it had never been there.
    fn give_up(&mut self, failed: Option<bool>) {
        if std::mem::replace(&mut self.given_up, true) {
            return;
        }
        let mut table = lock(&self.queues.names);
        let Some(places) = table.get_mut(&self.name) else { return };
        if let Some(entry) = places.places.remove(&self.number)
            && let Some((_, next)) = places.places.range_mut(self.number..).next()
        {
            next.before_failed = failed.unwrap_or(entry.before_failed);
            if next.left_by.is_none() {
                next.left_by = entry.sent.or(entry.left_by);
            }
            next.changed.notify_one();
        }
        if places.places.is_empty() {
            table.remove(&self.name);
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.give_up(None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the call at a place may go now: never, later, now.
    fn look(place: &Place) -> &'static str {
        let table = lock(&place.queues.names);
        let places = &table[&place.name].places;
        let entry = &places[&place.number];
        match () {
            () if entry.before_failed && place.after_failure != AfterFailure::Continue => "never",
            () if places.range(..place.number).next().is_some() => "later",
            () => "now",
        }
    }

    #[test]
    fn a_failure_reaches_those_who_care() {
        let queues = Arc::new(Queues::default());
        let join = |after_failure| queues.join("q".into(), after_failure, None);
        let [first, second, third, fourth] = [AfterFailure::Continue, AfterFailure::Stop, AfterFailure::Skip, AfterFailure::Stop].map(join);
        assert_eq!([&first, &second, &third, &fourth].map(look), ["now", "later", "later", "later"]);
        first.end(true);
        assert_eq!([&second, &third, &fourth].map(look), ["never", "later", "later"]);
        second.end(true);
        assert_eq!([&third, &fourth].map(look), ["never", "later"]);
        // What is skipped has not failed.
        third.end(false);
        assert_eq!(look(&fourth), "now");
        fourth.end(false);
        assert!(queues.list().is_empty());
    }

    #[test]
    fn who_is_dropped_was_never_there() {
        let queues = Arc::new(Queues::default());
        let places: Vec<_> = (0..1000).map(|_| queues.join("q".into(), AfterFailure::Stop, None)).collect();
        let mut places = places.into_iter();
        let (first, last) = (places.next().unwrap(), places.next_back().unwrap());
        drop(places);
        assert_eq!(look(&last), "later");
        first.end(true);
        assert_eq!(look(&last), "never");
        drop(last);
        assert!(queues.list().is_empty());
    }
}
