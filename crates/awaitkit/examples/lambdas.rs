//! "Use lambdas where possible": a function name, a closure that gives a future, and an async closure are equally good.
//!
//! Proves: three equal results.

use awaitkit::{limit, map_concurrent};

async fn fourth_root(n: f64) -> f64 {
    n.sqrt().sqrt()
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let nums = [64.0, 81.0];
    let by_name = map_concurrent(nums, limit!(2), fourth_root).await;
    let by_closure = map_concurrent(nums, limit!(2), |n| async move { n.sqrt().sqrt() }).await;
    let by_async_closure = map_concurrent(nums, limit!(2), async |n: f64| n.sqrt().sqrt()).await;
    println!("{by_name:?} {by_closure:?} {by_async_closure:?}");
    assert!(by_name == by_closure && by_closure == by_async_closure);
    assert_eq!(by_name[1], 3.0);
}
