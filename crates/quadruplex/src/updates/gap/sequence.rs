use std::collections::BTreeMap;

/// How many updates a box holds back while it waits for those before them. More means that the difference is needed anyway.
const HELD: usize = 512;

/// One ordered box: a position, and what arrived too early.
///
/// An update of a box covers the `count` positions that end at `end`. Numbers come from outside: nothing here assumes that
/// they make sense.
pub(super) struct Sequence<T> {
    local: Option<i32>,
    held: BTreeMap<i32, (i32, T)>,
    /// Where the last held update ended when the server was asked.
    asked: Option<i32>,
}

/// Where an update stands to its box.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// It follows what was taken.
    Next,
    /// It was taken before.
    Known,
    /// Something before it is missing.
    Ahead,
    /// The box has no position yet.
    Unplaced,
}

impl<T> Sequence<T> {
    pub(super) fn new(local: Option<i32>) -> Self {
        Self { local, held: BTreeMap::new(), asked: None }
    }

    pub(super) fn local(&self) -> Option<i32> {
        self.local
    }

    pub(super) fn set(&mut self, local: i32) {
        self.local = Some(local);
    }

    /// Forgets the position; what is held stays.
    pub(super) fn unplace(&mut self) {
        self.local = None;
    }

    pub(super) fn fit(&self, end: i32, count: i32) -> Fit {
        fit(self.local, end, count)
    }

    /// Holds an update back. False: too many are held, all of them were dropped, and the difference has to bring them.
    pub(super) fn hold(&mut self, end: i32, count: i32, update: T) -> bool {
        if self.held.len() >= HELD {
            self.held.clear();
            return false;
        }
        self.held.entry(end).or_insert((count, update));
        true
    }

    /// Takes the next update that follows, if it is held, and moves on. Those that are known by now are dropped.
    pub(super) fn next(&mut self) -> Option<T> {
        while let Some(first) = self.held.first_entry() {
            let (end, count) = (*first.key(), first.get().0);
            match fit(self.local, end, count) {
                Fit::Known => drop(first.remove()),
                Fit::Next => {
                    self.local = Some(end);
                    return Some(first.remove().1);
                }
                Fit::Ahead | Fit::Unplaced => return None,
            }
        }
        None
    }

    /// Moves on to `to` over a hole that will not be filled, and gives back what is held inside it, in order.
    pub(super) fn skip_to(&mut self, to: i32) -> impl Iterator<Item = T> + use<T> {
        self.local = Some(to);
        let later = to.checked_add(1).map(|later| self.held.split_off(&later)).unwrap_or_default();
        std::mem::replace(&mut self.held, later).into_values().map(|(_, update)| update)
    }

    /// Remembers what is held while the server is asked.
    pub(super) fn mark_asked(&mut self) {
        self.asked = self.last_held();
    }

    /// Whether something that was held when the server was asked has not found its place by the last answer.
    pub(super) fn is_astray(&self) -> bool {
        self.held.first_key_value().is_some_and(|(end, _)| Some(*end) <= self.asked)
    }

    /// Gives back what has not found its place, in order. The position stays.
    pub(super) fn take_astray(&mut self) -> impl Iterator<Item = T> + use<T> {
        let local = self.local;
        let astray = self.asked.map(|asked| self.skip_to(asked));
        self.local = local;
        astray.into_iter().flatten()
    }

    /// Where the last held update ends.
    pub(super) fn last_held(&self) -> Option<i32> {
        self.held.last_key_value().map(|(end, _)| *end)
    }

    /// Whether an update that ends there is held.
    pub(super) fn holds(&self, end: i32) -> bool {
        self.held.contains_key(&end)
    }

    pub(super) fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }
}

fn fit(local: Option<i32>, end: i32, count: i32) -> Fit {
    match local {
        None => Fit::Unplaced,
        Some(local) if end < local || (end == local && count != 0) => Fit::Known,
        Some(local) if local.checked_add(count) == Some(end) => Fit::Next,
        Some(_) => Fit::Ahead,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn updates_fit_known_or_ahead() {
        let mut sequence = Sequence::<()>::new(None);
        assert_eq!(sequence.fit(5, 1), Fit::Unplaced);
        sequence.set(10);
        for (end, count, expect) in [
            (11, 1, Fit::Next),
            (13, 3, Fit::Next),
            (10, 0, Fit::Next),
            (10, 1, Fit::Known),
            (9, 0, Fit::Known),
            (12, 1, Fit::Ahead),
            (12, 3, Fit::Ahead), // half of it is known: only the difference can tell which half
            (11, 0, Fit::Ahead),
            (i32::MAX, i32::MAX, Fit::Ahead),
            (i32::MIN, i32::MIN, Fit::Known),
        ] {
            assert_eq!(sequence.fit(end, count), expect, "{end}, {count}");
        }
    }

    #[test]
    fn held_updates_come_in_order_and_once() {
        let mut sequence = Sequence::new(Some(0));
        for end in [3, 2, 3, 5, 1] {
            assert!(sequence.hold(end, 1, end));
        }
        assert_eq!(std::iter::from_fn(|| sequence.next()).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((sequence.local(), sequence.holds(5), sequence.last_held()), (Some(3), true, Some(5)));
        sequence.set(5);
        assert_eq!(sequence.next(), None);
        assert!(!sequence.is_waiting(), "what is known by now was dropped");
    }

    #[test]
    fn a_hole_is_left_with_what_was_held_inside() {
        let mut sequence = Sequence::new(Some(0));
        for end in [9, 3, 5, 12] {
            assert!(sequence.hold(end, 1, end));
        }
        assert_eq!(sequence.skip_to(9).collect::<Vec<_>>(), [3, 5, 9]);
        assert_eq!((sequence.local(), sequence.last_held()), (Some(9), Some(12)));
        assert_eq!(sequence.skip_to(i32::MAX).collect::<Vec<_>>(), [12]);
    }

    #[test]
    fn what_the_server_does_not_know_of_is_astray() {
        let mut sequence = Sequence::new(Some(0));
        sequence.mark_asked();
        assert!(sequence.hold(7, 1, 7) && !sequence.is_astray(), "it came after the question");
        sequence.mark_asked();
        assert!(sequence.hold(9, 1, 9) && sequence.is_astray());
        assert_eq!(sequence.take_astray().collect::<Vec<_>>(), [7]);
        assert_eq!((sequence.local(), sequence.last_held()), (Some(0), Some(9)));
    }

    #[test]
    fn what_is_held_is_bounded() {
        let mut sequence = Sequence::new(Some(0));
        assert!((2..).take(HELD).all(|end| sequence.hold(end, 1, ())));
        assert!(!sequence.hold(9_999, 1, ()));
        assert!(!sequence.is_waiting());
    }
}
