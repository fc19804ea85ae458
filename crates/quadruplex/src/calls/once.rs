//! Random ids that follow from a key, and the messages that were sent with random ids.

use std::collections::{HashMap, VecDeque};
use std::sync::Mutex;

use sha2::{Digest, Sha256};

use crate::client::lock;

/// So many messages are remembered.
const REMEMBERED: usize = 1024;

/// The random ids of what an account sends under a key, one after another: the same ones each time.
pub(crate) fn random_ids(account: i64, key: &str) -> impl FnMut() -> i64 {
    let hash = Sha256::new().chain_update(b"once").chain_update(account.to_le_bytes()).chain_update(key);
    let mut count = 0_u64;
    move || {
        let hash = hash.clone().chain_update(count.to_le_bytes()).finalize();
        count += 1;
        // Telegram takes 0 for none.
        hash.first_chunk().map(|id| i64::from_le_bytes(*id)).filter(|id| *id != 0).unwrap_or(1)
    }
}

/// Which messages random ids have become, as far as Telegram has told of late.
#[derive(Debug, Default)]
pub(crate) struct SentIds(Mutex<Table>);

#[derive(Debug, Default)]
struct Table {
    ids: HashMap<i64, i32>,
    order: VecDeque<i64>,
}

impl SentIds {
    pub(crate) fn insert(&self, random_id: i64, id: i32) {
        let mut table = lock(&self.0);
        if table.ids.insert(random_id, id).is_none() {
            table.order.push_back(random_id);
        }
        if table.order.len() > REMEMBERED
            && let Some(oldest) = table.order.pop_front()
        {
            table.ids.remove(&oldest);
        }
    }

    pub(crate) fn get(&self, random_id: i64) -> Option<i32> {
        lock(&self.0).ids.get(&random_id).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_the_same_ids_each_time() {
        let three = |account, key| {
            let mut next = random_ids(account, key);
            [next(), next(), next()]
        };
        assert_eq!(three(1, "order-7"), three(1, "order-7"));
        let all = [three(1, "order-7"), three(2, "order-7"), three(1, "order-8")].concat();
        let different: std::collections::HashSet<_> = all.iter().collect();
        assert_eq!(different.len(), 9);
        assert!(!all.contains(&0));
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let sent = SentIds::default();
        (0..2000).for_each(|n| sent.insert(n, n as i32));
        assert_eq!((sent.get(0), sent.get(1999)), (None, Some(1999)));
        assert_eq!(lock(&sent.0).ids.len(), REMEMBERED);
    }
}
