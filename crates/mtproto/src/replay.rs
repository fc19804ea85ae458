use std::collections::{HashSet, VecDeque};

/// How many ids are remembered. A link delivers in order, so a repetition is never further back than what one
/// reconnection re-sends.
const REMEMBERED: usize = 8192;

/// The ids of messages that have come, so that none is run twice.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    ids: HashSet<i64>,
    order: VecDeque<i64>,
    /// The largest id that has been forgotten: anything up to it counts as seen.
    floor: i64,
}

impl Seen {
    pub(crate) fn contains(&self, msg_id: i64) -> bool {
        msg_id <= self.floor || self.ids.contains(&msg_id)
    }

    /// Remembers an id. False when it had come before.
    pub(crate) fn insert(&mut self, msg_id: i64) -> bool {
        if msg_id <= self.floor || !self.ids.insert(msg_id) {
            return false;
        }
        self.order.push_back(msg_id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ids.remove(&oldest);
            self.floor = self.floor.max(oldest);
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
