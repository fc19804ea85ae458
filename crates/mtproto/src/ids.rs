use std::collections::VecDeque;

/// A set of message ids, which come nearly in order: a sorted queue takes eight bytes an id, and nothing is hashed.
#[derive(Debug, Default)]
pub(crate) struct MessageIdSet(VecDeque<i64>);

impl MessageIdSet {
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn contains(&self, msg_id: i64) -> bool {
        self.0.binary_search(&msg_id).is_ok()
    }

    /// Puts an id in. False if it was in.
    pub(crate) fn insert(&mut self, msg_id: i64) -> bool {
        if self.0.back().is_none_or(|newest| *newest < msg_id) {
            self.0.push_back(msg_id);
            return true;
        }
        self.0.binary_search(&msg_id).is_err_and(|place| {
            self.0.insert(place, msg_id);
            true
        })
    }

    /// Takes an id out. False if it was not in.
    pub(crate) fn remove(&mut self, msg_id: i64) -> bool {
        self.0.binary_search(&msg_id).is_ok_and(|place| self.0.remove(place).is_some())
    }

    /// Takes the smallest out.
    pub(crate) fn pop_first(&mut self) -> Option<i64> {
        self.0.pop_front()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_set(steps in prop::collection::vec((0..4_u8, 0..40_i64), 0..200)) {
            let (mut set, mut expected) = (MessageIdSet::default(), BTreeSet::new());
            for (step, id) in steps {
                match step {
                    0 | 1 => prop_assert_eq!(set.insert(id), expected.insert(id)),
                    2 => prop_assert_eq!(set.remove(id), expected.remove(&id)),
                    _ => prop_assert_eq!(set.pop_first(), expected.pop_first()),
                }
                prop_assert_eq!(set.contains(id), expected.contains(&id));
                prop_assert_eq!(set.len(), expected.len());
            }
        }
    }
}
