use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::CallId;

/// A table by calls of a session.
pub type CallTable<T> = HashMap<CallId, T, BuildHasherDefault<OwnIds>>;

/// A table by message ids of this end.
pub(super) type MessageTable<T> = HashMap<i64, T, BuildHasherDefault<OwnIds>>;

/// Hashes ids that this end has drawn itself: nobody chooses them so that they collide, and a multiplication spreads them.
#[derive(Clone, Copy, Debug, Default)]
pub struct OwnIds(u64);

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
