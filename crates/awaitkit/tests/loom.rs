//! The one piece of synchronisation of our own, through every interleaving of threads.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::Wake;

use loom::sync::atomic::{AtomicUsize, Ordering};
use loom::thread;

#[path = "../src/concurrent/ready.rs"]
mod ready;

/// What `crate::sync` is in the library.
mod sync {
    use loom::sync::MutexGuard;

    pub(crate) use loom::sync::Mutex;

    pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
        mutex.lock().unwrap()
    }
}

use ready::Ready;

/// A task that only counts how often it is woken.
struct Task(AtomicUsize);

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Whoever is woken is seen: at once, or after the waiter has been woken.
#[test]
fn no_wake_up_is_lost() {
    loom::model(|| {
        let (ready, task) = (Arc::new(Ready::default()), Arc::new(Task(AtomicUsize::new(0))));
        let waiter = Arc::clone(&task).into();
        ready.reserve(2);
        let threads: Vec<_> = (0..2)
            .map(|slot| {
                let waker = ready.waker(slot);
                thread::spawn(move || {
                    waker.wake_by_ref();
                    waker.wake();
                })
            })
            .collect();

        let mut seen = VecDeque::new();
        ready.take(&mut seen, &waiter);
        let before = seen.len();
        threads.into_iter().for_each(|thread| thread.join().unwrap());
        let woken = task.0.load(Ordering::SeqCst);
        ready.take(&mut seen, &waiter);
        let after = seen.len() - before;
        assert!(after == 0 || woken > 0, "{after} wake-ups came after the look and told nobody");
        seen.make_contiguous().sort();
        seen.make_contiguous().iter().for_each(|slot| assert!(*slot < 2));
        assert!(seen.contains(&0) && seen.contains(&1), "a wake-up was lost: {seen:?}");
        assert!(woken <= 1, "one registration wakes once");
    });
}
