use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use quadruplex_api::PeerRef;
use quadruplex_net::BoxFuture;

use super::Filter;
use crate::router::Update;
use crate::router::account::user_ids;
use crate::router::arguments::ChatKind;
use crate::{Client, Error};

/// A filter on who wrote, or where; names are looked up once, before the first update.
#[derive(Clone, Debug)]
pub struct Peers {
    named: Vec<PeerRef>,
    whose: Whose,
    ids: Arc<OnceLock<HashSet<i64>>>,
}

#[derive(Clone, Copy, Debug)]
enum Whose {
    Sender,
    Chat,
}

/// From one of these.
pub fn from_users(users: impl IntoIterator<Item = impl Into<PeerRef>>) -> Peers {
    Peers::new(users, Whose::Sender)
}

/// In one of these chats.
///
/// ```
/// use quadruplex::prelude::*;
///
/// let router = Router::new().only(filter::in_chats(["@rustlang", "me"])).on_message(async |msg: Text| println!("{}", msg.text()));
/// # let _ = router;
/// ```
pub fn in_chats(chats: impl IntoIterator<Item = impl Into<PeerRef>>) -> Peers {
    Peers::new(chats, Whose::Chat)
}

/// Between this account and one other.
pub fn private(update: &Update) -> bool {
    ChatKind::of(update) == Some(Some(ChatKind::Private))
}

/// In a group or supergroup. For what is no message and happens in a supergroup this is not known here: see
/// [`Group`](crate::router::Group).
pub fn group(update: &Update) -> bool {
    ChatKind::of(update) == Some(Some(ChatKind::Group))
}

/// In a channel, where only administrators write. For what is no message this is not known here: see
/// [`Channel`](crate::router::Channel).
pub fn channel(update: &Update) -> bool {
    ChatKind::of(update) == Some(Some(ChatKind::Channel))
}

impl Peers {
    fn new(peers: impl IntoIterator<Item = impl Into<PeerRef>>, whose: Whose) -> Self {
        Self { named: peers.into_iter().map(Into::into).collect(), whose, ids: Arc::default() }
    }
}

impl Filter for Peers {
    fn passes(&self, update: &Update) -> bool {
        let peer = match self.whose {
            Whose::Sender => update.sender(),
            Whose::Chat => update.chat(),
        };
        let id = match peer {
            Some(PeerRef::Id(id)) => id,
            Some(PeerRef::Me) => update.account().id,
            _ => return false,
        };
        self.ids.get().is_some_and(|ids| ids.contains(&id))
    }

    fn prepare<'a>(&'a self, client: &'a Client) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            let ids = user_ids(client, &self.named).await?;
            let _ = self.ids.set(ids);
            Ok(())
        })
    }
}
