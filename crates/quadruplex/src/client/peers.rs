//! From what a person writes to what Telegram takes.

use std::sync::{Arc, Weak};
use std::time::Duration;

use awaitkit::{Batcher, Memo, SharedError};
use quadruplex_api::functions::{channels, contacts, messages, users};
use quadruplex_api::{Lookup, PeerRef, Peers, Position, enums, types};
use quadruplex_net::BoxFuture;
use quadruplex_store::{Peer, PeerId, PeerKey};

use super::Inner;
use crate::{Error, PeerError};

/// Telegram takes so many users in one `users.getUsers`.
const IDS_PER_REQUEST: usize = 50;
/// A name that was just resolved is not asked for again for so long, unless Telegram refuses what it gave.
const REMEMBERED: Duration = Duration::from_secs(600);

/// Looks peers up: in the store, then on the server; each name once however many ask, ids in batches.
pub(crate) struct PeerBook {
    found: Memo<PeerRef, enums::InputPeer, Error>,
    users: Batcher<i64, enums::User, Error>,
}

impl PeerBook {
    pub(crate) fn new(client: Weak<Inner>) -> Self {
        let users = Batcher::builder(move |ids: Vec<i64>| -> BoxFuture<'static, Result<Vec<(i64, enums::User)>, Error>> {
            let client = client.clone();
            Box::pin(async move { load_users(&upgrade(&client)?, ids).await })
        });
        Self { found: Memo::builder().ttl(REMEMBERED).build(), users: users.max_size(awaitkit::limit!(IDS_PER_REQUEST)).build() }
    }

    /// The table with which a request is encoded.
    ///
    /// Boxed, since a lookup is itself made of calls, which look peers up.
    pub(crate) fn resolve<'a>(&'a self, client: &'a Arc<Inner>, lookups: &'a [Lookup]) -> BoxFuture<'a, Result<Peers, Error>> {
        Box::pin(async move {
            let mut table = Peers::new();
            for Lookup { position, peer } in lookups {
                if table.get(peer).is_none() {
                    let found = self.find(client, peer).await?;
                    table.insert(peer.clone(), found);
                }
                if let Some(found) = table.get(peer) {
                    fits(*position, peer, found)?;
                }
            }
            Ok(table)
        })
    }

    /// Forgets what was found: Telegram has refused it. False if nothing was looked up, so that trying again is no use.
    pub(crate) fn forget(&self, lookups: &[Lookup]) -> bool {
        let looked_up = lookups.iter().filter(|lookup| lookup.peer != PeerRef::Me);
        looked_up.map(|lookup| self.found.invalidate(&lookup.peer)).count() > 0
    }

    /// The user with this id, asked for together with others.
    pub(crate) async fn user(&self, id: i64) -> Result<Option<enums::User>, Error> {
        self.users.load(id).await.map_err(shared)
    }

    /// What a peer was found to be a moment ago.
    pub(crate) fn found(&self, peer: &PeerRef) -> Option<enums::InputPeer> {
        self.found.peek(peer)
    }

    /// What a peer is called on the wire.
    pub(crate) async fn find(&self, client: &Arc<Inner>, peer: &PeerRef) -> Result<enums::InputPeer, Error> {
        if *peer == PeerRef::Me {
            return Ok(enums::InputPeer::PeerSelf);
        }
        let (client, wanted) = (Arc::downgrade(client), peer.clone());
        let work = async move { look_up(&upgrade(&client)?, &wanted).await };
        self.found.get(peer.clone(), work).await.map_err(shared)
    }
}

fn upgrade(client: &Weak<Inner>) -> Result<Arc<Inner>, Error> {
    client.upgrade().ok_or(Error::Closed(quadruplex_net::CloseReason::Requested))
}

fn shared(error: SharedError<Error>) -> Error {
    match error {
        SharedError::Failed(error) => Error::Shared(error),
        other => Error::Invalid(other.to_string()),
    }
}

async fn look_up(client: &Arc<Inner>, peer: &PeerRef) -> Result<enums::InputPeer, Error> {
    match peer {
        PeerRef::Username(name) => {
            let key = PeerKey::username(name);
            match stored(client, key).await? {
                Some(found) => Ok(found),
                None => resolve_username(client, name).await,
            }
        }
        PeerRef::Phone(number) => match stored(client, PeerKey::phone(number)).await? {
            Some(found) => Ok(found),
            None => resolve_phone(client, number).await,
        },
        PeerRef::Invite(hash) => resolve_invite(client, hash).await,
        other => match other.peer() {
            Some(peer) => by_id(client, peer).await,
            None => Ok(enums::InputPeer::PeerSelf),
        },
    }
}

