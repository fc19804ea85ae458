mod by_hand;
mod content;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use quadruplex_api::{Field, Object, PeerRef, enums, get, to_json, types};
use quadruplex_store::{Lane, PeerId};

use super::account::Account;
use super::arguments::Failure;
use super::states::States;
use crate::schedule::Tick;
use crate::updates::{Facts, Identity};
use crate::{Client, Delivery, Event, Gap, Message};
pub(crate) use content::album_of;
use content::{Around, Content, Of};

/// Something that happened to the account, as handlers get it. Cheap to clone.
///
/// As an argument of a handler it fits everything.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn log(update: Update) {
///     println!("{} in {:?}", update.name(), update.chat());
/// }
///
/// let router = Router::new().on_any(log);
/// # let _ = router;
/// ```
#[derive(Clone)]
pub struct Update {
    inner: Arc<Inner>,
    /// With what a handler has failed, for those who deal with that.
    failure: Option<Failure>,
}

struct Inner {
    client: Client,
    account: Arc<Account>,
    states: Arc<States>,
    content: Content,
    /// Of an album, the messages after the first.
    rest: Vec<(Message, Around)>,
    kind: Kind,
    number: u64,
    attempts: u32,
    redelivered: bool,
    identity: Identity,
    /// Whether a handler has answered the callback query that this is.
    is_answered: AtomicBool,
}

/// Which method of a router it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Message,
    Outgoing,
    Album,
    Edited,
    Service,
    Callback,
    InlineQuery,
    Gap,
    /// That of a handler has come.
    Time,
    /// Only for those who ask for its constructor, and for everything.
    Other,
}

impl Kind {
    /// Part of what a handler is known by in later versions of a program.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Outgoing => "outgoing",
            Self::Album => "album",
            Self::Edited => "edited",
            Self::Service => "service",
            Self::Callback => "callback",
            Self::InlineQuery => "inline query",
            Self::Gap => "gap",
            Self::Time => "time",
            Self::Other => "other",
        }
    }
}

impl Update {
    /// Takes the events out of deliveries, which keep their places; [`give_back`](Self::give_back) is the other way. Of an album, which
    /// may have been cut down to one message, they are all; else it is one. `None`: there are none.
    pub(crate) fn take(
        client: &Client,
        account: &Arc<Account>,
        states: &Arc<States>,
        deliveries: &mut [Delivery],
        is_album: bool,
    ) -> Option<Self> {
        let (delivery, others) = deliveries.split_first_mut()?;
        let identity = delivery.identity();
        let (content, kind) = Content::of(client, std::mem::replace(&mut delivery.event, nothing()));
        let kind = if is_album && kind == Kind::Message { Kind::Album } else { kind };
        let rest = others.iter_mut().filter_map(|other| match Content::of(client, std::mem::replace(&mut other.event, nothing())) {
            (Content::Message(message, around), _) => Some((message, around)),
            _ => None,
        });
        let rest = rest.collect();
        let inner = Inner {
            client: client.clone(),
            account: Arc::clone(account),
            states: Arc::clone(states),
            content,
            rest,
            kind,
            number: delivery.number,
            attempts: delivery.attempts,
            redelivered: delivery.redelivered,
            identity,
            is_answered: AtomicBool::new(false),
        };
        Some(Self { inner: Arc::new(inner), failure: None })
    }

    /// The time of a handler has come. The number is that of its dead letter, if it was one.
    pub(crate) fn tick(client: &Client, account: &Arc<Account>, states: &Arc<States>, tick: Tick, number: u64) -> Self {
        let inner = Inner {
            client: client.clone(),
            account: Arc::clone(account),
            states: Arc::clone(states),
            rest: Vec::new(),
            kind: Kind::Time,
            number,
            attempts: tick.attempts,
            redelivered: false,
            identity: tick.identity,
            is_answered: AtomicBool::new(false),
            content: Content::Time(tick),
        };
        Self { inner: Arc::new(inner), failure: None }
    }

    /// The same update for those who deal with a failure.
    pub(crate) fn failed(&self, failure: Failure) -> Self {
        Self { inner: Arc::clone(&self.inner), failure: Some(failure) }
    }

    /// Puts the events back into their deliveries, for another attempt.
    pub(crate) fn give_back(&self, deliveries: &mut [Delivery]) {
        let first = match &self.inner.content {
            Content::Gap(gap) => Event::Gap(*gap),
            // It was not taken out.
            Content::Time(_) => return,
            Content::Message(..) | Content::Other(_) => self.raw().map_or_else(nothing, Event::Update),
        };
        let rest = self.inner.rest.iter().map(|(message, around)| Event::Update(around.update(message.raw().clone())));
        for (delivery, event) in deliveries.iter_mut().zip([first].into_iter().chain(rest)) {
            delivery.event = event;
        }
    }

    /// The client that it came to.
    pub fn client(&self) -> &Client {
        &self.inner.client
    }

