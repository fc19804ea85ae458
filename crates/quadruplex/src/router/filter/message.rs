use quadruplex_api::enums::MessageAction;

use super::Filter;
use crate::MediaKind;
use crate::router::{Kind, Update};

/// What a service message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ServiceKind {
    /// A group or channel was made.
    Created,
    /// Somebody has joined or was brought in.
    Joined,
    /// Somebody has left or was put out.
    Left,
    /// A message was pinned.
    Pinned,
    /// The title was changed.
    Title,
    /// The photo was changed or removed.
    Photo,
    /// A topic of a forum was made or changed.
    Topic,
    /// A call, of two or of many.
    Call,
    /// Something was paid, given or refunded.
    Payment,
    /// What this release has no name for.
    Other,
}

impl ServiceKind {
    pub(super) fn of(action: &MessageAction) -> Self {
        use MessageAction as A;
        match action {
            A::ChatCreate(_) | A::ChannelCreate(_) | A::ChatMigrateTo(_) | A::ChannelMigrateFrom(_) => Self::Created,
            A::ChatAddUser(_) | A::ChatJoinedByLink(_) | A::ChatJoinedByRequest => Self::Joined,
            A::ChatDeleteUser(_) => Self::Left,
            A::PinMessage => Self::Pinned,
            A::ChatEditTitle(_) => Self::Title,
            A::ChatEditPhoto(_) | A::ChatDeletePhoto => Self::Photo,
            A::TopicCreate(_) | A::TopicEdit(_) => Self::Topic,
            A::PhoneCall(_) | A::GroupCall(_) | A::GroupCallScheduled(_) | A::InviteToGroupCall(_) | A::ConferenceCall(_) => Self::Call,
            A::PaymentSent(_) | A::PaymentSentMe(_) | A::PaymentRefunded(_) | A::StarGift(_) | A::GiftPremium(_) | A::GiftStars(_) => {
                Self::Payment
            }
            _ => Self::Other,
        }
    }
}

/// With this hanging on it.
pub fn media(kind: MediaKind) -> impl Filter + Clone {
    move |update: &Update| update.message().is_some_and(|message| message.media_kind() == Some(kind))
}

/// With anything hanging on it, be it the preview of a link.
pub fn has_media(update: &Update) -> bool {
    update.message().is_some_and(|message| message.media_kind().is_some())
}

/// A message that tells this.
pub fn service(kind: ServiceKind) -> impl Filter + Clone {
    move |update: &Update| update.message().and_then(|message| message.action()).is_some_and(|action| ServiceKind::of(action) == kind)
}

/// An edit, not a new message.
pub fn edited(update: &Update) -> bool {
    update.kind() == Kind::Edited
}

/// Written elsewhere before.
pub fn forwarded(update: &Update) -> bool {
    update.message().is_some_and(|message| message.is_forwarded())
}

/// An answer to another message.
pub fn replies(update: &Update) -> bool {
    update.message().is_some_and(|message| message.reply_to().is_some())
}

/// In one of these topics of a forum.
pub fn in_topics(topics: impl IntoIterator<Item = i32>) -> impl Filter + Clone {
    let topics: Vec<i32> = topics.into_iter().collect();
    move |update: &Update| update.message().and_then(|message| message.topic()).is_some_and(|topic| topics.contains(&topic))
}
