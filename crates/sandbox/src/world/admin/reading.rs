//! What is in the world, for its owner.

use serde::Serialize;

use super::super::World;
use super::super::peers::owner_of;
use super::super::state::rows::{Content, Event, Media, Peer};

/// A message as the owner of the sandbox sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Transcript {
    /// Its id in the box it was read from.
    pub id: i32,
    /// Who wrote it.
    pub author: i64,
    /// When, in unix seconds.
    pub date: i32,
    /// When it was edited last.
    pub edited: Option<i32>,
    /// Its text or caption.
    pub text: String,
    /// What hangs on it: `photo`, `document`, the name of other media, or the name of a service action.
    pub media: Option<String>,
}

/// Everything that an account can see, in a form that a client can compute too.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Digest {
    /// The messages that are there, ordered by conversation and id.
    pub messages: Vec<DigestEntry>,
    /// The ids that are gone from the account's own box, and from each channel.
    pub deleted: Vec<(Peer, i32)>,
}

/// One message of a [`Digest`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct DigestEntry {
    /// The conversation.
    pub peer: Peer,
    /// The id in the box of the account, or in the channel.
    pub id: i32,
    /// When it was edited last; 0: never.
    pub edited: i32,
    /// Its text.
    pub text: String,
}

impl World {
    /// The messages of a conversation as an account has them, oldest first.
    pub fn messages(&self, account: i64, peer: Peer) -> Vec<Transcript> {
        let owner = owner_of(account, peer);
        let rows = self.state.history(owner, peer).iter();
        rows.filter_map(|id| Some((*id, self.state.tables.messages.get(&(owner, *id))?)))
            .map(|(id, message)| Transcript {
                id,
                author: message.author,
                date: message.date,
                edited: message.edited,
                text: message.content.text.clone(),
                media: message.content.kind(),
            })
            .collect()
    }

    /// What an account can see.
    pub fn digest(&self, account: i64) -> Digest {
        let own = Peer::User(account);
        let mut digest = Digest::default();
        let boxes =
            self.conversations(account).into_iter().map(|row| row.peer).filter(|peer| matches!(peer, Peer::Channel(_))).chain([own]);
        for owner in boxes {
            for (&(_, id), message) in self.state.tables.messages.range((owner, i32::MIN)..=(owner, i32::MAX)) {
                let (edited, text) = (message.edited.unwrap_or(0), message.content.text.clone());
                digest.messages.push(DigestEntry { peer: message.peer, id, edited, text });
            }
            for (_, entry) in self.state.tables.events.range((owner, i32::MIN)..=(owner, i32::MAX)) {
                if let Event::Delete(ids) = &entry.event {
                    digest.deleted.extend(ids.iter().map(|id| (owner, *id)));
                }
            }
        }
        digest.messages.sort();
        digest.deleted.sort();
        digest
    }
}

impl Content {
    fn kind(&self) -> Option<String> {
        let name = match (&self.media, &self.action) {
            (Some(Media::Poll(_)), _) => "messageMediaPoll",
            (Some(Media::Photo { .. }), _) => "photo",
            (Some(Media::Document { .. }), _) => "document",
            (Some(Media::Other(tl)), _) => tl.0.name.as_str(),
            (None, Some(_)) => "service",
            (None, None) => return None,
        };
        Some(name.to_owned())
    }
}
