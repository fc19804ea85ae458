//! What becomes of an update that is accepted, or read back, and whose senders are known.

use quadruplex_api::enums;
use quadruplex_store::{Commit, DeadLetter, Lane, Peer, PeerId, Row};
use tracing::error;

use super::{Core, wall_clock};
use crate::updates::event::{Event, gap_lane};
use crate::updates::facts::Facts;
use crate::updates::gap::{Event as Accepted, Gap, GapReason};
use crate::updates::read::Noted;

/// Users known to be in the store; forgotten when there are more, which costs a lookup each.
const KNOWN: usize = 50_000;

impl Core {
    pub(super) fn accept(&mut self, event: Accepted<Noted>, commit: &mut Commit) {
        let (lane, event, facts) = match event {
            Accepted::Update(Noted { update, facts }) => (facts.lane(), Event::Update(update), Some(facts)),
            Accepted::Gap(gap) => (gap_lane(&gap), Event::Gap(gap), None),
        };
        let bytes = event.to_bytes();
        let track = self.order.track(lane, facts.as_ref());
        let identity = facts.unwrap_or_default().identity(&bytes);
        self.journal.accept(lane, track, identity, event, bytes, commit);
    }

    pub(super) fn replay(&mut self, row: Row, is_redelivered: bool, commit: &mut Commit) {
        match Event::from_bytes(&row.bytes) {
            Ok(event) => {
                let facts = if let Event::Update(update) = &event { Facts::of(update) } else { Facts::default() };
                let track = self.order.track(row.lane, Some(&facts));
                let identity = facts.identity(&row.bytes);
                self.journal.replay(&row, is_redelivered, track, identity, event);
            }
            // Written in another layer, whose constructors this release does not know. Kept, and told.
            Err(error) => {
                error!(number = row.number, %error, "a row of the journal cannot be read by this release; it is a dead letter now");
                let channel = if let Lane::Peer(PeerId::Channel(id)) = row.lane { Some(id) } else { None };
                let lane = row.lane;
                commit.bury(DeadLetter { row, error: error.to_string(), since: wall_clock() });
                let event = Event::Gap(Gap { channel, from: None, to: None, reason: GapReason::Undecodable });
                let bytes = event.to_bytes();
                let identity = Facts::default().identity(&bytes);
                self.journal.accept(lane, self.order.track(lane, None), identity, event, bytes, commit);
            }
        }
    }

    pub(super) fn learn(&mut self, peers: &[Peer]) {
        for peer in peers {
            if let (PeerId::User(id), false, Some(_)) = (peer.id, peer.min, peer.access_hash) {
                if self.known.len() >= KNOWN {
                    self.known.clear();
                }
                self.known.insert(id);
            }
        }
    }

    /// The sender of a short message, who is named by a bare id, unless he is known. A bot needs to know nobody.
    pub(super) fn unknown_sender(&self, updates: &enums::Updates) -> Option<i64> {
        let sender = match updates {
            enums::Updates::UpdateShortMessage(message) => message.user_id,
            enums::Updates::UpdateShortChatMessage(message) => message.from_id,
            _ => return None,
        };
        let is_fine = self.own.is_some_and(|own| own.bot) || self.known.contains(&sender);
        (!is_fine).then_some(sender)
    }
}
