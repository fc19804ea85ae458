//! "Remember async is NOT multi-threading": a combinator runs everything in the task of its caller, on one thread, and so may share
//! what is not `Sync`; `spawned` uses the others.
//!
//! Proves: one thread against several.

use std::cell::RefCell;
use std::collections::HashSet;
use std::sync::{Arc, Barrier};
use std::thread;

use awaitkit::{BoxError, for_each_concurrent, later, limit, spawned, try_map_concurrent};

#[tokio::main(flavor = "multi_thread", worker_threads = 4)]
async fn main() -> Result<(), BoxError> {
    let threads = RefCell::new(HashSet::new()); // no lock
    for_each_concurrent(0..100, limit!(10), async |_| {
        threads.borrow_mut().insert(thread::current().id());
        later().await;
    })
    .await;

    // None goes on before four threads have come.
    let barrier = Arc::new(Barrier::new(4));
    let meet = |_| {
        let barrier = Arc::clone(&barrier);
        async move {
            barrier.wait();
            thread::current().id()
        }
    };
    let spawned: HashSet<_> = try_map_concurrent(0..4, limit!(4), spawned(meet)).await?.into_iter().collect();
    println!("in the task: {} thread; spawned: {} threads", threads.borrow().len(), spawned.len());
    assert_eq!((threads.borrow().len(), spawned.len()), (1, 4));
    Ok(())
}
