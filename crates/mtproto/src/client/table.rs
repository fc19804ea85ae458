use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;

use super::CallId;

/// A table by calls of a session in which few of them are.
pub(super) type FewCalls<T> = HashMap<CallId, T, BuildHasherDefault<OwnIds>>;

/// So many calls that were made in a row share a page.
const PAGE: usize = 16;

/// A table by calls of a session, of which thousands may wait at once.
///
/// Ids are given in a row. So the table is made of pages of a few in a row: nothing is moved when it grows, there is no more room than
/// calls take, and it goes when they have ended. A call that waits for long keeps its page.
#[derive(Debug)]
pub struct CallTable<T> {
    pages: HashMap<u64, Box<Page<T>>, BuildHasherDefault<OwnIds>>,
    len: usize,
}

#[derive(Debug)]
struct Page<T> {
    len: usize,
    slots: [Option<T>; PAGE],
}

impl<T> CallTable<T> {
    /// How many calls are in.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Puts a call in; what was there for it before.
    pub fn insert(&mut self, call: CallId, value: T) -> Option<T> {
        let (page, slot) = place(call);
        let page = self.pages.entry(page).or_insert_with(|| Box::new(Page { len: 0, slots: [const { None }; PAGE] }));
        let before = page.slots[slot].replace(value);
        if before.is_none() {
            page.len += 1;
            self.len += 1;
        }
        before
    }

    /// What is there for a call.
    pub fn get(&self, call: CallId) -> Option<&T> {
        let (page, slot) = place(call);
        self.pages.get(&page)?.slots[slot].as_ref()
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, call: CallId) -> Option<&mut T> {
        let (page, slot) = place(call);
        self.pages.get_mut(&page)?.slots[slot].as_mut()
    }

    /// Takes a call out.
    pub fn remove(&mut self, call: CallId) -> Option<T> {
        let (number, slot) = place(call);
        let page = self.pages.get_mut(&number)?;
        let value = page.slots[slot].take()?;
        page.len -= 1;
        self.len -= 1;
        if page.len == 0 {
            self.pages.remove(&number);
        }
        Some(value)
    }

    /// All calls, in no order.
    pub fn iter(&self) -> impl Iterator<Item = (CallId, &T)> {
        self.pages.iter().flat_map(|(number, page)| {
            let calls = (number * PAGE as u64..).map(CallId);
            calls.zip(&page.slots).filter_map(|(call, slot)| Some((call, slot.as_ref()?)))
        })
    }

    /// Takes all out, in no order.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + use<T> {
        mem::take(self).pages.into_values().flat_map(|page| page.slots).flatten()
    }
}

impl<T> Default for CallTable<T> {
    fn default() -> Self {
        Self { pages: HashMap::default(), len: 0 }
    }
}

/// The page of a call, and where it stands there.
fn place(call: CallId) -> (u64, usize) {
    (call.0 / PAGE as u64, (call.0 % PAGE as u64) as usize)
}

/// Hashes ids that this end has drawn itself: nobody chooses them so that they collide, and a multiplication spreads them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct OwnIds(u64);

/// 2^64 divided by the golden ratio.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Hasher for OwnIds {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, id: u64) {
        let spread = (self.0 ^ id).wrapping_mul(SPREAD);
        // A table looks at the first bits and at the last.
        self.0 = spread ^ (spread >> 32);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_table_holds_what_was_put_in_and_shrinks() {
        let mut table = CallTable::default();
        for id in 0..100 {
            assert_eq!(table.insert(CallId(id), id), None);
        }
        assert_eq!((table.len(), table.pages.len()), (100, 7));
        assert_eq!(table.insert(CallId(5), 500), Some(5));
        assert_eq!((table.get(CallId(5)), table.get(CallId(99)), table.get(CallId(100))), (Some(&500), Some(&99), None));
        *table.get_mut(CallId(6)).unwrap() += 1;
        assert_eq!(table.remove(CallId(6)), Some(7));
        assert_eq!((table.remove(CallId(6)), table.remove(CallId(1000)), table.len()), (None, None, 99));
        let found: HashSet<_> = table.iter().map(|(call, value)| (call.0, *value)).collect();
        assert!(found.len() == 99 && found.contains(&(5, 500)) && found.contains(&(99, 99)));
        for id in 16..96 {
            table.remove(CallId(id));
        }
        assert_eq!(table.pages.len(), 2, "of those that still hold a call");
        let mut rest: Vec<_> = table.drain().collect();
        rest.sort_unstable();
        assert_eq!((rest.len(), rest[0], rest[18]), (19, 0, 500));
        assert!(table.is_empty() && table.pages.is_empty());
    }

    #[test]
    fn ids_in_a_row_spread() {
        let hash = |id: u64| {
            let mut hasher = OwnIds::default();
            hasher.write_u64(id);
            hasher.finish()
        };
        let ids: [fn(u64) -> u64; 2] = [|n| n, |n| (1_800_000_000 << 32) | (4 * n)];
        for id in ids {
            let (first, last): (HashSet<_>, HashSet<_>) = (0..1024).map(|n| hash(id(n))).map(|hash| (hash >> 57, hash & 1023)).unzip();
            assert_eq!(first.len(), 128);
            assert!(last.len() > 600, "{} of 1,024 places", last.len());
        }
    }
}