async fn stored(client: &Inner, key: PeerKey) -> Result<Option<enums::InputPeer>, Error> {
    let Some(peer) = client.writer.peers(vec![key]).await?.into_iter().flatten().next() else { return Ok(None) };
    let Some(seen_in) = peer.seen_in.filter(|_| peer.min) else { return Ok(input_peer(&peer)) };
    let chat = client.writer.peers(vec![seen_in.chat.into()]).await?.into_iter().flatten().next();
    let chat = chat.filter(|chat| !chat.min).as_ref().and_then(input_peer);
    Ok(chat.or_else(|| basic_group(seen_in.chat)).map(|chat| from_message(chat, seen_in.message, peer.id)))
}

/// A basic group is named by its id alone.
fn basic_group(chat: PeerId) -> Option<enums::InputPeer> {
    if let PeerId::Chat(id) = chat { Some(types::InputPeerChat::new(id).into()) } else { None }
}

/// A peer of which only a min constructor is known, by a message in which it was seen: <https://core.telegram.org/api/min>.
fn from_message(chat: enums::InputPeer, message: i32, id: PeerId) -> enums::InputPeer {
    match id {
        PeerId::User(id) => types::InputPeerUserFromMessage::new(chat, message, id).into(),
        PeerId::Channel(id) => types::InputPeerChannelFromMessage::new(chat, message, id).into(),
        PeerId::Chat(id) => types::InputPeerChat::new(id).into(),
    }
}

/// What a peer that was met is called on the wire; `None` if too little is known of it. [`stored`] also knows how to name those
/// of whom there is but a min constructor.
pub(crate) fn input_peer(peer: &Peer) -> Option<enums::InputPeer> {
    if peer.min {
        return basic_group(peer.id);
    }
    Some(match peer.id {
        PeerId::User(id) => types::InputPeerUser::new(id, peer.access_hash?).into(),
        PeerId::Channel(id) => types::InputPeerChannel::new(id, peer.access_hash?).into(),
        PeerId::Chat(id) => types::InputPeerChat::new(id).into(),
    })
}

async fn by_id(client: &Arc<Inner>, peer: enums::Peer) -> Result<enums::InputPeer, Error> {
    let id = match peer {
        enums::Peer::User(user) => PeerId::User(user.user_id),
        enums::Peer::Chat(chat) => return Ok(types::InputPeerChat::new(chat.chat_id).into()),
        enums::Peer::Channel(channel) => PeerId::Channel(channel.channel_id),
    };
    if let Some(found) = stored(client, id.into()).await? {
        return Ok(found);
    }
    // A bot may name anybody it has met without knowing the hash; the answer brings it.
    let is_bot = client.own_user().is_some_and(|user| user.bot);
    if is_bot {
        match id {
            PeerId::User(id) => drop(client.peers.user(id).await?),
            PeerId::Channel(id) => {
                let channel = types::InputChannel::new(id, 0);
                drop(client.invoke(channels::GetChannels::new([enums::InputChannel::from(channel)])).await?);
            }
            PeerId::Chat(_) => {}
        }
        if let Some(found) = stored(client, id.into()).await? {
            return Ok(found);
        }
    }
    let (PeerId::User(number) | PeerId::Chat(number) | PeerId::Channel(number)) = id;
    let mut tried = vec![format!("the peers this account has met: no {number} with an access hash")];
    if is_bot {
        tried.push("the server, without an access hash: nothing".to_owned());
    }
    Err(Error::Peer(PeerError {
        peer: number.to_string(),
        tried,
        help: "a plain id works only after this account has met the peer; a @username or a link works at once",
    }))
}

