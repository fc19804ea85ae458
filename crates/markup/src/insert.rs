/// Text that is put in at a place, instead of what is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Insertion {
    /// Where, in UTF-16 code units of the old text.
    pub offset: usize,
    /// How many units of the old text go.
    pub removed: usize,
    /// How many units come instead.
    pub added: usize,
}

/// Finds where places of a text are after insertions.
///
/// ```
/// use quadruplex_markup::{Insertion, Insertions};
///
/// let insertions = Insertions::new([Insertion { offset: 3, removed: 2, added: 5 }]);
/// assert_eq!([0, 3, 5, 6].map(|place| insertions.start(place)), [0, 3, 8, 9]);
/// assert_eq!([0, 3, 5, 6].map(|place| insertions.end(place)), [0, 3, 8, 9]);
///
/// let insertions = Insertions::new([Insertion { offset: 3, removed: 0, added: 1 }]);
/// assert_eq!((insertions.start(3), insertions.end(3)), (4, 3));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Insertions(Vec<Done>);

#[derive(Clone, Debug)]
struct Done {
    /// Where it ends in the old text.
    old: usize,
    /// Where it ends in the new text.
    new: usize,
    removed: usize,
}

impl Insertions {
    /// `insertions` in the order of the text.
    pub fn new(insertions: impl IntoIterator<Item = Insertion>) -> Self {
        let (mut all_added, mut all_removed) = (0, 0);
        let done = insertions.into_iter().map(|Insertion { offset, removed, added }| {
            all_added += added;
            all_removed += removed;
            let old = offset + removed;
            Done { old, new: old + all_added - all_removed, removed }
        });
        Self(done.collect())
    }

    /// Where something that began here begins now: behind what was put in at its place.
    pub fn start(&self, old: usize) -> usize {
        self.after(self.0.partition_point(|done| done.old <= old), old)
    }

    /// Where something that ended here ends now: before what was put in at its place, but behind what came instead of its end.
    pub fn end(&self, old: usize) -> usize {
        self.after(self.0.partition_point(|done| done.old < old || done.old == old && done.removed > 0), old)
    }

    fn after(&self, passed: usize, old: usize) -> usize {
        match passed.checked_sub(1).map(|last| &self.0[last]) {
            Some(done) => done.new + (old - done.old),
            None => old,
        }
    }
}
