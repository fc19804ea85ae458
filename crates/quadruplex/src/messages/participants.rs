//! Who is in a group or channel.

use std::collections::HashMap;

use quadruplex_api::functions::{channels, messages};
use quadruplex_api::{PeerRef, enums, types};

use super::by_kind::{group_id, is_channel};
use super::dialogs::names_in;
use super::pages::{Fetch, Fetching, Page, Pages, Query};
use crate::Client;

/// Who is in a group or channel; see [`Client::participants`].
pub type Participants = Pages<ParticipantsQuery>;

/// What [`Participants`] ask for.
#[derive(Clone, Debug)]
pub struct ParticipantsQuery {
    chat: PeerRef,
    filter: enums::ChannelParticipantsFilter,
    offset: i32,
}

/// Somebody who is in a group or channel.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Participant {
    /// Who.
    pub peer: PeerRef,
    /// Their name.
    pub name: String,
    /// As what.
    pub role: Role,
}

/// As what somebody is in a group or channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Whose it is.
    Creator,
    /// One with rights.
    Admin,
    /// One like others.
    Member,
    /// One whose rights were taken away, for a while or for good; not inside, if all were.
    Restricted,
    /// One who has left.
    Left,
}

impl Client {
    /// Who is in a group or channel. Telegram shows at most 10,000 of a supergroup, and those of a channel to its administrators only.
    ///
    /// ```no_run
    /// # async fn example(client: quadruplex::Client) -> Result<(), quadruplex::Error> {
    /// let mut participants = client.participants("@rustlang").limit(200);
    /// while let Some(participant) = participants.next().await {
    ///     println!("{}", participant?.name);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn participants(&self, chat: impl Into<PeerRef>) -> Participants {
        let filter = enums::ChannelParticipantsFilter::ChannelParticipantsRecent;
        Pages::new(self, ParticipantsQuery { chat: chat.into(), filter, offset: 0 })
    }
}

impl Participants {
    /// Only those whose name has this in it. A basic group is given whole.
    pub fn named(self, text: impl Into<String>) -> Self {
        self.filter(types::ChannelParticipantsSearch::new(text))
    }

    /// Only those with rights. A basic group is given whole.
    pub fn admins(self) -> Self {
        self.filter(enums::ChannelParticipantsFilter::ChannelParticipantsAdmins)
    }

    /// Only those of this kind. A basic group is given whole.
    pub fn filter(mut self, filter: impl Into<enums::ChannelParticipantsFilter>) -> Self {
        let filter = filter.into();
        self.query.iter_mut().for_each(|query| query.filter = filter.clone());
        self
    }
}

impl Query for ParticipantsQuery {
    type Item = Participant;

    fn begin(self, client: Client) -> Fetch<Participant> {
        Fetch::new(move |limit| page(client, self, limit))
    }
}

fn page(client: Client, query: ParticipantsQuery, limit: usize) -> Fetching<Participant> {
    Box::pin(async move {
        let found = client.inner.peers.find(&client.inner, &query.chat).await?;
        if !is_channel(&found) {
            let full = client.inner.invoke(messages::GetFullChat::new(group_id(&found))).await?;
            return Ok(Page { items: of_group(full), next: None });
        }
        let request = channels::GetParticipants::new(query.chat.clone(), query.filter.clone(), query.offset, limit as i32, 0);
        let answer = client.inner.invoke(request).await?;
        let names = names_in(&answer);
        let enums::channels::ChannelParticipants::ChannelParticipants(answer) = answer else {
            return Ok(Page { items: Vec::new(), next: None });
        };
        let items: Vec<_> = answer.participants.iter().map(|participant| of_channel(participant, &names)).collect();
        let offset = query.offset.saturating_add(i32::try_from(items.len()).unwrap_or(i32::MAX));
        let next = (!items.is_empty() && offset < answer.count)
            .then(|| Fetch::new(move |limit| page(client, ParticipantsQuery { offset, ..query }, limit)));
        Ok(Page { items, next })
    })
}

fn of_channel(participant: &enums::ChannelParticipant, names: &HashMap<PeerRef, String>) -> Participant {
    let (peer, role) = match participant {
        enums::ChannelParticipant::ChannelParticipant(member) => (PeerRef::Id(member.user_id), Role::Member),
        enums::ChannelParticipant::ParticipantSelf(own) => (PeerRef::Id(own.user_id), Role::Member),
        enums::ChannelParticipant::Creator(creator) => (PeerRef::Id(creator.user_id), Role::Creator),
        enums::ChannelParticipant::Admin(admin) => (PeerRef::Id(admin.user_id), Role::Admin),
        enums::ChannelParticipant::Banned(banned) => (PeerRef::from(&banned.peer), Role::Restricted),
        enums::ChannelParticipant::Left(left) => (PeerRef::from(&left.peer), Role::Left),
    };
    Participant { name: names.get(&peer).cloned().unwrap_or_default(), peer, role }
}

fn of_group(full: types::messages::ChatFull) -> Vec<Participant> {
    let names = names_in(&full);
    let enums::ChatFull::ChatFull(chat) = full.full_chat else { return Vec::new() };
    let enums::ChatParticipants::ChatParticipants(all) = &chat.participants else { return Vec::new() };
    let one = |participant: &enums::ChatParticipant| {
        let (id, role) = match participant {
            enums::ChatParticipant::ChatParticipant(member) => (member.user_id, Role::Member),
            enums::ChatParticipant::Creator(creator) => (creator.user_id, Role::Creator),
            enums::ChatParticipant::Admin(admin) => (admin.user_id, Role::Admin),
        };
        let peer = PeerRef::Id(id);
        Participant { name: names.get(&peer).cloned().unwrap_or_default(), peer, role }
    };
    all.participants.iter().map(one).collect()
}
