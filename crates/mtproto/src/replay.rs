use crate::ids::MessageIdSet;

/// How many ids are remembered. A link delivers in order, so a repetition is never further back than what one
/// reconnection re-sends.
const REMEMBERED: usize = 8192;

/// The ids of messages that have come, so that none is run twice.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    ids: MessageIdSet,
    /// The largest id that has been forgotten: anything up to it counts as seen.
    floor: i64,
}

impl Seen {
    pub(crate) fn contains(&self, msg_id: i64) -> bool {
        msg_id <= self.floor || self.ids.contains(msg_id)
    }

    /// Remembers an id. False when it had come before.
    pub(crate) fn insert(&mut self, msg_id: i64) -> bool {
        if msg_id <= self.floor || !self.ids.insert(msg_id) {
            return false;
        }
        if self.ids.len() > REMEMBERED
            && let Some(oldest) = self.ids.pop_first()
        {
            self.floor = oldest;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_new_once_and_memory_is_bounded() {
        let mut seen = Seen::default();
        for id in 1..=REMEMBERED as i64 + 10 {
            assert!(seen.insert(id));
            assert!(!seen.insert(id));
        }
        assert!(!seen.insert(5), "forgotten ids count as seen");
        assert_eq!(seen.ids.len(), REMEMBERED);
    }
}
