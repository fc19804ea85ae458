//! Arguments around arguments, which ask for more: of which kind the chat is, who wrote it, that it is an answer.

use std::ops::Deref;

use quadruplex_api::{PeerRef, enums};
use quadruplex_store::{PeerId, PeerKey, PeerKind};

use crate::router::argument::Needs;
use crate::router::{Argument, Refusal, Update};
use crate::{Error, Message};

/// Of which kind a chat is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ChatKind {
    Private,
    Group,
    Channel,
}

impl ChatKind {
    /// Told by the id, and by whether a message is a post; `None`: a channel or supergroup, and nothing says which.
    pub(crate) fn of(update: &Update) -> Option<Option<Self>> {
        let PeerRef::Id(id) = update.chat()? else { return Some(Some(Self::Private)) };
        Some(match PeerRef::Id(id).peer()? {
            enums::Peer::User(_) => Some(Self::Private),
            enums::Peer::Chat(_) => Some(Self::Group),
            enums::Peer::Channel(_) => update.message().map(|message| if message.is_post() { Self::Channel } else { Self::Group }),
        })
    }

    fn may_be(self, update: &Update) -> bool {
        ChatKind::of(update).is_some_and(|kind| kind.is_none_or(|kind| kind == self))
    }

    /// Asks the store if the update does not say.
    async fn is(self, update: &Update) -> Result<bool, Error> {
        match ChatKind::of(update) {
            None => Ok(false),
            Some(Some(kind)) => Ok(kind == self),
            Some(None) => {
                let Some(id) = update.chat().and_then(|chat| peer_id(&chat)) else { return Ok(false) };
                let known = update.client().inner.writer.peers(vec![PeerKey::Id(id)]).await?;
                let is_channel = known.into_iter().flatten().any(|peer| peer.kind == PeerKind::Channel);
                Ok(self == if is_channel { Self::Channel } else { Self::Group })
            }
        }
    }
}

fn peer_id(peer: &PeerRef) -> Option<PeerId> {
    Some(match peer.peer()? {
        enums::Peer::User(user) => PeerId::User(user.user_id),
        enums::Peer::Chat(chat) => PeerId::Chat(chat.chat_id),
        enums::Peer::Channel(channel) => PeerId::Channel(channel.channel_id),
    })
}

macro_rules! wrappers {
    ($($(#[$doc:meta])* $name:ident($kind:ident);)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $name<M>(pub M);

        impl<M: Argument> Argument for $name<M> {
            fn fits(update: &Update) -> bool {
                ChatKind::$kind.may_be(update) && M::fits(update)
            }

            async fn take(update: &Update) -> Result<Self, Refusal> {
                if !ChatKind::$kind.is(update).await? {
                    return Err(Refusal::Skip);
                }
                M::take(update).await.map(Self)
            }

            fn declare(needs: &mut Needs) {
                M::declare(needs);
            }
        }

        impl<M> Deref for $name<M> {
            type Target = M;

            fn deref(&self) -> &M {
                &self.0
            }
        }
    )+};
}
wrappers! {
    /// `M`, if it happened between this account and one other.
    ///
    /// ```
    /// use quadruplex::prelude::*;
    ///
    /// async fn whisper(msg: Private<Text>) -> String {
    ///     msg.text().to_lowercase()
    /// }
    ///
    /// let router = Router::new().on_message(whisper);
    /// # let _ = router;
    /// ```
    Private(Private);
    /// `M`, if it happened in a group or supergroup.
    Group(Group);
    /// `M`, if it happened in a channel, in which only administrators write.
    Channel(Channel);
}

/// `M`, if it answers another message, and that one.
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn quote(Reply { message, to }: Reply<Text>) -> String {
///     format!("to “{}” you say “{}”", to.text(), message.text())
/// }
///
/// let router = Router::new().on_message(quote);
/// # let _ = router;
/// ```
#[derive(Clone, Debug)]
pub struct Reply<M> {
    /// The answer.
    pub message: M,
    /// What it answers, as it is now.
    pub to: Message,
}

impl<M: Argument> Argument for Reply<M> {
    fn fits(update: &Update) -> bool {
        update.message().is_some_and(|message| message.reply_to().is_some()) && M::fits(update)
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        let answer = update.message().ok_or(Refusal::Skip)?;
        let id = answer.reply_to().ok_or(Refusal::Skip)?;
        let message = M::take(update).await?;
        // What was deleted meanwhile is not answered any more.
        let to = update.client().message(answer.chat(), id).await?.ok_or(Refusal::Skip)?;
        Ok(Self { message, to })
    }

    fn declare(needs: &mut Needs) {
        M::declare(needs);
    }
}

impl<M> Deref for Reply<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.message
    }
}

/// `M`, if it comes from one of the administrators of this program; see [`App::admins`](crate::App::admins).
///
/// ```
/// use quadruplex::prelude::*;
///
/// async fn secret(_: FromAdmin<Text>) -> &'static str {
///     "the log is empty"
/// }
///
/// let app = App::new(Router::new().on_message(secret)).admins(["@lena"]);
/// # let _ = app;
/// ```
#[derive(Clone, Copy, Debug)]
pub struct FromAdmin<M>(pub M);

impl<M: Argument> Argument for FromAdmin<M> {
    fn fits(update: &Update) -> bool {
        let sender = update.sender().map(|sender| if let PeerRef::Id(id) = sender { id } else { update.account().id });
        sender.is_some_and(|id| update.account().admins.contains(&id)) && M::fits(update)
    }

    async fn take(update: &Update) -> Result<Self, Refusal> {
        M::take(update).await.map(Self)
    }

    fn declare(needs: &mut Needs) {
        M::declare(needs);
    }
}

impl<M> Deref for FromAdmin<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.0
    }
}

/// `M` if it is there: the handler runs in any case.
impl<M: Argument> Argument for Option<M> {
    async fn take(update: &Update) -> Result<Self, Refusal> {
        if !M::fits(update) {
            return Ok(None);
        }
        match M::take(update).await {
            Ok(taken) => Ok(Some(taken)),
            Err(Refusal::Skip) => Ok(None),
            Err(refusal) => Err(refusal),
        }
    }

    fn declare(needs: &mut Needs) {
        M::declare(needs);
    }
}
