//! Whose updates they are.

use std::collections::HashSet;

use quadruplex_api::{PeerRef, enums, types};

use crate::{Client, Error};

/// What handlers have to know of the account itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Account {
    pub(crate) id: i64,
    pub(crate) is_bot: bool,
    /// All its public names, without `@`.
    usernames: Vec<String>,
    /// The users who may tell the program what to do.
    pub(crate) admins: HashSet<i64>,
}

impl Account {
    pub(crate) async fn of(client: &Client, admins: &[PeerRef]) -> Result<Self, Error> {
        let enums::User::User(user) = client.me().await? else { return Err(Error::NotSignedIn) };
        let admins = user_ids(client, admins).await?;
        let more = user.usernames.into_iter().flatten().map(|username| username.username);
        Ok(Self { id: user.id, is_bot: user.bot, usernames: user.username.into_iter().chain(more).collect(), admins })
    }

    /// Whether this is one of its public names, without `@`.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.usernames.iter().any(|own| own.eq_ignore_ascii_case(name))
    }
}

/// Looks peers up that were named before there was a client. Ids as the Bot API marks them.
pub(crate) async fn user_ids(client: &Client, peers: &[PeerRef]) -> Result<HashSet<i64>, Error> {
    let mut ids = HashSet::new();
    for peer in peers {
        ids.insert(match peer {
            PeerRef::Id(id) => *id,
            PeerRef::Me => client.own_user().map_or(0, |own| own.id),
            other => marked_id(&client.input_peer(other.clone()).await?),
        });
    }
    Ok(ids)
}

fn marked_id(peer: &enums::InputPeer) -> i64 {
    let peer: enums::Peer = match peer {
        enums::InputPeer::User(user) => types::PeerUser::new(user.user_id).into(),
        enums::InputPeer::UserFromMessage(user) => types::PeerUser::new(user.user_id).into(),
        enums::InputPeer::Chat(chat) => types::PeerChat::new(chat.chat_id).into(),
        enums::InputPeer::Channel(channel) => types::PeerChannel::new(channel.channel_id).into(),
        enums::InputPeer::ChannelFromMessage(channel) => types::PeerChannel::new(channel.channel_id).into(),
        enums::InputPeer::Empty | enums::InputPeer::PeerSelf => return 0,
    };
    if let PeerRef::Id(id) = PeerRef::from(peer) { id } else { 0 }
}