async fn resolve_username(client: &Arc<Inner>, name: &str) -> Result<enums::InputPeer, Error> {
    let not_found = |answer: String| {
        Error::Peer(PeerError {
            peer: format!("@{name}"),
            tried: vec!["the peers this account has met".to_owned(), format!("contacts.resolveUsername → {answer}")],
            help: "names are matched letter by letter; a plain id works only after this account has met the user",
        })
    };
    match client.invoke(contacts::ResolveUsername::new(name)).await {
        Ok(resolved) => of_answer(client, &resolved.peer).await?.ok_or_else(|| not_found("a peer that is not described".to_owned())),
        Err(error) if error.is("USERNAME_NOT_OCCUPIED") || error.is("USERNAME_INVALID") => {
            Err(not_found(error.rpc_error().map(ToString::to_string).unwrap_or_default()))
        }
        Err(error) => Err(error),
    }
}

async fn resolve_phone(client: &Arc<Inner>, number: &str) -> Result<enums::InputPeer, Error> {
    let not_found = |answer: String| {
        Error::Peer(PeerError {
            peer: format!("+{number}"),
            tried: vec!["the peers this account has met".to_owned(), format!("contacts.resolvePhone → {answer}")],
            help: "the owner of the number may not allow being found by it",
        })
    };
    match client.invoke(contacts::ResolvePhone::new(number)).await {
        Ok(resolved) => of_answer(client, &resolved.peer).await?.ok_or_else(|| not_found("a peer that is not described".to_owned())),
        Err(error) if error.is("PHONE_NOT_OCCUPIED") => Err(not_found(error.rpc_error().map(ToString::to_string).unwrap_or_default())),
        Err(error) => Err(error),
    }
}

async fn resolve_invite(client: &Arc<Inner>, hash: &str) -> Result<enums::InputPeer, Error> {
    let invite = client.invoke(messages::CheckChatInvite::new(hash)).await?;
    let chat = match invite {
        enums::ChatInvite::Already(already) => Some(already.chat.clone()),
        enums::ChatInvite::Peek(peek) => Some(peek.chat.clone()),
        _ => None,
    };
    let id = chat.as_ref().and_then(|chat| super::seen::peers_in(quadruplex_api::Value::field(chat)).pop());
    id.as_ref().and_then(input_peer).ok_or_else(|| {
        Error::Peer(PeerError {
            peer: format!("t.me/+{hash}"),
            tried: vec!["messages.checkChatInvite → an invitation to a chat that this account has not joined".to_owned()],
            help: "join the chat first",
        })
    })
}

/// The peer of an answer: what came with it was stored before.
async fn of_answer(client: &Inner, peer: &enums::Peer) -> Result<Option<enums::InputPeer>, Error> {
    let id = match peer {
        enums::Peer::User(user) => PeerId::User(user.user_id),
        enums::Peer::Chat(chat) => PeerId::Chat(chat.chat_id),
        enums::Peer::Channel(channel) => PeerId::Channel(channel.channel_id),
    };
    stored(client, id.into()).await
}

/// Users whose access hash is known are named with it, others as a bot may.
async fn load_users(client: &Arc<Inner>, ids: Vec<i64>) -> Result<Vec<(i64, enums::User)>, Error> {
    let known = client.writer.peers(ids.iter().map(|id| PeerKey::Id(PeerId::User(*id))).collect()).await?;
    let inputs = ids.iter().zip(known).map(|(id, known)| {
        let hash = known.filter(|peer| !peer.min).and_then(|peer| peer.access_hash).unwrap_or(0);
        enums::InputUser::from(types::InputUser::new(*id, hash))
    });
    let users = client.invoke(users::GetUsers::new(inputs)).await?;
    let id_of = |user: &enums::User| match user {
        enums::User::User(user) => user.id,
        enums::User::Empty(empty) => empty.id,
    };
    Ok(users.into_iter().filter(|user| matches!(user, enums::User::User(_))).map(|user| (id_of(&user), user)).collect())
}

fn fits(position: Position, peer: &PeerRef, found: &enums::InputPeer) -> Result<(), Error> {
    use enums::InputPeer;
    let fits = match position {
        Position::Peer => true,
        Position::User => matches!(found, InputPeer::PeerSelf | InputPeer::User(_) | InputPeer::UserFromMessage(_)),
        Position::Channel => matches!(found, InputPeer::Channel(_) | InputPeer::ChannelFromMessage(_)),
    };
    let wanted = if position == Position::User { "a user" } else { "a channel or supergroup" };
    if fits { Ok(()) } else { Err(Error::Invalid(format!("{peer} is not {wanted}, which this call takes here"))) }
}
