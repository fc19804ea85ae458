use std::collections::VecDeque;

use super::CallId;

/// Which call travels in a message of this end.
///
/// Message ids ascend and answers come nearly in order, so a sorted queue takes sixteen bytes a message and hashes nothing. What is
/// taken out of its middle leaves a gap; gaps never outnumber messages by much.
#[derive(Debug, Default)]
pub(super) struct MessageIndex {
    places: VecDeque<(i64, CallId)>,
    gaps: usize,
}

/// Stands in a gap. So many calls no session makes.
const NONE: CallId = CallId(u64::MAX);
/// So many gaps are left alone.
const FEW_GAPS: usize = 64;

impl MessageIndex {
    pub(super) fn get(&self, msg_id: i64) -> Option<CallId> {
        let place = self.find(msg_id).ok()?;
        Some(self.places[place].1).filter(|call| *call != NONE)
    }

    pub(super) fn insert(&mut self, msg_id: i64, call: CallId) {
        if self.places.back().is_none_or(|(newest, _)| *newest < msg_id) {
            self.places.push_back((msg_id, call));
            return;
        }
        match self.find(msg_id) {
            Ok(place) => {
                self.gaps -= usize::from(self.places[place].1 == NONE);
                self.places[place].1 = call;
            }
            Err(place) => self.places.insert(place, (msg_id, call)),
        }
    }

    pub(super) fn remove(&mut self, msg_id: i64) {
        let Ok(place) = self.find(msg_id) else { return };
        if std::mem::replace(&mut self.places[place].1, NONE) != NONE {
            self.gaps += 1;
        }
        while self.places.pop_front_if(|(_, call)| *call == NONE).is_some() {
            self.gaps -= 1;
        }
        if self.places.is_empty() {
            self.places.shrink_to(FEW_GAPS);
        }
        if self.gaps > FEW_GAPS && self.gaps > self.places.len() / 2 {
            self.places.retain(|(_, call)| *call != NONE);
            self.places.shrink_to(2 * self.places.len());
            self.gaps = 0;
        }
    }

    fn find(&self, msg_id: i64) -> Result<usize, usize> {
        self.places.binary_search_by_key(&msg_id, |(msg_id, _)| *msg_id)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((any::<bool>(), 0..300_i64), 0..2000)) {
            let (mut index, mut expected) = (MessageIndex::default(), BTreeMap::new());
            for (number, (is_new, msg_id)) in steps.into_iter().enumerate() {
                if is_new {
                    let call = CallId(number as u64);
                    index.insert(msg_id, call);
                    expected.insert(msg_id, call);
                } else {
                    index.remove(msg_id);
                    expected.remove(&msg_id);
                }
                prop_assert_eq!(index.get(msg_id), expected.get(&msg_id).copied());
            }
            (0..300).for_each(|msg_id| assert_eq!(index.get(msg_id), expected.get(&msg_id).copied()));
            prop_assert_eq!(index.places.len() - index.gaps, expected.len());
        }
    }

    #[test]
    fn one_message_that_is_never_answered_keeps_no_gaps() {
        let mut index = MessageIndex::default();
        index.insert(0, CallId(0));
        for id in 1..100_000 {
            index.insert(id, CallId(id as u64));
            index.remove(id);
            assert!(index.places.len() <= 2 * FEW_GAPS + 2);
        }
        assert_eq!((index.get(0), index.get(7)), (Some(CallId(0)), None));
    }
}
