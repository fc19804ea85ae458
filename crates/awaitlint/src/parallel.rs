//! Work on all cores, on threads whose stacks are large enough for deep syntax.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::lower::STACK;

/// `work` applied to every item, results in order. An item that panics the worker (a defect) yields nothing, so that one file does not cost
/// the findings of all others; in debug builds, where tests and fuzzing must see it, the panic goes on.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let workers = thread::available_parallelism().map_or(1, usize::from).min(items.len().max(1));
    let mut results: Vec<Option<R>> = items.iter().map(|_| None).collect();
    thread::scope(|scope| {
        let run = || {
            let mut done = Vec::new();
            loop {
                let at = next.fetch_add(1, Ordering::Relaxed);
                let Some(item) = items.get(at) else { return done };
                match std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(item))) {
                    Ok(result) => done.push((at, result)),
                    Err(panic) if cfg!(debug_assertions) => std::panic::resume_unwind(panic),
                    Err(_) => {}
                }
            }
        };
        let threads: Vec<_> = (0..workers).filter_map(|_| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, run).ok()).collect();
        for thread in threads {
            match thread.join() {
                Ok(done) => done.into_iter().for_each(|(at, result)| results[at] = Some(result)),
                Err(panic) if cfg!(debug_assertions) => std::panic::resume_unwind(panic),
                Err(_) => {}
            }
        }
    });
    results
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_keep_their_order() {
        let items: Vec<u32> = (0..100).collect();
        let doubled: Vec<_> = super::map(&items, |n| n * 2).into_iter().flatten().collect();
        assert_eq!(doubled, (0..100).map(|n| n * 2).collect::<Vec<_>>());
    }
}