    /// The constructor's name, as the schema has it: `updateNewMessage`; `gap` for what will not come, `time` for a handler whose time has
    /// come.
    pub fn name(&self) -> &'static str {
        match &self.inner.content {
            Content::Message(_, around) => match around.of {
                Of::New => "updateNewMessage",
                Of::NewInChannel => "updateNewChannelMessage",
                Of::Edit => "updateEditMessage",
                Of::EditInChannel => "updateEditChannelMessage",
            },
            Content::Other(update) => update.object().name(),
            Content::Gap(_) => "gap",
            Content::Time(_) => "time",
        }
    }

    /// The message that was sent or edited, if that is what happened; of an album the first.
    pub fn message(&self) -> Option<&Message> {
        match &self.inner.content {
            Content::Message(message, _) => Some(message),
            Content::Other(_) | Content::Gap(_) | Content::Time(_) => None,
        }
    }

    /// The messages of an album, or the one message.
    pub(crate) fn messages(&self) -> impl Iterator<Item = &Message> {
        self.message().into_iter().chain(self.inner.rest.iter().map(|(message, _)| message))
    }

    /// What was missed and will not come, if that is what happened.
    pub fn gap(&self) -> Option<Gap> {
        match self.inner.content {
            Content::Gap(gap) => Some(gap),
            Content::Message(..) | Content::Other(_) | Content::Time(_) => None,
        }
    }

    /// The time that has come, if that is what happened.
    pub(crate) fn scheduled(&self) -> Option<&Tick> {
        match &self.inner.content {
            Content::Time(tick) => Some(tick),
            Content::Message(..) | Content::Other(_) | Content::Gap(_) => None,
        }
    }

    /// All of it, as Telegram sent it; `None` for a gap and for a time. New messages that were missed have `pts` 0.
    pub fn raw(&self) -> Option<enums::Update> {
        Some(match &self.inner.content {
            Content::Message(message, around) => around.update(message.raw().clone()),
            Content::Other(update) => (**update).clone(),
            Content::Gap(_) | Content::Time(_) => return None,
        })
    }

    /// All of it as JSON, in the form of [`to_json`]: `_` names the constructor, bytes are base64. A gap and a time are `null`.
    pub fn to_json(&self) -> serde_json::Value {
        self.raw().map_or(serde_json::Value::Null, |update| to_json(&update))
    }

    /// The chat in which it happened, if it happened in one.
    pub fn chat(&self) -> Option<PeerRef> {
        match &self.inner.content {
            Content::Message(message, _) => Some(message.chat()),
            Content::Other(update) => match Facts::of(update).lane() {
                Lane::Peer(peer) => Some(peer_ref(peer)),
                _ => None,
            },
            Content::Gap(gap) => gap.channel.map(|id| peer_ref(PeerId::Channel(id))),
            Content::Time(_) => None,
        }
    }

    /// Who did it, where that is said.
    pub fn sender(&self) -> Option<PeerRef> {
        match &self.inner.content {
            Content::Message(message, _) => message.sender(),
            Content::Other(update) => actor(update),
            Content::Gap(_) | Content::Time(_) => None,
        }
    }

    /// Its number in the journal: larger is later, for all chats together.
    pub fn number(&self) -> u64 {
        self.inner.number
    }

    /// How often handlers have failed on it.
    pub fn attempts(&self) -> u32 {
        self.inner.attempts
    }

    /// An earlier process had it and did not finish it: what handlers do may have been done in part. What they send is not sent twice.
    pub fn is_redelivered(&self) -> bool {
        self.inner.redelivered
    }

    pub(crate) fn kind(&self) -> Kind {
        self.inner.kind
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.inner.identity
    }

    pub(crate) fn account(&self) -> &Account {
        &self.inner.account
    }

    pub(crate) fn states(&self) -> &States {
        &self.inner.states
    }

    /// The update itself, unless it is a message or a gap.
    pub(crate) fn other(&self) -> Option<&enums::Update> {
        match &self.inner.content {
            Content::Other(update) => Some(update),
            Content::Message(..) | Content::Gap(_) | Content::Time(_) => None,
        }
    }

    pub(crate) fn failure(&self) -> Option<&Failure> {
        self.failure.as_ref()
    }

    /// What it says: the text of a message, the data of a button, the words of a question.
    pub(crate) fn words(&self) -> Option<&str> {
        match &self.inner.content {
            Content::Message(message, _) => Some(message.text()),
            Content::Other(update) => match &**update {
                enums::Update::BotCallbackQuery(query) => std::str::from_utf8(query.data.as_deref()?).ok(),
                enums::Update::InlineBotCallbackQuery(query) => std::str::from_utf8(query.data.as_deref()?).ok(),
                enums::Update::BotInlineQuery(query) => Some(&query.query),
                _ => None,
            },
            Content::Gap(_) | Content::Time(_) => None,
        }
    }

    /// Whether the callback query has its answer.
    pub(crate) fn is_answered(&self) -> bool {
        self.inner.is_answered.load(Ordering::Relaxed)
    }

    /// Notes that the callback query has its answer; false if it had it before.
    pub(crate) fn set_answered(&self) -> bool {
        !self.inner.is_answered.swap(true, Ordering::Relaxed)
    }
}

/// Stands in a delivery while its event is with the handlers.
fn nothing() -> Event {
    Event::Update(enums::Update::Config)
}

fn peer_ref(peer: PeerId) -> PeerRef {
    let peer: enums::Peer = match peer {
        PeerId::User(id) => types::PeerUser::new(id).into(),
        PeerId::Chat(id) => types::PeerChat::new(id).into(),
        PeerId::Channel(id) => types::PeerChannel::new(id).into(),
    };
    peer.into()
}

/// The user who did it, by the names that the schema has for him.
fn actor(update: &enums::Update) -> Option<PeerRef> {
    ["actor_id", "user_id"].into_iter().find_map(|name| match get(update, name) {
        Some(Field::Long(id)) => Some(PeerRef::Id(id)),
        _ => None,
    })
}

impl fmt::Debug for Update {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { number, attempts, redelivered, .. } = &*self.inner;
        let mut out = f.debug_struct("Update");
        out.field("number", number).field("attempts", attempts).field("redelivered", redelivered);
        match &self.inner.content {
            Content::Message(message, _) => out.field(self.name(), message),
            Content::Other(update) => out.field("update", update),
            Content::Gap(gap) => out.field("gap", gap),
            Content::Time(tick) => out.field("due", &tick.due),
        };
        out.finish()
    }
}
