//! "Use async extensions": what an extension does, a loader does: one query for many keys, cached, its errors per key.
//!
//! Proves: 300 lookups of 100 rows by many callers make one query; another 300 make none.

use std::time::Duration;

use awaitkit::{Batcher, Memo, Unlimited, map_concurrent};

/// As a database would answer `SELECT id, name FROM users WHERE id IN (…)`.
async fn select_users(ids: Vec<u32>) -> Result<Vec<(u32, Result<String, String>)>, String> {
    Ok(ids.into_iter().map(|id| (id, if id == 13 { Err(format!("row {id} is damaged")) } else { Ok(format!("user {id}")) })).collect())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let cache = Memo::builder().ttl(Duration::from_secs(60)).keep_errors(Duration::from_secs(1)).build();
    let users = Batcher::with_key_errors(select_users).cache(cache).build();
    for round in ["first", "again"] {
        let found = map_concurrent((0..300).map(|n| n % 100), Unlimited, async |id| users.load(id).await).await;
        let failed = found.iter().filter(|user| user.is_err()).count();
        let stats = users.stats();
        println!("{round}: {} found, {failed} damaged, {} queries so far", found.len() - failed, stats.batches);
        assert_eq!((failed, stats.batches), (3, 1));
    }
}
