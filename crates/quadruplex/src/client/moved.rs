//! Positions that own calls move: `messages.affectedMessages` and its like say how far, but not of which box.

use quadruplex_api::{Field, Lookup, Visit, Walk, enums, is_affected};

use super::Inner;
use super::call::Erased;

impl Inner {
    /// Tells the gap engine what an answer has moved; untold, the next update would look like one after a gap.
    #[inline(always)]
    pub(crate) fn note_moved(&self, request: &dyn Erased, lookups: &[Lookup], answer: &[u8]) {
        let word = |at: usize| answer.get(at..)?.first_chunk().map(|word| u32::from_le_bytes(*word));
        if let (Some(id), Some(pts), Some(count)) = (word(0), word(4), word(8))
            && is_affected(id)
        {
            self.tell_moved(request, lookups, pts, count);
        }
    }

    /// Apart, so that the look at every answer stays short: few say so.
    #[cold]
    fn tell_moved(&self, request: &dyn Erased, lookups: &[Lookup], pts: u32, count: u32) {
        let Some(updates) = self.updates() else { return };
        let mut channel = request.channel();
        for lookup in lookups {
            if let Some(enums::InputPeer::Channel(found)) = self.peers.found(&lookup.peer) {
                channel = Some(found.channel_id);
            }
        }
        updates.affected(channel, pts.cast_signed(), count.cast_signed());
    }
}

/// The channel that a request names by its id.
pub(super) fn channel_in(request: &dyn Walk) -> Option<i64> {
    let mut finder = Finder { channel: None, is_channel: false };
    request.walk(&mut finder);
    finder.channel
}

struct Finder {
    channel: Option<i64>,
    is_channel: bool,
}

impl<'a> Visit<'a> for Finder {
    fn field(&mut self, name: &'static str, value: Field<'a>) {
        match value {
            Field::Object(object) if matches!(object.name(), "inputChannel" | "inputPeerChannel") => {
                self.is_channel = true;
                object.walk(self);
                self.is_channel = false;
            }
            Field::Long(id) if self.is_channel && name == "channel_id" => self.channel = Some(id),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quadruplex_api::functions::{channels, messages};
    use quadruplex_api::types;

    #[test]
    fn the_channel_of_a_request_is_seen() {
        let delete = channels::DeleteMessages::new(types::InputChannel::new(5, 7), [1]);
        assert_eq!(channel_in(&delete), Some(5));
        assert_eq!(channel_in(&messages::DeleteMessages::new([1])), None);
        assert_eq!(channel_in(&messages::ReadHistory::new(types::InputPeerUser::new(5, 7), 1)), None);
    }
}
