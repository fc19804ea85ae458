//! Whom a request is about, for the limits that Telegram keeps for each chat.

use quadruplex_api::{Field, Object, Peers, Visit, Walk, enums};

/// The id of the peer at which a request is aimed, marked as the Bot API does: 0 for the account itself.
pub(crate) fn target_of(request: &dyn Walk, peers: &Peers) -> Option<i64> {
    let mut finder = Finder { peers, found: None };
    request.walk(&mut finder);
    finder.found.map(|(_, id)| id)
}

/// The marked id of a peer that was looked up.
pub(crate) fn id_of(peer: &enums::InputPeer) -> i64 {
    marked(peer.object())
}

/// The fields that name it, the most telling first: what is forwarded comes from a peer and goes to another.
const NAMES: [&str; 5] = ["to_peer", "peer", "channel", "chat_id", "user_id"];

/// Whether a marked id is that of a channel or a supergroup.
pub(super) fn is_channel(id: i64) -> bool {
    id < CHANNEL
}

/// The marked id of a channel.
pub(crate) fn marked_channel(id: i64) -> i64 {
    CHANNEL - id
}

struct Finder<'p> {
    peers: &'p Peers,
    found: Option<(usize, i64)>,
}

impl<'a> Visit<'a> for Finder<'_> {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        if let ("query", Field::Object(query)) = (name, value) {
            return query.walk(self);
        }
        let Some(rank) = NAMES.iter().position(|known| *known == name) else { return };
        if self.found.is_some_and(|(known, _)| known <= rank) {
            return;
        }
        let id = match value {
            Field::Object(peer) => marked(peer),
            Field::Reference(peer) => match self.peers.get(peer) {
                Some(found) => id_of(found),
                None => return,
            },
            Field::Long(id) if name == "chat_id" => -id,
            _ => return,
        };
        self.found = Some((rank, id));
    }
}

fn marked(peer: &dyn Walk) -> i64 {
    let mut id = Id(0);
    peer.walk(&mut id);
    id.0
}

/// The id in an input peer, user or channel.
struct Id(i64);

/// By so much the ids of channels are marked.
const CHANNEL: i64 = -1_000_000_000_000;

impl<'a> Visit<'a> for Id {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match (name, value) {
            ("user_id", Field::Long(id)) => self.0 = id,
            ("chat_id", Field::Long(id)) => self.0 = -id,
            ("channel_id", Field::Long(id)) => self.0 = marked_channel(id),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quadruplex_api::functions::{channels, help, messages};
    use quadruplex_api::{PeerRef, types};

    #[test]
    fn the_target_of_a_request() {
        let mut peers = Peers::new();
        peers.insert(PeerRef::from("@lena"), types::InputPeerUser::new(5, 7));
        peers.insert(PeerRef::Me, enums::InputPeer::PeerSelf);
        let check = |request: &dyn Walk, expected| assert_eq!(target_of(request, &peers), expected);
        check(&messages::SendMessage::new("@lena", "hi"), Some(5));
        check(&messages::SendMessage::new("me", "hi"), Some(0));
        check(&messages::SendMessage::new(types::InputPeerChannel::new(9, 1), "hi"), Some(-1_000_000_000_009));
        check(&messages::ForwardMessages::new(types::InputPeerChat::new(3), [1], "@lena"), Some(5));
        check(&channels::DeleteMessages::new(types::InputChannel::new(9, 1), [1]), Some(-1_000_000_000_009));
        check(&help::GetConfig, None);
    }
}
